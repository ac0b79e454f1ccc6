import Foundation
import PolicyLanguage
import Sessions
import Testing

/// How diagnostics look, and what programs get of them.
struct DiagnosticTests {
    private static let place = SourceLocation(file: "systems.yaml", line: 3, column: 5)

    private static func undefined(line: Int = 14, excerpt: String = "  access: [revenue-db]") -> Diagnostic {
        Diagnostic(
            id: .undefinedSystem,
            range: SourceRange(
                start: SourceLocation(file: "policy.yaml", line: line, column: 12), length: 10),
            message: "system 'revenue-db' is not defined",
            notes: [.init("did you mean 'revenues-db', defined at systems.yaml:3:5?", at: place)],
            suggestion: "revenues-db", excerpt: excerpt)
    }

    @Test func rendersAPlaceACaretAndANote() {
        let expected = """
            policy.yaml:14:12: error: system 'revenue-db' is not defined [undefined-system]
            14 |   access: [revenue-db]
               |            ^~~~~~~~~~
               = note: did you mean 'revenues-db', defined at systems.yaml:3:5?

            """
        #expect(DiagnosticRenderer.text(Self.undefined()) == expected)
        #expect(DiagnosticRenderer.text([Self.undefined()]) == expected + "1 error\n")
    }

    @Test func sortsByLineAsANumberAndCounts() {
        let warning = Diagnostic(
            id: .reviewOverdue, range: SourceRange(start: Self.place), message: "late", excerpt: "")
        let text = DiagnosticRenderer.text([
            warning, Self.undefined(line: 100), Self.undefined(line: 9), Self.undefined(line: 20),
        ])
        let places = text.split(separator: "\n").filter {
            $0.contains(": error:") || $0.contains(": warning:")
        }
        .map { $0.prefix { $0 != " " } }
        #expect(
            places == ["policy.yaml:9:12:", "policy.yaml:20:12:", "policy.yaml:100:12:", "systems.yaml:3:5:"])
        #expect(text.hasSuffix("\n3 errors, 1 warning\n"))
    }

    @Test func nothingIsSaidOfNothing() {
        #expect(DiagnosticRenderer.text([]) == "")
        #expect(DiagnosticRenderer.summary([]) == "no errors")
    }

    @Test func longLinesAreCutAroundThePlace() {
        let excerpt = String(repeating: "x", count: 1000) + "HERE" + String(repeating: "y", count: 1000)
        let diagnostic = Diagnostic(
            id: .wrongValue, range: SourceRange(start: .init(file: "a", line: 1, column: 1001), length: 500),
            message: "m", excerpt: excerpt)
        let lines = DiagnosticRenderer.text(diagnostic).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count < 200 })
        let column = lines[2].firstIndex(of: "^").map { lines[2].distance(from: lines[2].startIndex, to: $0) }
        #expect(column.map { lines[1].dropFirst($0).hasPrefix("HERE") } == true)
    }

    @Test func tabsKeepTheCaretInPlaceAndEscapesDoNotReachTheTerminal() {
        let diagnostic = Diagnostic(
            id: .wrongValue, range: SourceRange(start: .init(file: "a", line: 1, column: 3), length: 1),
            message: "m", excerpt: "\t\u{1B}x\u{202E}")
        #expect(DiagnosticRenderer.text(diagnostic).contains("1 | \t\u{FFFD}x\u{FFFD}\n  | \t ^\n"))
    }

    @Test func programsGetAllOfIt() throws {
        let text = try DiagnosticJSON.text([Self.undefined()])
        let expected = """
            [
              {
                "column" : 12,
                "file" : "policy.yaml",
                "id" : "undefined-system",
                "length" : 10,
                "line" : 14,
                "message" : "system 'revenue-db' is not defined",
                "notes" : [
                  {
                    "column" : 5,
                    "file" : "systems.yaml",
                    "line" : 3,
                    "message" : "did you mean 'revenues-db', defined at systems.yaml:3:5?"
                  }
                ],
                "severity" : "error",
                "suggestion" : "revenues-db"
              }
            ]

            """
        #expect(text == expected)
    }

    static let undecodable: [(bytes: [UInt8], line: Int, column: Int, why: String)] = [
        ([0xFF], 1, 1, "no lead byte"), ([0x61, 0x0A, 0x62, 0xC3], 2, 2, "cut at the end"),
        ([0xC3, 0xA9, 0xE9, 0x61], 1, 2, "columns are characters"),
        ([0xED, 0xA0, 0x80], 1, 1, "a surrogate"),
        ([0xC0, 0xAF], 1, 1, "overlong"), ([0x61, 0x0A, 0x80], 2, 1, "at the start of a line"),
    ]

    @Test(arguments: undecodable) func otherEncodingsHaveAPlace(
        example: (bytes: [UInt8], line: Int, column: Int, why: String)
    ) throws {
        let result = PackFile.decode(path: "a.yaml", bytes: example.bytes)
        #expect(result.file == nil)
        let place = try #require(result.diagnostics.first).range.start
        #expect(
            place == SourceLocation(file: "a.yaml", line: example.line, column: example.column),
            "\(example.why)")
    }

    @Test func byteOrderMarksAndWindowsLinesAreFine() throws {
        let files = try Packs.bytes(in: Packs.standard).map { file in
            let text = String(decoding: file.bytes, as: UTF8.self)
            return (path: file.path, bytes: Array(("\u{FEFF}" + text.replacing("\n", with: "\r\n")).utf8))
        }
        let result = Packs.compile(files)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        #expect(result.policy?.tests.count == 34)
    }
}

/// Files that describe one session.
struct SessionFileTests {
    private func read(_ text: String) throws -> (
        session: SessionDescription?, at: Instant?, diagnostics: [Diagnostic]
    ) {
        let policy = try #require(Packs.compile(try Packs.bytes(in: Packs.standard)).policy)
        return PolicyCompiler.session(PackFile(path: "session.yaml", text: text), in: policy)
    }

    @Test func describeASessionAndATime() throws {
        let result = try read(
            """
            at: 2026-11-23T10:00:00Z
            session: { certificate: corporate, device: laptop-0001, user: alice, mfa: 5m }
            """)
        #expect(result.diagnostics.isEmpty)
        #expect(
            result.session
                == SessionDescription(
                    authority: "corporate", device: "laptop-0001", user: "alice", mfaAge: .seconds(300)))
        #expect(result.at == TimeText.timestamp("2026-11-23T10:00:00Z"))
        #expect(try read("session: { user: zoe }").session == SessionDescription(user: "zoe"))
    }

    @Test func mistakesHavePlaces() throws {
        let result = try read(
            "session: { certificate: corprate, devise: laptop-0001, device: laptop-01 }\nwhen: now")
        #expect(result.session == nil)
        #expect(
            DiagnosticRenderer.text(result.diagnostics).split(separator: "\n").filter {
                $0.contains("error:")
            } == [
                "session.yaml:1:25: error: authority 'corprate' is not defined [undefined-authority]",
                "session.yaml:1:35: error: a session has no 'devise' [unknown-key]",
                "session.yaml:1:64: error: device 'laptop-01' is not defined [undefined-device]",
                "session.yaml:2:1: error: a session file has no 'when' [unknown-key]",
            ])
        #expect(try read("").session == nil)
        #expect(try read("[]").session == nil)
    }
}
