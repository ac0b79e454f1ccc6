package import Sessions

/// One person: the groups, and what the organisation asks of people before they may work from afar.
package struct UserRecord: Sendable, Hashable, Codable {
    package var name: String
    package var groups: Set<String>
    package var organisation: String?
    /// Steps that are done: `training`, `risk-assessment`, `agreement`, as the rules name them.
    package var steps: Set<String>
    /// When the person last confirmed having read the procedures.
    package var acknowledgedAt: Instant?
    /// The user name of who approves for this person.
    package var manager: String?

    package init(
        name: String, groups: Set<String> = [], organisation: String? = nil, steps: Set<String> = [],
        acknowledgedAt: Instant? = nil, manager: String? = nil
    ) {
        self.name = name
        self.groups = groups
        self.organisation = organisation
        self.steps = steps
        self.acknowledgedAt = acknowledgedAt
        self.manager = manager
    }
}

extension UserRecord {
    static let fields: [RegisterField] = [
        RegisterField("groups", "a name", isList: true, RegisterText.name),
        RegisterField("organisation", "a name", RegisterText.name),
        RegisterField("steps", "a name", isList: true, RegisterText.name),
        RegisterField("acknowledged", RegisterText.expectedInstant, of: .instant, RegisterText.instant),
        RegisterField("manager", "a user name", RegisterText.name),
    ]

    init(name: String, fields: RegisterFields) {
        self.init(
            name: name, groups: Set(fields["groups"] ?? []), organisation: fields.first("organisation"),
            steps: Set(fields["steps"] ?? []), acknowledgedAt: fields.instant("acknowledged"),
            manager: fields.first("manager"))
    }

    package var fields: RegisterFields {
        RegisterFields(stating: [
            "groups": groups.sorted(), "organisation": [organisation], "steps": steps.sorted(),
            "acknowledged": [acknowledgedAt?.description], "manager": [manager],
        ])
    }
}

/// The people that the organisation knows, by name.
package struct UserRegister: Sendable, Hashable {
    private var records: [String: UserRecord] = [:]

    package init(_ records: some Sequence<UserRecord>) {
        self.records = Dictionary(records.map { ($0.name, $0) }) { first, _ in first }
    }

    package init() {}

    package subscript(name: String) -> UserRecord? { records[name] }

    package mutating func put(_ record: UserRecord) { records[record.name] = record }

    package mutating func remove(_ name: String) { records[name] = nil }

    /// Every group that some user is in.
    package var groups: Set<String> { records.values.reduce(into: []) { $0.formUnion($1.groups) } }

    package var names: [String] { records.keys.sorted() }

    package var all: [UserRecord] { records.values.sorted { $0.name < $1.name } }
}
