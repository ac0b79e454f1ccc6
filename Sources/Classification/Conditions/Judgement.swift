package import Sessions

/// Three-valued: what is not known is neither true nor false, and must gain nobody anything.
package enum Truth: String, Sendable, Hashable {
    case holds
    case fails
    case unknown
}

/// What one condition says of one session at one instant, and how long that stays so.
package struct Judgement: Sendable, Hashable {
    package let truth: Truth
    /// The first instant at which the truth could be another with the same evidence; nil for never.
    package let until: Instant?
    /// What the condition saw, in words for an administrator: `code 3h 10m old`, `not on the register`.
    package let saw: String

    package init(_ truth: Truth, until: Instant? = nil, saw: String) {
        self.truth = truth
        self.until = until
        self.saw = saw
    }
}

/// The earlier of two instants, where nil is never.
func earliest(_ lhs: Instant?, _ rhs: Instant?) -> Instant? {
    guard let lhs, let rhs else { return lhs ?? rhs }
    return min(lhs, rhs)
}

/// The later of two instants, where nil is never.
func latest(_ lhs: Instant?, _ rhs: Instant?) -> Instant? {
    guard let lhs, let rhs else { return nil }
    return max(lhs, rhs)
}
