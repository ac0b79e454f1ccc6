/// The tokens of a Swift file outside comments and string literals; code within interpolations counts.
///
/// Not a parser: enough to find imports and calls. A regex literal that holds a quote hides the rest of its
/// line.
struct SwiftText {
    struct Token: Equatable {
        let text: String
        let line: Int
    }

    let tokens: [Token]
    /// Where each stands, in order.
    private let byText: [String: [Int]]

    init(_ source: String) {
        var blanker = Blanker(bytes: Array(source.utf8))
        blanker.code(endingAtParenthesis: false)
        tokens = Self.tokens(of: blanker.kept)
        byText = Dictionary(grouping: tokens.indices) { [tokens] in tokens[$0].text }
    }

    /// The modules that the file imports, with the lines; `import struct Foundation.Date` imports Foundation.
    var imports: [Token] {
        let kinds = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let"]
        return (byText["import"] ?? []).compactMap { index in
            // `import` is a keyword: as a name it is in backticks, or a member.
            guard index == 0 || !["`", "."].contains(tokens[index - 1].text) else { return nil }
            return tokens[(index + 1)...].first { !kinds.contains($0.text) }
        }
    }

    /// The lines on which these words stand one after the other.
    ///
    /// Words that begin with a lower-case letter name a free function of the system: a method of something,
    /// or a function or case that this file declares, is another thing.
    func lines(of words: [String]) -> [Int] {
        let isFunction = words.first?.first?.isLowercase ?? false
        let places = places(of: words)
        if isFunction, !places.isEmpty, declares(words[0]) { return [] }
        return places.filter { !isFunction || $0 == 0 || tokens[$0 - 1].text != "." }.map { tokens[$0].line }
    }

    private func places(of words: [String]) -> [Int] {
        (byText[words[0]] ?? []).filter { tokens[$0...].prefix(words.count).map(\.text) == words }
    }

    private func declares(_ name: String) -> Bool {
        (byText[name] ?? []).contains { $0 > 0 && ["func", "case"].contains(tokens[$0 - 1].text) }
    }

    /// The lines that call `random` without saying which generator: that is the system's.
    var linesOfSystemRandomness: [Int] {
        places(of: [".", "random", "("]).filter { index in
            var depth = 0
            for token in tokens[(index + 2)...] {
                if token.text == "(" { depth += 1 }
                if token.text == ")" { depth -= 1 }
                if depth == 0 { return true }
                if token.text == "using" { return false }
            }
            return true
        }.map { tokens[$0].line }
    }

    static func words(_ text: String) -> [String] { tokens(of: Array(text.utf8)).map(\.text) }

    /// Names and numbers are one token, any other byte but space is one.
    private static func tokens(of bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var word: [UInt8] = []
        var line = 1
        for byte in bytes + [UInt8(ascii: "\n")] {
            if isWord(byte) {
                word.append(byte)
                continue
            }
            if !word.isEmpty { tokens.append(Token(text: String(decoding: word, as: UTF8.self), line: line)) }
            word = []
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte > 32 { tokens.append(Token(text: String(decoding: [byte], as: UTF8.self), line: line)) }
        }
        return tokens
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...:
            true
        default: false
        }
    }
}
