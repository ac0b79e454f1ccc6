/// Reads comma-separated text (RFC 4180) into fields with places: quotes, doubled quotes and line ends within quotes.
///
/// Spaces belong to fields; empty lines are skipped; either line end will do. Linear in the length of the text.
struct CSVReader {
    struct Field {
        var text: String
        var range: SourceRange
    }

    private let source: SourceText
    private let log: DiagnosticLog
    private var characters: Substring
    private var line = 1
    private var column = 1

    init(source: SourceText, log: DiagnosticLog) {
        self.source = source
        self.log = log
        characters = source.text[...]
    }

    /// All rows, the header among them. A row with a stray quote is reported and left out.
    static func rows(_ source: SourceText, log: DiagnosticLog) -> [[Field]] {
        var reader = CSVReader(source: source, log: log)
        var rows: [[Field]] = []
        while !reader.characters.isEmpty {
            if let row = reader.row(), row.count > 1 || row.first?.text.isEmpty == false { rows.append(row) }
        }
        return rows
    }

    private mutating func row() -> [Field]? {
        var fields: [Field] = []
        while true {
            let field = characters.first == "\"" ? quotedField() : plainField()
            guard let field else { return nil }
            fields.append(field)
            guard characters.first == "," else { break }
            advance()
        }
        if !characters.isEmpty { advance() }
        return fields
    }

    private mutating func plainField() -> Field? {
        let start = (line, column)
        var text = ""
        while let next = characters.first, next != ",", !next.isNewline {
            if next == "\"" { return stray("a quote inside a field that does not begin with one") }
            text.append(next)
            advance()
        }
        return Field(text: text, range: source.range(line: start.0, column: start.1, length: text.count))
    }

    private mutating func quotedField() -> Field? {
        let start = (line, column)
        var text = ""
        advance()
        while let next = characters.first {
            advance()
            if next != "\"" {
                text.append(next)
            } else if characters.first == "\"" {
                text.append(next)
                advance()
            } else {
                guard characters.first.map({ $0 == "," || $0.isNewline }) ?? true else {
                    return stray("a field goes on after its closing quote")
                }
                let length = line == start.0 ? column - start.1 : 1
                return Field(text: text, range: source.range(line: start.0, column: start.1, length: length))
            }
        }
        log.add(.badCSV("a quote is never closed"), at: source.range(line: start.0, column: start.1))
        return nil
    }

    private mutating func stray(_ problem: String) -> Field? {
        log.add(.badCSV(problem), at: source.range(line: line, column: column))
        while let next = characters.first, !next.isNewline { _ = (next, advance()) }
        if !characters.isEmpty { advance() }
        return nil
    }

    private mutating func advance() {
        guard let next = characters.popFirst() else { return }
        if next.isNewline {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }
}
