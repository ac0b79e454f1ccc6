/// Text that people are shown and type: what may stand in it.
package enum PlainText {
    /// A name of something that the organisation did not name itself: a vendor, a user, a group. One line, no space at
    /// either end, at most 256 bytes: more is a mistake.
    package static func isName(_ text: String) -> Bool {
        let isPlain = text.unicodeScalars.allSatisfy { !isControl($0) }
        let hasSpace = text.first?.isWhitespace ?? true || text.last?.isWhitespace ?? true
        return isPlain && !hasSpace && text.utf8.count <= 256
    }

    /// For messages: at most 80 characters, with a sign in place of each that would mislead.
    package static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(80).map { isControl($0) ? "\u{FFFD}" : $0 }
        return String(String.UnicodeScalarView(scalars)) + (text.unicodeScalars.count > 80 ? "..." : "")
    }

    /// Control and format characters that mislead whoever looks at them, the bidirectional overrides among them
    /// (CVE-2021-42574, "Trojan Source").
    package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
