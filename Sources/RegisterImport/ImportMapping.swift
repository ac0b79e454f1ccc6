package import Evidence
import PolicyLanguage
import Sessions

/// Which column of a file says what of a register, and how it says it.
package struct ImportMapping: Sendable {
    package let kind: RegisterKind
    /// Where the key of the line stands.
    let key: ColumnRule
    /// In the order of the register's own list; a field at most once.
    let fields: [FieldRule]
    /// Rows that one of these holds for are left out.
    let skip: [RowTest]
    /// Rows are left out unless all of these hold for them.
    let only: [RowTest]
    /// Nil: found out from the header.
    package var delimiter: UInt8?
    /// False when columns are the register's own names: then a column may be absent, and every column must be known.
    let isWritten: Bool
    /// The file that it was read from, for excerpts.
    var source: SourceText?

    /// The columns are called what the fields are called, as in the tables of a rule pack.
    package init(ownNamesOf kind: RegisterKind) {
        self.init(
            kind: kind, key: ColumnRule(column: Place(kind.keyName)),
            fields: kind.fields.map { FieldRule($0, .column(ColumnRule(column: Place($0.name)))) },
            isWritten: false)
    }

    init(
        kind: RegisterKind, key: ColumnRule, fields: [FieldRule], skip: [RowTest] = [], only: [RowTest] = [],
        delimiter: UInt8? = nil, isWritten: Bool = true
    ) {
        self.kind = kind
        self.key = key
        self.fields = fields
        self.skip = skip
        self.only = only
        self.delimiter = delimiter
        self.isWritten = isWritten
    }

    /// Every column that it looks at, the key's first.
    var columns: [Place] {
        [key.column] + fields.compactMap(\.column?.column) + (skip + only).map(\.column)
    }
}

/// The name of a column, and where the mapping says it; nil when no file does.
struct Place: Sendable, Hashable {
    let name: String
    let range: SourceRange?

    init(_ name: String, at range: SourceRange? = nil) {
        self.name = name
        self.range = range
    }
}

/// One column, and which part of its text counts.
struct ColumnRule: Sendable {
    let column: Place
    /// What stands behind the first of these counts; all of it when there is none.
    var after: String?
    /// What stands before the first of these counts; all of it when there is none.
    var before: String?
    var lowercases = false

    /// The part of a cell that counts, without space around it.
    func part(of text: String) -> String {
        guard after != nil || before != nil || lowercases else { return trimmed(text[...]) }
        var part = text[...]
        if let after, let range = part.firstRange(of: after) { part = part[range.upperBound...] }
        if let before, let range = part.firstRange(of: before) { part = part[..<range.lowerBound] }
        let result = trimmed(part)
        return lowercases ? result.lowercased() : result
    }
}

/// What a mapping says of one field.
struct FieldRule: Sendable {
    enum Source: Sendable {
        case column(ColumnRule)
        /// The same for every row; canonical.
        case constant([String])
    }

    /// What a cell comes to.
    enum Outcome: Sendable, Hashable {
        /// Canonical.
        case say([String])
        /// Nothing is said: what is stated stays.
        case leave
        /// It is not stated any more.
        case erase
    }

    let field: RegisterField
    let source: Source
    /// By what the part reads in small letters.
    var values: [String: Outcome] = [:]
    /// For what `values` does not have; nil: read as it is, unless there are values and no times.
    var otherwise: Outcome?
    var time: TimeRule?
    /// Between the items of a list; a single text otherwise.
    var separator = ";"
    var empty = Outcome.leave

    init(_ field: RegisterField, _ source: Source) {
        self.field = field
        self.source = source
    }

    var column: ColumnRule? {
        if case .column(let column) = source { column } else { nil }
    }

    /// Continues the sentence "expected".
    var expected: String {
        if let time { return "a time of the form \(time.pattern.text)" }
        if values.isEmpty { return field.expected }
        let names = values.keys.sorted().prefix(12).map { "'\(PlainText.shown($0))'" }
        return "one of \(names.joined(separator: ", "))" + (values.count > 12 ? ", ..." : "")
    }

    /// What the text of a cell comes to; nil when it does not fit.
    func outcome(of cell: String) -> Outcome? {
        guard let column else { return nil }
        guard field.isList, separator != "" else {
            let part = column.part(of: cell)
            return part.isEmpty ? whenEmpty : outcome(ofPart: part)
        }
        var (said, erases, isAny) = (Set<String>(), false, false)
        for item in cell.split(separator: separator) {
            let part = column.part(of: String(item))
            guard !part.isEmpty else { continue }
            isAny = true
            switch outcome(ofPart: part) {
            case .say(let texts): said.formUnion(texts)
            case .erase: erases = true
            case .leave: break
            case nil: return nil
            }
        }
        guard isAny else { return whenEmpty }
        if said.isEmpty { return erases ? .erase : .leave }
        return .say(said.sorted())
    }

    /// An empty cell may be a value of its own.
    private var whenEmpty: Outcome { values[""] ?? empty }

    private func outcome(ofPart part: String) -> Outcome? {
        if !values.isEmpty, let outcome = values[part.lowercased()] { return outcome }
        if let otherwise { return otherwise }
        if let time { return time.canonical(part).map { .say([$0]) } }
        guard values.isEmpty else { return nil }
        return field.canonical(part).map { .say([$0]) }
    }
}

/// How times stand in a column.
struct TimeRule: Sendable {
    let pattern: TimePattern
    let clock: ZoneClock
    let field: RegisterField

    /// In the register's own form; nil for text of another form, and for times that the register does not take.
    func canonical(_ text: String) -> String? {
        written(text).flatMap(field.canonical)
    }

    private func written(_ text: String) -> String? {
        guard let (date, second) = pattern.read(text) else { return nil }
        guard pattern.hasTime else {
            // Whether a day stands for its beginning or its end is the field's own affair: it is asked.
            let day = CivilDate(dayNumber: 0)
            let isEnd = field.canonical("1970-01-01") != instant(day, 0, in: .utc).description
            return instant(isEnd ? date.adding(days: 1) : date, 0, in: clock).description
        }
        return instant(date, second, in: clock).description
    }

    /// A reading that the clock shows twice stands for whichever of the two gains less: the second where something
    /// begins, else the first.
    private func instant(_ date: CivilDate, _ second: Int, in clock: ZoneClock) -> Instant {
        let isBeginning = field.name == "from"
        let minute =
            isBeginning
            ? clock.last(date, minute: second / 60) : clock.first(date, minute: second / 60)
        return Instant(secondsSince1970: minute.secondsSince1970 + Int64(second % 60))
    }
}

/// Whether a column of a row reads one of some texts, whatever their case.
struct RowTest: Sendable {
    let column: Place
    /// In small letters.
    let texts: Set<String>

    func holds(_ cell: String) -> Bool { texts.contains(trimmed(cell[...]).lowercased()) }
}

/// Without spaces, tabs and line ends at either end, and the space that does not break, which spreadsheets like.
func trimmed(_ text: Substring) -> String {
    let utf8 = text.utf8
    guard let first = utf8.first, let last = utf8.last, isEdge(first) || isEdge(last) else {
        return String(text)
    }
    let scalars = text.unicodeScalars
    guard let start = scalars.firstIndex(where: { !isSpace($0) }),
        let end = scalars.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(scalars[start...end])
}

/// Space, or part of a character that may be one.
private func isEdge(_ byte: UInt8) -> Bool { byte <= 0x20 || byte >= 0x80 }

private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20, 0x09, 0x0A, 0x0D, 0xA0, 0x202F: true
    default: false
    }
}
