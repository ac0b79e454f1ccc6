import Testing

@testable import VPNSources

@Suite struct ManagementLineReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String { why }
        var bytes: [UInt8]
        var lines: [String]
        var why: String

        init(_ text: String, _ lines: [String], _ why: String) { self.init(Array(text.utf8), lines, why) }
        init(_ bytes: [UInt8], _ lines: [String], _ why: String) {
            (self.bytes, self.lines, self.why) = (bytes, lines, "\(why)")
        }
    }

    private static let long = "! the line is longer than 65536 bytes"
    private static let ugly = "! the line is not UTF-8"
    private static let cut = "! the connection ended within a line"

    static let cases = [
        Case("", [], "nothing"),
        Case("a\n", ["a"], "a line"),
        Case("a\r\nb\r\n", ["a", "b"], "what OpenVPN writes"),
        Case("a\r\r\n", ["a\r"], "one CR belongs to the line end, no more"),
        Case("\n\n", ["", ""], "empty lines are lines, and are counted"),
        Case("a\nb", ["a", cut], "half a line can read as a whole one"),
        Case([0x61, 0xFF, 0x0A, 0x62, 0x0A], [ugly, "b"], "no UTF-8: that line alone is lost"),
        Case([0xC0, 0x80, 0x0A], [ugly], "an overlong NUL is no UTF-8"),
        Case([0xED, 0xA0, 0x80, 0x0A], [ugly], "a surrogate is no UTF-8"),
        Case("é\n", ["é"], "UTF-8 beyond ASCII is text"),
        Case("\u{0}\n", ["\u{0}"], "NUL is a character; who reads the line judges it"),
        Case(
            String(repeating: "x", count: 65_536) + "\n", [String(repeating: "x", count: 65_536)], "the bound"
        ),
        Case(String(repeating: "x", count: 65_537) + "\nb\n", [long, "b"], "one more than the bound"),
        Case(String(repeating: "x", count: 1 << 20) + "\nb\n", [long, "b"], "a mebibyte is one error"),
        Case(String(repeating: "x", count: 1 << 20), [long], "and is no cut line besides"),
        Case("ENTER PASSWORD:", ["ENTER PASSWORD:"], "the prompt has no line end"),
        Case(
            "ENTER PASSWORD:SUCCESS: ok\n", ["ENTER PASSWORD:", "SUCCESS: ok"],
            "what follows is the next line"),
        Case("ENTER PASSWORD:\n", ["ENTER PASSWORD:", ""], "a line end after it ends an empty line"),
        Case("ENTER PASSWORD:ENTER PASSWORD:", ["ENTER PASSWORD:", "ENTER PASSWORD:"], "asked again"),
        Case("ENTER PASSWOR", [cut], "half a prompt"),
        Case("xENTER PASSWORD:\n", ["xENTER PASSWORD:"], "only at the start of a line"),
    ]

    private static func read(_ bytes: [UInt8], cut: () -> Int) -> [ManagementLine] {
        var reader = ManagementLineReader()
        var lines: [ManagementLine] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(cut())
            rest = rest.dropFirst(piece.count)
            lines += reader.read(piece)
        }
        return lines + reader.finish()
    }

    private static func texts(_ lines: [ManagementLine]) -> [String] {
        lines.map { line in
            switch line.content {
            case .text(let text): text
            case .unreadable(let reason): "! " + reason
            }
        }
    }

    @Test(arguments: cases) func cutsIntoLines(_ test: Case) {
        let lines = Self.read(test.bytes) { .max }
        #expect(Self.texts(lines) == test.lines, "\(test.why)")
        #expect(lines.map(\.number) == Array(1...(lines.count + 1)).dropLast(), "\(test.why)")
    }

    @Test(arguments: cases, [1, 7, 4_096]) func pieceSizeMakesNoDifference(_ test: Case, _ size: Int) {
        #expect(Self.read(test.bytes) { size } == Self.read(test.bytes) { .max }, "\(test.why)")
    }

    @Test func aLongLineIsReportedBeforeItEnds() {
        var reader = ManagementLineReader()
        let piece = [UInt8](repeating: 0x78, count: 40_000)
        #expect(reader.read(piece).isEmpty)
        #expect(Self.texts(reader.read(piece)) == [Self.long])
        #expect(reader.read(piece).isEmpty, "once")
        #expect(Self.texts(reader.read([0x0A, 0x62, 0x0A])) == ["b"])
    }
}
