/// What was seen for one row.
package struct Outcome: Sendable, Equatable {
    package var seen: String
    package var matches: Bool
    /// What the daemon says of the same packet: class, system or reason, and the clauses that it cites.
    package var decidedBy: String

    package init(seen: String, matches: Bool, decidedBy: String = "") {
        self.seen = seen
        self.matches = matches
        self.decidedBy = decidedBy
    }

    /// A row that depends on something that did not come about.
    package static func notMeasured(_ why: String) -> Self {
        Self(seen: "not measured: \(why)", matches: false)
    }
}

extension Outcome {
    /// With what the daemon says of the same packet. A daemon that explains one thing and does another is wrong in
    /// one of them.
    package func explained(by explanation: Explanation, expected: Row.Expectation) -> Self {
        var outcome = self
        outcome.decidedBy = explanation.text
        if explanation.permits != (expected == .reached) {
            outcome.matches = false
            outcome.seen += ", explained as \(explanation.verdict)"
        }
        return outcome
    }
}

/// All rows with what was seen.
package struct Report: Sendable {
    package private(set) var outcomes: [Row.ID: Outcome] = [:]
    package let rows: [Row]

    package init(rows: [Row] = Scenario.rows) { self.rows = rows }

    package mutating func record(_ outcome: Outcome, for row: Row) { outcomes[row.id] = outcome }

    /// A row without an outcome counts against the run: nothing passes by being left out.
    package func outcome(_ row: Row) -> Outcome { outcomes[row.id] ?? .notMeasured("the run ended before") }

    package var allMatch: Bool { rows.allSatisfy { outcome($0).matches } }
    package var differing: [Row] { rows.filter { !outcome($0).matches } }
}
