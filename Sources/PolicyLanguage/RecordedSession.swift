package import NetworkTypes
package import Sessions

/// A session that was there while traffic was recorded: who it was, and which addresses it had when.
package struct RecordedSession: Sendable, Hashable {
    /// What reports call it; no two sessions of a file have the same.
    package var name: String
    package var addresses: [IPAddress]
    /// `mfaAge` is counted back from the session's begin.
    package var session: SessionDescription
    /// The first instant of the session; nil when it was there before the recording began.
    package var from: Instant?
    /// The first instant after it; nil when it outlasted the recording.
    package var until: Instant?

    package init(
        name: String, addresses: [IPAddress], session: SessionDescription, from: Instant? = nil,
        until: Instant? = nil
    ) {
        self.name = name
        self.addresses = addresses
        self.session = session
        self.from = from
        self.until = until
    }
}
