package import Sessions

/// Where it is on record what was done for clauses of the written policy.
package protocol ClauseEvidence {
    /// The last time that something was done for a clause; nil when nothing was.
    func lastMention(of clause: String) -> ClauseMention?
}

/// Something on record that was done for a clause.
package struct ClauseMention: Sendable, Hashable {
    package let at: Instant
    /// One line for people.
    package let what: String
    /// How many records there are of the clause; nil where nobody counts.
    package let count: Int?

    package init(at: Instant, what: String, count: Int? = nil) {
        self.at = at
        self.what = what
        self.count = count
    }
}
