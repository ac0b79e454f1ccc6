import Foundation
import Testing

/// Files, mappings and registers, and what is said about them, to the letter. `GATEHOUSE_REGENERATE=1 swift test` writes
/// what is said now; review the difference.
struct GoldenTests {
    private static let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"

    static let cases: [String] =
        (try? FileManager.default.contentsOfDirectory(atPath: Folders.golden.path).sorted()) ?? []

    @Test(arguments: cases) func rendersAsExpected(name: String) throws {
        let golden = try GoldenCase(name)
        let text = try golden.rendered()
        let expected = golden.folder.appending(path: "expected.txt")
        if Self.isRegenerating { try Data(text.utf8).write(to: expected) }
        #expect(text == (try GoldenCase.text(expected)))
    }

    @Test func thereAreCases() { #expect(Self.cases.count > 8) }
}
