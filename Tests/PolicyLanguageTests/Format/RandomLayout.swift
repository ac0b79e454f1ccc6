import PolicyLanguage
import TestSupport

/// Writes values as YAML in as many ways as there are, full of comments; says which comments it wrote, in order.
struct RandomLayout {
    indirect enum Value: Hashable {
        case text(String)
        case list([Value])
        case map([Pair])

        struct Pair: Hashable {
            var key: String
            var value: Value
        }

        init(_ node: DocumentNode) {
            switch node {
            case .scalar(let text, _, _): self = .text(text)
            case .sequence(let items, _): self = .list(items.map(Value.init))
            case .mapping(let entries, _):
                self = .map(entries.map { Pair(key: $0.key, value: Value($0.value)) })
            }
        }
    }

    var random: Seeded
    private(set) var comments: [String] = []
    private var lines: [String] = []
    /// After the last line of a text block, what looks like a comment may still be text.
    private var textEnd: (count: Int, column: Int, keepsBlanks: Bool)?

    init(_ random: Seeded) { self.random = random }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func pick<Element>(_ items: [Element]) -> Element {
        items[Int.random(in: items.indices, using: &random)]
    }

    /// One file. Its root is a map.
    mutating func file(_ value: Value) -> String {
        (lines, comments, textEnd) = ([], [], nil)
        if chance(4) {
            margin(0)
            lines.append("---")
            endLine()
        }
        block(value, indent: 0, lead: "", outer: -1)
        margin(0)
        let end = pick(["\n", "\n", "\r\n", "\r"])
        return lines.joined(separator: end) + (!isInText && chance(4) ? "" : end)
    }

    // MARK: Between

    private mutating func comment() -> String {
        let end = pick(["", ": not a key", " 'x", " - [", "  # twice", " \"é"])
        let text = "\(pick(["#", "# ", "#  "]))c\(comments.count)\(end)"
        comments.append(text)
        return text
    }

    private var isInText: Bool { textEnd?.count == lines.count }

    /// Blank lines and comments, in any column.
    private mutating func margin(_ indent: Int) {
        while chance(3) {
            if chance(2) {
                if let textEnd, isInText {
                    guard !textEnd.keepsBlanks else { continue }
                    lines.append("")
                    self.textEnd?.count += 1
                } else {
                    lines.append(pick(["", "", " ", "    "]))
                }
            } else {
                let column = chance(2) ? indent : number(0...9)
                let most = isInText ? (textEnd?.column ?? 1) - 1 : 9
                lines.append(spaces(min(column, most)) + comment() + pick(["", "", "  "]))
            }
        }
    }

