/// What somebody states of one line of a register. A field with no values is not stated any more; fields that are not
/// named stay as they are.
package struct RegisterStatement: Sendable, Hashable, Codable {
    /// What must be so, or nothing is stated: looked at together with the change, so that of two people who do the same
    /// at the same time one is told.
    package enum Requirement: String, Sendable, Hashable, Codable, CaseIterable {
        /// There is no such line yet.
        case newLine = "new"
        case knownLine = "known"
        /// The device of this loan is on the register and is lent to nobody in the time of it; and there is no such loan.
        case freeDevice = "free-device"
    }

    package var subject: RegisterSubject
    package var fields: RegisterFields
    /// What a list has on top of what is in force.
    package var added: RegisterFields
    /// What a list has no more.
    package var removed: RegisterFields
    /// Fields of which nothing is stated any more on top of the rule files: what those say counts, now and later.
    package var asInFiles: Set<String>
    package var requirement: Requirement?

    package init(
        subject: RegisterSubject, fields: RegisterFields, added: RegisterFields = [:],
        removed: RegisterFields = [:], asInFiles: Set<String> = [], requirement: Requirement? = nil
    ) {
        self.subject = subject
        self.fields = fields
        self.added = added
        self.removed = removed
        self.asInFiles = asInFiles
        self.requirement = requirement
    }

    /// The fields with their new values, given what is in force and what the files say: what facts are made of. Throws
    /// for a field that is named twice over.
    package func values(
        over inForce: RegisterFields, files: RegisterFields
    ) throws(RegisterProblem) -> RegisterFields {
        var result = fields
        func put(_ name: String, _ value: [String]) throws(RegisterProblem) {
            guard subject.kind.field(named: name) != nil else { throw .noSuchField(name, subject.kind) }
            guard result.updateValue(value, forKey: name) == nil else { throw .namedTwice(field: name) }
        }
        for name in Set(added.keys).union(removed.keys) {
            let field = subject.kind.field(named: name)
            if let field, !field.isList { throw .noList(field: name) }
            // What is taken out is compared as it is written the one way.
            let gone = Set((removed[name] ?? []).map { field?.canonical($0) ?? $0 })
            let kept = ((inForce[name] ?? []) + (added[name] ?? [])).filter {
                !gone.contains(field?.canonical($0) ?? $0)
            }
            try put(name, kept)
        }
        for name in asInFiles { try put(name, files[name] ?? []) }
        return result
    }
}
