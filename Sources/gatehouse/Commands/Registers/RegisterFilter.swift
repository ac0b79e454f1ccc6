import ArgumentParser
import Evidence
import Sessions

/// What a line must be like to be listed.
enum RegisterFilter: Hashable {
    /// The field has this value, or its list has it; nil for a field that is not stated.
    case has(String, String?)
    /// The list has it not.
    case lacks(String, String)
    /// The key itself.
    case key(String)
    /// The time lies so far back or further, or is not stated.
    case olderThan(String, Duration)
    /// Begun and not ended.
    case current
    /// Not ended, begun or not.
    case notEnded
    /// Ends within so long from now, and has not ended yet.
    case endsWithin(Duration)

    /// Reads `field=value` of `--where`.
    init(where text: String, _ kind: RegisterKind) throws(ValidationError) {
        guard let sign = text.firstIndex(of: "=") else {
            throw ValidationError("'\(PlainText.shown(text))' does not say FIELD=VALUE.")
        }
        let name = String(text[..<sign])
        let value = String(text[text.index(after: sign)...])
        if name == kind.keyName {
            self = .key(value)
        } else {
            try self.init(name, value.isEmpty ? nil : value, kind)
        }
    }

    init(_ name: String, _ value: String?, _ kind: RegisterKind) throws(ValidationError) {
        guard let field = kind.field(named: name) else {
            throw ValidationError("\(RegisterProblem.noSuchField(PlainText.shown(name), kind)).")
        }
        guard let value else {
            self = .has(name, nil)
            return
        }
        guard let canonical = field.canonical(value) else {
            let problem = RegisterProblem.wrongValue(field: name, expected: field.expected, found: value)
            throw ValidationError("\(problem).")
        }
        self = .has(name, canonical)
    }

    func matches(_ line: ControlMessages.RegisterLineMessage, at now: Instant) -> Bool {
        func time(_ field: String) -> Instant? { line.fields[field]?.first.flatMap(TimeText.timestamp) }
        switch self {
        case .has(let field, nil): return line.fields[field] == nil
        case .has(let field, let value?): return line.fields[field]?.contains(value) ?? false
        case .lacks(let field, let value): return !(line.fields[field]?.contains(value) ?? false)
        case .key(let key): return line.key == key
        case .olderThan(let field, let age): return time(field).map { $0 <= now - age } ?? true
        case .current:
            guard let from = time("from"), from <= now else { return false }
            return time("until").map { now < $0 } ?? true
        case .notEnded: return time("until").map { now < $0 } ?? true
        case .endsWithin(let span): return time("until").map { now < $0 && $0 <= now + span } ?? false
        }
    }
}
