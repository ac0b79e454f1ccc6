import Foundation
import Lab
import NetworkTypes
import Testing

struct ReportTests {
    private func reached(_ explanation: String) throws -> Explanation {
        try JSONDecoder().decode(Explanation.self, from: Data(explanation.utf8))
    }

    @Test func aRowThatWasLeftOutCountsAgainstTheRun() {
        var report = Report()
        for row in Scenario.rows.dropLast() { report.record(Outcome(seen: "", matches: true), for: row) }
        #expect(!report.allMatch)
        #expect(report.differing == Scenario.rows.suffix(1))
    }

    @Test func everyRowMatchingIsARunThatMatches() {
        var report = Report()
        for row in Scenario.rows { report.record(Outcome(seen: "", matches: true), for: row) }
        #expect(report.allMatch)
    }

    @Test(arguments: [
        ("permit", Row.Expectation.reached, true), ("deny", .refused, true),
        ("permit", .refused, false),  // the packet was refused, but the daemon says otherwise
        ("deny", .reached, false), ("perhaps", .reached, false),
    ])
    func anExplanationMustAgreeWithWhatIsSeen(_ verdict: String, _ expected: Row.Expectation, _ matches: Bool)
        throws
    {
        let explanation = try reached(
            #"{"class": "c", "verdict": "\#(verdict)", "cites": ["a-1"], "reason": "r"}"#)
        let outcome = Outcome(seen: "x", matches: true).explained(by: explanation, expected: expected)
        #expect(outcome.matches == matches)
    }

    @Test(arguments: [
        (
            #"{"class": "staff", "verdict": "permit", "system": "crm", "cites": ["a-1"], "reason": "r"}"#,
            "staff; crm; a-1"
        ),
        (
            #"{"class": "staff", "verdict": "deny", "cites": [], "reason": "no grant"}"#,
            "staff; no grant"
        ),
        (#"{"verdict": "deny", "cites": [], "reason": "no class"}"#, "no class"),
    ])
    func explanationsReadAsClassCauseAndClauses(_ json: String, _ text: String) throws {
        #expect(try reached(json).text == text)
    }

    @Test func theTableIsAligned() {
        let table = Table(rows: Scenario.rows, colour: false)
        let lines = Scenario.rows.map {
            table.line($0, Outcome(seen: "SEEN", matches: true, decidedBy: "WHY"))
        }
        let columns = lines.map { line in
            [line.firstRange(of: "SEEN"), line.firstRange(of: "WHY")].map { range in
                range.map { line.distance(from: line.startIndex, to: $0.lowerBound) }
            }
        }
        #expect(Set(columns).count == 1)
    }

    @Test func everyStageHasALineOfItsOwn() {
        let titles = Row.Stage.allCases.map(Table(rows: [], colour: false).title)
        #expect(Set(titles).count == titles.count)
        #expect(titles.allSatisfy { $0.hasPrefix("\n") && (10...100).contains($0.count) })
    }

    @Test func differencesStandOutWithoutColourToo() throws {
        let row = try #require(Scenario.rows.first)
        let line = Table(rows: [row], colour: false).line(row, Outcome(seen: "other", matches: false))
        #expect(line.hasPrefix("!! "))
        #expect(!line.contains("\u{1b}"))
        #expect(
            Table(rows: [row], colour: true).line(row, Outcome(seen: "", matches: false)).contains(
                "\u{1b}[31m"))
    }

    @Test func theDocumentHoldsEveryRow() throws {
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(Report().json.utf8)) as? [String: Any])
        let rows = try #require(document["rows"] as? [[String: Any]])
        #expect(rows.compactMap { $0["id"] as? String } == Scenario.rows.map(\.id))
        #expect(document["allMatch"] as? Bool == false)
    }
}
