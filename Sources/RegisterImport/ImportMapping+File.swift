import Evidence
package import PolicyLanguage
import Sessions

extension ImportMapping {
    /// Reads a mapping file; nil when it has mistakes, all of which are in the log.
    package static func read(path: String, text: String, log: DiagnosticLog) -> ImportMapping? {
        let errorsBefore = log.errorCount
        let source = SourceText(path: path, text: text)
        guard let root = DocumentReader.read(source, log: log) else { return nil }
        var mapping = MappingFileReader(log: log).mapping(root)
        mapping?.source = source
        return log.errorCount == errorsBefore ? mapping : nil
    }
}

/// Reads the tree of a mapping file.
private struct MappingFileReader {
    let log: DiagnosticLog

    private static let keys = ["about", "register", "key", "columns", "skip", "only", "delimiter"]

    func mapping(_ root: DocumentNode) -> ImportMapping? {
        guard let file = MappingReader(root, "an import mapping", keys: Self.keys, log: log) else {
            return nil
        }
        _ = file.read("about", .text)
        let kind: Located<RegisterKind>? = file.require("register", .choice("a register"))
        let key = file.requiredNode("key").flatMap { keyColumn($0) }
        let entries = file.pairs("columns")
        let fields = kind.map { kind in entries.compactMap { field($0, kind.value) } } ?? []
        let skip = tests(file, "skip")
        let only = tests(file, "only")
        let delimiter = file.read("delimiter", Self.delimiter)?.value
        guard let kind, let key else { return nil }
        let order = kind.value.fields.map(\.name)
        return ImportMapping(
            kind: kind.value, key: key,
            fields: fields.sorted {
                (order.firstIndex(of: $0.field.name) ?? 0) < (order.firstIndex(of: $1.field.name) ?? 0)
            }, skip: skip, only: only, delimiter: delimiter)
    }

    private static var delimiter: TextForm<UInt8> {
        TextForm<UInt8>("one of \",\", \";\", \"|\" and tab") { text in
            switch text {
            case ",", ";", "|": text.utf8.first
            case "tab", "\t": UInt8(ascii: "\t")
            default: nil
            }
        }
    }

    // MARK: Columns

    private static let partKeys = ["column", "before", "after", "case"]

    private func keyColumn(_ node: DocumentNode) -> ColumnRule? {
        if case .scalar = node { return log.read(node, .text).map { ColumnRule(column: place($0)) } }
        guard let mapping = MappingReader(node, "the key", keys: Self.partKeys, log: log) else { return nil }
        return column(mapping)
    }

    private func place(_ name: Located<String>) -> Place { Place(trimmed(name.value[...]), at: name.range) }

    private func column(_ mapping: MappingReader) -> ColumnRule? {
        let name = mapping.require("column", .text)
        let before = mapping.read("before", .text)
        let after = mapping.read("after", .text)
        let letters = mapping.read("case", TextForm("lower") { $0 == "lower" ? true : nil })
        return name.map {
            ColumnRule(
                column: place($0), after: after?.value, before: before?.value,
                lowercases: letters?.value ?? false)
        }
    }

    // MARK: Fields

    private func field(_ entry: DocumentNode.Entry, _ kind: RegisterKind) -> FieldRule? {
        guard let field = kind.field(named: entry.key) else {
            let known = kind.fields.map { ($0.name, SourceLocation?.none) }
            let expected = "a field of a \(kind.rawValue): " + known.map(\.0).joined(separator: ", ")
            log.addUnknown(
                .wrongValue(expected: expected, found: "'\(PlainText.shown(entry.key))'"), entry.key,
                at: entry.keyRange, among: Dictionary(known) { first, _ in first })
            return nil
        }
        if case .scalar = entry.value {
            return log.read(entry.value, .text).map {
                FieldRule(field, .column(ColumnRule(column: place($0))))
            }
        }
        let keys =
            Self.partKeys + ["is", "values", "otherwise", "empty"]
            + (field.isList ? ["separator"] : []) + (takesTimes(field) ? ["format", "zone"] : [])
        guard
            let mapping = MappingReader(entry.value, "the column of '\(field.name)'", keys: keys, log: log)
        else { return nil }
        if mapping.has("is") { return constant(mapping, field, keys: keys) }
        guard let column = column(mapping) else { return nil }
        var rule = FieldRule(field, .column(column))
        rule.values = values(mapping, field)
        rule.otherwise = mapping.node("otherwise").flatMap { outcome($0, field) }
        rule.empty = mapping.read("empty", Self.empty)?.value ?? .leave
        rule.separator = mapping.read("separator", .text)?.value ?? rule.separator
        rule.time = time(mapping, field)
        if rule.time != nil, mapping.has("otherwise") {
            let found = "both 'format' and 'otherwise'"
            log.add(
                .wrongValue(expected: "one of them, since 'otherwise' leaves no times to read", found: found),
                at: mapping.keyRange("otherwise"))
        }
        return rule
    }

