import PolicyDifference

/// Changes of rules for people.
enum ChangeText {
    static func render(_ applied: ControlMessages.Applied) -> String {
        var lines = applied.warnings
        lines.append(PlanText.text(applied.plan))
        guard !(applied.done.isTrial ?? false) else {
            lines.append(MoveText.render(applied.done))
            return lines.joined(separator: "\n")
        }
        let name = RegisterTables.cell(applied.reference ?? "")
        lines.append("\(name) is in force; " + MoveText.render(applied.done))
        if let deadline = applied.confirmBy {
            lines.append(
                "the former rules come back at \(deadline) unless you type: gatehouse confirm \(name)")
        }
        return lines.joined(separator: "\n")
    }

    static func table(_ list: ControlMessages.ChangeList) -> String {
        guard !list.changes.isEmpty else { return "the rules were never changed" }
        let rows = list.changes.map { change in
            [
                change.at, RegisterTables.cell(change.reference ?? "-"), change.kind,
                name(change.author, change.authorUID), outcome(change),
            ]
        }
        return Terminal.table(["AT", "CHANGE", "KIND", "BY", "OUTCOME"], rows)
    }

    /// Every change of one reference, with what it opened and closed.
    static func full(_ list: ControlMessages.ChangeList) -> String {
        list.changes.map { change in
            var lines = [
                "\(RegisterTables.cell(change.reference ?? "-")) (\(change.kind)) at \(change.at) by "
                    + name(change.author, change.authorUID),
                "  \(outcome(change))", "  pack \(change.pack)",
            ]
            if let before = change.before { lines.append("  in place of \(before)") }
            if let digest = change.difference { lines.append("  difference \(digest)") }
            if let plan = change.plan { lines.append(PlanText.text(plan)) }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private static func outcome(_ change: ControlMessages.ChangeRecord) -> String {
        guard let by = change.endedBy, let at = change.endedAt else {
            return change.confirmBy.map { "waits for its confirmation until \($0)" } ?? "under way"
        }
        // Nobody was asked.
        if change.outcome == "confirmed", change.confirmBy == nil, change.endedBecause == nil {
            return "in force at once"
        }
        let reason = change.endedBecause.map { ": \(RegisterTables.cell($0))" } ?? ""
        return "\(change.outcome) at \(at) by \(name(by, change.endedByUID))\(reason)"
    }

    private static func name(_ name: String, _ uid: UInt32?) -> String {
        RegisterTables.cell(name) + (uid.map { " (uid \($0))" } ?? "")
    }
}
