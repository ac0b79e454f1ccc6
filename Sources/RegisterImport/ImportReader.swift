import Evidence
import PolicyLanguage
import Sessions

extension ImportReport {
    /// Reads a file. Throws when it is not to be read at all: no text, too large, cut short, or without the columns that
    /// the mapping names. What single rows lack is in the report.
    ///
    /// Takes time in proportion to the file, and a few hundred bytes of memory for each row beside it.
    ///
    /// - Parameter file: what to call it in messages.
    package static func read(
        _ bytes: [UInt8], file: String, mapping: ImportMapping, limits: ImportLimits = ImportLimits()
    ) throws(ImportRefusal) -> ImportReport {
        let text = try FileText.utf8(of: bytes, file: file, limits: limits)
        let header = try ImportHeader.read(text, file: file, mapping: mapping)
        var reader = ImportReader(header: header, file: file, mapping: mapping, limits: limits)
        return try reader.read()
    }
}

/// One reading of one file.
private struct ImportReader {
    /// A row that fits as far as it alone can tell.
    private struct Candidate {
        let row: DelimitedReader.Row
        let key: String
        let keyStart: Int
        let fields: RegisterFields
        /// Where the digest and the key of a device stand; -1 for nowhere.
        var proofStarts = (-1, -1)
    }

    private let header: ImportHeader
    private let mapping: ImportMapping
    private let limits: ImportLimits
    private var rows: DelimitedReader
    private var report: ImportReport
    private var candidates: [Candidate] = []
    /// Where a key stands whose row did not fit, by key.
    private var misfitKeys: [String: Int] = [:]
    /// What cells came to, for each field: columns repeat themselves.
    private var memory: [[String: FieldRule.Outcome]]

    private static let proofs = ["digest", "key"]

    init(header: ImportHeader, file: String, mapping: ImportMapping, limits: ImportLimits) {
        self.header = header
        self.mapping = mapping
        self.limits = limits
        rows = header.rows
        report = ImportReport(file: file, kind: mapping.kind)
        report.delimiter = String(decoding: [header.delimiter], as: UTF8.self)
        memory = Array(repeating: [:], count: mapping.fields.count)
    }

    mutating func read() throws(ImportRefusal) -> ImportReport {
        while let row = rows.next() {
            if row.problem == nil, rows.cells.allSatisfy({ isBlank($0) }) { continue }
            report.rowCount += 1
            guard report.rowCount <= limits.rows else {
                throw ImportRefusal(
                    .fileTooLarge, file: report.file, line: row.line,
                    "the file has more than \(limits.rows) rows")
            }
            if let problem = row.problem, problem.what == .neverClosed {
                let place = rows.place(of: problem.at, in: row)
                throw ImportRefusal(
                    .badCSV, file: report.file, line: place.line, column: place.column,
                    "\(problem.what.rawValue): the file is cut short, or the quote stands for inches")
            }
            take(row)
        }
        settleDoubles()
        return report
    }

    private func isBlank(_ cell: DelimitedReader.Cell) -> Bool {
        cell.isEmpty || rows.bytes[cell.start..<cell.end].allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }

    private func cell(_ column: Int) -> String? {
        rows.cells.indices.contains(column) ? rows.text(rows.cells[column]) : nil
    }

    private mutating func take(_ row: DelimitedReader.Row) {
        let keyText = cell(header.key).map { mapping.key.part(of: $0) } ?? ""
        let key = PlainText.isName(keyText) ? keyText : nil
        if isWhole(row), isSkipped() {
            report.skippedCount += 1
            return
        }
        let problemsBefore = report.problemCount
        if let problem = row.problem {
            note(
                row, at: problem.at, key, nil, expected: "fields between delimiters or in quotes",
                found: problem.what == .textBehindQuote
                    ? "text behind the closing quote of a field" : problem.what.rawValue)
        } else if !isWhole(row) {
            note(
                row, at: row.start, key, nil, expected: "\(header.names.count) fields",
                found: "\(rows.cells.count)")
        } else {
            let keyStart = rows.cells[header.key].start
            if key == nil {
                note(
                    row, at: keyStart, nil, header.key,
                    expected: "\(nameOfKey), of one line and at most 256 bytes", found: quoted(keyText))
            }
            let (fields, proofStarts) = fields(row, key)
            if let key, report.problemCount == problemsBefore {
                report.keys.insert(key)
                candidates.append(
                    Candidate(
                        row: row, key: key, keyStart: keyStart, fields: fields, proofStarts: proofStarts))
                return
            }
        }
        report.misfitCount += 1
        guard let key else {
            report.unnamedCount += 1
            return
        }
        report.keys.insert(key)
        if misfitKeys[key] == nil { misfitKeys[key] = row.line }
    }

    private func isWhole(_ row: DelimitedReader.Row) -> Bool {
        row.problem == nil && rows.cells.count == header.names.count
    }

    private func isSkipped() -> Bool {
        for (test, column) in zip(mapping.skip, header.skip) where test.holds(cell(column) ?? "") {
            return true
        }
        for (test, column) in zip(mapping.only, header.only) where !test.holds(cell(column) ?? "") {
            return true
        }
        return false
    }

    private var nameOfKey: String {
        switch mapping.kind {
        case .device: "an inventory id"
        case .user: "a user name"
        case .loan, .approval: "a reference"
        }
    }

