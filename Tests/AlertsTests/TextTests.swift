import Alerts
import TestSupport
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("alice", "alice"), ("Zoë Ω 漢", "Zoë Ω 漢"), ("a\nPRIORITY=0", "a\\u{a}PRIORITY=0"),
        ("\u{1b}[2J", "\\u{1b}[2J"), ("a\u{202e}b", "a\\u{202e}b"), ("a\u{0}b", "a\\u{0}b"),
        ("\r\n", "\\u{d}\\u{a}"),
        ("\u{85}\u{2028}", "\\u{85}\\u{2028}"),
    ])
    func controlCharactersAreWrittenOut(text: String, plain: String) {
        #expect(AlertText.plain(text) == plain)
    }

    @Test func longTextsAreCutBetweenCharacters() {
        let plain = AlertText.plain(String(repeating: "漢", count: 64 << 10))
        #expect(plain.utf8.count <= AlertText.value && plain.hasSuffix("漢..."))
        #expect(AlertText.plain(String(repeating: "\n", count: 64 << 10)).utf8.count <= AlertText.value)
    }

    @Test(arguments: 0..<50) func nothingOfASightingIsLongOrHasTwoLines(seed: UInt64) {
        var random = Seeded(seed)
        let text = {
            let count = Int.random(in: 0...3000, using: &random)
            let scalars = (0..<count).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x2100, using: &random))
            }
            return String(String.UnicodeScalarView(scalars))
        }
        let sighting = Sighting(
            .refusedAbroad, .warning, about: text(), says: text(), fields: [.user: text(), .why: text()],
            clauses: (0..<100).map { _ in text() })
        let texts = [sighting.key, sighting.says] + sighting.fields.values + sighting.clauses
        for text in texts {
            #expect(text.utf8.count <= AlertText.sentence)
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "seed \(seed)")
        }
        #expect(sighting.clauses.count <= AlertText.items)
    }
}
