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

    package init(at: Instant, what: String) {
        self.at = at
        self.what = what
    }
}
