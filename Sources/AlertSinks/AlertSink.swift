package import Alerts

/// Somewhere that alerts go. Called on a thread of its own, which it may block, one alert at a time.
package protocol AlertSink: Sendable {
    /// Returns when the other side has the alert. What was delivered may be delivered again, with the same id, when the
    /// daemon ended before it could note it.
    func deliver(_ alert: Alert) throws(DeliveryFailure)
}

/// Why an alert did not arrive.
package struct DeliveryFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package let why: String
    /// The other side does not take this alert, whereas it may take others.
    package let isOfThisAlert: Bool
    /// When the other side wants to be asked again.
    package let retryAfter: Duration?

    package init(_ why: String, isOfThisAlert: Bool = false, retryAfter: Duration? = nil) {
        self.why = AlertText.plain(why)
        self.isOfThisAlert = isOfThisAlert
        self.retryAfter = retryAfter
    }

    package var description: String { why }
}
