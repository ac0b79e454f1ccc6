import PolicyLanguage
import TestSupport

/// A rule file, to be changed in one place and written again. Words that stood without quotes still do, so that programs
/// take for a number what they took for one.
indirect enum ChangedFile {
    case scalar(String, isPlain: Bool)
    case list([ChangedFile])
    case map([(key: String, value: ChangedFile)])

    init(_ node: DocumentNode) {
        switch node {
        case .scalar(let text, let isPlain, _): self = .scalar(text, isPlain: isPlain)
        case .sequence(let items, _): self = .list(items.map(ChangedFile.init))
        case .mapping(let entries, _): self = .map(entries.map { ($0.key, ChangedFile($0.value)) })
        }
    }

    /// How many values it has, itself among them.
    var count: Int {
        switch self {
        case .scalar: 1
        case .list(let items): items.reduce(1) { $0 + $1.count }
        case .map(let pairs): pairs.reduce(1) { $0 + $1.value.count }
        }
    }

    mutating func change(by random: inout Seeded) {
        var left = Int.random(in: 0..<count, using: &random)
        change(&left, &random)
    }

    /// Counts down to the value that is changed; below zero it was.
    private mutating func change(_ left: inout Int, _ random: inout Seeded) {
        if left == 0 { self = changed(&random) }
        left -= 1
        guard left >= 0 else { return }
        switch self {
        case .scalar: break
        case .list(var items):
            for index in items.indices where left >= 0 { items[index].change(&left, &random) }
            self = .list(items)
        case .map(var pairs):
            for index in pairs.indices where left >= 0 { pairs[index].value.change(&left, &random) }
            self = .map(pairs)
        }
    }

    private static let words = [
        "", "~", "x", "none", "any", "5", "2.6", "-1", "true", "false", "on", "off", "30m", "30", "GB", "NO",
        "UK",
        "2026-11-23", "2026-11-23T10:00:00Z", "2026-02-30", "10.10.0.0/16", "10.10.0.20", "fd10:10::/32",
        "tcp/443",
        "tcp", "mon-fri", "08:00", "24:00", "crm", "corporate", "alice", "lt-1", "in-use", "lost",
        "two words", " x",
        "A.5.1", "1.3.6.1", "OU", "*", "a*b*c", "required", "vendors", "system", "travel", "this-user", "/x",
    ]

    private func changed(_ random: inout Seeded) -> ChangedFile {
        let word = Self.words.randomElement(using: &random) ?? ""
        switch (self, random.next() % 8) {
        case (.map(var pairs), 0...2) where !pairs.isEmpty:
            pairs.remove(at: Int.random(in: pairs.indices, using: &random))
            return .map(pairs)
        case (.map(var pairs), 3...4) where !pairs.isEmpty:
            let index = Int.random(in: pairs.indices, using: &random)
            pairs[index].key += ["s", "-x", " ", ".1"].randomElement(using: &random) ?? "s"
            return .map(pairs)
        case (.map(var pairs), 5) where pairs.count > 1:
            let index = Int.random(in: 1..<pairs.count, using: &random)
            (pairs[0].value, pairs[index].value) = (pairs[index].value, pairs[0].value)
            return .map(pairs)
        case (.list(var items), 0...3) where !items.isEmpty:
            items.remove(at: Int.random(in: items.indices, using: &random))
            return .list(items)
        case (_, 0): return .list([self])
        case (_, 1): return .list([])
        case (_, 2): return .map([])
        case (_, 3): return .map([(word.isEmpty ? "x" : word, self)])
        case (_, 4): return .list([self, .scalar(word, isPlain: true)])
        case (_, let number): return .scalar(word, isPlain: number != 5)
        }
    }

    /// In braces and brackets, a value a line.
    var text: String { written + "\n" }

    private var written: String {
        switch self {
        case .scalar(let text, let isPlain):
            let isWord = text.wholeMatch(of: /[A-Za-z0-9~][A-Za-z0-9._\/-]*/) != nil
            return isPlain && (isWord || text.isEmpty) ? text : Self.quoted(text)
        case .list(let items):
            // Nothing between commas is no value, but no item either.
            let lines = items.map { $0.written.isEmpty ? "~" : $0.written }
            return "[" + lines.joined(separator: ",\n ") + "]"
        case .map(let pairs):
            return "{" + pairs.map { "\(Self.quoted($0.key)): \($0.value.written)" }.joined(separator: ",\n ")
                + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
        return "\"\(escaped)\""
    }
}
