import PolicyLanguage
import Sessions

/// Pieces of rule files as `gatehouse fmt` leaves them.
enum YAMLText {
    /// A file, formatted. Lists that came out too long are wrapped here, so that nobody else has to count columns.
    static func file(_ path: String, _ text: String) -> PackFile {
        let file = PackFile(path: path, text: text)
        guard case .formatted(let text) = RuleFileFormatter.format(file) else { return file }
        return PackFile(path: path, text: text)
    }

    /// A text as one value, in quotes where it would be something else without: for this reader, which takes every
    /// value for text, and for others that take `no` for a truth value and `1e3` for a number.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : "\"\(text.unicodeScalars.map(escaped).joined())\""
    }

    static func list(_ texts: [String]) -> String {
        "[\(texts.map(scalar).joined(separator: ", "))]"
    }

    /// Line ends above all: YAML folds them into spaces, also within quotes.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": return "\\\(scalar)"
        case "\n": return "\\n"
        case _ where PlainText.isControl(scalar) || !isPrintable(scalar):
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let width = scalar.value > 0xFFFF ? 8 : 4
            let sign = width == 8 ? "U" : "u"
            return "\\\(sign)" + String(repeating: "0", count: width - digits.count) + digits
        default: return String(scalar)
        }
    }

    /// What YAML 1.1 lets a file have (5.1).
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD: true
        default: scalar.value >= 0x10000
        }
    }

    /// Whether it is the same text without quotes, in a block and in a flow.
    private static func isPlain(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard let first = scalars.first, let last = scalars.last, isWord(first) || first == "/",
            isWord(last)
        else {
            return false
        }
        return scalars.allSatisfy { isWord($0) || " ./_-@()'+;".unicodeScalars.contains($0) }
            && !text.contains("  ") && !isSomethingElse(text)
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar) || scalar.properties.isAlphabetic && !PlainText.isControl(scalar)
    }

    /// Words, numbers and dates of YAML 1.1.
    private static func isSomethingElse(_ text: String) -> Bool {
        let text = text.lowercased()
        let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        guard text.first.map({ ("0"..."9").contains($0) }) ?? false else { return words.contains(text) }
        // Two dots and more are addresses and versions: texts to everybody.
        let isNumber = text.allSatisfy { "0123456789_.+-e".contains($0) } && text.count { $0 == "." } < 2
        return isNumber || ["0x", "0o", "0b"].contains(text.prefix(2))
    }

    /// A comment of as many lines as it takes.
    static func comment(_ text: String, indent: Int = 0) -> String {
        let lead = String(repeating: " ", count: indent) + "#"
        var lines = [lead]
        for word in text.split(whereSeparator: \.isWhitespace) {
            if lines[lines.count - 1].count + word.count + 1 > 120 { lines.append(lead) }
            lines[lines.count - 1] += " \(word)"
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
