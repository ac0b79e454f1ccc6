import Classification
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// Every shipped pack loads for a year to come, does what its own tests say, and is shown by them whole.
@Suite(.timeLimit(.minutes(10)))
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
