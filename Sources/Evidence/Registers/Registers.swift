/// All registers of the organisation, as they are in force: pure values, swapped or changed line by line.
package struct Registers: Sendable, Hashable {
    package var devices: DeviceRegister
    package var users: UserRegister
    package var loans: LoanRegister
    package var approvals: ApprovalRegister

    package init(
        devices: DeviceRegister = DeviceRegister(), users: UserRegister = UserRegister(),
        loans: LoanRegister = LoanRegister(), approvals: ApprovalRegister = ApprovalRegister()
    ) {
        self.devices = devices
        self.users = users
        self.loans = loans
        self.approvals = approvals
    }

    /// What is stated of a subject; nil when there is no such line.
    package func fields(of subject: RegisterSubject) -> RegisterFields? {
        switch subject.kind {
        case .device: devices[id: subject.key]?.fields
        case .user: users[subject.key]?.fields
        case .loan: loans[subject.key]?.fields
        case .approval: approvals[subject.key]?.fields
        }
    }

    /// Puts a line in place of the one of its name. Nothing changes when it throws.
    package mutating func put(_ subject: RegisterSubject, _ fields: RegisterFields) throws(RegisterProblem) {
        guard RegisterText.name(subject.key) != nil else { throw .badKey(subject.kind) }
        let fields = try Self.canonical(fields, subject.kind)
        switch subject.kind {
        case .device: try devices.put(DeviceRecord(id: subject.key, fields: fields))
        case .user: users.put(UserRecord(name: subject.key, fields: fields))
        case .loan: loans.put(try Loan(reference: subject.key, fields: fields))
        case .approval: approvals.put(try Approval(reference: subject.key, fields: fields))
        }
    }

    package mutating func remove(_ subject: RegisterSubject) {
        switch subject.kind {
        case .device: devices.remove(subject.key)
        case .user: users.remove(subject.key)
        case .loan: loans.remove(subject.key)
        case .approval: approvals.remove(subject.key)
        }
    }

    /// The same, written the one way; lists without doubles, in order.
    package static func canonical(
        _ fields: RegisterFields, _ kind: RegisterKind
    ) throws(RegisterProblem) -> RegisterFields {
        var result: RegisterFields = [:]
        for (name, texts) in fields {
            guard let field = kind.field(named: name) else { throw .noSuchField(name, kind) }
            var values: Set<String> = []
            for text in texts {
                guard let value = field.canonical(text) else {
                    throw .wrongValue(field: name, expected: field.expected, found: text)
                }
                values.insert(value)
            }
            guard values.count <= 1 || field.isList else {
                throw .wrongValue(field: name, expected: "one value", found: texts.joined(separator: ", "))
            }
            if !values.isEmpty { result[name] = values.sorted() }
        }
        return result
    }
}
