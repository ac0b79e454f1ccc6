import Evidence
import PolicyLanguage
import Sessions

/// The header of a file: which column is where, and the reader that stands right below it.
struct ImportHeader {
    let names: [String]
    let delimiter: UInt8
    let rows: DelimitedReader
    private(set) var key = 0
    /// For each field of the mapping; nil for those without a column.
    private(set) var fields: [Int?] = []
    private(set) var skip: [Int] = []
    private(set) var only: [Int] = []

    private static let delimiters = [",", ";", "\t", "|"].compactMap(\.utf8.first)

    /// No export has as many; a file that has is something else.
    private static let columnLimit = 1_000

    static func read(
        _ text: [UInt8], file: String, mapping: ImportMapping
    ) throws(ImportRefusal) -> ImportHeader {
        let (named, start) = namedDelimiter(text)
        let body = start == 0 ? text : Array(text[start...])
        let candidates = (mapping.delimiter ?? named).map { [$0] } ?? delimiters
        let wanted = Set(mapping.columns.map(\.name))
        var best: (header: ImportHeader, row: DelimitedReader.Row, score: (Int, Int))?
        for delimiter in candidates {
            var reader = DelimitedReader(body, delimiter: delimiter, firstLine: start == 0 ? 1 : 2)
            guard let row = reader.next() else { continue }
            let names = reader.cells.map { trimmed(reader.text($0)[...]) }
            // With the right one the columns are there; among those that find none, the one that finds more cells.
            let score = (row.problem == nil ? Set(names).intersection(wanted).count : -1, names.count)
            if let best, best.score >= score { continue }
            best = (ImportHeader(names: names, delimiter: delimiter, rows: reader), row, score)
        }
        guard let best else { throw ImportRefusal(.emptyFile, file: file, "the file says nothing") }
        var header = best.header
        let row = best.row
        if let problem = row.problem {
            let place = header.rows.place(of: problem.at, in: row)
            throw ImportRefusal(
                .badCSV, file: file, line: place.line, column: place.column,
                "the header is no good: \(problem.what.rawValue)")
        }
        try header.find(mapping, row, file)
        return header
    }

    private init(names: [String], delimiter: UInt8, rows: DelimitedReader) {
        self.names = names
        self.delimiter = delimiter
        self.rows = rows
    }

    /// What a first line such as `sep=;` says, which Excel writes and heeds, and where the header begins.
    private static func namedDelimiter(_ text: [UInt8]) -> (UInt8?, start: Int) {
        guard text.count > 5, text.starts(with: Array("sep=".utf8)), delimiters.contains(text[4]) else {
            return (nil, 0)
        }
        if text[5] == UInt8(ascii: "\n") { return (text[4], 6) }
        guard text[5] == UInt8(ascii: "\r") else { return (nil, 0) }
        return (text[4], text.count > 6 && text[6] == UInt8(ascii: "\n") ? 7 : 6)
    }

    // MARK: Columns

    private mutating func find(
        _ mapping: ImportMapping, _ row: DelimitedReader.Row, _ file: String
    ) throws(ImportRefusal) {
        guard names.count <= Self.columnLimit else {
            throw ImportRefusal(
                .badCSV, file: file, line: row.line, "the header has more than \(Self.columnLimit) columns")
        }
        let log = DiagnosticLog()
        for source in [mapping.source, source(row, file)].compactMap(\.self) { log.register(source) }
        var positions: [String: Int] = [:]
        var doubles: Set<String> = []
        for (index, name) in names.enumerated() {
            if positions.updateValue(index, forKey: name) != nil { doubles.insert(name) }
        }
        let wanted = Set(mapping.columns.map(\.name))
        for name in doubles.intersection(wanted).sorted() {
            log.add(
                .wrongValue(expected: "each column once", found: "'\(PlainText.shown(name))' twice"),
                at: range(of: name, last: true, row, file))
        }
        if !mapping.isWritten { checkNames(mapping.kind, wanted, row, file, log) }
        func position(_ place: Place, isNeeded: Bool = true) -> Int? {
            if let position = positions[place.name] { return position }
            guard isNeeded else { return nil }
            let among = Dictionary(names.map { ($0, SourceLocation?.none) }) { first, _ in first }
            log.addUnknown(
                .wrongValue(
                    expected: "a column of \(PlainText.shown(file))",
                    found: "'\(PlainText.shown(place.name))', which it has not"),
                place.name, at: place.range ?? start(file, row), among: among)
            return nil
        }
        key = position(mapping.key.column) ?? 0
        fields = mapping.fields.map { rule in
            rule.column.flatMap { position($0.column, isNeeded: mapping.isWritten) }
        }
        skip = mapping.skip.compactMap { position($0.column) }
        only = mapping.only.compactMap { position($0.column) }
        if log.hasErrors { throw ImportRefusal(log.diagnostics) }
    }

    /// Without a mapping a column that is not known is a field that was misspelt.
    private func checkNames(
        _ kind: RegisterKind, _ wanted: Set<String>, _ row: DelimitedReader.Row, _ file: String,
        _ log: DiagnosticLog
    ) {
        let known = [kind.keyName] + kind.fields.map(\.name)
        let among = Dictionary(known.map { ($0, SourceLocation?.none) }) { first, _ in first }
        // A remark is for whoever reads the table, as in the tables of a pack.
        for name in Set(names).subtracting(wanted).subtracting(["about"]).sorted() {
            log.addUnknown(
                .wrongValue(
                    expected: "a field of a \(kind.rawValue), or a mapping that names the columns",
                    found: "'\(PlainText.shown(name))'"),
                name, at: range(of: name, last: false, row, file), among: among)
        }
    }

    private func range(of name: String, last: Bool, _ row: DelimitedReader.Row, _ file: String) -> SourceRange
    {
        let index = (last ? names.lastIndex(of: name) : names.firstIndex(of: name)) ?? 0
        let place = rows.place(of: rows.cells[index].start, in: row)
        return SourceRange(
            start: SourceLocation(file: file, line: place.line, column: place.column),
            length: name.count)
    }

    /// The header as a text, for excerpts.
    private func source(_ row: DelimitedReader.Row, _ file: String) -> SourceText? {
        guard rows.offset - row.start < 1 << 16 else { return nil }
        let lines = String(repeating: "\n", count: row.line - 1)
        return SourceText(
            path: file, text: lines + String(decoding: rows.bytes[row.start..<rows.offset], as: UTF8.self))
    }

    private func start(_ file: String, _ row: DelimitedReader.Row) -> SourceRange {
        SourceRange(start: SourceLocation(file: file, line: row.line, column: 1))
    }
}
