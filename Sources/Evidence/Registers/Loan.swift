package import Sessions

/// That a pool device was handed to somebody, from when to when.
package struct Loan: Sendable, Hashable, Codable {
    package var reference: String
    /// The inventory id.
    package var device: String
    package var user: String
    package var from: Instant
    /// When it came back, or is due; nil while that is open.
    package var until: Instant?

    package init(reference: String, device: String, user: String, from: Instant, until: Instant? = nil) {
        self.reference = reference
        self.device = device
        self.user = user
        self.from = from
        self.until = until
    }
}

extension Loan {
    static let fields: [RegisterField] = [
        RegisterField("device", "an inventory id", isRequired: true, RegisterText.name),
        RegisterField("user", "a user name", isRequired: true, RegisterText.name),
        RegisterField(
            "from", RegisterText.expectedInstant, of: .instant, isRequired: true, RegisterText.beginning),
        RegisterField("until", RegisterText.expectedInstant, of: .instant, RegisterText.end),
    ]

    /// Whether there is an instant of both.
    package func overlaps(_ other: Loan) -> Bool {
        (until.map { other.from < $0 } ?? true) && (other.until.map { from < $0 } ?? true)
    }

    package init(reference: String, fields: RegisterFields) throws(RegisterProblem) {
        let subject = RegisterSubject(.loan, reference)
        guard let device = fields.first("device") else { throw .missing(field: "device", subject) }
        guard let user = fields.first("user") else { throw .missing(field: "user", subject) }
        guard let from = fields.instant("from") else { throw .missing(field: "from", subject) }
        self.init(
            reference: reference, device: device, user: user, from: from, until: fields.instant("until"))
        try RegisterText.checkOrder(from: from, until: until)
    }

    package var fields: RegisterFields {
        RegisterFields(stating: [
            "device": [device], "user": [user], "from": [from.description], "until": [until?.description],
        ])
    }
}

/// Every loan there is or was, by device.
package struct LoanRegister: Sendable, Hashable {
    private var records: [String: Loan] = [:]
    private var byDevice: [String: Set<String>] = [:]

    package init(_ records: some Sequence<Loan>) {
        for record in records where self.records[record.reference] == nil { put(record) }
    }

    package init() {}

    package subscript(reference: String) -> Loan? { records[reference] }

    /// In the order of their beginnings.
    package func loans(of device: String) -> [Loan] {
        (byDevice[device] ?? []).compactMap { records[$0] }.sorted {
            ($0.from, $0.reference) < ($1.from, $1.reference)
        }
    }

    package var all: [Loan] { records.values.sorted { ($0.from, $0.reference) < ($1.from, $1.reference) } }

    package mutating func put(_ loan: Loan) {
        remove(loan.reference)
        records[loan.reference] = loan
        byDevice[loan.device, default: []].insert(loan.reference)
    }

    package mutating func remove(_ reference: String) {
        guard let old = records.removeValue(forKey: reference) else { return }
        byDevice[old.device]?.remove(reference)
        if byDevice[old.device]?.isEmpty ?? false { byDevice[old.device] = nil }
    }
}
