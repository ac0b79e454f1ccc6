import SwiftASN1
import X509

/// What is made of the algorithm of a signature.
enum SignatureAlgorithm {
    case supported(Certificate.SignatureAlgorithm)
    /// Known, and refused: why.
    case refused(String)

    /// RFC 4055 section 5 (RSA), RFC 5758 section 3.2 (ECDSA: no parameters), RFC 8410 section 3 (Ed25519).
    init(_ identifier: AlgorithmIdentifier) {
        if let rsa = Self.rsa[identifier.algorithm] {
            self =
                identifier.hasNoParameters
                ? rsa : .refused("its algorithm has parameters that it must not have")
        } else if let other = Self.other[identifier.algorithm] {
            self =
                identifier.parameters.isEmpty
                ? other : .refused("its algorithm has parameters that it must not have")
        } else if let name = Self.unsupported[identifier.algorithm] {
            self = .refused("\(name) is not supported")
        } else {
            self = .refused("the algorithm \(identifier.algorithm) is not known")
        }
    }

    private static let rsa: [ObjectIdentifier: SignatureAlgorithm] = [
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 11): .supported(.sha256WithRSAEncryption),
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 12): .supported(.sha384WithRSAEncryption),
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 13): .supported(.sha512WithRSAEncryption),
        // Collisions have been bought for both (RFC 6151; SHAttered, 2017): whoever gets a harmless certificate signed
        // can have signed another with it.
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 2): .refused("MD2 is too weak"),
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 4): .refused("MD5 is too weak"),
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 5): .refused("SHA-1 is too weak"),
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 14): .refused("SHA-224 is not supported"),
    ]

    private static let other: [ObjectIdentifier: SignatureAlgorithm] = [
        ObjectIdentifier(1, 2, 840, 10045, 4, 3, 2): .supported(.ecdsaWithSHA256),
        ObjectIdentifier(1, 2, 840, 10045, 4, 3, 3): .supported(.ecdsaWithSHA384),
        ObjectIdentifier(1, 2, 840, 10045, 4, 3, 4): .supported(.ecdsaWithSHA512),
        ObjectIdentifier(1, 2, 840, 10045, 4, 1): .refused("SHA-1 is too weak"),
        ObjectIdentifier(1, 2, 840, 10045, 4, 3, 1): .refused("SHA-224 is not supported"),
        .ed25519: .supported(.ed25519),
    ]

    private static let unsupported: [ObjectIdentifier: String] = [
        ObjectIdentifier(1, 2, 840, 113549, 1, 1, 10): "RSA-PSS",
        ObjectIdentifier(1, 3, 101, 113): "Ed448",
        ObjectIdentifier(1, 2, 840, 10040, 4, 3): "DSA",
        ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 3, 1): "DSA",
        ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 3, 2): "DSA",
    ]
}

extension DecodedCertificate {
    /// Whether this certificate's key made the signature over `bytes`; false for keys and algorithms that are not
    /// supported, of which ``keyProblem`` and ``SignatureAlgorithm`` tell.
    func hasSigned(_ bytes: ArraySlice<UInt8>, signature: ArraySlice<UInt8>, algorithm: AlgorithmIdentifier)
        -> Bool
    {
        guard case .supported(let algorithm) = SignatureAlgorithm(algorithm),
            let key = try? Certificate.PublicKey(derEncoded: Array(publicKey))
        else { return false }
        return key.isValidSignature(signature, for: bytes, signatureAlgorithm: algorithm)
    }

    /// Why the key is not good enough, or nil.
    var keyProblem: String? {
        switch keyAlgorithm.algorithm {
        case .rsaEncryption:
            guard let size = rsaKeySize else { return "has a broken RSA key" }
            // SP 800-131A: fewer than 2048 bits have not been enough since 2013. More than 8192 cost a verifier more
            // than they give anybody.
            if size < 2048 { return "has an RSA key of \(size) bits, which is too weak: 2048 at least" }
            if size > 8192 { return "has an RSA key of \(size) bits; more than 8192 are not supported" }
            if size % 8 != 0 { return "has an RSA key of \(size) bits, which is no whole number of bytes" }
        case .ecPublicKey:
            let curve = ellipticCurve
            guard
                curve == ObjectIdentifier(1, 2, 840, 10045, 3, 1, 7)
                    || curve == ObjectIdentifier(1, 3, 132, 0, 34)
                    || curve == ObjectIdentifier(1, 3, 132, 0, 35)
            else { return "has a key on a curve other than P-256, P-384 and P-521, which is not supported" }
        case .ed25519: break
        case ObjectIdentifier(1, 2, 840, 10040, 4, 1): return "has a DSA key, which is not supported"
        default: return "has a key of the kind \(keyAlgorithm.algorithm), which is not supported"
        }
        return (try? Certificate.PublicKey(derEncoded: Array(publicKey))) == nil
            ? "has a broken public key" : nil
    }

    /// Nil for a curve that is spelled out instead of named: RFC 5480 section 2.1.1 forbids it, since the curve could
    /// be one of the attacker's (CVE-2020-0601).
    private var ellipticCurve: ObjectIdentifier? {
        var reader = DERReader(keyAlgorithm.parameters[...])
        return try? reader.next("a curve", tag: DERTag.objectIdentifier).objectIdentifier("a curve")
    }

    private var rsaKeySize: Int? {
        var reader = DERReader(keyBits)
        guard let sequence = try? reader.next("an RSA key", tag: DERTag.sequence) else { return nil }
        var parts = sequence.reader
        guard let modulus = try? parts.next("a modulus", tag: DERTag.integer).integerBytes("a modulus"),
            let first = modulus.first(where: { $0 != 0 })
        else { return nil }
        return modulus.drop { $0 == 0 }.count * 8 - first.leadingZeroBitCount
    }
}
