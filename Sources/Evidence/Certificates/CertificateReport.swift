package import Sessions

/// What a full look at one certificate chain found: its names, when it is good, and everything that is wrong with it.
///
/// Made of the certificates themselves, which not every VPN server hands over. It does not say whether a certificate was
/// withdrawn: that is ``RevocationStatus``, which changes while the chain does not.
package struct CertificateReport: Sendable, Hashable, Codable {
    package var attributes: CertificateAttributes
    /// The digest of the authority's certificate that the chain ends in; nil when there is no way to one.
    package var anchor: CertificateDigest?
    /// The time in which every certificate of the chain, the authority's included, is valid: half-open.
    package var validFrom: Instant
    package var validUntil: Instant
    /// What is wrong whatever the time, each in one line for an administrator; empty for a good chain. Text that comes
    /// from the certificates is escaped and bounded.
    package var problems: [String]

    package init(
        attributes: CertificateAttributes, anchor: CertificateDigest?, validFrom: Instant,
        validUntil: Instant,
        problems: [String] = []
    ) {
        self.attributes = attributes
        self.anchor = anchor
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.problems = problems
    }
}

/// What a leaf certificate says of its holder, as far as rules can ask for it.
///
/// True only as far as the authority is: an attribute counts together with the authority that certified it.
package struct CertificateAttributes: Sendable, Hashable, Codable {
    /// Subject attributes by short name (`CN`, `O`, `OU`, `C`, `ST`, `L`, `serialNumber`, `UID`, `emailAddress`, `DC`),
    /// others by dotted object identifier; several of one kind in the certificate's order.
    package var subject: [String: [String]]
    /// Subject alternative names.
    package var emails: [String]
    package var uris: [String]
    package var dnsNames: [String]
    /// Microsoft's user principal name (otherName 1.3.6.1.4.1.311.20.2.3).
    package var userPrincipalNames: [String]
    /// Every extension by dotted object identifier. The value is its text when it is one ASN.1 string, number or
    /// boolean; otherwise its DER bytes in lower-case hexadecimal.
    package var extensions: [String: String]
    /// The serial number in lower-case hexadecimal, without leading zeros.
    package var serial: String
    package var notBefore: Instant
    /// The first instant after the certificate's validity.
    package var notAfter: Instant
    /// The SHA-256 of the public key (SubjectPublicKeyInfo in DER): stays when a certificate is renewed for the same key.
    package var key: KeyDigest

    package init(
        subject: [String: [String]] = [:], emails: [String] = [], uris: [String] = [],
        dnsNames: [String] = [],
        userPrincipalNames: [String] = [], extensions: [String: String] = [:], serial: String = "",
        notBefore: Instant, notAfter: Instant, key: KeyDigest
    ) {
        self.subject = subject
        self.emails = emails
        self.uris = uris
        self.dnsNames = dnsNames
        self.userPrincipalNames = userPrincipalNames
        self.extensions = extensions
        self.serial = serial
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.key = key
    }
}

/// The SHA-256 of a public key. Written like a certificate's digest, and never the same thing.
package struct KeyDigest: Sendable, Hashable, Codable, LosslessStringConvertible {
    private let digest: CertificateDigest

    /// Returns nil unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard let digest = CertificateDigest(bytes: bytes) else { return nil }
        self.digest = digest
    }

    package init?(_ text: String) {
        guard let digest = CertificateDigest(text) else { return nil }
        self.digest = digest
    }

    package var bytes: [UInt8] { digest.bytes }
    package var description: String { digest.description }
}

/// Whether the authority has withdrawn a certificate of the chain, as far as its lists and answers tell now.
package enum RevocationStatus: Sendable, Hashable, Codable {
    /// On no list that is in date; the first instant at which that must be looked up anew.
    case good(until: Instant)
    /// Since when, where that is known.
    case revoked(since: Instant?)
    /// No list, an overdue or damaged one, or no answer; why, in words for an administrator.
    case unknown(reason: String)
}