    private func quoted(_ text: String) -> String {
        text.isEmpty ? "nothing" : "'\(PlainText.shown(text))'"
    }

    private mutating func fields(_ row: DelimitedReader.Row, _ key: String?) -> (RegisterFields, (Int, Int)) {
        var fields = RegisterFields(minimumCapacity: mapping.fields.count)
        var proofStarts = (-1, -1)
        for (index, rule) in mapping.fields.enumerated() {
            if case .constant(let texts) = rule.source {
                fields[rule.field.name] = texts
                continue
            }
            guard let column = header.fields[index], let text = cell(column) else { continue }
            guard let outcome = outcome(index, rule, text) else {
                note(
                    row, at: rows.cells[column].start, key, column, expected: rule.expected,
                    found: quoted(text))
                continue
            }
            switch outcome {
            case .leave: continue
            case .erase: fields[rule.field.name] = []
            case .say(let texts):
                fields[rule.field.name] = texts
                guard mapping.kind == .device else { continue }
                if rule.field.name == Self.proofs[0] { proofStarts.0 = rows.cells[column].start }
                if rule.field.name == Self.proofs[1] { proofStarts.1 = rows.cells[column].start }
            }
        }
        return (fields, proofStarts)
    }

    /// Reads a cell, unless the same was read before. What does not fit is not kept: it is rare, or the end of it.
    private mutating func outcome(_ index: Int, _ rule: FieldRule, _ text: String) -> FieldRule.Outcome? {
        let isShort = text.utf8.count <= 48
        if isShort, let known = memory[index][text] { return known }
        let outcome = rule.outcome(of: text)
        if isShort, let outcome, memory[index].count < 4_096 { memory[index][text] = outcome }
        return outcome
    }

    // MARK: What is wrong

    /// Beyond the limit, a problem is only counted.
    private mutating func note(
        _ row: DelimitedReader.Row, at offset: Int, _ key: String?, _ column: Int?,
        expected: String, found: String
    ) {
        report.problemCount += 1
        guard report.problems.count < limits.problems else { return }
        let place = rows.place(of: offset, in: row)
        report.problems.append(
            ImportProblem(
                line: place.line, column: place.column, key: key, cell: column.map { header.names[$0] },
                expected: expected, found: found))
    }

    /// Of two rows with one key or one certificate nobody knows which is right: neither is taken.
    private mutating func settleDoubles() {
        var byKey: [String: [Int]] = [:]
        var byProof: [[String: [Int]]] = [[:], [:]]
        for (index, candidate) in candidates.enumerated() {
            byKey[candidate.key, default: []].append(index)
            guard mapping.kind == .device else { continue }
            for (proof, field) in Self.proofs.enumerated() {
                if let text = candidate.fields[field]?.first {
                    byProof[proof][text, default: []].append(index)
                }
            }
        }
        for (index, candidate) in candidates.enumerated() {
            let problemsBefore = report.problemCount
            let others = otherLines(byKey[candidate.key] ?? [], than: index, misfitKeys[candidate.key])
            if let others {
                note(
                    candidate.row, at: candidate.keyStart, candidate.key, header.key,
                    expected: "each \(nameOfKey.drop { $0 != " " }.dropFirst()) once",
                    found: "it on \(others)")
            }
            if mapping.kind == .device { noteSharedProofs(index, candidate, byProof) }
            if report.problemCount == problemsBefore {
                let subject = RegisterSubject(mapping.kind, candidate.key)
                report.rows.append(
                    .init(
                        statement: RegisterStatement(subject: subject, fields: candidate.fields),
                        line: candidate.row.line))
            } else {
                report.misfitCount += 1
            }
        }
        report.problems.sort { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    private mutating func noteSharedProofs(
        _ index: Int, _ candidate: Candidate, _ byProof: [[String: [Int]]]
    ) {
        for (proof, field) in Self.proofs.enumerated() {
            let start = proof == 0 ? candidate.proofStarts.0 : candidate.proofStarts.1
            guard let text = candidate.fields[field]?.first,
                let others = otherLines(byProof[proof][text] ?? [], than: index, nil)
            else { continue }
            let rule = mapping.fields.firstIndex { $0.field.name == field }
            note(
                candidate.row, at: start < 0 ? candidate.keyStart : start, candidate.key,
                rule.flatMap { header.fields[$0] },
                expected: "a \(field) that no other row has", found: "the one of \(others)")
        }
    }

    /// `line 4`, `lines 4 and 9`; nil when there is none.
    private func otherLines(_ indices: [Int], than own: Int, _ misfit: Int?) -> String? {
        guard indices.count > 1 || misfit != nil else { return nil }
        // A million rows with one key must not be a million lists of a million lines.
        var lines = indices.prefix(5).filter { $0 != own }.prefix(4).map { candidates[$0].row.line }
        if let misfit { lines.append(misfit) }
        let texts = Set(lines).sorted().map(String.init)
        let count = indices.count - 1 + (misfit == nil ? 0 : 1)
        if count > texts.count { return "\(count) other lines, \(texts.joined(separator: ", ")) among them" }
        guard texts.count > 1, let last = texts.last else { return "line \(texts[0])" }
        return "lines \(texts.dropLast().joined(separator: ", ")) and \(last)"
    }
}