    private func constant(_ mapping: MappingReader, _ field: RegisterField, keys: [String]) -> FieldRule? {
        for key in keys where key != "is" && mapping.has(key) {
            log.add(
                .wrongValue(expected: "'is' alone, or a column", found: "'\(key)' beside 'is'"),
                at: mapping.keyRange(key))
        }
        guard let node = mapping.node("is"), let texts = texts(node, field) else { return nil }
        return FieldRule(field, .constant(texts))
    }

    /// What every row or some value says, in the register's own form.
    private func texts(_ node: DocumentNode, _ field: RegisterField) -> [String]? {
        let form = TextForm<String>(field.expected) { field.canonical($0) }
        guard field.isList else { return log.read(node, form).map { [$0.value] } }
        let errorsBefore = log.errorCount
        let texts = Set(log.readList(node, form).map(\.value)).sorted()
        return log.errorCount == errorsBefore ? texts : nil
    }

    private static var empty: TextForm<FieldRule.Outcome> {
        TextForm<FieldRule.Outcome>("leave or erase") { outcome(named: $0) }
    }

    private static func outcome(named word: String) -> FieldRule.Outcome? {
        switch word {
        case "leave": .leave
        case "erase": .erase
        default: nil
        }
    }

    /// The words `leave` and `erase`, unless they are in quotes; else what the field is to say.
    private func outcome(_ node: DocumentNode, _ field: RegisterField) -> FieldRule.Outcome? {
        if case .scalar(let word, isPlain: true, _) = node, let outcome = Self.outcome(named: word) {
            return outcome
        }
        guard let texts = texts(node, field) else { return nil }
        return texts.isEmpty ? .erase : .say(texts)
    }

    private func values(_ mapping: MappingReader, _ field: RegisterField) -> [String: FieldRule.Outcome] {
        guard let node = mapping.node("values") else { return [:] }
        var values: [String: FieldRule.Outcome] = [:]
        for entry in log.pairs(node) {
            guard !entry.value.isEmpty else {
                log.add(
                    .wrongType(expected: "what it comes to, or leave, or erase", found: "nothing"),
                    at: entry.keyRange)
                continue
            }
            guard let outcome = outcome(entry.value, field) else { continue }
            if values.updateValue(outcome, forKey: trimmed(entry.key[...]).lowercased()) != nil {
                let found = "'\(PlainText.shown(entry.key))' twice, if the case of letters is left aside"
                log.add(.wrongValue(expected: "each text once", found: found), at: entry.keyRange)
            }
        }
        return values
    }

    private func takesTimes(_ field: RegisterField) -> Bool {
        field.canonical("1970-01-01")?.hasSuffix("T00:00:00Z") ?? false
    }

    private func time(_ mapping: MappingReader, _ field: RegisterField) -> TimeRule? {
        let pattern = mapping.read("format", TextForm(TimePattern.expected) { TimePattern($0) })
        let zone = mapping.read("zone", .text)
        guard let zone else {
            return pattern.map { TimeRule(pattern: $0.value, clock: .utc, field: field) }
        }
        guard let clock = ZoneClock(named: zone.value) else {
            let known = ZoneClock.knownNames.map { ($0, SourceLocation?.none) }
            log.addUnknown(
                .wrongValue(
                    expected: "a time zone of the IANA database, such as Europe/London",
                    found: "'\(PlainText.shown(zone.value))'"), zone.value,
                at: zone.range, among: Dictionary(known) { first, _ in first })
            return nil
        }
        if pattern == nil, !mapping.has("format") {
            let found = "'zone' alone: times without a format name their offset themselves"
            log.add(.wrongValue(expected: "'format' and 'zone'", found: found), at: zone.range)
        }
        return pattern.map { TimeRule(pattern: $0.value, clock: clock, field: field) }
    }

    // MARK: Rows

    private static var cell: TextForm<String> {
        TextForm<String>("a text of one line") { text in
            text.unicodeScalars.allSatisfy { !PlainText.isControl($0) }
                ? trimmed(text[...]).lowercased() : nil
        }
    }

    private func tests(_ file: MappingReader, _ key: String) -> [RowTest] {
        guard let node = file.node(key) else { return [] }
        return log.pairs(node).compactMap { entry in
            guard !entry.value.isEmpty else {
                log.add(
                    .wrongType(expected: "a text or a list of them", found: "nothing"), at: entry.keyRange)
                return nil
            }
            let texts = log.readList(entry.value, Self.cell).map(\.value)
            return RowTest(
                column: place(Located(entry.key, at: entry.keyRange)), texts: Set(texts))
        }
    }
}
