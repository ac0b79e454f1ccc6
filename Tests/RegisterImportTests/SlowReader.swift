import Evidence
import RegisterImport
import Sessions

/// What a reader without any art does with a table whose header is the register's own names: one character after the
/// other, every row a list of texts, every row held against every other. Quadratic, and short enough to be believed.
struct SlowReader {
    /// A row: its cells, or nil when its quotes are wrong, and the line it begins on.
    typealias Row = (cells: [String]?, line: Int)

    /// Rows that are not blank; nil when the text ends inside quotes.
    static func rows(_ text: String, delimiter: Unicode.Scalar) -> [Row]? {
        var scalars: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            // Every line end becomes a line feed; inside a cell it makes no difference to what is compared here.
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        scalars = scalars.map { $0 == "\r" ? "\n" : $0 }
        var rows: [Row] = []
        var index = 0
        var line = 1
        while index < scalars.count {
            let first = line
            var cells: [String] = []
            var isGood = true
            while true {
                var cell = String.UnicodeScalarView()
                if index < scalars.count, scalars[index] == "\"" {
                    index += 1
                    while true {
                        guard index < scalars.count else { return nil }
                        if scalars[index] == "\"" {
                            index += 1
                            guard index < scalars.count, scalars[index] == "\"" else { break }
                        }
                        if scalars[index] == "\n" { line += 1 }
                        cell.append(scalars[index])
                        index += 1
                    }
                    if index < scalars.count, scalars[index] != delimiter, scalars[index] != "\n" {
                        isGood = false
                    }
                } else {
                    while index < scalars.count, scalars[index] != delimiter, scalars[index] != "\n" {
                        if scalars[index] == "\"" { isGood = false }
                        cell.append(scalars[index])
                        index += 1
                        if !isGood { break }
                    }
                }
                if !isGood { break }
                cells.append(String(cell))
                guard index < scalars.count, scalars[index] == delimiter else { break }
                index += 1
            }
            if !isGood { while index < scalars.count, scalars[index] != "\n" { index += 1 } }
            if index < scalars.count {
                index += 1
                line += 1
            }
            let isBlank = cells.allSatisfy { $0.unicodeScalars.allSatisfy { $0 == " " || $0 == "\t" } }
            if !isGood || !isBlank { rows.append((isGood ? cells : nil, first)) }
        }
        return rows
    }

    /// The rows that fit, each with its line; nil when the file is not to be read at all.
    static func taken(
        _ text: String, _ kind: RegisterKind, delimiter: Unicode.Scalar
    ) -> [ImportReport.Row]? {
        guard let rows = rows(text, delimiter: delimiter), let header = rows.first?.cells?.map(trim),
            let keyColumn = header.firstIndex(of: kind.keyName), Set(header).count == header.count,
            header.allSatisfy({ $0 == kind.keyName || kind.field(named: $0) != nil })
        else { return nil }
        var good: [(key: String, fields: RegisterFields, line: Int)] = []
        var badKeys: Set<String> = []
        for row in rows.dropFirst() {
            // Of a row with wrong quotes only the key counts, and only when it stands before the place.
            guard let cells = row.cells, cells.count == header.count else {
                if let cells = row.cells ?? cellsBeforeMistake(text, row.line, delimiter),
                    cells.indices.contains(keyColumn)
                {
                    badKeys.insert(trim(cells[keyColumn]))
                }
                continue
            }
            let key = trim(cells[keyColumn])
            var isGood = PlainText.isName(key)
            var fields: RegisterFields = [:]
            for (name, cell) in zip(header, cells) where name != kind.keyName {
                guard let field = kind.field(named: name) else { continue }
                let parts = field.isList ? cell.split(separator: ";").map { trim(String($0)) } : [trim(cell)]
                let said = parts.filter { !$0.isEmpty }
                let values = said.compactMap(field.canonical)
                if values.count < said.count { isGood = false }
                if !said.isEmpty { fields[name] = Set(values).sorted() }
            }
            if isGood { good.append((key, fields, row.line)) } else { badKeys.insert(key) }
        }
        return good.indices.filter { own in
            !badKeys.contains(good[own].key)
                && !good.indices.contains { other in
                    other != own
                        && (good[other].key == good[own].key
                            || kind == .device
                                && ["digest", "key"].contains {
                                    good[own].fields[$0] != nil
                                        && good[own].fields[$0] == good[other].fields[$0]
                                })
                }
        }.map { index in
            let row = good[index]
            let statement = RegisterStatement(subject: RegisterSubject(kind, row.key), fields: row.fields)
            return ImportReport.Row(statement: statement, line: row.line)
        }
    }

    /// The cells of a row up to its wrong quote.
    private static func cellsBeforeMistake(
        _ text: String, _ line: Int, _ delimiter: Unicode.Scalar
    ) -> [String]? {
        // The row up to each of its characters, read as a text of its own: the longest that reads well has the cells,
        // the last of which may be cut.
        let normal = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        let scalars = Array(
            normal.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(line - 1)
                .joined(separator: "\n").unicodeScalars)
        var best: [String]?
        var length = 0
        while length <= scalars.count {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[..<length])
            if let all = rows(String(view), delimiter: delimiter) {
                guard all.count <= 1 else { break }
                if let first = all.first {
                    guard let cells = first.cells else { break }
                    best = cells
                }
            }
            length += 1
        }
        return best.map { Array($0.dropLast()) }
    }

    private static func trim(_ text: String) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in
            [0x20, 0x09, 0x0A, 0x0D, 0xA0, 0x202F].contains(scalar.value)
        }
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.last, isSpace(last) { scalars.removeLast() }
        scalars = Array(scalars.drop(while: isSpace))
        return String(String.UnicodeScalarView(scalars))
    }
}
