import PolicyLanguage
import TestSupport
import Testing
import Yams

@testable import Drafting

/// Whatever text goes in, the same text comes out: of the house's reader, and of one that knows YAML's types.
struct YAMLTextTests {
    @Test(arguments: [UInt64(1), 20_261_121]) func anyTextIsReadBack(seed: UInt64) throws {
        var random = Seeded(seed)
        let texts = Hostile.texts + (0..<800).map { _ in Hostile.random(&random) }
        // Yams takes U+FEFF at the beginning of a value for a byte order mark; no answer has one.
        for text in texts where text.utf8.count <= 1024 && text.unicodeScalars.first != "\u{FEFF}" {
            let why: Comment = "seed \(seed): \(text.debugDescription)"
            let file = "a: \(YAMLText.scalar(text))\nb: \(YAMLText.list([text, "x"]))\n"
            let mapping = try #require(try Yams.load(yaml: file) as? [String: Any], why)
            #expect(mapping["a"] as? String == text, why)
            #expect((mapping["b"] as? [Any])?.first as? String == text, why)
            #expect(Self.scalar(in: file) == text, why)
            guard
                case .formatted(let formatted) = RuleFileFormatter.format(
                    PackFile(path: "a.yaml", text: file))
            else {
                Issue.record(why)
                continue
            }
            #expect(Self.scalar(in: formatted) == text, why)
        }
    }

    private static func scalar(in text: String) -> String? {
        let log = DiagnosticLog()
        guard
            case .mapping(let entries, _)? = DocumentReader.read(
                SourceText(path: "a.yaml", text: text), log: log),
            case .scalar(let text, _, _)? = entries.first?.value
        else { return nil }
        return text
    }

    @Test(arguments: [
        ("Example Council", "Example Council"), ("head.of.revenues", "head.of.revenues"),
        ("C-1042", "C-1042"),
        ("Nobody's Support", "Nobody's Support"), ("10.10.0.0/16", "10.10.0.0/16"), ("8h", "8h"),
        ("/run/a.sock", "/run/a.sock"), ("Ünïted", "Ünïted"), ("no", "\"no\""), ("1e3", "\"1e3\""),
        ("2026-04-01", "\"2026-04-01\""), ("a: b", "\"a: b\""), ("", "\"\""), ("a\nb", "\"a\\nb\""),
        ("\u{202E}", "\"\\u202E\""), ("fd10:10::/32", "\"fd10:10::/32\""),
    ])
    func quotesAreWhereTheyAreNeeded(text: String, written: String) {
        #expect(YAMLText.scalar(text) == written)
    }

    @Test func commentsStayComments() {
        var random = Seeded(7)
        for text in Hostile.texts + (0..<500).map({ _ in Hostile.random(&random) }) {
            guard LineOfText.problem(text) == nil else { continue }
            let comment = YAMLText.comment(text)
            #expect(comment.split(whereSeparator: \.isNewline).allSatisfy { $0.hasPrefix("#") }, "\(text)")
        }
    }
}
