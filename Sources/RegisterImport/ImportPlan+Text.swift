import Evidence
import Sessions

extension ImportPlan {
    /// Writes the plan for people: the figures, what would change, and each row that did not fit.
    ///
    /// - Parameter limit: how many lines of each part; the others are counted.
    package func text(limit: Int = 50) -> String {
        var lines = [
            "\(PlainText.shown(report.file)): \(counted(report.rowCount, "row")), \(register) register"
        ]
        lines += figures()
        lines += part("new", new, limit)
        lines += part("changed", changed, limit)
        lines += part("held back: lost or stolen, and the file says otherwise", heldBack, limit)
        lines += part("retired: not in the file", retired, limit)
        if let retirementRefusal { lines += ["", retirementRefusal] }
        if options.missing == .report || retirementRefusal != nil {
            lines += part("not in the file", missing.map(PlainText.shown), missing.count, limit)
        }
        let rows = problems.prefix(limit).map { "\(PlainText.shown(report.file)):\($0)" }
        lines += part("did not fit", rows, problemCount, limit)
        if !cautions.isEmpty { lines.append("") }
        lines += cautions.map(\.description)
        return lines.joined(separator: "\n") + "\n"
    }

    private var register: String { "\(report.kind.rawValue)" }

    private func counted(_ count: Int, _ word: String) -> String {
        "\(count) \(word)\(count == 1 ? "" : "s")"
    }

    /// Aligned; what can only be zero is left out.
    private func figures() -> [String] {
        var figures = [
            ("new", new.count), ("changed", changed.count), ("unchanged", unchangedCount),
            ("did not fit", misfitCount), ("skipped", report.skippedCount),
        ]
        if !heldBack.isEmpty { figures.append(("held back", heldBack.count)) }
        switch options.missing {
        case .report: figures.append(("not in the file", missing.count))
        case .retire: figures += [("not in the file", missing.count), ("retired", retired.count)]
        case .ignore: break
        }
        let nameWidth = figures.map(\.0.count).max() ?? 0
        let width = figures.map { String($0.1).count }.max() ?? 0
        return figures.map { name, count in
            let space = nameWidth - name.count + 2 + width - String(count).count
            return "  \(name)\(String(repeating: " ", count: space))\(count)"
        }
    }

    private func part(_ title: String, _ changes: [LineChange], _ limit: Int) -> [String] {
        let shown = changes.prefix(limit)
        let keys = shown.map { PlainText.shown($0.key) }
        let width = keys.map(\.count).max() ?? 0
        let texts = zip(keys, shown).map { key, change in
            let fields = change.fields.map(text).joined(separator: "; ")
            return "\(key)\(String(repeating: " ", count: width - key.count))  \(fields)"
        }
        return part(title, texts, changes.count, limit)
    }

    private func part(_ title: String, _ texts: [String], _ count: Int, _ limit: Int) -> [String] {
        guard count > 0 else { return [] }
        let shown = texts.prefix(limit).map { "  \($0)" }
        return ["", title] + shown + (count > shown.count ? ["  and \(count - shown.count) more"] : [])
    }

    private func text(_ change: FieldChange) -> String {
        let old = text(change.field, change.old)
        let new = text(change.field, change.new)
        return change.old.isEmpty ? "\(change.field): \(new)" : "\(change.field): \(old) -> \(new)"
    }

    /// Nobody compares 64 digits by eye; sixteen tell two apart.
    private func text(_ field: String, _ values: [String]) -> String {
        guard !values.isEmpty else { return "(nothing)" }
        let isDigest = report.kind == .device && (field == "digest" || field == "key")
        let shown = values.prefix(8).map { isDigest ? $0.prefix(16) + "..." : PlainText.shown($0) }
        return shown.joined(separator: ", ") + (values.count > 8 ? ", ..." : "")
    }
}

extension ImportPlan.Caution: CustomStringConvertible {
    package var description: String {
        switch self {
        case .losses(let count, let all):
            "\(count) of \(all) lines would lose something or change status or certificate: \(share(count, all))"
        case .misfits(let count, let all):
            "\(count) of \(all) rows did not fit: \(share(count, all))"
        }
    }

    private func share(_ count: Int, _ all: Int) -> String {
        all == 0 ? "all of it" : "\(count * 100 / all) %"
    }
}
