package import Evidence

/// What is stated of the lines of one register, by key.
///
/// Lines that are stated but not in force belong here too: of a device that left the rule files, the word that it is
/// stolen is still known, and an import must not take it for a new one.
package struct RegisterLines: Sendable {
    package let kind: RegisterKind
    package private(set) var fields: [String: RegisterFields]

    package init(_ kind: RegisterKind, _ fields: [String: RegisterFields]) {
        self.kind = kind
        self.fields = fields
    }

    /// The lines in force.
    package init(_ kind: RegisterKind, of registers: Registers) {
        let pairs =
            switch kind {
            case .device: registers.devices.all.map { ($0.id, $0.fields) }
            case .user: registers.users.all.map { ($0.name, $0.fields) }
            case .loan: registers.loans.all.map { ($0.reference, $0.fields) }
            case .approval: registers.approvals.all.map { ($0.reference, $0.fields) }
            }
        self.init(kind, Dictionary(pairs) { first, _ in first })
    }

    package subscript(key: String) -> RegisterFields? { fields[key] }

    package var count: Int { fields.count }
}
