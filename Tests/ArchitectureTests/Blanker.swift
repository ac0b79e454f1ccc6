/// Copies Swift source with comments and string literals replaced by spaces; lines stay where they are.
struct Blanker {
    let bytes: [UInt8]
    private(set) var kept: [UInt8] = []
    private var index = 0

    /// What begins anything but more code: most bytes need no other question.
    private static let begins: [UInt8] = Array("/#\"()".utf8)

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Copies code to the end of the text, or to the parenthesis that ends an interpolation.
    mutating func code(endingAtParenthesis: Bool) {
        var depth = 0
        while index < bytes.count {
            if !Self.begins.contains(bytes[index]) {
                keep()
            } else if at("//") {
                while index < bytes.count, !at("\n") { blank(1) }
            } else if at("/*") {
                comment()
            } else if let pounds = poundsBeforeQuote() {
                string(pounds)
            } else {
                if at("(") { depth += 1 }
                if at(")") { depth -= 1 }
                keep()
                if endingAtParenthesis, depth < 0 { return }
            }
        }
    }

    /// Comments of this form nest.
    private mutating func comment() {
        var depth = 0
        repeat {
            if at("/*") { depth += 1 } else if at("*/") { depth -= 1 }
            blank(at("/*") || at("*/") ? 2 : 1)
        } while depth > 0 && index < bytes.count
    }

    private mutating func string(_ pounds: Int) {
        let fence = String(repeating: "#", count: pounds)
        blank(pounds)
        let quotes = at("\"\"\"") ? "\"\"\"" : "\""
        blank(quotes.utf8.count)
        while index < bytes.count {
            if at(quotes + fence) { return blank(quotes.utf8.count + pounds) }
            // A string of one line that seems to go on was no string: a quote in a regex, say.
            if at("\n"), quotes == "\"" { return }
            if at("\\" + fence + "(") {
                blank(2 + pounds)
                code(endingAtParenthesis: true)
            } else {
                blank(at("\\" + fence) ? 2 + pounds : 1)
            }
        }
    }

    /// The number of `#` before the quote that begins a string here; nil when none begins here.
    private func poundsBeforeQuote() -> Int? {
        let pounds = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        let quote = index + pounds
        return quote < bytes.count && bytes[quote] == UInt8(ascii: "\"") ? pounds : nil
    }

    private func at(_ text: String) -> Bool { bytes[index...].starts(with: text.utf8) }

    private mutating func keep() {
        kept.append(bytes[index])
        index += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where index < bytes.count {
            kept.append(at("\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            index += 1
        }
    }
}
