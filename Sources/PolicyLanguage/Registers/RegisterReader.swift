package import Evidence

/// One line of a register as it was read: canonical values, with the places that later checks need.
package struct RegisterLine: Sendable {
    package let subject: RegisterSubject
    package let keyRange: SourceRange
    package let fields: RegisterFields
    /// Where each field's first value stands.
    package let ranges: [String: SourceRange]
    /// False when some of the line could not be read; that was reported.
    package let isWhole: Bool
}

/// Reads the lines of one register, from YAML or from a table, by the register's own list of fields.
struct RegisterReader {
    let kind: RegisterKind
    let log: DiagnosticLog

    /// In bytes: room for some hundred thousand devices.
    static let tableSizeLimit = 32 << 20

    private var what: String { kind == .approval ? "an approval" : "a \(kind.rawValue)" }

    /// The file's one key is the register's name (`devices`); below it a list of lines, or a mapping from names to them.
    func lines(_ root: DocumentNode) -> [RegisterLine] {
        guard
            let file = MappingReader(root, "\(kind.plural).yaml", keys: [kind.plural], log: log),
            let node = file.requiredNode(kind.plural)
        else { return [] }
        if case .mapping(let entries, _) = node, kind == .user || !entries.isEmpty {
            return entries.compactMap { entry in
                line(entry.value, key: .scalar(entry.key, isPlain: false, entry.keyRange))
            }
        }
        return log.items(node).compactMap { line($0, key: nil) }
    }

    /// - Parameter key: nil when it stands in the line itself.
    func line(_ node: DocumentNode, key: DocumentNode?) -> RegisterLine? {
        let own = key == nil ? [kind.keyName] : []
        let keys = own + kind.fields.map(\.name) + ["about"]
        guard let mapping = MappingReader(node, what, keys: keys, log: log) else { return nil }
        let errorsBefore = log.errorCount
        _ = mapping.read("about", .text)
        let name = key.map { log.read($0, .freeName) } ?? mapping.require(kind.keyName, .freeName)
        var (fields, ranges): (RegisterFields, [String: SourceRange]) = ([:], [:])
        for field in kind.fields {
            if field.isRequired { _ = mapping.requiredNode(field.name) }
            guard mapping.has(field.name), let (values, range) = read(field, mapping) else { continue }
            fields[field.name] = values
            ranges[field.name] = range
        }
        guard let name else { return nil }
        return RegisterLine(
            subject: RegisterSubject(kind, name.value), keyRange: name.range, fields: fields, ranges: ranges,
            isWhole: log.errorCount == errorsBefore)
    }

    private func read(_ field: RegisterField, _ mapping: MappingReader) -> ([String], SourceRange)? {
        guard field.isList else {
            return mapping.node(field.name).flatMap { log.read($0, field.form) }.map {
                ([$0.value], $0.range)
            }
        }
        guard let values = mapping.list(field.name, field.form), let first = values.first else { return nil }
        return (Set(values.map(\.value)).sorted(), first.range)
    }

    // MARK: Tables

    /// A header with the names of the fields, and a line each. Several values of one field stand with `;` between. Nil
    /// when the header is no good: what the table defines is not known then.
    func table(_ source: SourceText) -> [RegisterLine]? {
        guard DocumentReader.passesLimits(source, sizeLimit: Self.tableSizeLimit, log: log) else {
            return nil
        }
        let rows = CSVReader.rows(source, log: log)
        guard let header = rows.first else {
            log.add(.emptyFile, at: source.start)
            return []
        }
        guard let columns = columns(header, source) else { return nil }
        return rows.dropFirst().compactMap { row in
            guard row.count == header.count else {
                let problem = "expected \(header.count) fields, found \(row.count)"
                log.add(.badCSV(problem), at: row[0].range)
                return nil
            }
            return line(row, columns)
        }
    }

    /// Where each column is, by name.
    private func columns(_ header: [CSVReader.Field], _ source: SourceText) -> [String: Int]? {
        let known = [kind.keyName] + kind.fields.map(\.name)
        var columns: [String: Int] = [:]
        var isGood = true
        for (index, field) in header.enumerated() {
            if !known.contains(field.text) {
                let among = Dictionary(uniqueKeysWithValues: known.map { ($0, SourceLocation?.none) })
                log.addUnknown(.unknownKey(field.text, in: what), field.text, at: field.range, among: among)
                isGood = false
            } else if columns.updateValue(index, forKey: field.text) != nil {
                log.add(.duplicateKey(field.text), at: field.range)
                isGood = false
            }
        }
        let needed = [kind.keyName] + kind.fields.filter(\.isRequired).map(\.name)
        for name in needed where columns[name] == nil && isGood {
            log.add(.missingKey(name, in: "the header"), at: source.start)
            isGood = false
        }
        return isGood ? columns : nil
    }

    private func line(_ row: [CSVReader.Field], _ columns: [String: Int]) -> RegisterLine? {
        let errorsBefore = log.errorCount
        let name = columns[kind.keyName].flatMap { log.read(row[$0].node, .freeName) }
        var (fields, ranges): (RegisterFields, [String: SourceRange]) = ([:], [:])
        for field in kind.fields {
            guard let column = columns[field.name] else { continue }
            let cell = row[column]
            if cell.text.isEmpty, !field.isRequired { continue }
            let parts = field.isList ? cell.listItems : [cell.node]
            let values = parts.compactMap { log.read($0, field.form)?.value }
            if !values.isEmpty { fields[field.name] = Set(values).sorted() }
            ranges[field.name] = cell.range
        }
        guard let name else { return nil }
        return RegisterLine(
            subject: RegisterSubject(kind, name.value), keyRange: name.range, fields: fields, ranges: ranges,
            isWhole: log.errorCount == errorsBefore)
    }
}

extension CSVReader.Field {
    /// Also an empty cell is a text here.
    fileprivate var node: DocumentNode { .scalar(text, isPlain: false, range) }

    /// What stands between semicolons, without the space around it.
    fileprivate var listItems: [DocumentNode] {
        text.split(separator: ";").map { part in
            let trimmed = part.drop { $0 == " " }
            let end = trimmed.lastIndex { $0 != " " }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
            return .scalar(String(trimmed[..<end]), isPlain: false, range)
        }
    }
}

extension RegisterField {
    var form: TextForm<String> { TextForm<String>(expected) { canonical($0) } }
}

extension RegisterKind {
    /// What files of the register are called.
    package var plural: String { rawValue + "s" }
}

extension DiagnosticLog {
    /// Puts a line into registers; one that lacks something, or clashes with another, is reported.
    func put(
        _ subject: RegisterSubject, _ fields: RegisterFields, into registers: inout Registers,
        at range: SourceRange
    ) {
        do {
            try registers.put(subject, fields)
        } catch .missing(let field, _) {
            add(.missingKey(field, in: "\(subject)"), at: range)
        } catch {
            add(.wrongValue(expected: "a line that fits the others", found: "\(error)"), at: range)
        }
    }
}
