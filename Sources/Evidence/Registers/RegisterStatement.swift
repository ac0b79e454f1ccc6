/// What somebody states of one line of a register. A field with no values is not stated any more; fields that are not
/// named stay as they are.
package struct RegisterStatement: Sendable, Hashable, Codable {
    package var subject: RegisterSubject
    package var fields: RegisterFields

    package init(subject: RegisterSubject, fields: RegisterFields) {
        self.subject = subject
        self.fields = fields
    }
}
