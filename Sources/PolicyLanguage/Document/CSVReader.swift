/// Reads comma-separated text (RFC 4180) of a rule pack into fields with places.
enum CSVReader {
    struct Field {
        var text: String
        var range: SourceRange
    }

    /// Hands out row by row, the header first: a table can be large. A row with a stray quote is reported and left out.
    /// Linear in the length of the text.
    static func forEachRow(_ source: SourceText, log: DiagnosticLog, _ body: ([Field]) -> Void) {
        var reader = DelimitedReader(Array(source.text.utf8), endsAtUnicodeLineEnds: true)
        while let row = reader.next() {
            if let problem = row.problem {
                let place = reader.place(of: problem.at, in: row)
                log.add(
                    .badCSV(problem.what.rawValue), at: source.range(line: place.line, column: place.column))
                continue
            }
            body(fields(reader, row, source.path))
        }
    }

    private static func fields(_ reader: DelimitedReader, _ row: DelimitedReader.Row, _ path: String)
        -> [Field]
    {
        var (line, column, offset) = (row.line, 1, row.start)
        return reader.cells.map { cell in
            // The delimiters between two cells are characters of their own.
            column += cell.start - offset
            let start = SourceLocation(file: path, line: line, column: column)
            let end = reader.place(after: cell, at: (line, column))
            let length = end.line == line ? end.column - column : 1
            (line, column, offset) = (end.line, end.column, cell.end)
            return Field(text: reader.text(cell), range: SourceRange(start: start, length: length))
        }
    }
}
