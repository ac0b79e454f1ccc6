/// Text from a certificate or list, made fit for a terminal, a log line and a page.
package enum ShownText {
    /// What one name may take of a line.
    package static let bound = 160

    /// Control characters, invisible ones and those that turn the direction of writing become `\u{..}`, a backslash
    /// becomes two, and what is longer than `bound` ends in `…`.
    package static func shown(_ text: String, bound: Int = bound) -> String {
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            let piece = escaped(scalar)
            count += piece.unicodeScalars.count
            if count > bound { return shown + "…" }
            shown += piece
        }
        return shown
    }

    private static func escaped(_ scalar: UnicodeScalar) -> String {
        if scalar == "\\" { return "\\\\" }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            return "\\u{\(String(scalar.value, radix: 16))}"
        default:
            return String(scalar)
        }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
