package import Sessions

/// When each clause of the written policy was last served, and how often.
package struct ClauseHistory: Sendable {
    package struct Mention: Sendable, Hashable {
        package var at: Instant
        /// What was done then, for people.
        package var what: String
        /// Records that name the clause; a sum is as many as it counts.
        package var count: Int
        /// Those of them that are decisions.
        package var decisions: Int
    }

    package private(set) var clauses: [String: Mention] = [:]

    package init() {}

    package mutating func add(_ entry: AuditEntry) {
        let times = Int(clamping: entry.times)
        for clause in entry[list: .clauses] {
            var mention = clauses[clause] ?? Mention(at: entry.at, what: "", count: 0, decisions: 0)
            mention.count += times
            if entry.kind.isDecision { mention.decisions += times }
            if mention.at <= entry.at {
                mention.at = entry.at
                mention.what = Self.words(entry)
            }
            clauses[clause] = mention
        }
    }

    /// Without names: a report on clauses is not about people.
    private static func words(_ entry: AuditEntry) -> String {
        let about = entry[.className].map { ", class \($0)" } ?? entry[.order].map { ": \($0)" } ?? ""
        return entry.kind.words + about
    }
}
