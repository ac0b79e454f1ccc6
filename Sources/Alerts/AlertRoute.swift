/// What goes to one sink.
package struct AlertRoute: Sendable, Hashable {
    /// Nil for every kind.
    package var kinds: Set<AlertKind>?
    /// The least severity.
    package var from: AlertSeverity

    package init(kinds: Set<AlertKind>? = nil, from: AlertSeverity = .debug) {
        self.kinds = kinds
        self.from = from
    }

    /// A test goes everywhere.
    package func admits(_ alert: Alert) -> Bool {
        alert.kind == .test || (alert.severity <= from && kinds?.contains(alert.kind) ?? true)
    }
}

/// How long to wait after so many failures in a row: twice as long each time, up to a bound, and by chance down to half of
/// that, so that many gateways do not come back at once.
package struct Backoff: Sendable, Hashable {
    package var first: Duration
    package var longest: Duration

    package init(first: Duration = .seconds(1), longest: Duration = .seconds(60)) {
        self.first = first
        self.longest = longest
    }

    /// - Parameters:
    ///   - failures: 1 after the first.
    ///   - chance: From 0 to 1.
    package func delay(after failures: Int, chance: Double) -> Duration {
        var delay = first
        for _ in 1..<max(2, min(failures, 64)) where failures > 1 {
            if delay >= longest { break }
            delay *= 2
        }
        let whole = min(delay, longest)
        return whole / 2 + (whole / 2) * min(1, max(0, chance))
    }
}
