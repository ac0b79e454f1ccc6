import Foundation
import PolicyLanguage
import TestSupport
import Testing

struct FormatTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var why: String
        var before: String
        var after: String

        init(_ why: String, _ before: String, _ after: String) {
            self.why = why
            self.before = before
            self.after = after
        }

        var testDescription: String { why }
    }

    static func format(_ text: String) -> RuleFileFormatter.Outcome {
        RuleFileFormatter.format(PackFile(path: "policy.yaml", text: text))
    }

    private static func text(_ outcome: RuleFileFormatter.Outcome) -> String? {
        if case .formatted(let text) = outcome { text } else { nil }
    }

    static let cases = [
        Case("two spaces a level", "a:\n     b:\n      c: 1\n", "a:\n  b:\n    c: 1\n"),
        Case("a list stands deeper than its key", "a:\n- b\n- c\n", "a:\n  - b\n  - c\n"),
        Case("one space behind a dash", "a:\n  -   b: 1\n      c: 2\n", "a:\n  - b: 1\n    c: 2\n"),
        Case("a dash alone takes what follows", "a:\n  -\n    b: 1\n", "a:\n  - b: 1\n"),
        Case("but not over a comment", "a:\n  - # x\n    b: 1\n", "a:\n  -  # x\n    b: 1\n"),
        Case("lists in lists", "a:\n-  -  b\n   -  c\n", "a:\n  - - b\n    - c\n"),
        Case("a colon stands at its key", "a :   1\n\"b\" : 2\n", "a: 1\n\"b\": 2\n"),
        Case("space at line ends", "a: 1   \n  \nb: 2\t\n", "a: 1\n\nb: 2\n"),
        Case("blank lines", "\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
        Case("the last line ends", "a: 1", "a: 1\n"),
        Case("line ends of other systems", "a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        Case("space inside braces, none inside brackets", "a: {b:   [ 1,2 ,3 ]}\n", "a: { b: [1, 2, 3] }\n"),
        Case("empty collections", "a: { }\nb: [ ]\n", "a: {}\nb: []\n"),
        Case("a colon right behind a quoted key", "a: {\"b\":1}\n", "a: { \"b\": 1 }\n"),
        Case("a value that is not there", "a: { b: , c: }\n", "a: { b: , c: }\n"),
        Case("quotes stay", "a: \"b\"\nc: 'd'\n'e': f\n", "a: \"b\"\nc: 'd'\n'e': f\n"),
        Case("a comment stands two spaces behind", "a: 1     # x\n", "a: 1  # x\n"),
        Case(
            "a comment stands with what follows", "a:\n      # x\n  b: 1\n# y\n  c: 2\n",
            "a:\n  # x\n  b: 1\n  # y\n  c: 2\n"),
        Case(
            "a comment at the end of a block stays in it", "a:\n    b: 1\n    # in b's\n# before c\nc: 2\n",
            "a:\n  b: 1\n  # in b's\n# before c\nc: 2\n"),
        Case(
            "a list that is no deeper than its key", "a:\n- b\n# before c\nc: 2\n",
            "a:\n  - b\n# before c\nc: 2\n"),
        Case("comments where a value might be", "a:\n   # x\nb: 1\n", "a:\n  # x\nb: 1\n"),
        Case("lines of a plain scalar", "a: b\n     c\n\n       d\n", "a: b\n  c\n\n  d\n"),
        Case("lines of a quoted scalar", "a: \"b  \n       c\\  \n  d\"\n", "a: \"b\n  c\\ \n  d\"\n"),
        Case(
            "a text is kept to the letter", "a: |\n     b  \n\n       c\n\n\nd: 1\n",
            "a: |\n  b  \n\n    c\n\nd: 1\n"),
        Case("blank lines that count", "a: |+\n     b\n\n\nd: 1\n", "a: |+\n  b\n\n\nd: 1\n"),
        Case("a text that begins with a space", "a:   |1-  # x\n   b\n", "a: |2-  # x\n    b\n"),
        Case("a text whose last line has no end", "a: |\n b", "a: |\n  b"),
        Case("line breaks in a flow stay", "a: [b,\n c,\n    d\n ]\n", "a: [b,\n  c,\n  d\n]\n"),
        Case(
            "brackets of one line are one level", "a:\n  - [{ b: 1,\n     c: 2 }, {\n d: 3\n  }]\n",
            "a:\n  - [{ b: 1,\n      c: 2 }, {\n        d: 3\n      }]\n"),
        Case("comments in a flow", "a: [ # x\n b, # y\n # z\n c ]\n", "a: [  # x\n  b,  # y\n  # z\n  c]\n"),
        Case("a marker", "---   # x\na: 1\n", "---  # x\na: 1\n"),
        Case(
            "names with signs", "a: fd10:10::20\nb: http://x/y#z\nc: a#b\n",
            "a: fd10:10::20\nb: http://x/y#z\nc: a#b\n"),
        Case("a value on the next line stays there", "a:\n     b\nc:\n   [d]\n", "a:\n  b\nc:\n  [d]\n"),
    ]

    @Test(arguments: cases) func formats(_ one: Case) {
        #expect(Self.format(one.before) == .formatted(one.after))
        #expect(Self.format(one.after) == .formatted(one.after), "again")
    }

    @Test func wrapsSimpleCollections() throws {
        let words = (0..<30).map { "system-\($0)" }
        let list = "access: [\(words.joined(separator: ", "))]\n"
        let text = try #require(Self.text(Self.format(list)))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.count <= 120 })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("  system-") })
        #expect(Self.format(text) == .formatted(text))

        let entry =
            "id: { title: \(words[..<8].joined(separator: " ")), because: \(words[8..<16].joined(separator: " ")) }\n"
        let wrapped = try #require(Self.text(Self.format(entry)))
        #expect(wrapped.contains(",\n  because: "))
        #expect(wrapped.hasSuffix(" }\n"))

        let nested = "access: [[a], \(words.joined(separator: ", "))]\n"
        #expect(Self.format(nested) == .formatted(nested), "not simple")
        let commented = "access: [\(words.joined(separator: ", ")),  # why\n  x]\n"
        #expect(Self.format(commented) == .formatted(commented), "not simple")
        let long = "a: [\(String(repeating: "x", count: 130))]\n"
        #expect(Self.format(long) == .formatted(long), "nowhere to break")
    }

    /// Good YAML, of a kind that is not known here: left alone.
    @Test(arguments: [
        ("? a\n: b\n", 1), ("%YAML 1.1\n---\na: 1\n", 1), ("a: 1\n...\n", 2), ("a: !!str b\n", 1),
        ("--- {a: 1}\n", 1),
        ("just a text\n", 1), ("{? a : b}\n", 1),
    ]) func leavesAlone(text: String, line: Int) {
        guard case .refused(let refusal) = Self.format(text) else {
            Issue.record("\(Self.format(text))")
            return
        }
        #expect(refusal.location.line == line)
    }

    @Test(arguments: ["a: [\n", "a: 1\na: 2\n", "a: &x 1\n", "", "# nothing\n", "a: b: c\n"])
    func leavesMistakesAlone(text: String) {
        guard case .mistaken(let diagnostics) = Self.format(text) else {
            Issue.record("\(Self.format(text))")
            return
        }
        #expect(diagnostics.hasErrors)
    }
}

/// What formatting must never do, tried on every file there is and on files that nobody would write.
@Suite(.timeLimit(.minutes(30)))
struct FormatPropertyTests {
    private static func outcome(_ path: String, _ text: String) -> RuleFileFormatter.Outcome {
        RuleFileFormatter.format(PackFile(path: path, text: text))
    }

    private static func value(_ path: String, _ text: String) -> RandomLayout.Value? {
        DocumentReader.read(SourceText(path: path, text: text), log: DiagnosticLog()).map(
            RandomLayout.Value.init)
    }

    /// The packs that come with the program.
    static let packs: [URL] = {
        let rules = Packs.standard.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: rules.path)) ?? []
        return names.filter { $0 != "imports" && !$0.hasPrefix(".") }.sorted().map {
            rules.appending(path: $0)
        }
    }()

    @Test func packsAreFormatted() throws {
        #expect(!Self.packs.isEmpty)
        for pack in Self.packs {
            for file in try Packs.bytes(in: pack) where file.path.hasSuffix(".yaml") {
                let text = String(decoding: file.bytes, as: UTF8.self)
                #expect(
                    Self.outcome(file.path, text) == .formatted(text),
                    "\(pack.lastPathComponent)/\(file.path)")
            }
        }
    }

    @Test func golden() throws {
        var formatted = 0
        for file in try Packs.bytes(in: Packs.golden) where file.path.hasSuffix(".yaml") {
            guard let decoded = PackFile.decode(path: file.path, bytes: file.bytes).file,
                case .formatted(let text) = RuleFileFormatter.format(decoded)
            else { continue }
            formatted += 1
            #expect(Self.outcome(file.path, text) == .formatted(text), "\(file.path)")
            #expect(Self.value(file.path, text) == Self.value(file.path, decoded.text), "\(file.path)")
        }
        #expect(formatted > 100)
    }

    /// Any value, written in any way.
    @Test func anyLayout() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        for round in 0..<3000 {
            await Task.yield()
            var value = RandomLayout.Value.map(depth: 4, by: &random)
            if value.isEmpty { value = .map([.init(key: "a", value: value)]) }
            var layout = RandomLayout(Seeded(random.next()))
            let text = layout.file(value)
            let why: Comment = "seed \(seed), round \(round)\n\(text)"
            #expect(Self.value("a.yaml", text) == value, why)
            Self.expectFormatted(text, layout.comments, why)
        }
    }

    private static func expectFormatted(_ text: String, _ comments: [String], _ why: Comment) {
        guard case .formatted(let result) = outcome("a.yaml", text) else {
            Issue.record("\(outcome("a.yaml", text)), \(why)")
            return
        }
        #expect(outcome("a.yaml", result) == .formatted(result), why)
        #expect(value("a.yaml", result) == value("a.yaml", text), why)
        var rest = result[...]
        for comment in comments {
            guard let range = rest.firstRange(of: comment + "\n") else {
                Issue.record("\(comment) is lost or out of order, \(why)")
                return
            }
            rest = rest[range.upperBound...]
        }
        #expect(!result.contains(" \n") || result.contains("|") || result.contains("\\ \n"), why)
        #expect(!result.contains("\n\n\n") || result.contains("|") || result.contains("\""), why)
    }

    /// Whole packs in other layouts mean what they meant, and formatted again what they meant.
    @Test func packsMeanTheSame() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        for pack in Self.packs {
            let files = try Packs.bytes(in: pack)
            let meaning = Meaning.text(try #require(Packs.compile(files).policy))
            #expect(meaning.count > 1000)
            for round in 0..<5 {
                await Task.yield()
                var odd = files
                var plain = files
                for index in files.indices where files[index].path.hasSuffix(".yaml") {
                    let text = String(decoding: files[index].bytes, as: UTF8.self)
                    let value = try #require(Self.value(files[index].path, text))
                    var layout = RandomLayout(Seeded(random.next()))
                    let written = layout.file(value)
                    let why: Comment = "seed \(seed), \(files[index].path), round \(round)\n\(written)"
                    guard case .formatted(let result) = Self.outcome(files[index].path, written) else {
                        Issue.record("\(Self.outcome(files[index].path, written)), \(why)")
                        continue
                    }
                    odd[index].bytes = Array(written.utf8)
                    plain[index].bytes = Array(result.utf8)
                }
                let why: Comment = "\(pack.lastPathComponent), seed \(seed), round \(round)"
                #expect(Packs.compile(odd).policy.map { Meaning.text($0) } == meaning, why)
                #expect(Packs.compile(plain).policy.map { Meaning.text($0) } == meaning, why)
            }
        }
    }

    /// Damaged files: formatted they say the same, or they are left alone.
    @Test func damagedFiles() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let files = try Packs.bytes(in: Packs.standard).filter { $0.path.hasSuffix(".yaml") }
        let signs = Array(" \t\n\r:-#[]{},'\"|>?!&*%@`~x1\u{85}\u{2028}\u{301}é".unicodeScalars)
        var formatted = 0
        for round in 0..<2000 {
            await Task.yield()
            let file = files[Int.random(in: files.indices, using: &random)]
            var text = Array(String(decoding: file.bytes, as: UTF8.self).unicodeScalars)
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let at = Int.random(in: text.indices, using: &random)
                let sign = signs[Int.random(in: signs.indices, using: &random)]
                switch random.next() % 3 {
                case 0: text[at] = sign
                case 1: text.insert(sign, at: at)
                default: text.remove(at: at)
                }
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: text)
            let damaged = String(view)
            let why: Comment = "seed \(seed), round \(round), \(file.path)"
            guard case .formatted(let result) = Self.outcome(file.path, damaged) else { continue }
            formatted += 1
            #expect(Self.outcome(file.path, result) == .formatted(result), why)
            #expect(Self.value(file.path, result) == Self.value(file.path, damaged), why)
        }
        #expect(formatted > 500)
    }

    /// As large as files may be, and in one line as long as lines may be.
    @Test func largeFiles() throws {
        let many =
            "users:\n"
            + (0..<10_000).map { "    user\($0):   {groups: [ a,b ], about: x}  # \($0)\n" }.joined()
        guard case .formatted(let text) = Self.outcome("users.yaml", many) else {
            Issue.record("left alone")
            return
        }
        #expect(text.hasSuffix("\n  user9999: { groups: [a, b], about: x }  # 9999\n"))
        let long = "a: [" + (0..<800).map { "\($0)" }.joined(separator: ",") + "]\n"
        guard case .formatted(let wrapped) = Self.outcome("a.yaml", long) else {
            Issue.record("left alone")
            return
        }
        #expect(wrapped.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
}