    /// Puts something behind the last line: nothing, space, or a comment.
    private mutating func endLine() {
        guard let last = lines.popLast() else { return }
        if chance(5) {
            // libyaml takes no tab behind a dash.
            let gap = pick([" ", "  ", last.hasSuffix("-") ? " " : "\t", "       "])
            lines.append(last + gap + comment())
        } else {
            lines.append(last + pick(["", "", "", " ", "  "]))
        }
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    // MARK: Blocks

    /// - Parameters:
    ///   - lead: what stands in the first line already.
    ///   - outer: the column of the block that holds this one.
    private mutating func block(_ value: Value, indent: Int, lead: String, outer: Int) {
        switch value {
        case .map(let pairs):
            for (index, pair) in pairs.enumerated() {
                if index > 0 || lead.isEmpty { margin(indent) }
                let start = index == 0 && !lead.isEmpty ? lead : spaces(indent)
                let head = start + key(pair.key) + pick([":", ":", ":", " :"])
                child(pair.value, head: head, indent: indent, isOfKey: true)
            }
        case .list(let items):
            for (index, item) in items.enumerated() {
                if index > 0 || lead.isEmpty { margin(indent) }
                let start = index == 0 && !lead.isEmpty ? lead : spaces(indent)
                child(item, head: start + "-", indent: indent, isOfKey: false)
            }
        case .text: break
        }
    }

    private mutating func child(_ value: Value, head: String, indent: Int, isOfKey: Bool) {
        let deeper = indent + number(1...5)
        if value.isEmpty || value.isText || chance(4) { return inline(value, head: head, indent: indent) }
        let isList = if case .list = value { true } else { false }
        if !isOfKey, !chance(4) {
            let gap = spaces(deeper - indent - 1)
            guard !gap.isEmpty else { return child(value, head: head, indent: indent, isOfKey: isOfKey) }
            return block(value, indent: deeper, lead: head + gap, outer: indent)
        }
        lines.append(head)
        endLine()
        block(value, indent: isOfKey && isList && chance(2) ? indent : deeper, lead: "", outer: indent)
    }

    /// A scalar, or a flow collection.
    private mutating func inline(_ value: Value, head: String, indent: Int) {
        let isNext = chance(8)
        if isNext {
            lines.append(head)
            endLine()
            margin(indent + 1)
        }
        let lead = isNext ? spaces(indent + number(1...4)) : head + pick([" ", " ", "   "])
        guard case .text(let text) = value else {
            lines.append(lead)
            flow(value, indent: indent)
            return endLine()
        }
        if !isNext, chance(4), Self.fitsBlock(text) { return textBlock(text, lead: lead, indent: indent) }
        let written = scalar(text, inFlow: false)
        lines.append(lead + written[0])
        for line in written.dropFirst() {
            lines[lines.count - 1] += pick(["", " "])
            lines.append(line.isEmpty ? "" : spaces(indent + number(1...5)) + line)
        }
        endLine()
    }

    private static func fitsBlock(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 32 }
            && !text.hasPrefix(" ")
            && !text.contains("\n\n") && !text.hasPrefix("\n")
    }

    private mutating func textBlock(_ text: String, lead: String, indent: Int) {
        var rest = text[...]
        var ends = 0
        while rest.last == "\n" {
            rest = rest.dropLast()
            ends += 1
        }
        let chomping = ends == 0 ? "-" : ends == 1 ? pick(["", "+"]) : "+"
        let depth = number(1...4)
        let hasIndicator = chance(3)
        lines.append("\(lead)|\(hasIndicator ? String(depth) : "")\(chomping)")
        endLine()
        for line in rest.split(separator: "\n", omittingEmptySubsequences: false) {
            lines.append(spaces(indent + depth) + line)
        }
        lines += Array(repeating: "", count: max(0, ends - 1))
        textEnd = (lines.count, indent + depth, chomping == "+")
    }

    // MARK: Scalars and flows

    private mutating func key(_ text: String) -> String { scalar(text, inFlow: true, isKey: true)[0] }

