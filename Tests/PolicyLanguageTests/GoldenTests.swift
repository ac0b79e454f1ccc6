import Foundation
import PolicyLanguage
import Sessions
import Testing

/// Packs with mistakes, and what is said about them, to the letter. `GATEHOUSE_REGENERATE=1 swift test` writes what
/// is said now; review the difference.
struct GoldenTests {
    static let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"

    /// Those of one mistake each are in a folder of their own (see `MistakeTests`).
    static let cases: [String] = {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: Packs.golden.path)) ?? []
        return folders.filter { $0 != Mistake.folder.lastPathComponent }.sorted()
    }()

    @Test(arguments: cases) func rendersAsExpected(name: String) throws {
        let folder = Packs.golden.appending(path: name)
        let result = Packs.compile(try Packs.bytes(in: folder))
        let text = DiagnosticRenderer.text(result.diagnostics)
        let expected = folder.appending(path: "expected.txt")
        if Self.isRegenerating { try Data(text.utf8).write(to: expected) }
        #expect(text == String(decoding: try Data(contentsOf: expected), as: UTF8.self))
        #expect((result.policy == nil) == result.diagnostics.hasErrors)
    }

    @Test(.enabled(if: !isRegenerating)) func everyIdentifierHasACase() throws {
        let texts = try Self.cases.map { name in
            let file = Packs.golden.appending(path: name).appending(path: "expected.txt")
            return String(decoding: try Data(contentsOf: file), as: UTF8.self)
        }
        // What takes very much of something is made by a test instead (see `LimitTests` and `HostilePackTests`).
        for id in DiagnosticID.allCases where ![.fileTooLarge, .tooMany, .andMore].contains(id) {
            let mark = "\(id.severity): "
            let isShown = texts.contains { text in
                text.split(separator: "\n").contains { $0.hasSuffix(" [\(id)]") && $0.contains(mark) }
            }
            #expect(isShown, "no golden case shows \(id)")
        }
    }

    @Test func identifiersAreSortedAndKebabCase() {
        let names = DiagnosticID.allCases.map(\.rawValue)
        #expect(names == names.sorted())
        for name in names {
            #expect(name.allSatisfy { $0 == "-" || ("a"..."z").contains($0) || $0.isNumber })
        }
    }
}
