package import Sessions

/// What must be remembered of one user's codes, also across a restart: without it a code seen over a shoulder works
/// again after the next reboot, and a guesser starts afresh.
package struct TOTPState: Sendable, Hashable, Codable {
    /// The end of the last accepted code's step; no step that ends then or before is accepted again. A time and not
    /// a step number, so that it stays right when the period of the seed changes.
    package var acceptedThrough: Instant?
    /// Wrong codes since the last accepted one.
    package var failures: Int
    /// Until when every code is refused, right ones too.
    package var blockedUntil: Instant?

    package init(acceptedThrough: Instant? = nil, failures: Int = 0, blockedUntil: Instant? = nil) {
        self.acceptedThrough = acceptedThrough
        self.failures = failures
        self.blockedUntil = blockedUntil
    }
}

extension TOTPState {
    /// Wrong codes in a row that are let pass without a wait.
    package static let freeFailures = 5
    /// The wait after the fifth failure in a row; each one after it doubles the wait.
    package static let firstWait = Duration.seconds(30)
    /// The longest wait. With three codes in the window, four guesses an hour take nine years on
    /// average to find a six-digit code.
    package static let longestWait = Duration.seconds(15 * 60)

    /// Until when the user is blocked, if `now` is before that. A block that lies further ahead than any wait was set
    /// by a clock that has been put back since: it is cut to the longest wait.
    mutating func block(at now: Instant) -> Instant? {
        guard let until = blockedUntil, now < until else { return nil }
        blockedUntil = min(until, now + Self.longestWait)
        return blockedUntil
    }

    mutating func fail(at now: Instant) {
        failures = min(failures + 1, 1_000_000)
        guard failures >= Self.freeFailures else { return }
        let doublings = min(failures - Self.freeFailures, 10)
        blockedUntil = now + min(Self.firstWait * (1 << doublings), Self.longestWait)
    }

    mutating func accept(through end: Instant) {
        self = TOTPState(acceptedThrough: end)
    }
}
