import Crypto

/// DER by hand, so that what is wrong can be written too.
enum Write {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8]
        if content.count < 0x80 {
            length = [UInt8(content.count)]
        } else {
            length = []
            var rest = content.count
            while rest > 0 {
                length.insert(UInt8(rest & 0xff), at: 0)
                rest >>= 8
            }
            length.insert(0x80 | UInt8(length.count), at: 0)
        }
        return [tag] + length + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(0x30, parts.flatMap { $0 }) }
    static func set(_ parts: [UInt8]...) -> [UInt8] { element(0x31, parts.flatMap { $0 }) }
    static func integer(_ bytes: [UInt8]) -> [UInt8] { element(0x02, bytes) }
    static func boolean(_ value: Bool) -> [UInt8] { element(0x01, [value ? 0xff : 0]) }
    static func octets(_ bytes: [UInt8]) -> [UInt8] { element(0x04, bytes) }
    static func bits(_ bytes: [UInt8], unused: UInt8 = 0) -> [UInt8] { element(0x03, [unused] + bytes) }
    static func utf8(_ text: String) -> [UInt8] { element(0x0c, Array(text.utf8)) }
    static func printable(_ text: String) -> [UInt8] { element(0x13, Array(text.utf8)) }

    static func oid(_ dotted: String) -> [UInt8] {
        let arcs = dotted.split(separator: ".").compactMap { UInt32($0) }
        var content: [UInt8] = []
        for arc in [arcs[0] * 40 + arcs[1]] + arcs[2...] {
            var groups = [UInt8(arc & 0x7f)]
            var rest = arc >> 7
            while rest > 0 {
                groups.insert(UInt8(rest & 0x7f) | 0x80, at: 0)
                rest >>= 7
            }
            content += groups
        }
        return element(0x06, content)
    }

    /// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
    static func time(_ text: String) -> [UInt8] {
        element(text.utf8.count == 13 ? 0x17 : 0x18, Array(text.utf8))
    }

    /// Attributes as `("2.5.4.3", value)`, each a relative name of its own.
    static func name(_ attributes: [(type: String, value: [UInt8])]) -> [UInt8] {
        element(0x30, attributes.flatMap { set(sequence(oid($0.type), $0.value)) })
    }

    static func name(_ commonName: String) -> [UInt8] {
        name([("2.5.4.10", utf8("Example")), ("2.5.4.3", utf8(commonName))])
    }

    static func key(_ key: P256.Signing.PublicKey) -> [UInt8] { Array(key.derRepresentation) }

    /// An RSA key of so many bits, which belongs to nobody.
    static func rsaKey(bits size: Int) -> [UInt8] {
        let modulus = [UInt8(1 << ((size - 1) % 8))] + [UInt8](repeating: 0xab, count: (size - 1) / 8)
        let padded = modulus[0] & 0x80 != 0 ? [0] + modulus : modulus
        return sequence(
            sequence(oid("1.2.840.113549.1.1.1"), [0x05, 0]),
            bits(sequence(integer(padded), integer([1, 0, 1]))))
    }
}

/// An extension before it is written.
struct ExtensionSpec {
    var type: String
    var critical: Bool
    var value: [UInt8]

    var der: [UInt8] {
        Write.sequence(Write.oid(type), critical ? Write.boolean(true) : [], Write.octets(value))
    }

    static func basicConstraints(_ isAuthority: Bool, pathLength: UInt8? = nil) -> Self {
        Self(
            type: "2.5.29.19", critical: true,
            value: Write.sequence(
                isAuthority ? Write.boolean(true) : [], pathLength.map { Write.integer([$0]) } ?? []))
    }

    /// Bit 0 is digitalSignature, 5 keyCertSign, 6 cRLSign.
    static func keyUsage(_ bits: Int...) -> Self {
        let byte = bits.reduce(UInt8(0)) { $0 | 0x80 >> UInt8($1) }
        return Self(
            type: "2.5.29.15", critical: true,
            value: Write.bits(
                byte == 0 ? [] : [byte], unused: byte == 0 ? 0 : UInt8(byte.trailingZeroBitCount)))
    }

    static func purposes(_ purposes: String...) -> Self {
        Self(type: "2.5.29.37", critical: false, value: Write.element(0x30, purposes.flatMap(Write.oid)))
    }

    static func alternativeNames(_ names: [UInt8]..., critical: Bool = false) -> Self {
        Self(type: "2.5.29.17", critical: critical, value: Write.element(0x30, names.flatMap { $0 }))
    }

    static func nameConstraints(permitted: [[UInt8]] = [], excluded: [[UInt8]] = []) -> Self {
        func trees(_ tag: UInt8, _ names: [[UInt8]]) -> [UInt8] {
            names.isEmpty ? [] : Write.element(tag, names.flatMap { Write.sequence($0) })
        }
        return Self(
            type: "2.5.29.30", critical: true,
            value: Write.sequence(trees(0xa0, permitted), trees(0xa1, excluded)))
    }

    static func email(_ text: String) -> [UInt8] { Write.element(0x81, Array(text.utf8)) }
    static func dns(_ text: String) -> [UInt8] { Write.element(0x82, Array(text.utf8)) }
    static func uri(_ text: String) -> [UInt8] { Write.element(0x86, Array(text.utf8)) }
    static func address(_ bytes: UInt8...) -> [UInt8] { Write.element(0x87, bytes) }
    static func directory(_ name: [UInt8]) -> [UInt8] { Write.element(0xa4, name) }
    static func principal(_ text: String) -> [UInt8] {
        Write.element(0xa0, Write.oid("1.3.6.1.4.1.311.20.2.3") + Write.element(0xa0, Write.utf8(text)))
    }
}

