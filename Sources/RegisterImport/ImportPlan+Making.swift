import Evidence
import Sessions

extension ImportPlan {
    /// Holds a report against what is stated now. Takes time in proportion to both.
    ///
    /// - Parameters:
    ///   - lines: of the report's own register.
    ///   - limits: how many refused rows are kept.
    package init(
        _ report: ImportReport, against lines: RegisterLines, options: Options = Options(),
        limits: ImportLimits = ImportLimits()
    ) {
        self.report = report
        self.options = options
        lineCount = lines.count
        var rows = PlannedRows(report, lines, options)
        let refusals = rows.refusals()
        refusedCount = refusals.count
        refused = refusals.prefix(limits.problems).map(\.self)
        for row in rows.planned {
            if let held = row.held { heldBack.append(.init(key: row.key, line: row.line, fields: [held])) }
            if row.changes.isEmpty {
                unchangedCount += 1
            } else if row.isNew {
                new.append(.init(key: row.key, line: row.line, fields: row.changes))
            } else {
                changed.append(.init(key: row.key, line: row.line, fields: row.changes))
            }
        }
        lookForMissing(lines)
        weigh()
    }

    private mutating func lookForMissing(_ lines: RegisterLines) {
        guard options.missing != .ignore else { return }
        missing = lines.fields.keys.filter { !report.keys.contains($0) }.sorted()
        guard options.missing == .retire, !missing.isEmpty else { return }
        guard report.unnamedCount == 0 else {
            retirementRefusal =
                "nothing is retired: \(report.unnamedCount) rows could not be read so far as to say whom they are about"
            return
        }
        for key in missing {
            let stated = lines[key] ?? [:]
            let fields =
                report.kind == .device
                // Whoever knows that it is lost, stolen or returned knows more than a file that is silent.
                ? stated["status"] == ["in-use"]
                    ? [FieldChange(field: "status", old: ["in-use"], new: ["retired"])] : []
                : report.kind.fields.compactMap { field in
                    stated[field.name].map { FieldChange(field: field.name, old: $0, new: []) }
                }
            if !fields.isEmpty { retired.append(.init(key: key, line: nil, fields: fields)) }
        }
    }

    /// A handful may change on any day, however small the register is.
    private static let fewEnough = 3

    private mutating func weigh() {
        let losses = retired.count + changed.count { $0.fields.contains(where: isLoss) }
        func isMuch(_ count: Int, of all: Int) -> Bool {
            count > Self.fewEnough && count * 100 > all * options.percent
        }
        if isMuch(losses, of: lineCount) { cautions.append(.losses(losses, of: lineCount)) }
        if isMuch(misfitCount, of: report.rowCount) {
            cautions.append(.misfits(misfitCount, of: report.rowCount))
        }
    }

    /// Another status or certificate, or something that was stated and is not any more: what a column that was taken for
    /// another does to every line.
    private func isLoss(_ change: FieldChange) -> Bool {
        if report.kind == .device, ["status", "digest", "key"].contains(change.field), !change.old.isEmpty {
            return true
        }
        guard report.kind.field(named: change.field)?.isList ?? false else {
            return !change.old.isEmpty && change.new.isEmpty
        }
        return !Set(change.old).isSubset(of: change.new)
    }
}

/// The rows of a report, each with what it would change, and those that cannot stand beside the lines there are.
private struct PlannedRows {
    struct Row {
        let key: String
        let line: Int
        let isNew: Bool
        let changes: [ImportPlan.FieldChange]
        /// What would be stated of it then.
        let result: RegisterFields
        let held: ImportPlan.FieldChange?
        var isRefused = false
    }

    private var rows: [Row] = []
    private var refusedRows: [ImportProblem] = []
    private let kind: RegisterKind
    private let lines: RegisterLines

    /// Statuses that no file takes back by itself.
    private static let gone: Set<[String]> = [["lost"], ["stolen"]]

    init(_ report: ImportReport, _ lines: RegisterLines, _ options: ImportPlan.Options) {
        kind = report.kind
        self.lines = lines
        rows.reserveCapacity(report.rows.count)
        for row in report.rows { rows.append(planned(row, options)) }
    }

    var planned: some Sequence<Row> { rows.lazy.filter { !$0.isRefused } }

