/// What a VPN server says of one certificate of a chain that it has verified.
///
/// Names are for people and for conditions on attributes; who issued what is judged by digest alone, since any
/// authority that the server trusts can write any name.
package struct PresentedCertificate: Sendable, Hashable, Codable {
    package var digest: CertificateDigest
    /// The serial number in hexadecimal, as the server printed it; empty when unknown.
    package var serial: String
    /// The subject as one line, for people. Never parse it: a name may contain a comma.
    package var subject: String
    /// Subject attributes that the server handed over one by one: `CN`, `O`, `OU`, `subjectAltName`.
    package var attributes: NamedTexts

    package init(
        digest: CertificateDigest, serial: String = "", subject: String = "",
        attributes: NamedTexts = [:]
    ) {
        self.digest = digest
        self.serial = serial
        self.subject = subject
        self.attributes = attributes
    }
}

/// A verified chain, leaf first, root last. Never empty.
package struct CertificateChain: Sendable, Hashable, Codable {
    package let leaf: PresentedCertificate
    /// From the leaf's issuer up to the root; empty when the server named the leaf alone.
    package let issuers: [PresentedCertificate]

    package init(leaf: PresentedCertificate, issuers: [PresentedCertificate] = []) {
        self.leaf = leaf
        self.issuers = issuers
    }
}
