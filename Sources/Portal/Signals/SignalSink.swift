package import Evidence

/// Takes checked tokens: who keeps what is known, the disk and the sessions.
package protocol SignalSink: Sendable {
    /// Returns when what the token says is on the disk and in force, or not at all.
    func take(_ signal: ReceivedSignal) async -> SignalOutcome
}

/// What came of a token.
package enum SignalOutcome: Sendable, Hashable {
    /// It is on the disk and in force, now or since before. A token that comes again is no mistake of its sender's, who
    /// may have missed the first answer (RFC 8935 section 2.2), and has no effect.
    case taken, takenBefore
    /// It may be sent again later.
    case notNow
}
