package import Sessions

/// What somebody was allowed by name, by whom, and from when to when.
package struct Approval: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// To work from afar at all.
        case remoteWorking = "remote-working"
        /// From certain countries.
        case travel
        /// To reach certain systems, or all of a label.
        case system
        /// From a rule, by the name that the rule gives it.
        case exception
    }

    package var reference: String
    package var kind: Kind
    package var user: String
    package var approver: String
    package var from: Instant
    /// The first instant after it; nil for open-ended, which only remote working may be.
    package var until: Instant?
    /// For travel.
    package var countries: Set<CountryCode>
    /// For systems: by name, and by label.
    package var systems: Set<String>
    package var labels: Set<String>
    /// For an exception: what the rule calls it.
    package var exception: String?

    package init(
        reference: String, kind: Kind, user: String, approver: String, from: Instant, until: Instant?,
        countries: Set<CountryCode> = [], systems: Set<String> = [], labels: Set<String> = [],
        exception: String? = nil
    ) {
        self.reference = reference
        self.kind = kind
        self.user = user
        self.approver = approver
        self.from = from
        self.until = until
        self.countries = countries
        self.systems = systems
        self.labels = labels
        self.exception = exception
    }
}

extension Approval {
    static let fields: [RegisterField] = [
        RegisterField("kind", kinds.expected, of: kinds.words, isRequired: true, kinds.read),
        RegisterField("user", "a user name", isRequired: true, RegisterText.name),
        RegisterField("approver", "a name", isRequired: true, RegisterText.name),
        RegisterField(
            "from", RegisterText.expectedInstant, of: .instant, isRequired: true, RegisterText.beginning),
        RegisterField("until", RegisterText.expectedInstant, of: .instant, RegisterText.end),
        RegisterField("countries", CountryCode.expected, of: .country, isList: true) {
            CountryCode(register: $0)?.description
        },
        RegisterField("systems", "a name", isList: true, RegisterText.name),
        RegisterField("labels", "a name", isList: true, RegisterText.name),
        RegisterField("exception", "a name", RegisterText.name),
    ]

    private static let kinds = RegisterText.choice(Kind.self)

    init(reference: String, fields: RegisterFields) throws(RegisterProblem) {
        let subject = RegisterSubject(.approval, reference)
        func text(_ name: String) throws(RegisterProblem) -> String {
            guard let text = fields.first(name) else { throw .missing(field: name, subject) }
            return text
        }
        guard let kind = Kind(rawValue: try text("kind")) else { throw .missing(field: "kind", subject) }
        guard let from = fields.instant("from") else { throw .missing(field: "from", subject) }
        self.init(
            reference: reference, kind: kind, user: try text("user"), approver: try text("approver"),
            from: from,
            until: fields.instant("until"),
            countries: Set((fields["countries"] ?? []).compactMap { CountryCode($0) }),
            systems: Set(fields["systems"] ?? []), labels: Set(fields["labels"] ?? []),
            exception: fields.first("exception"))
        try RegisterText.checkOrder(from: from, until: until)
        if until == nil, kind != .remoteWorking { throw .missing(field: "until", subject) }
        switch kind {
        case .remoteWorking: break
        case .travel: if countries.isEmpty { throw .missing(field: "countries", subject) }
        case .system: if systems.isEmpty, labels.isEmpty { throw .missing(field: "systems", subject) }
        case .exception: if exception == nil { throw .missing(field: "exception", subject) }
        }
    }

    package var fields: RegisterFields {
        RegisterFields(stating: [
            "kind": [kind.rawValue], "user": [user], "approver": [approver], "from": [from.description],
            "until": [until?.description], "countries": countries.sorted().map(\.description),
            "systems": systems.sorted(), "labels": labels.sorted(), "exception": [exception],
        ])
    }
}

/// Every approval there is or was, by user.
package struct ApprovalRegister: Sendable, Hashable {
    private var records: [String: Approval] = [:]
    private var byUser: [String: Set<String>] = [:]

    package init(_ records: some Sequence<Approval>) {
        for record in records where self.records[record.reference] == nil { put(record) }
    }

    package init() {}

    package subscript(reference: String) -> Approval? { records[reference] }

    /// In the order of their beginnings.
    package func approvals(of user: String) -> [Approval] {
        guard let references = byUser[user] else { return [] }
        return references.compactMap { records[$0] }.sorted {
            ($0.from, $0.reference) < ($1.from, $1.reference)
        }
    }

    package var all: [Approval] {
        records.values.sorted { ($0.from, $0.reference) < ($1.from, $1.reference) }
    }

    package mutating func put(_ approval: Approval) {
        remove(approval.reference)
        records[approval.reference] = approval
        byUser[approval.user, default: []].insert(approval.reference)
    }

    package mutating func remove(_ reference: String) {
        guard let old = records.removeValue(forKey: reference) else { return }
        byUser[old.user]?.remove(reference)
        if byUser[old.user]?.isEmpty ?? false { byUser[old.user] = nil }
    }
}
