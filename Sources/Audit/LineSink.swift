/// Is told what a line says, in its order: values are made of it, or another form of the same.
///
/// Texts are UTF-8. What was told counts only where the whole line turns out to be a record.
protocol LineSink {
    /// A text, or one of a list, or one of a fact.
    mutating func take(_ text: LineText, as part: LinePart, of line: ArraySlice<UInt8>)
    mutating func take(number: UInt64, of key: LineKey)
    /// The list is complete.
    mutating func endList(of key: LineKey)
    /// The fact is.
    mutating func endFact()
}

/// What a text in a line is.
enum LinePart {
    case field(LineKey)
    case item(of: LineKey, isFirst: Bool)
    /// Of a fact; its kind begins it.
    case kind, what, value, at, until
}

/// A text in a line: where it stands, or what it says where that was written with escapes.
enum LineText {
    case plain(Range<Int>)
    case escaped([UInt8])

    var isEmpty: Bool {
        switch self {
        case .plain(let place): place.isEmpty
        case .escaped(let bytes): bytes.isEmpty
        }
    }

    func append(to bytes: inout [UInt8], of line: ArraySlice<UInt8>) {
        switch self {
        case .plain(let place): bytes += line[place]
        case .escaped(let text): bytes += text
        }
    }

    func string(of line: ArraySlice<UInt8>) -> String {
        switch self {
        case .plain(let place): String(decoding: line[place], as: UTF8.self)
        case .escaped(let text): String(decoding: text, as: UTF8.self)
        }
    }
}

/// A field, where it stands among all.
final class LineKey: Sendable {
    let field: AuditField
    let form: AuditField.Form
    let privacy: Privacy
    let place: Int
    /// What stands before its value in a line.
    let text: [UInt8]

    private init(_ field: AuditField, at place: Int) {
        self.field = field
        self.place = place
        form = field.form
        privacy = field.privacy
        text = AuditField.keys[place]
    }

    static let all = AuditField.allCases.enumerated().map { LineKey($1, at: $0) }
    /// The two bytes of each behind the comma and the quotation mark: most keys that are not there differ in these.
    static let begins = all.map { UInt16($0.text[2]) << 8 | UInt16($0.text[3]) }
}
