import Foundation
import PolicyDifference
import PolicyLanguage
import Sessions
import Testing

/// Pairs of packs, and what is said of their difference to people and to programs, to the letter.
/// `GATEHOUSE_REGENERATE=1 swift test` writes what is said now; review the difference.
struct GoldenTests {
    private static let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    static let cases: [String] =
        (try? FileManager.default.contentsOfDirectory(atPath: golden.path).sorted()) ?? []

    @Test(arguments: cases) func saysAsExpected(name: String) throws {
        let folder = Self.golden.appending(path: name)
        let old = try Self.policy(folder.appending(path: "old"))
        let new = try Self.policy(folder.appending(path: "new"))
        let difference = PolicyDifference(from: old, to: new)
        var judge = MovementJudge(from: old, to: new, difference)
        let plan = PlanDocument(difference, tests: judge.movementsOfTests(), old: "old", new: "new")
        try Self.compare(PlanText.text(plan) + "\n", folder.appending(path: "expected.txt"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
        try Self.compare(json, folder.appending(path: "expected.json"))
        #expect(try JSONDecoder().decode(PlanDocument.self, from: Data(json.utf8)) == plan)
        // There and back: what opens one way closes the other.
        let back = PolicyDifference(from: new, to: old)
        #expect(back.isEmpty == difference.isEmpty)
        #expect(Set(back.systems.map(\.name)) == Set(difference.systems.map(\.name)))
    }

    @Test(arguments: cases) func samePackHasNoDifference(name: String) throws {
        for side in ["old", "new"] {
            let folder = Self.golden.appending(path: name).appending(path: side)
            #expect(PolicyDifference(from: try Self.policy(folder), to: try Self.policy(folder)).isEmpty)
        }
    }

    private static func compare(_ text: String, _ expected: URL) throws {
        if isRegenerating { try Data(text.utf8).write(to: expected) }
        #expect(text == String(decoding: try Data(contentsOf: expected), as: UTF8.self))
    }

    private static func policy(_ folder: URL) throws -> Policy {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map { path in
                PackFile(
                    path: path,
                    text: String(decoding: try Data(contentsOf: folder.appending(path: path)), as: UTF8.self))
            }
        let (policy, diagnostics) = PolicyCompiler.compile(
            files, now: Instant(secondsSince1970: 1_795_212_000))
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }
}
