package import Classification
package import PolicyLanguage
package import Sessions

/// How much of a written policy a pack serves, clause by clause, and how much of the pack its own tests try.
package struct CoverageReport: Sendable, Hashable {
    package let pack: CoveredPack
    /// What the pack says of itself; empty when it does not.
    package let about: String
    /// The last day by which the written policy is to be reviewed; nil when the pack does not say.
    package let reviewBy: CivilDate?
    package let isReviewOverdue: Bool
    /// In the order of the pack's list.
    package let clauses: [ClauseCoverage]
    package let tests: TestCoverage

    /// - Parameter evidence: where it is on record what was done for clauses; nil for nowhere.
    package init(
        _ policy: Policy, pack: CoveredPack, results: [PolicyTestResult],
        evidence: (any ClauseEvidence)? = nil
    ) {
        self.pack = pack
        about = policy.about
        reviewBy = policy.settings.review?.date
        isReviewOverdue = policy.settings.review.map { $0.dueAt <= pack.at } ?? false
        clauses = Self.clauses(of: policy, results, evidence)
        tests = TestCoverage(policy, results)
    }

    /// Clauses that a gateway can serve.
    package var inReach: [ClauseCoverage] { clauses.filter { $0.standing != .outOfReach } }
    package var covered: [ClauseCoverage] { clauses.filter { $0.standing == .covered } }
    package var outOfReach: [ClauseCoverage] { clauses.filter { $0.standing == .outOfReach } }
    package var uncited: [ClauseCoverage] { inReach.filter(\.rules.isEmpty) }
    package var untested: [ClauseCoverage] { inReach.filter(\.tests.isEmpty) }
    package var controls: [ControlCoverage] { ControlCoverage.all(in: clauses) }

    /// Whether the pack has a list of clauses. Without one, nobody knows which are missing.
    package var hasList: Bool { clauses.contains(where: \.isListed) }
    /// Every clause in reach has a rule and a test. Never of a pack without a list of clauses.
    package var isComplete: Bool { hasList && covered.count == inReach.count }
    /// Rounded down, so that only the whole is 100. Of a pack in which nothing is in reach, that is the whole.
    package var percent: Int { inReach.isEmpty ? 100 : covered.count * 100 / inReach.count }
}

extension CoverageReport {
    private static func clauses(
        of policy: Policy, _ results: [PolicyTestResult], _ evidence: (any ClauseEvidence)?
    ) -> [ClauseCoverage] {
        let passed = Set(results.filter(\.passed).map(\.name))
        let citations = policy.everyCitation
        let listed = Set(policy.clauses.map(\.id))
        let unlisted = Set(citations.keys).subtracting(listed).sorted().map(Clause.unlisted)
        return (policy.clauses + unlisted).map { clause in
            let cited = citations[clause.id] ?? []
            let tests = cited.filter { !$0.isRule }.map { test in
                CitingTest(
                    name: test.source.name, location: test.location, passed: passed.contains(test.source.name)
                )
            }
            return ClauseCoverage(
                clause: clause, isListed: listed.contains(clause.id), rules: cited.filter(\.isRule),
                tests: tests, evidence: evidence?.lastMention(of: clause.id))
        }
    }
}

extension Clause {
    /// A clause of which only the citations tell.
    fileprivate static func unlisted(_ id: String) -> Clause {
        Clause(id: id, title: "", location: SourceLocation(file: "", line: 0, column: 0))
    }
}
