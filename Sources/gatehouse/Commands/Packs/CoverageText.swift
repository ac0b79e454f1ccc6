import Classification
import Coverage
import PolicyLanguage
import Sessions

/// The report for a terminal.
enum CoverageText {
    static func text(_ report: CoverageReport) -> String {
        let parts = [
            head(report), clauses(report.inReach), farAway(report.outOfReach), controls(report.controls),
            list("Cited by no rule or setting", report.uncited.map(named)),
            list("Cited by no test", report.untested.map(named)), tests(report.tests),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private static func head(_ report: CoverageReport) -> String {
        let about = report.about.isEmpty ? "" : ": \(line(report.about))"
        let review = report.reviewBy.map { "review due by \($0)\(report.isReviewOverdue ? ", overdue" : "")" }
        let figures =
            "\(report.covered.count) of \(report.inReach.count) clauses covered (\(report.percent) %)"
        let far = report.outOfReach.isEmpty ? "" : ", \(report.outOfReach.count) out of reach"
        return """
            \(report.pack.name)\(about)
            as of \(report.pack.at), \(review ?? "no review date")
            SHA-256 \(report.pack.digest.whole)
            \(figures)\(far)
            """
    }

    /// In one line, whatever the file had.
    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func named(_ clause: ClauseCoverage) -> String {
        clause.clause.title.isEmpty ? clause.clause.id : "\(clause.clause.id)  \(line(clause.clause.title))"
    }

    private static func clauses(_ clauses: [ClauseCoverage]) -> String {
        guard !clauses.isEmpty else { return "" }
        let isCounted = clauses.contains { $0.evidence?.count != nil }
        let rows = clauses.map { clause in
            let count = clause.evidence?.count.map { "\($0)" } ?? "-"
            return [
                clause.clause.id, clause.clause.kind.rawValue, "\(clause.rules.count)",
                "\(clause.tests.count)", clause.evidence.map { "\($0.at)" } ?? "not recorded",
            ] + (isCounted ? [count] : []) + [clause.standing.rawValue]
        }
        return Terminal.table(
            ["CLAUSE", "KIND", "RULES", "TESTS", "LAST EVIDENCE"] + (isCounted ? ["RECORDS"] : []) + [
                "STANDING"
            ],
            rows, numbers: ["RULES", "TESTS", "RECORDS"])
    }

    private static func farAway(_ clauses: [ClauseCoverage]) -> String {
        list("Out of reach", clauses.map { "\($0.clause.id)  \(line($0.clause.because ?? ""))" })
    }

    private static func controls(_ controls: [ControlCoverage]) -> String {
        guard !controls.isEmpty else { return "" }
        let rows = controls.map { control in
            [control.control, control.standing, control.clauses.map(\.clause.id).joined(separator: " ")]
        }
        return Terminal.table(["ISO 27001", "STANDING", "CLAUSES"], rows)
    }

    private static func tests(_ tests: TestCoverage) -> String {
        let parts = [
            "\(tests.results.count - tests.failed.count) of \(tests.results.count) tests pass",
            list(
                "Tests that fail", tests.failed.map { "\($0.name)  \($0.failures.joined(separator: "; "))" }),
            list("Classes that no test ends in", tests.untriedClasses.map(\.name)),
            list(
                "Conditions that no test sees both hold and fail",
                tests.untriedConditions.map { condition in
                    let missing = missing([("hold", condition.held), ("fail", condition.failed)])
                    return "\(condition.owner): \(condition.text)  never seen to \(missing)"
                }),
            list(
                "Grants that no test reaches, or no test is refused",
                tests.untriedGrants.map { grant in
                    let missing = missing([("reached", grant.reached), ("refused", grant.refused)])
                    return "\(grant.policyClass): \(grant.system)  never \(missing)"
                }),
            list("Settings that no test looks at", tests.untriedSettings.map(\.setting.rawValue)),
            list("Tests that cite no clause", tests.withoutClause),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private static func missing(_ counts: [(word: String, count: Int)]) -> String {
        counts.filter { $0.count == 0 }.map(\.word).joined(separator: " or ")
    }

    private static func list(_ title: String, _ items: [String]) -> String {
        items.isEmpty ? "" : ([title] + items.map { "  \($0)" }).joined(separator: "\n")
    }
}
