import Sessions

/// What the organisation keeps lists of.
package enum RegisterKind: String, Sendable, Hashable, Codable, CaseIterable {
    case device, user, loan, approval
}

/// One line of one register, by the name that people use: an inventory id, a user name, a reference.
package struct RegisterSubject: Sendable, Hashable, Codable, CustomStringConvertible {
    package var kind: RegisterKind
    package var key: String

    package init(_ kind: RegisterKind, _ key: String) {
        self.kind = kind
        self.key = key
    }

    package var description: String { "\(kind.rawValue) '\(key)'" }
}

/// What is stated of a subject: by the name of the field, one text or, for a list, several. Texts are canonical, so that
/// equal means equal; a field that is not stated is not there.
package typealias RegisterFields = [String: [String]]

/// A field of a register: its name in files, tables and commands, and what may stand in it.
///
/// Rule files, imports, commands and the database all read fields through this one table, so they agree on what is good.
package struct RegisterField: Sendable {
    package let name: String
    /// Continues the sentence "expected": `a date such as 2026-04-01`.
    package let expected: String
    package let isRequired: Bool
    package let isList: Bool
    /// For whoever describes fields to programs that cannot read them.
    package let what: What
    private let read: @Sendable (String) -> String?

    /// What kind of text may stand in a field.
    package enum What: Sendable, Hashable {
        case name, digest, truth, instant, country
        case words([String])
    }

    init(
        _ name: String, _ expected: String, of what: What = .name, isRequired: Bool = false,
        isList: Bool = false,
        _ read: @escaping @Sendable (String) -> String?
    ) {
        self.name = name
        self.what = what
        self.expected = expected
        self.isRequired = isRequired
        self.isList = isList
        self.read = read
    }

    /// The one way to write what the text means; nil when it means nothing here.
    package func canonical(_ text: String) -> String? { read(text) }
}

extension RegisterKind {
    package var fields: [RegisterField] {
        switch self {
        case .device: DeviceRecord.fields
        case .user: UserRecord.fields
        case .loan: Loan.fields
        case .approval: Approval.fields
        }
    }

    package func field(named name: String) -> RegisterField? { fields.first { $0.name == name } }

    /// What the key is called in files.
    package var keyName: String {
        switch self {
        case .device: "id"
        case .user: "name"
        case .loan, .approval: "reference"
        }
    }
}

/// Why a line of a register is no good.
package enum RegisterProblem: Error, Sendable, Hashable, CustomStringConvertible {
    case noSuchField(String, RegisterKind)
    case wrongValue(field: String, expected: String, found: String)
    case missing(field: String, RegisterSubject)
    /// A certificate or key that another device has.
    case taken(field: String, by: String)
    case badKey(RegisterKind)
    /// One statement says two things of it.
    case namedTwice(field: String)
    /// Nothing can be added to what has one value.
    case noList(field: String)

    package var description: String {
        switch self {
        case .noSuchField(let name, let kind):
            "a \(kind.rawValue) has no '\(name)'; it has \(kind.fields.map(\.name).joined(separator: ", "))"
        case .wrongValue(let field, let expected, let found):
            "\(field): expected \(expected), found '\(PlainText.shown(found))'"
        case .missing(let field, let subject): "\(subject) lacks '\(field)'"
        case .taken(let field, let other): "\(field): device '\(other)' has it already"
        case .namedTwice(let field): "'\(field)' is named twice"
        case .noList(let field): "'\(field)' has one value: say \(field)=VALUE"
        case .badKey(let kind):
            "a \(kind.keyName) is one line of at most 256 bytes, without space at its ends"
        }
    }
}

/// Forms of text that several registers share.
enum RegisterText {
    static func name(_ text: String) -> String? { PlainText.isName(text) ? text : nil }

    static func boolean(_ text: String) -> String? {
        switch text.lowercased() {
        case "true", "yes", "1": "true"
        case "false", "no", "0": "false"
        default: nil
        }
    }

    /// A date stands for its first instant in UTC. Registers have whole seconds: a fraction is cut off, which makes what
    /// was done a little older than it is.
    static func instant(_ text: String) -> String? {
        written(TimeText.date(text).map(start) ?? TimeText.timestamp(text))
    }

    /// As `instant`, of what is in force from then on: with a fraction it begins at the next whole second, so that nobody
    /// gains by it.
    static func beginning(_ text: String) -> String? {
        guard TimeText.date(text) == nil, let instant = TimeText.timestamp(text) else {
            return self.instant(text)
        }
        let whole = Instant(secondsSince1970: instant.secondsSince1970)
        return written(whole == instant ? whole : whole + .seconds(1))
    }

    /// A date stands for the first instant after it in UTC: `until: 2026-11-30` holds all that day.
    static func end(_ text: String) -> String? {
        written(TimeText.date(text).map { start($0.adding(days: 1)) } ?? TimeText.timestamp(text))
    }

    /// Nil at the ends of time, where what is written cannot be read again.
    private static func written(_ instant: Instant?) -> String? {
        instant.map(\.description).flatMap { TimeText.timestamp($0) == nil ? nil : $0 }
    }

    /// What ends before it begins is never in force: surely not what was meant.
    static func checkOrder(from: Instant, until: Instant?) throws(RegisterProblem) {
        guard let until, until <= from else { return }
        throw .wrongValue(field: "until", expected: "a time after 'from' (\(from))", found: until.description)
    }

    private static func start(_ date: CivilDate) -> Instant {
        Instant(secondsSince1970: Int64(date.dayNumber) * 86_400)
    }

    static let expectedInstant =
        "a date such as 2026-04-01, or a time such as 2026-04-01T09:00:00Z, before the year 2262"

    static func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type)
        -> (expected: String, words: RegisterField.What, read: @Sendable (String) -> String?)
    {
        let names = Choice.allCases.map(\.rawValue)
        return ("one of \(names.joined(separator: ", "))", .words(names), { names.contains($0) ? $0 : nil })
    }
}

extension RegisterFields {
    func first(_ name: String) -> String? { self[name]?.first }

    func instant(_ name: String) -> Instant? { first(name).flatMap(TimeText.timestamp) }

    /// Leaves out what is not stated.
    init(stating pairs: KeyValuePairs<String, [String?]>) {
        self.init()
        for (name, values) in pairs {
            let stated = values.compactMap(\.self)
            if !stated.isEmpty { self[name] = stated }
        }
    }
}
