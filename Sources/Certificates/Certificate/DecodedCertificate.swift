import Crypto
import Evidence
package import Sessions

/// A certificate taken apart (RFC 5280 section 4.1), with nothing believed and nothing looked up.
///
/// Decoding refuses only what is no Certificate: what a certificate says that it should not is the chain's to judge,
/// and is one reason among others there.
package struct DecodedCertificate: Sendable {
    struct Extension: Sendable {
        let identifier: ObjectIdentifier
        let isCritical: Bool
        /// The content of the OCTET STRING.
        let value: ArraySlice<UInt8>
    }

    /// A certificate with a name of 64 KiB fits; a greater one serves nobody but an attacker.
    package static let maximumBytes = 256 * 1024

    package let der: [UInt8]
    package let digest: CertificateDigest
    /// What was signed.
    let signedBytes: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>
    /// As signed, and as written beside the signature: both must be one.
    let innerAlgorithm: AlgorithmIdentifier
    let outerAlgorithm: AlgorithmIdentifier
    /// 1, 2 or 3.
    let version: Int
    /// The content of the INTEGER, sign and all.
    let serial: ArraySlice<UInt8>
    let issuer: DirectoryName
    let subject: DirectoryName
    let notBefore: Instant
    /// The first instant after the validity: the certificate names the last second in it.
    let end: Instant
    /// The SubjectPublicKeyInfo.
    let publicKey: ArraySlice<UInt8>
    let keyAlgorithm: AlgorithmIdentifier
    let keyBits: ArraySlice<UInt8>
    let extensions: [Extension]
    /// What the known extensions say.
    let meaning: CertificateMeaning

    package init(der: [UInt8]) throws(DERError) {
        guard der.count <= Self.maximumBytes else {
            throw DERError(offset: 0, "\(der.count) bytes are more than a certificate may have")
        }
        self.der = der
        var document = DERReader(der[...])
        let certificate = try document.next("the certificate", tag: DERTag.sequence)
        try document.expectEnd("the certificate")
        var outer = certificate.reader
        let signed = try outer.next("the signed part", tag: DERTag.sequence)
        outerAlgorithm = try AlgorithmIdentifier(
            try outer.next("the signature's algorithm", tag: DERTag.sequence))
        signature = try outer.next("the signature", tag: DERTag.bitString).wholeBytes
        try outer.expectEnd("the signature")
        signedBytes = signed.bytes

        var reader = signed.reader
        if let tagged = try reader.optional("the version", tag: DERTag.constructed(0)) {
            var inner = tagged.reader
            version = try inner.next("the version", tag: DERTag.integer).smallNumber("the version") + 1
            try inner.expectEnd("the version")
        } else {
            version = 1
        }
        serial = try reader.next("the serial number", tag: DERTag.integer).integerBytes("the serial number")
        innerAlgorithm = try AlgorithmIdentifier(
            try reader.next("the signed algorithm", tag: DERTag.sequence))
        issuer = try DirectoryName(try reader.next("the issuer"), "the issuer")
        let validity = try reader.next("the validity", tag: DERTag.sequence)
        var times = validity.reader
        notBefore = try times.next("notBefore").time("notBefore")
        end = try times.next("notAfter").time("notAfter") + .seconds(1)
        try times.expectEnd("the validity")
        subject = try DirectoryName(try reader.next("the subject"), "the subject")
        let key = try reader.next("the public key", tag: DERTag.sequence)
        publicKey = key.bytes
        var keyParts = key.reader
        keyAlgorithm = try AlgorithmIdentifier(try keyParts.next("the key's algorithm", tag: DERTag.sequence))
        keyBits = try keyParts.next("the key's bits", tag: DERTag.bitString).wholeBytes
        try keyParts.expectEnd("the public key")
        // issuerUniqueID and subjectUniqueID: nobody writes them, and nothing is made of them.
        _ = try reader.optional("the issuer's unique identifier", tag: DERTag.context(1))
        _ = try reader.optional("the subject's unique identifier", tag: DERTag.context(2))
        extensions = try Self.extensions(try reader.optional("the extensions", tag: DERTag.constructed(3)))
        try reader.expectEnd("the signed part")
        meaning = CertificateMeaning(extensions)
        guard let digest = CertificateDigest(bytes: Array(SHA256.hash(data: der))) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        self.digest = digest
    }

    private static func extensions(_ tagged: DERElement?) throws(DERError) -> [Extension] {
        guard let tagged else { return [] }
        var wrapper = tagged.reader
        let list = try wrapper.next("the extensions", tag: DERTag.sequence)
        try wrapper.expectEnd("the extensions")
        return try Self.list(of: list)
    }

    /// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension; those of lists and their entries have the same form.
    static func list(of list: DERElement) throws(DERError) -> [Extension] {
        var extensions: [Extension] = []
        var reader = list.reader
        repeat {
            let element = try reader.next("an extension", tag: DERTag.sequence)
            var parts = element.reader
            let identifier = try parts.next("an extension's type", tag: DERTag.objectIdentifier)
            // `critical` is FALSE unless said; saying FALSE breaks DER, but is common and harmless.
            let critical = try parts.optional("an extension's critical flag", tag: DERTag.boolean)
            let value = try parts.next("an extension's value", tag: DERTag.octetString)
            try parts.expectEnd("an extension")
            extensions.append(
                Extension(
                    identifier: try identifier.objectIdentifier("an extension's type"),
                    isCritical: try critical?.boolean("an extension's critical flag") ?? false,
                    value: value.content))
        } while !reader.isAtEnd
        return extensions
    }

    var isSelfIssued: Bool { issuer == subject }

    var keyDigest: KeyDigest {
        guard let digest = KeyDigest(bytes: Array(SHA256.hash(data: publicKey))) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }

    /// Lower-case hexadecimal without leading zeros.
    package var serialText: String {
        let text = ShownText.hexadecimal(serial).drop { $0 == "0" }
        return text.isEmpty ? "0" : String(text)
    }

    /// The subject, or what else tells the certificate from others; escaped and bounded.
    package var shownName: String {
        if !subject.isEmpty { return subject.shown }
        if let name = meaning.alternativeNames.first { return name.shown }
        return "serial \(ShownText.shown(serialText, bound: 48))"
    }

    package var shownIssuer: String { issuer.isEmpty ? "(no name)" : issuer.shown }
    package var validity: (from: Instant, until: Instant) { (notBefore, end) }
}

/// An algorithm and its parameters, as DER.
struct AlgorithmIdentifier: Sendable, Hashable {
    let algorithm: ObjectIdentifier
    /// Empty when there are none.
    let parameters: [UInt8]

    init(_ element: DERElement) throws(DERError) {
        var reader = element.reader
        algorithm = try reader.next("an algorithm", tag: DERTag.objectIdentifier).objectIdentifier(
            "an algorithm")
        parameters = reader.isAtEnd ? [] : Array(try reader.next("an algorithm's parameters").bytes)
        try reader.expectEnd("an algorithm")
    }

    /// RFC 4055 section 2.1: absent and NULL mean the same for RSA.
    var hasNoParameters: Bool { parameters.isEmpty || parameters == [DERTag.null, 0] }
}