    /// One way to write a text; in several lines when it has words to break between.
    private mutating func scalar(_ text: String, inFlow: Bool, isKey: Bool = false) -> [String] {
        let isPlain = Self.isPlain(text, inFlow: inFlow)
        if isPlain, !chance(3) { return isKey ? [text] : broken(text) }
        let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 32 }
        if isPrintable, chance(2) {
            let quoted = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            return isKey ? ["'\(quoted)'"] : broken("'\(quoted)'")
        }
        let escaped = text.map { character in
            switch character {
            case "\"", "\\": "\\\(character)"
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
        return isKey ? ["\"\(escaped)\""] : broken("\"\(escaped)\"")
    }

    /// A single space in the middle may be a line break as well.
    private mutating func broken(_ text: String) -> [String] {
        guard chance(3) else { return [text] }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let isSafe =
            words.count > 1 && words.dropFirst().dropLast().allSatisfy { $0.first?.isLetter ?? false }
        guard isSafe, words.last?.first?.isLetter ?? false, words[0].last?.isLetter ?? false,
            words.dropLast().allSatisfy({ $0.last?.isLetter ?? false })
        else { return [text] }
        let middle = number(1...words.count - 1)
        return [words[..<middle].joined(separator: " "), words[middle...].joined(separator: " ")]
    }

    private static func isPlain(_ text: String, inFlow: Bool) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
        let isWord = { (scalar: Unicode.Scalar) in
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        return isWord(first) && isWord(last)
            && text.unicodeScalars.allSatisfy { isWord($0) || " -./:@#_".unicodeScalars.contains($0) }
            && !text.contains(": ") && !text.contains(" #") && !text.contains("  ")
    }

    private mutating func append(_ text: String) { lines[lines.count - 1] += text }

    /// Between two tokens of a flow: nothing, space, or a new line, with comments.
    private mutating func gap(_ indent: Int, atLeast least: String = "") {
        guard chance(6) else { return append(least + pick(["", "", " ", "   "])) }
        if chance(3) { append(" " + comment()) }
        if chance(4) { lines.append("") }
        if chance(4) { lines.append(spaces(number(0...6)) + comment()) }
        lines.append(spaces(indent + number(1...7)))
    }

    private mutating func flow(_ value: Value, indent: Int) {
        switch value {
        case .text(let text):
            let written = scalar(text, inFlow: true)
            append(written[0])
            for line in written.dropFirst() { lines.append(spaces(indent + number(1...5)) + line) }
        case .list(let items):
            append("[")
            for (index, item) in items.enumerated() {
                gap(indent)
                flow(item, indent: indent)
                gap(indent)
                if index < items.count - 1 || chance(6) { append(",") }
            }
            gap(indent)
            append("]")
        case .map(let pairs):
            append("{")
            for (index, pair) in pairs.enumerated() {
                gap(indent)
                let key = key(pair.key)
                append(key + pick(["", "", " "]) + ":")
                gap(indent, atLeast: key.hasSuffix("\"") && chance(3) ? "" : " ")
                flow(pair.value, indent: indent)
                gap(indent)
                if index < pairs.count - 1 || chance(6) { append(",") }
            }
            gap(indent)
            append("}")
        }
    }
}

extension RandomLayout.Value {
    var isText: Bool {
        if case .text = self { true } else { false }
    }

    var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .list(let items): items.isEmpty
        case .map(let pairs): pairs.isEmpty
        }
    }

    private static let texts = [
        "a", "proxy", "10.10.0.20", "fd10:10::20", "tcp/443", "08:00", "2026-11-23T10:00:00Z",
        "*@council.example",
        "NO", "~", "null", "", "a text of several words that goes on", "say 'no'", "say \"no\"", "a # b",
        "a#b",
        "# not a comment", "- x", "key: value", "[x", "{", "&a", "!b", "|", ">-", "%", "@", "back\\slash",
        " lead",
        "trail ", "two  spaces", "two\nlines", "ends\n", "ends\n\n", "über", "日本", "e\u{301}", "?", "? x",
        "-", "---", "...",
        "it's", "''", "\"", ",", "a, b", "x]", "}", "a:", ":a", "http://a.example/b?c=d#e",
    ]

    /// Any value of at most a depth.
    static func any(depth: Int, by random: inout Seeded) -> Self {
        let kind = Int.random(in: 0..<(depth > 0 ? 5 : 2), using: &random)
        switch kind {
        case 2, 3: return map(depth: depth, by: &random)
        case 4:
            let count = Int.random(in: 0...4, using: &random)
            return .list((0..<count).map { _ in any(depth: depth - 1, by: &random) })
        default: return .text(texts[Int.random(in: texts.indices, using: &random)])
        }
    }

    static func map(depth: Int, by random: inout Seeded) -> Self {
        var keys: Set<String> = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            keys.insert(texts[Int.random(in: texts.indices, using: &random)])
        }
        // An empty key, and one in several lines, is nothing that a rule file has.
        let wanted = keys.filter { !$0.isEmpty && !$0.contains("\n") }.sorted()
        return .map(wanted.map { Pair(key: $0, value: any(depth: depth - 1, by: &random)) })
    }
}
