import PolicyLanguage

/// One control of ISO/IEC 27001:2022, Annex A, with the clauses that the pack says serve it.
package struct ControlCoverage: Sendable, Hashable {
    /// `A.8.1`.
    package let control: String
    package let clauses: [ClauseCoverage]

    /// `3 of 4 clauses covered`: those out of reach are not counted, and when all are that is said.
    package var standing: String {
        let inReach = clauses.filter { $0.standing != .outOfReach }
        let covered = inReach.count { $0.standing == .covered }
        if inReach.isEmpty { return ClauseCoverage.Standing.outOfReach.rawValue }
        return covered == inReach.count
            ? ClauseCoverage.Standing.covered.rawValue : "\(covered) of \(inReach.count) clauses covered"
    }

    /// By number: A.8.2 before A.8.10.
    static func all(in clauses: [ClauseCoverage]) -> [ControlCoverage] {
        var byControl: [String: [ClauseCoverage]] = [:]
        for clause in clauses {
            for control in clause.clause.controls { byControl[control, default: []].append(clause) }
        }
        return byControl.map(ControlCoverage.init).sorted { precedes($0.control, $1.control) }
    }

    private static func precedes(_ lhs: String, _ rhs: String) -> Bool {
        let (left, right) = (parts(lhs), parts(rhs))
        return left == right ? lhs < rhs : left.lexicographicallyPrecedes(right)
    }

    private static func parts(_ control: String) -> [Int] {
        control.split(separator: ".").map { Int($0) ?? 0 }
    }
}
