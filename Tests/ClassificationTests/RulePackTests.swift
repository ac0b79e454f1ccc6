import Classification
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// Every shipped pack loads for a year to come, does what its own tests say, and is shown by them whole.
@Suite(.timeLimit(.minutes(30)))
struct RulePackTests {
    private static func policy(_ pack: ShippedPack, at day: String = "2026-11-21") throws -> Policy {
        let files = try pack.files().map { PackFile(path: $0.path, text: $0.text) }
        let now = try #require(TimeText.timestamp("\(day)T12:00:00Z"))
        let result = PolicyCompiler.compile(files, now: now)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "", "\(pack) on \(day)")
        return try #require(result.policy)
    }

    @Test func allAreThere() {
        let names = ["default", "dwp", "moj", "psps", "wolsey-house", "wunderkraut"]
        #expect(ShippedPack.all.map(\.name) == names)
    }

    @Test(arguments: ShippedPack.all, ["2026-11-21", "2027-02-28", "2027-07-01", "2027-11-22"])
    func loadsWithoutAWord(pack: ShippedPack, day: String) throws {
        let policy = try Self.policy(pack, at: day)
        for result in PolicyTestRunner.run(policy) {
            #expect(result.passed, "\(result.location) \(result.name): \(result.failures)")
        }
    }

    /// Deciding looks at no class of another organisation; explaining looks at all of them. Both come to the same,
    /// whatever the certificate names: an organisation of the pack, one that nobody knows, or none.
    @Test(arguments: ShippedPack.all) func passingOverOtherVendorsChangesNothing(pack: ShippedPack)
        async throws
    {
        let policy = try Self.policy(pack)
        let named = policy.classes.flatMap(\.conditions).compactMap { condition -> String? in
            if case .organisation(let name) = condition.test { name } else { nil }
        }
        #expect(!named.isEmpty)
        var classes: Set<String> = []
        for (number, test) in policy.tests.enumerated()
        where number.isMultiple(of: 5)
            || named.contains(
                test.session.organisation ?? "")
        {
            await Task.yield()
            for organisation in Set(named).sorted().map(Optional.some) + ["Nobody Knows Ltd", nil] {
                var session = test.session
                session.organisation = organisation
                let evidence = session.evidence(under: policy, at: test.at)
                let decision = Classifier.decide(evidence, under: policy, at: test.at)
                let whole = Classifier.classify(evidence, under: policy, at: test.at)
                #expect(decision == whole.decision, "\(test.location) as \(organisation ?? "none")")
                if let name = decision.className { classes.insert(name) }
            }
        }
        #expect(classes.contains { $0.hasPrefix("vendor:") } && classes.contains { !$0.hasPrefix("vendor:") })
    }

    /// A clause that the gateway keeps has something that keeps it and something that shows it; one that is out of reach
    /// has neither, and a reason.
    @Test(arguments: ShippedPack.written) func everyClauseIsServedAndShown(pack: ShippedPack) throws {
        let policy = try Self.policy(pack)
        #expect(!policy.clauses.isEmpty)
        let cited = policy.everyCitation
        for clause in policy.clauses {
            let citations = cited[clause.id] ?? []
            let (rules, tests) = (citations.filter(\.isRule), citations.filter { !$0.isRule })
            if clause.kind == .outOfReach {
                #expect(citations.isEmpty && clause.because != nil, "\(clause.id)")
            } else {
                #expect(!rules.isEmpty, "\(clause.id): no rule or setting")
                #expect(!tests.isEmpty, "\(clause.id): no test")
            }
        }
    }

    /// And what a class cites, a test of that class's own cites as well.
    @Test(arguments: ShippedPack.written) func everyClassIsShownByATest(pack: ShippedPack) throws {
        let policy = try Self.policy(pack)
        for policyClass in policy.classes {
            let tests = policy.tests.filter { $0.expectedClass == .some(policyClass.name) }
            #expect(!tests.isEmpty, "\(policyClass.name)")
            let missing = Set(policyClass.cites).subtracting(policy.tests.flatMap(\.cites))
            #expect(missing.isEmpty, "\(policyClass.name)")
        }
    }
}
