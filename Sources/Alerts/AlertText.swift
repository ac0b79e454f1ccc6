import Sessions

/// What keeps texts of others short and on one line, whatever a client calls itself.
package enum AlertText {
    /// Of one value, in bytes.
    package static let value = 512
    /// Of the sentence for people.
    package static let sentence = 2048
    /// Of a list.
    package static let items = 32

    /// The text with every control character and every one that misleads written as `\u{1b}`, and cut where it is longer
    /// than so many bytes. A line feed in a name begins no new line and no new field, wherever it is written.
    package static func plain(_ text: String, atMost limit: Int = value) -> String {
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            let written =
                PlainText.isControl(scalar)
                ? Array("\\u{\(String(scalar.value, radix: 16))}".unicodeScalars) : [scalar]
            bytes += written.reduce(0) { $0 + UTF8.width($1) }
            guard bytes <= limit - 3 else { return String(kept) + "..." }
            kept.append(contentsOf: written)
        }
        return String(kept)
    }
}