    private func planned(_ row: ImportReport.Row, _ options: ImportPlan.Options) -> Row {
        let key = row.statement.subject.key
        let old = lines[key]
        var result = old ?? [:]
        var changes: [ImportPlan.FieldChange] = []
        var held: ImportPlan.FieldChange?
        for field in kind.fields {
            guard let new = row.statement.fields[field.name] else { continue }
            let before = result[field.name] ?? []
            guard new != before else { continue }
            let change = ImportPlan.FieldChange(field: field.name, old: before, new: new)
            if kind == .device, field.name == "status", !options.bringsBack, Self.gone.contains(before),
                !Self.gone.contains(new)
            {
                held = change
                continue
            }
            changes.append(change)
            result[field.name] = new.isEmpty ? nil : new
        }
        return Row(
            key: key, line: row.line, isNew: old == nil, changes: changes, result: result, held: held)
    }

    /// Refuses rows until those that are left go together with each other and with the lines there are.
    mutating func refusals() -> [ImportProblem] {
        refuseIncomplete()
        if kind == .device { refuseTaken() }
        return refusedRows.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    private mutating func refuse(_ index: Int, _ cell: String?, expected: String, found: String) {
        rows[index].isRefused = true
        refusedRows.append(
            ImportProblem(
                line: rows[index].line, column: 1, key: rows[index].key, cell: cell, expected: expected,
                found: found))
    }

    /// A line that lacks what every line needs would not be in force.
    private mutating func refuseIncomplete() {
        // Of devices and users, whose values are canonical, it is enough to know which fields there are.
        var known: [[String]: RegisterProblem?] = [:]
        for index in rows.indices where rows[index].isNew || !rows[index].changes.isEmpty {
            let row = rows[index]
            if row.changes.isEmpty {
                refuse(
                    index, nil, expected: "a field, since it is not on the register yet",
                    found: "none in the file")
                continue
            }
            let shape = kind.fields.map(\.name).filter { row.result[$0] != nil }
            let problem: RegisterProblem?
            if let answer = known[shape] {
                problem = answer
            } else {
                problem = Self.problem(RegisterSubject(kind, row.key), row.result)
                if kind == .device || kind == .user { known[shape] = .some(problem) }
            }
            switch problem {
            case nil: continue
            case .missing(let field, _):
                let what = row.isNew ? "a \(field), since it is not on the register yet" : "a \(field)"
                refuse(index, nil, expected: what, found: "none in the file")
            case .wrongValue(let field, let expected, let found):
                refuse(index, nil, expected: "\(field): \(expected)", found: "'\(PlainText.shown(found))'")
            case .some(let other):
                refuse(index, nil, expected: "a line that can be stated", found: "\(other)")
            }
        }
    }

    private static func problem(_ subject: RegisterSubject, _ fields: RegisterFields) -> RegisterProblem? {
        var probe = Registers()
        do throws(RegisterProblem) {
            try probe.put(subject, fields)
            return nil
        } catch {
            return error
        }
    }

    /// What only one device may have.
    private struct Proof: Hashable {
        let field: String
        let text: String

        static func of(_ fields: RegisterFields?) -> [Proof] {
            ["digest", "key"].compactMap { field in
                fields?[field]?.first.map { Proof(field: field, text: $0) }
            }
        }
    }

    /// Of two devices with one certificate or key the one that has it keeps it, unless the file gives it another.
    /// Refusing a row leaves its device with what it had, which may be what a third one was to get: hence the work list.
    private mutating func refuseTaken() {
        var planned: Set<String> = []
        for row in rows where !row.isRefused { planned.insert(row.key) }
        var holders: [Proof: String] = [:]
        for (key, fields) in lines.fields where !planned.contains(key) {
            for proof in Proof.of(fields) { holders[proof] = key }
        }
        // No two rows claim the same: those were taken out as doubles.
        var claims: [Proof: Int] = [:]
        for (index, row) in rows.enumerated() where !row.isRefused {
            let had = Proof.of(lines[row.key])
            for proof in Proof.of(row.result) {
                if had.contains(proof) { holders[proof] = row.key } else { claims[proof] = index }
            }
        }
        // In the order of the file, so that the same file is always answered alike.
        var pending = Set(claims.values).sorted()[...]
        while let index = pending.popFirst() {
            let row = rows[index]
            guard !row.isRefused,
                let taken = Proof.of(row.result).first(where: { holders[$0].map { $0 != row.key } ?? false }),
                let holder = holders[taken]
            else { continue }
            refuse(
                index, nil, expected: "a \(taken.field) that no other device has",
                found: "the one of device '\(PlainText.shown(holder))'")
            for kept in Proof.of(lines[row.key]) {
                holders[kept] = row.key
                if let other = claims[kept] { pending.append(other) }
            }
        }
    }
}
