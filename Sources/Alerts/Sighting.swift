package import Sessions

/// One thing that was seen, before it is told: with what tells it from others of its kind.
///
/// Every text in it is made plain here, so that nobody further on has to think of names that others chose.
package struct Sighting: Sendable, Hashable {
    package let kind: AlertKind
    package var severity: AlertSeverity
    /// What is the same thing again has the same: repeats are counted by it.
    package let key: String
    /// A sentence for people.
    package let says: String
    package private(set) var fields: [AlertField: String]
    /// Clauses of the written policy that it is about.
    package let clauses: [String]

    /// - Parameter subject: Whom or what it is about, beside its kind.
    package init(
        _ kind: AlertKind, _ severity: AlertSeverity, about subject: String, says: String,
        fields: [AlertField: String?] = [:], clauses: [String] = []
    ) {
        self.kind = kind
        self.severity = severity
        key = "\(kind.rawValue) \(AlertText.plain(subject))"
        self.says = AlertText.plain(says, atMost: AlertText.sentence)
        self.fields = fields.compactMapValues { $0.flatMap { $0.isEmpty ? nil : AlertText.plain($0) } }
        var kept: [String] = []
        for clause in clauses.map({ AlertText.plain($0) }) where kept.count < AlertText.items {
            if !kept.contains(clause) { kept.append(clause) }
        }
        self.clauses = kept
    }

    /// The same without whom it is about: what stands for many.
    var ofMany: Sighting {
        Sighting(
            kind, severity, about: "many", says: "\(kind.words), of many: see the audit record for each",
            clauses: clauses)
    }
}

/// What an alert can say beside its sentence. The words are those that go to other systems: never change one.
package enum AlertField: String, Sendable, Hashable, Codable, CaseIterable {
    case session, user
    case commonName = "common-name"
    case device
    /// The outer address.
    case outer
    case country, tunnel
    /// Of a packet.
    case source, destination
    case className = "class"
    case why
    /// Who did it: a program of this machine.
    case by
    case reference, path
    /// When something ends, or was due; RFC 3339 in UTC.
    case end
    /// The id of the alert that this one goes on with.
    case first
    case sink
}

/// What is told: a sighting, or repeats of one.
package struct Alert: Sendable, Hashable, Codable {
    /// The same however often it is delivered: receivers know by it what they have. Letters, digits and dashes.
    package let id: String
    package let kind: AlertKind
    package let severity: AlertSeverity
    package let says: String
    package let fields: [String: String]
    package let clauses: [String]
    package let key: String
    /// When it was seen first, and last.
    package let since: Instant
    package let until: Instant
    /// How often.
    package let count: UInt64

    package init(
        id: String, _ sighting: Sighting, since: Instant, until: Instant, count: UInt64, first: String? = nil
    ) {
        self.id = id
        kind = sighting.kind
        severity = sighting.severity
        says = count > 1 ? "\(sighting.says) (\(count) times since \(since))" : sighting.says
        var fields = Dictionary(uniqueKeysWithValues: sighting.fields.map { ($0.key.rawValue, $0.value) })
        fields[AlertField.first.rawValue] = first
        self.fields = fields
        clauses = sighting.clauses
        key = sighting.key
        self.since = since
        self.until = until
        self.count = count
    }

    package subscript(field: AlertField) -> String? { fields[field.rawValue] }
}
