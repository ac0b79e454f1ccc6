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
    /// In bytes: a user can be in very many groups.
    static let tableLineLimit = 64 << 10

    private var what: String { kind == .approval ? "an approval" : "a \(kind.rawValue)" }

    /// The file's one key is the register's name (`devices`); below it a list of lines, or a mapping from names to them. Nil
    /// for a line of which not even the name could be read.
    func lines(_ root: DocumentNode) -> [RegisterLine?] {
        guard
            let file = MappingReader(root, "\(kind.plural).yaml", keys: [kind.plural], log: log),
            let node = file.requiredNode(kind.plural)
        else { return [] }
        if case .mapping(let entries, _) = node, kind == .user || !entries.isEmpty {
            return entries.map { line($0.value, key: $0.keyNode) }
        }
        return log.items(node).map { line($0, key: nil) }
    }

    /// - Parameter key: nil when it stands in the line itself.
    func line(_ node: DocumentNode, key: DocumentNode?) -> RegisterLine? {
        let own = key == nil ? [kind.keyName] : []
        let keys = own + kind.fields.map(\.name) + ["about"]
        let errorsBefore = log.errorCount
        guard let mapping = MappingReader(node, what, keys: keys, log: log) else {
            return key.flatMap { log.read($0, .freeName) }.map { name in
                RegisterLine(
                    subject: RegisterSubject(kind, name.value), keyRange: name.range, fields: [:],
                    ranges: [:],
                    isWhole: false)
            }
        }
        _ = mapping.read("about", .text)
        let name = key.map { log.read($0, .freeName) } ?? mapping.require(kind.keyName, .freeName)
        var (fields, ranges): (RegisterFields, [String: SourceRange]) = ([:], [:])
        for field in kind.fields {
            guard mapping.has(field.name) || field.isRequired,
                let (values, range) = read(field, mapping)
            else { continue }
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
            let node = field.isRequired ? mapping.requiredNode(field.name) : mapping.node(field.name)
            return node.flatMap { log.read($0, field.form) }.map { ([$0.value], $0.range) }
        }
        guard let values = mapping.list(field.name, field.form), let first = values.first else { return nil }
        return (Set(values.map(\.value)).sorted(), first.range)
    }

    // MARK: Tables

    /// A header with the names of the fields, and a line each, which are handed out as they are read. Several values of
    /// one field stand with `;` between. False when the header is no good: what the table defines is not known then.
    func table(_ source: SourceText, _ body: (RegisterLine) -> Void) -> Bool {
        guard
            DocumentReader.passesLimits(
                source, sizeLimit: Self.tableSizeLimit, lineLimit: Self.tableLineLimit, log: log)
        else { return false }
        let errorsBefore = log.errorCount
        var header: (width: Int, columns: [String: Int]?)?
        CSVReader.forEachRow(source, log: log) { row in
            guard let (width, columns) = header else {
                header = (row.count, self.columns(row, source))
                return
            }
            // Nobody knows what the rows say below a header that is no good.
            guard let columns else { return }
            guard row.count == width else {
                let problem = "expected \(width) fields, found \(row.count)"
                return log.add(.badCSV(problem), at: row[0].range)
            }
            if let line = line(row, columns) { body(line) }
        }
        if header == nil, log.errorCount == errorsBefore { log.add(.emptyFile, at: source.start) }
        return header?.columns != nil
    }

    /// Where each column is, by name.
    private func columns(_ header: [CSVReader.Field], _ source: SourceText) -> [String: Int]? {
        let known = [kind.keyName] + kind.fields.map(\.name) + ["about"]
        var columns: [String: Int] = [:]
        var isGood = true
        for (index, field) in header.enumerated() {
            if !known.contains(field.text) {
                let among = Dictionary(uniqueKeysWithValues: known.map { ($0, SourceLocation?.none) })
                let message = DiagnosticMessage.unknownKey(field.text, in: what)
                if header.count == 1, field.text.contains(";") || field.text.contains("\t") {
                    let note = Diagnostic.Note(
                        "fields stand with commas between; ';' parts the values of one")
                    log.add(message, at: field.range, notes: [note])
                } else {
                    log.addUnknown(message, field.text, at: field.range, among: among)
                }
                isGood = false
            } else if columns.updateValue(index, forKey: field.text) != nil {
                log.add(.duplicateKey(field.text), at: field.range)
                isGood = false
            }
        }
        // With a column of no known name, what is missing may be meant by it.
        guard isGood else { return nil }
        let needed = [kind.keyName] + kind.fields.filter(\.isRequired).map(\.name)
        for name in needed where columns[name] == nil {
            log.add(.missingKey(name, in: "the header"), at: source.start)
            isGood = false
        }
        if kind == .device, columns["digest"] == nil, columns["key"] == nil {
            let notes = log.missingNote(kind, "digest").map { [Diagnostic.Note($0)] } ?? []
            log.add(.missingKey("digest", in: "the header"), at: source.start, notes: notes)
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
    var form: TextForm<String> { TextForm<String>(expected, schema) { canonical($0) } }

    private var schema: TextSchema {
        switch what {
        case .name: .freeName
        case .digest: .digest
        case .truth: .anyTruth
        case .instant: .dateOrTime
        case .country: .country
        case .words(let words): .words(words)
        }
    }
}

extension RegisterKind {
    /// What files of the register are called.
    package var plural: String { rawValue + "s" }
}

extension DiagnosticLog {
    /// Puts a line into registers; one that lacks something, or clashes with another, is reported.
    func put(
        _ subject: RegisterSubject, _ fields: RegisterFields, into registers: inout Registers,
        at range: SourceRange, ranges: [String: SourceRange] = [:]
    ) {
        do {
            try registers.put(subject, fields)
        } catch .missing(let field, _) {
            let note = missingNote(subject.kind, field).map { [Diagnostic.Note($0)] }
            add(.missingKey(field, in: "\(subject)"), at: range, notes: note ?? [])
        } catch .wrongValue(let field, let expected, let found) {
            let place = ranges[field]
            let found = place.map(written) ?? found
            add(.wrongValue(expected: expected, found: quoted(found)), at: place ?? range)
        } catch {
            add(.wrongValue(expected: "a line that fits the others", found: "\(error)"), at: range)
        }
    }

    /// Where a line lacks something that another line of its register may lack, why this one may not.
    fileprivate func missingNote(_ kind: RegisterKind, _ field: String) -> String? {
        switch (kind, field) {
        case (.device, "digest"): "or 'key', the digest of its public key: one of them proves the device"
        case (.approval, "until"): "only an approval of remote-working may be open-ended"
        case (.approval, "countries"): "an approval of travel is for the countries that it names"
        case (.approval, "systems"): "or 'labels': an approval of systems is for those that it names"
        case (.approval, "exception"): "the name that a rule has: { approval: { exception: NAME } }"
        default: nil
        }
    }
}
