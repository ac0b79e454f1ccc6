import ArgumentParser
import Evidence
import Sessions

/// One word of a command line that says what a field is to be: `owner=bob`, `groups+=staff`, `groups-=staff`, `owner=`.
struct RegisterAssignment: Hashable {
    enum Change: Hashable {
        case set
        case add
        case remove
    }

    var field: String
    var change: Change
    /// Canonical; empty: not stated any more.
    var values: [String]

    /// Says what is wrong with the word in the end: fields and values are held against the register's own table.
    init(_ word: String, _ kind: RegisterKind) throws(ValidationError) {
        guard let sign = word.firstIndex(of: "=") else {
            throw ValidationError("'\(PlainText.shown(word))' does not say FIELD=VALUE.")
        }
        var name = word[..<sign]
        let change: Change = name.last == "+" ? .add : name.last == "-" ? .remove : .set
        if change != .set { name.removeLast() }
        guard let field = kind.field(named: String(name)) else {
            let problem = RegisterProblem.noSuchField(PlainText.shown(String(name)), kind)
            throw ValidationError("\(problem).")
        }
        if change != .set, !field.isList {
            throw ValidationError("\(RegisterProblem.noList(field: field.name)).")
        }
        let text = String(word[word.index(after: sign)...])
        // Only lists are divided: a name of one value may have a comma.
        let texts = field.isList ? text.split(separator: ",").map(Self.trimmed) : text.isEmpty ? [] : [text]
        guard change == .set || !texts.isEmpty else {
            throw ValidationError("'\(PlainText.shown(word))' names nothing.")
        }
        self.field = field.name
        self.change = change
        values = try Self.canonical(texts, field)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }

    private static func canonical(
        _ texts: [String], _ field: RegisterField
    ) throws(ValidationError) -> [String] {
        var values: [String] = []
        for text in texts {
            guard let value = field.canonical(text) else {
                let problem = RegisterProblem.wrongValue(
                    field: field.name, expected: field.expected, found: text)
                throw ValidationError("\(problem).")
            }
            values.append(value)
        }
        return values
    }
}

extension RegisterStatement {
    /// What the words of a command line state of a line.
    init(
        _ subject: RegisterSubject, _ assignments: [RegisterAssignment], asInFiles: [String] = [],
        requirement: Requirement?
    ) throws(ValidationError) {
        self.init(subject: subject, fields: [:], requirement: requirement)
        var named: Set<[String]> = []
        for assignment in assignments {
            guard named.insert([assignment.field, "\(assignment.change)"]).inserted else {
                throw ValidationError("'\(assignment.field)' is named twice.")
            }
            switch assignment.change {
            case .set: fields[assignment.field] = assignment.values
            case .add: added[assignment.field] = assignment.values
            case .remove: removed[assignment.field] = assignment.values
            }
        }
        for name in asInFiles {
            guard subject.kind.field(named: name) != nil else {
                let problem = RegisterProblem.noSuchField(PlainText.shown(name), subject.kind)
                throw ValidationError("\(problem).")
            }
            self.asInFiles.insert(name)
        }
    }
}
