import Crypto

/// The question whether one certificate was withdrawn, as a responder is asked it (RFC 6960 section 4.1).
///
/// The certificate itself is not needed, only its serial number and its issuer.
package struct OCSPQuestion: Sendable {
    /// The content of the INTEGER.
    let serial: [UInt8]
    let issuer: DecodedCertificate

    package init(_ certificate: DecodedCertificate, issuer: DecodedCertificate) {
        self.init(serial: Array(certificate.serial), issuer: issuer)
    }

    /// `serial` is the content of the certificate's INTEGER: big-endian, with a zero byte before a high bit.
    package init(serial: [UInt8], issuer: DecodedCertificate) {
        self.serial = serial
        self.issuer = issuer
    }

    /// Names the issuer by SHA-1, which every responder knows (RFC 5019 section 2.1.1). Nothing rests on that hash:
    /// whose the answer is shows by its signature.
    ///
    /// `nonce` is of 1 to 32 bytes (RFC 9654); empty for none, which makes an answer out of a responder's cache do.
    package func request(nonce: [UInt8] = []) -> [UInt8] {
        let identifier = DERText.sequence(
            DERText.sequence(DERText.identifier(.sha1), [DERTag.null, 0]),
            DERText.element(DERTag.octetString, CertificateHash.sha1.of(issuer.subject.der)),
            DERText.element(DERTag.octetString, CertificateHash.sha1.of(issuer.keyBits)),
            DERText.element(DERTag.integer, serial))
        var parts = DERText.sequence(DERText.sequence(DERText.sequence(identifier)))
        if !nonce.isEmpty {
            let value = DERText.element(DERTag.octetString, nonce)
            let item = DERText.sequence(
                DERText.identifier(.ocspNonce), DERText.element(DERTag.octetString, value))
            let wrapped = DERText.element(DERTag.constructed(2), DERText.sequence(item))
            parts = DERText.sequence(DERText.sequence(DERText.sequence(identifier)), wrapped)
        }
        return DERText.sequence(parts)
    }

    /// Whether a CertID of an answer means this certificate: same algorithm as the hashes beside it, same hashes, same
    /// number. An algorithm other than SHA-1 and SHA-256 matches nothing.
    func isMeant(by element: DERElement) throws(DERError) -> Bool {
        var parts = element.reader
        let algorithm = try AlgorithmIdentifier(try parts.next("a hash algorithm", tag: DERTag.sequence))
        let name = try parts.next("the issuer's name hash", tag: DERTag.octetString).content
        let key = try parts.next("the issuer's key hash", tag: DERTag.octetString).content
        let number = try parts.next("a serial number", tag: DERTag.integer).integerBytes("a serial number")
        try parts.expectEnd("a certificate's identifier")
        guard let hash = CertificateHash(algorithm) else { return false }
        return number.elementsEqual(serial) && name.elementsEqual(hash.of(issuer.subject.der))
            && key.elementsEqual(hash.of(issuer.keyBits))
    }
}

/// The hashes by which a responder and its client name an issuer.
enum CertificateHash {
    case sha1, sha256

    init?(_ identifier: AlgorithmIdentifier) {
        guard identifier.hasNoParameters else { return nil }
        switch identifier.algorithm {
        case .sha1: self = .sha1
        case .sha256: self = .sha256
        default: return nil
        }
    }

    func of(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: Array(SHA256.hash(data: bytes))
        }
    }
}

extension ObjectIdentifier {
    static let sha1 = ObjectIdentifier(1, 3, 14, 3, 2, 26)
    static let sha256 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 1)

    // RFC 6960 sections 4.2 and 4.4.
    static let ocspSigning = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 9)
    static let ocspBasic = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)
    static let ocspNonce = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1, 2)
    static let ocspNoCheck = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1, 5)
}

/// Writes what little DER is written here.
private enum DERText {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(DERTag.sequence, parts.flatMap { $0 }) }

    static func identifier(_ identifier: ObjectIdentifier) -> [UInt8] {
        element(DERTag.objectIdentifier, identifier.content)
    }

    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.append(UInt8(rest & 0xff))
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length.reversed() + content
    }
}

extension DecodedCertificate {
    /// The content of the serial number's INTEGER, as lists and questions have it.
    package var serialContent: [UInt8] { Array(serial) }
}

/// Serial numbers as VPN servers print them.
package enum SerialText {
    /// The contents of INTEGERs that a server may print so: hexadecimal, with or without colons, in either case. None
    /// for a text that is no number.
    ///
    /// OpenVPN prints the magnitude, so a number above zero and its negative look alike. The RFC forbids the negative
    /// one; whoever looks for a revoked certificate looks for both.
    package static func candidates(_ text: String) -> [[UInt8]] {
        var digits: [UInt8] = []
        for character in text.utf8 where character != UInt8(ascii: ":") {
            guard let value = Character(UnicodeScalar(character)).hexDigitValue, character < 0x80 else {
                return []
            }
            digits.append(UInt8(value))
        }
        // The RFC allows 20 bytes; what is much longer is no serial number.
        guard (1...128).contains(digits.count) else { return [] }
        if digits.count % 2 == 1 { digits.insert(0, at: 0) }
        var magnitude = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        magnitude = Array(magnitude.drop { $0 == 0 })
        guard let first = magnitude.first else { return [[0]] }
        let positive = (first & 0x80 != 0 ? [0] : []) + magnitude
        var negative: [UInt8] = []
        var carry = true
        for byte in ([0] + magnitude).reversed() {
            negative.insert(carry ? ~byte &+ 1 : ~byte, at: 0)
            carry = carry && byte == 0
        }
        while negative.count > 1, negative[0] == 0xff, negative[1] & 0x80 != 0 { negative.removeFirst() }
        return [positive, negative]
    }
}
