import Evidence
import Sessions

/// Lines of registers for people.
enum RegisterTables {
    typealias Line = ControlMessages.RegisterLineMessage

    /// Digests are long, and nobody reads them in a list.
    private static let leftOut: Set<String> = ["digest", "key"]

    /// A column for each field that any line has.
    static func list(_ lines: [Line], _ kind: RegisterKind) -> String {
        let shown = kind.fields.map(\.name).filter { name in
            !leftOut.contains(name) && lines.contains { $0.fields[name] != nil }
        }
        let header = [kind.keyName] + shown
        let rows = lines.map { line in [cell(line.key)] + shown.map { value(line.fields[$0]) } }
        return Terminal.table(header.map(title), rows)
    }

    /// One line in full: every field and where it comes from, then all that was ever stated.
    static func show(
        _ answer: ControlMessages.RegisterHistory, _ kind: RegisterKind, _ key: String
    ) -> String {
        var parts = ["\(kind.rawValue) \(cell(key))" + (answer.line == nil ? ": not on the register" : "")]
        if let line = answer.line {
            let rows = kind.fields.map { field in
                [field.name, value(line.fields[field.name]), origin(field.name, line)]
            }
            parts.append(Terminal.table(["FIELD", "VALUE", "FROM"], rows))
        }
        if !answer.facts.isEmpty {
            let rows = answer.facts.map { fact in
                [
                    fact.at, cell(fact.by), fact.field,
                    fact.value.isEmpty ? "(not stated)" : value(fact.value),
                    fact.overtakenAt ?? "-", fact.reason.isEmpty ? "-" : cell(fact.reason),
                ]
            }
            parts.append(
                Terminal.table(["STATED AT", "BY", "FIELD", "VALUE", "FILES AGAIN", "REASON"], rows))
        }
        return parts.joined(separator: "\n\n")
    }

    private static func origin(_ field: String, _ line: Line) -> String {
        guard let fact = line.stated.first(where: { $0.field == field }) else {
            return line.fields[field] == nil ? "-" : "rule files"
        }
        let what = fact.value.isEmpty ? "taken back" : "stated"
        let reason = fact.reason.isEmpty ? "" : ": \(cell(fact.reason))"
        let over =
            switch fact.over {
            case nil: ""
            case []?: ", over nothing"
            case let files?: ", over \(value(files))"
            }
        return "\(what) by \(cell(fact.by)) at \(fact.at)\(over)\(reason)"
    }

    private static func title(_ name: String) -> String {
        name.uppercased().replacing("-", with: " ")
    }

    static func value(_ values: [String]?) -> String {
        guard let values, !values.isEmpty else { return "-" }
        return values.map(cell).joined(separator: ",")
    }

    /// As `cell`, of any length.
    static func line(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { PlainText.isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// In whatever somebody else wrote, a sign stands for each character that would mislead.
    static func cell(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(256).map { PlainText.isControl($0) ? "\u{FFFD}" : $0 }
        return String(String.UnicodeScalarView(scalars)) + (text.unicodeScalars.count > 256 ? "..." : "")
    }
}

/// What a change did to live sessions.
enum MoveText {
    /// `done` for what was done; a trial says what would be.
    static func render(_ done: ControlMessages.OrderDone) -> String {
        let moves = done.moved ?? []
        let isTrial = done.isTrial ?? false
        let name = done.reference.map { RegisterTables.cell($0) + ": " } ?? ""
        let beginning = name + (isTrial ? "a dry run, nothing was changed: " : "")
        guard !moves.isEmpty else {
            return beginning + (isTrial ? "no session would move" : "no session moved")
        }
        let cut = moves.count(where: \.isCut)
        let count = moves.count == 1 ? "1 session" : "\(moves.count) sessions"
        let ending = cut == 0 ? "" : isTrial ? ", \(cut) of them would be cut" : ", \(cut) of them cut"
        return beginning + "\(count) \(isTrial ? "would move" : "moved")\(ending)\n" + table(moves)
    }

    private static func table(_ moves: [ControlMessages.Move]) -> String {
        let rows = moves.map { move in
            [
                move.session, RegisterTables.cell(move.user), move.from ?? "-",
                move.isCut ? "CUT" : move.to ?? "-",
                move.scope.isEmpty ? "nothing" : move.scope.joined(separator: " "),
            ]
        }
        return Terminal.table(["SESSION", "USER", "FROM", "TO", "REACHES"], rows)
    }
}