/// A certificate before it is written; every part can be made wrong.
struct CertificateSpec {
    static let clientAuth = "1.3.6.1.5.5.7.3.2"
    static let serverAuth = "1.3.6.1.5.5.7.3.1"
    static let ecdsaWithSHA256 = Write.sequence(Write.oid("1.2.840.10045.4.3.2"))

    var version: UInt8? = 2
    var serial: [UInt8] = [0x11, 0x22]
    var subject: [UInt8]
    var issuer: [UInt8]
    var notBefore = "260101000000Z"
    var notAfter = "300101000000Z"
    var publicKey: [UInt8]
    var extensions: [ExtensionSpec]
    var innerAlgorithm = ecdsaWithSHA256
    var outerAlgorithm = ecdsaWithSHA256
    var signer: P256.Signing.PrivateKey
    /// Put after the certificate's last byte.
    var trailing: [UInt8] = []

    /// Signed anew at every call, so never twice the same bytes.
    var der: [UInt8] {
        let signed = Write.sequence(
            version.map { Write.element(0xa0, Write.integer([$0])) } ?? [], Write.integer(serial),
            innerAlgorithm,
            issuer, Write.sequence(Write.time(notBefore), Write.time(notAfter)), subject, publicKey,
            extensions.isEmpty ? [] : Write.element(0xa3, Write.element(0x30, extensions.flatMap(\.der))))
        return Self.signed(signed, outerAlgorithm, signer) + trailing
    }

    static func signed(_ part: [UInt8], _ algorithm: [UInt8], _ key: P256.Signing.PrivateKey) -> [UInt8] {
        // Signing fails only where there is no randomness; an empty signature then fails the test that needs it.
        let signature = (try? key.signature(for: part)).map { Array($0.derRepresentation) } ?? []
        return Write.sequence(part, algorithm, Write.bits(signature))
    }

    subscript(type: String) -> ExtensionSpec? {
        get { extensions.first { $0.type == type } }
        set {
            guard let index = extensions.firstIndex(where: { $0.type == type }) else {
                if let newValue { extensions.append(newValue) }
                return
            }
            if let newValue { extensions[index] = newValue } else { extensions.remove(at: index) }
        }
    }
}

/// A root, an intermediate and a leaf that are good.
struct ChainSpec {
    let rootKey = P256.Signing.PrivateKey()
    let intermediateKey = P256.Signing.PrivateKey()
    let leafKey = P256.Signing.PrivateKey()
    var root: CertificateSpec
    var intermediate: CertificateSpec
    var leaf: CertificateSpec

    init() {
        let authority: [ExtensionSpec] = [.basicConstraints(true), .keyUsage(5, 6)]
        root = CertificateSpec(
            subject: Write.name("Root"), issuer: Write.name("Root"), publicKey: Write.key(rootKey.publicKey),
            extensions: authority, signer: rootKey)
        intermediate = CertificateSpec(
            serial: [0x01], subject: Write.name("Intermediate"), issuer: Write.name("Root"),
            publicKey: Write.key(intermediateKey.publicKey), extensions: authority, signer: rootKey)
        leaf = CertificateSpec(
            serial: [0x02], subject: Write.name("laptop"), issuer: Write.name("Intermediate"),
            publicKey: Write.key(leafKey.publicKey),
            extensions: [
                .basicConstraints(false), .keyUsage(0), .purposes(CertificateSpec.clientAuth),
                .alternativeNames(ExtensionSpec.dns("laptop.example.com")),
            ], signer: intermediateKey)
    }
}

/// A revocation list before it is written.
struct ListSpec {
    struct Entry {
        var serial: [UInt8]
        var date = "260301000000Z"
        var extensions: [ExtensionSpec] = []
    }

    var version: [UInt8]? = [1]
    var issuer: [UInt8]
    var thisUpdate = "260601000000Z"
    var nextUpdate: String? = "270601000000Z"
    var entries: [Entry] = []
    var extensions: [ExtensionSpec] = [number(1)]
    var innerAlgorithm = CertificateSpec.ecdsaWithSHA256
    var signer: P256.Signing.PrivateKey

    static func number(_ value: UInt8, critical: Bool = false) -> ExtensionSpec {
        ExtensionSpec(type: "2.5.29.20", critical: critical, value: Write.integer([value]))
    }

    static func reason(_ value: UInt8) -> ExtensionSpec {
        ExtensionSpec(type: "2.5.29.21", critical: false, value: Write.element(0x0a, [value]))
    }

    var der: [UInt8] {
        let revoked = entries.flatMap { entry in
            Write.sequence(
                Write.integer(entry.serial), Write.time(entry.date),
                entry.extensions.isEmpty ? [] : Write.element(0x30, entry.extensions.flatMap(\.der)))
        }
        let signed = Write.sequence(
            version.map(Write.integer) ?? [], innerAlgorithm, issuer, Write.time(thisUpdate),
            nextUpdate.map(Write.time) ?? [], entries.isEmpty ? [] : Write.element(0x30, revoked),
            extensions.isEmpty ? [] : Write.element(0xa0, Write.element(0x30, extensions.flatMap(\.der))))
        return CertificateSpec.signed(signed, CertificateSpec.ecdsaWithSHA256, signer)
    }
}
