import Classification
import Coverage
import Foundation
import PolicyLanguage
import Sessions
import TestSupport
import Testing

struct ReportTests {
    @Test func everyClauseHasItsStanding() throws {
        let standings = try GoldenPack.harbour().report().clauses.map {
            [$0.clause.id, $0.standing.rawValue]
        }
        #expect(
            standings == [
                ["two-factors", "covered"], ["proxy-only", "covered"], ["device-loss", "a test fails"],
                ["log-out", "covered"], ["third-parties", "no test"], ["review", "no test"],
                ["=cmd|'/c calc'!A1", "neither rule nor test"], ["training", "neither rule nor test"],
                ["paper", "out of reach"],
            ])
    }

    @Test func figures() throws {
        let report = try GoldenPack.harbour().report()
        #expect(report.covered.count == 3 && report.inReach.count == 8 && report.percent == 37)
        #expect(!report.isComplete && report.hasList && report.isReviewOverdue)
        #expect(report.controls.map(\.control) == ["A.5.17", "A.7.7", "A.8.1", "A.8.5", "A.8.20", "A.8.23"])
    }

    /// Every clause has a rule and a test then.
    @Test func completeOnlyWhenWhole() throws {
        var pack = try GoldenPack.harbour()
        pack.replace("clauses.yaml") { text in
            text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.contains("cmd|") && !$0.contains("training") && !$0.contains("  review:") }
                .joined(separator: "\n")
        }
        pack.replace("policy.yaml") { $0.replacing(", cites: [review]", with: "") }
        pack.replace("tests/staff.yaml") { text in
            text.replacing(
                "    class: employee\n    cites: [device-loss]", with: "    cites: [third-parties]")
        }
        let report = try pack.report()
        #expect(report.percent == 100 && report.isComplete)
        pack.replace("tests/staff.yaml") { $0.replacing("    cites: [third-parties]", with: "") }
        let less = try pack.report()
        #expect(less.percent == 80 && !less.isComplete)
        #expect(less.untested.map(\.clause.id) == ["third-parties"])
    }

    /// Nobody knows which clauses are missing from a list that is not there.
    @Test func packWithoutAList() throws {
        var pack = try GoldenPack.harbour()
        pack.replace("clauses.yaml") { _ in nil }
        let report = try pack.report()
        #expect(
            report.clauses.map(\.clause.id) == [
                "device-loss", "log-out", "proxy-only", "review", "third-parties", "two-factors",
            ])
        #expect(report.clauses.allSatisfy { !$0.isListed })
        #expect(!report.hasList && !report.isComplete)
        #expect(CoveragePage(report).text.contains("The pack has no list of clauses"))
    }

    @Test func packWithoutClauses() throws {
        let text = "inside: 10.0.0.0/8\nclasses: []\n"
        var pack = try GoldenPack.harbour()
        pack.files = [("policy.yaml", Array(text.utf8))]
        let report = try pack.report()
        #expect(report.clauses.isEmpty && report.percent == 100 && !report.isComplete)
        #expect(CoveragePage(report).text.contains("There is no clause within reach."))
        #expect(report.csv().split(separator: "\r\n").count == 1)
    }

    private struct Recorded: ClauseEvidence {
        func lastMention(of clause: String) -> ClauseMention? {
            guard clause == "review" else { return nil }
            return ClauseMention(at: GoldenPack.now, what: "looked at by <alice>", count: 42)
        }
    }

    @Test func evidenceIsShownWhereThereIsSome() throws {
        let report = try GoldenPack.harbour().report(Recorded())
        #expect(report.clauses.filter { $0.evidence != nil }.map(\.clause.id) == ["review"])
        #expect(
            CoveragePage(report).text.contains("2026-11-23 10:00 UTC</time><br>looked at by &lt;alice&gt;"))
        #expect(report.csv().contains("2026-11-23T10:00:00Z: looked at by <alice>"))
        #expect(report.csv().contains("looked at by <alice>,42,"))
        #expect(CoveragePage(report).text.contains("42 records"))
        #expect(try report.json().contains("\"records\" : 42"))
        #expect(try report.json().contains("\"what\" : \"looked at by <alice>\""))
    }

    // MARK: Tests

    @Test func whatTestsTry() throws {
        let tests = try GoldenPack.harbour().report().tests
        #expect(tests.failed.map(\.name) == ["this test is wrong"])
        #expect(tests.classes.map(\.tests) == [1, 0, 2, 0])
        let employee = tests.conditions.filter { $0.owner == "class employee" }.map { [$0.held, $0.failed] }
        #expect(employee == [[3, 0], [3, 0], [2, 1], [3, 0]])
        let payroll = tests.conditions.filter { $0.owner == "system payroll" }.map { [$0.held, $0.failed] }
        #expect(payroll == [[1, 1]])
        let grants = tests.grants.map { "\($0.policyClass)/\($0.system) \($0.reached) \($0.refused)" }
        #expect(
            grants.dropFirst() == [
                "employee/proxy 1 0", "employee/crm 2 2", "employee/payroll 1 1", "contractor/crm 0 2",
            ])
        #expect(
            tests.settings.map { "\($0.setting.rawValue) \($0.tests)" } == [
                "review-by 0", "idle 1", "always.no-direct-internet 0",
            ])
    }

    /// What holds for nobody could be tried by no test.
    @Test func whatIsNeverRemoteIsNotAskedFor() throws {
        var pack = try GoldenPack.harbour()
        pack.replace("systems.yaml") { text in
            "labels: { secret: { remote: never } }\n"
                + text.replacing(
                    "services: [tcp/443], needs: { mfa: { within: 1h } }",
                    with: "services: [tcp/443], label: secret")
        }
        let tests = try pack.report().tests
        #expect(!tests.conditions.contains { $0.owner == "system payroll" })
        #expect(!tests.grants.contains { $0.system == "payroll" })
    }

    /// Unknown is not enough for a class that gives access, and enough for one that refuses.
    @Test func unknownCountsAsTheClassTakesIt() throws {
        var pack = try GoldenPack.harbour()
        pack.replace("tests/staff.yaml") { _ in
            """
            tests:
              - name: a device that nobody knows
                at: 2026-11-23T10:00:00Z
                session: { certificate: corporate, user: alice, mfa: 5m }
                class: lost
            """
        }
        let tests = try pack.report().tests
        #expect(tests.classes.map(\.tests) == [1, 0, 0, 0])
        #expect(tests.conditions.first.map { [$0.held, $0.failed] } == [1, 0])
    }

    /// The same with the tools that everybody has.
    @Test func digestIsThatOfTheListing() throws {
        let pack = try GoldenPack.harbour()
        let digest = PackDigest(pack.files.reversed())
        let listing = try shell(
            "cd '\(GoldenPack.folder.path)/harbour'; sha256sum \(digest.files.map(\.path).joined(separator: " "))"
        )
        #expect(listing == digest.files.map { "\($0.digest)  \($0.path)\n" }.joined())
        #expect(try shell("sha256sum", input: listing) == "\(digest.whole)  -\n")
    }
}
