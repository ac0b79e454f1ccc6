/// One thing that is wrong with one certificate of a chain, in one line for an administrator.
package struct ChainReason: Sendable, Hashable, CustomStringConvertible {
    package enum Role: String, Sendable {
        case leaf, intermediate, authority
    }

    package let role: Role
    /// Escaped and bounded.
    package let certificate: String
    package let text: String

    init(_ role: Role, _ certificate: DecodedCertificate, _ text: String) {
        self.role = role
        self.certificate = certificate.shownName
        self.text = text
    }

    package var description: String { "\(role) \(certificate) \(text)" }
}
