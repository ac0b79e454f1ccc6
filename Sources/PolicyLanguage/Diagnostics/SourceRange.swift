/// A stretch of one line of a rule file: what a diagnostic points at.
package struct SourceRange: Sendable, Hashable, Comparable {
    package let start: SourceLocation
    /// In characters, at least 1. A range never leaves its line; what runs over several is named by its first.
    package let length: Int

    package init(start: SourceLocation, length: Int = 1) {
        self.start = start
        self.length = max(1, length)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.start, lhs.length) < (rhs.start, rhs.length)
    }
}
