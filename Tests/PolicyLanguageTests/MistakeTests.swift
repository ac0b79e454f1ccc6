import Foundation
import PolicyLanguage
import Testing

/// One mistake, one diagnostic: every mistake of `Golden/mistakes`, each by itself in a pack that is good otherwise.
struct MistakeTests {
    @Test func thePackIsGoodWithoutThem() throws {
        let result = Packs.compile(try Mistake.goodPack().map { ($0.key, $0.value) })
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
    }

    @Test(arguments: Mistake.names) func isToldOnce(name: String) async throws {
        // There are as many threads as cores, and others wait for one.
        await Task.yield()
        let mistake = try Mistake(named: name)
        let result = Packs.compile(try mistake.pack())
        let text = DiagnosticRenderer.text(result.diagnostics)
        if GoldenTests.isRegenerating { try Mistake.regenerate(name, expected: text) }
        #expect(result.diagnostics.count == 1, "\(mistake.why): \(text)")
        #expect((result.policy == nil) == result.diagnostics.hasErrors)
        #expect(try Mistake(named: name).expected == text, "\(mistake.why)")
        let changed = Set(mistake.files.keys)
        // What another file refers to may be gone: the place is where it is referred to, and otherwise the mistake's own.
        let isGone = mistake.files.values.contains { $0 == nil }
        #expect(isGone || result.diagnostics.allSatisfy { changed.contains($0.range.start.file) }, "\(text)")
    }

    @Test(.enabled(if: !GoldenTests.isRegenerating)) func everyIdentifierIsAMistake() throws {
        #expect(Mistake.names.count >= 400)
        let shown = try Set(
            Mistake.names.compactMap { name in
                try Mistake(named: name).expected.split(separator: "\n").first?.split(separator: "[").last
                    .map { String($0.dropLast()) }
            })
        // No single mistake is told more often than can be shown: see `LimitTests`.
        for id in DiagnosticID.allCases where id != .andMore {
            #expect(shown.contains(id.rawValue), "no mistake shows \(id)")
        }
    }
}
