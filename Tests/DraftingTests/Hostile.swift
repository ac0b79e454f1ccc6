/// Texts that were never meant for a file, or were meant to break one.
enum Hostile {
    static let texts: [String] = [
        "", " ", "no", "NO", "yes", "off", "null", "~", "true", "1e3", "0x1F", "12", "1_000", "2026-04-01",
        "12:30:45",
        ".inf", "-1", "- a", "? a", "a: b", "a :b", "a #b", "#a", "a\"b", "\"", "'", "it's", "\\", "a\\nb",
        "a\nb", "a\r\nb",
        "a\tb", "\u{0}", "\u{7}", "\u{1B}[2J", "\u{85}", "\u{2028}", "\u{202E}gnp", "\u{FEFF}", "\u{FFFD}",
        "{a}", "[a]",
        "{ a: b }", "[a, b]", "a, b", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a`", "<<", "=",
        "---", "...",
        "a  b", " a", "a ", "Ünïted Tëst", "東京都", "é", "e\u{301}", "🏛", "🇬🇧 council", "\u{200D}", "${HOME}",
        "$(id)",
        "`id`", "'; rm -rf /", "../../etc/passwd", "/etc/passwd", "vendors", "none", "any", "all",
        String(repeating: "a", count: 257), String(repeating: "a ", count: 32 << 10),
        String(repeating: "é", count: 64), String(repeating: "x", count: 64 << 10),
        "a\n- name: evil\n  access: [proxy]",
        "a\"\ninside: [0.0.0.0/0]", "a\u{2028}inside: b", "a }", "a ]", "%YAML 1.1", "key: |", "2001:db8::1",
        "10.10.0.1",
    ]

    private static let pieces = [
        "\"", "'", "\\", ":", ": ", " #", "#", "-", "- ", "\n", "\r", "\t", " ", "{", "}", "[", "]", ",", "&",
        "*", "!", "|",
        ">", "%", "@", "`", "\u{0}", "\u{1B}", "\u{85}", "\u{2028}", "\u{202E}", "é", "東", "🏛", "e\u{301}",
        "a", "Z", "0", "1",
        "e", ".", "/", "no", "null", "~", "<<",
    ]

    static func random(_ random: inout some RandomNumberGenerator) -> String {
        if Int.random(in: 0..<4, using: &random) == 0 { return texts.randomElement(using: &random) ?? "" }
        return (0..<Int.random(in: 1...12, using: &random)).map { _ in
            pieces.randomElement(using: &random) ?? ""
        }.joined()
    }
}
