package import Sessions

/// A certificate authority as the rules name it: how its certificates are known, and where it tells of withdrawn ones.
package struct TrustedAuthority: Sendable, Hashable {
    package var name: String
    /// Any of these, among a chain's issuers, makes the chain this authority's.
    package var digests: Set<CertificateDigest>
    /// The authority's own certificates in DER, where the rules have them.
    package var certificates: [[UInt8]]
    /// Files of revocation lists, or folders of such; absolute paths.
    package var revocationLists: [String]
    /// The `http://` URL of its OCSP responder; nil for none.
    package var responder: String?

    package init(
        name: String, digests: Set<CertificateDigest>, certificates: [[UInt8]] = [],
        revocationLists: [String] = [], responder: String? = nil
    ) {
        self.name = name
        self.digests = digests
        self.certificates = certificates
        self.revocationLists = revocationLists
        self.responder = responder
    }

    /// Whether anybody can be asked what it has withdrawn.
    var tellsOfWithdrawn: Bool { !revocationLists.isEmpty || responder != nil }
}
