package import Sessions

/// What the packet path tells of the sessions on a tunnel, in bulk and every few seconds.
package enum Observation: Sendable, Hashable {
    /// The session's last packet that passed, in either direction. Refused packets are no use: whoever only knocks at
    /// shut doors is idle. A session that the packet path cannot count, for want of a slot, is to be told as used.
    case used(SessionID, at: Instant)
    /// The session was refused at about so many different destinations within a short time.
    case scanning(SessionID, destinations: Int, at: Instant)
    /// Every packet of the tunnel between the two instants was looked at, and what came of it was handed in before this:
    /// so the end lies behind the present by as much as a tap holds back.
    ///
    /// That is not so of a time in which packets were sampled, or in which the kernel dropped frames of the tap: such a
    /// time is not to be reported, or people are ended whose packets nobody saw.
    ///
    /// Sessions are idle only as far as somebody looked: without this nobody is ended for being idle. Reports join when
    /// one begins where the one before ended, or between its ends. A gap between them is time in which anything may
    /// have passed, and idle times count from its end. So does a report of more than ``longestReport``.
    case watched(tunnel: String, from: Instant, through: Instant)

    /// A longer report tells of a packet path that stood still, or of a clock that was set: neither is silence.
    package static let longestReport: Duration = .seconds(30)
}
