internal import FoundationEssentials
internal import JWTKit
internal import PostureReports

/// The public keys of one transmitter: a JSON Web Key Set (RFC 7517 section 5), read once.
///
/// What a key is for is settled when it is read, never by a token: a key of elliptic curves checks the algorithm of its
/// curve and no other, and one of RSA that names no algorithm checks RS256 and PS256. Shared secrets are never taken.
package struct KeySet: Sendable {
    private struct Key: Sendable {
        /// The `kid`; nil when it has none.
        let name: String?
        let algorithm: String
        let checker: any JWTAlgorithm
    }

    private let keys: [Key]

    /// By which no token is good.
    package static let none = KeySet(keys: [])

    /// As many are read at most: each is tried with nothing but its own name, so this bounds memory alone.
    package static let limit = 64

    /// The longest text that is read.
    package static let byteLimit = CompactToken.limit

    package var isEmpty: Bool { keys.isEmpty }

    /// Throws when the text is no key set, when a key in it is private, when two keys have one name, or when none of them
    /// can check anything. Keys of other kinds are left out.
    package static func read(_ bytes: [UInt8]) async throws(KeySetProblem) -> KeySet {
        guard let root = JSONObject.read(bytes), let items = root.items("keys") else { throw .notAKeySet }
        guard items.count <= limit else { throw .tooMany }
        var keys: [Key] = []
        for item in items {
            guard let object = JSONObject(tape: root.tape, node: item) else { throw .notAKeySet }
            guard !object.has("d"), !object.has("k") else { throw .secret }
            for algorithm in algorithms(of: object) {
                guard let checker = await checker(object, algorithm) else { throw .badKey }
                let name = object.text("kid")
                guard !keys.contains(where: { $0.name == name && $0.algorithm == algorithm }) else {
                    throw .sameName
                }
                keys.append(Key(name: name, algorithm: algorithm, checker: checker))
            }
        }
        guard !keys.isEmpty else { throw .noKey }
        return KeySet(keys: keys)
    }

    /// Of the algorithms that are taken, those that a key is for; none when it is for something else.
    private static func algorithms(of key: JSONObject) -> [String] {
        if let use = key.text("use"), use != "sig" { return [] }
        let possible: [String] =
            switch (key.text("kty"), key.text("crv")) {
            case ("EC", "P-256"): ["ES256"]
            case ("EC", "P-384"): ["ES384"]
            case ("OKP", "Ed25519"): ["EdDSA"]
            case ("RSA", _): ["RS256", "PS256"]
            default: []
            }
        guard let named = key.text("alg") else { return possible }
        return possible.filter { $0 == named }
    }

    /// A collection each: jwt-kit's remembers the first algorithm that a key was asked for.
    private static func checker(_ key: JSONObject, _ algorithm: String) async -> (any JWTAlgorithm)? {
        let fields = ["kty", "crv", "x", "y", "n", "e"].compactMap { name in
            key.text(name).map { "\"\(name)\":\"\($0)\"" }
        }
        if key.text("kty") == "RSA" {
            // RFC 7518 section 3.3: 2,048 bits or more.
            guard let modulus = key.text("n").flatMap({ Base64URL.decoded($0.utf8) }),
                modulus.drop(while: { $0 == 0 }).count >= 256
            else { return nil }
        }
        // Only what base64url and the names of curves are made of, so that nothing in it ends its text.
        let known = fields.joined(separator: ",")
        guard !known.contains("\\"), known.count(where: { $0 == "\"" }) == 4 * fields.count else {
            return nil
        }
        guard
            let jwk = try? JWK(
                json: "{\(known),\"kid\":\"one\",\"alg\":\"\(algorithm)\"}"),
            let keys = try? await JWTKeyCollection().add(jwk: jwk)
        else { return nil }
        return try? await keys.getKey(for: "one", alg: algorithm)
    }

    /// Whether somebody signed this with the key that is named.
    ///
    /// - Parameter name: Nil where the token names none: then there must be one key alone that could have signed it.
    func check(
        _ token: CompactToken, algorithm: String, key name: String?
    ) throws(TokenProblem) {
        let fitting = keys.filter { $0.algorithm == algorithm && (name == nil || $0.name == name) }
        guard fitting.count == 1, let key = fitting.first else { throw .unknownKey }
        // What cannot be a signature at all throws.
        guard (try? key.checker.verify(token.signature, signs: token.signed)) == true else {
            throw .badSignature
        }
    }
}

/// Why a key set cannot be used.
package enum KeySetProblem: Error, Sendable, Hashable, CustomStringConvertible {
    case notAKeySet, tooMany, secret, badKey, sameName, noKey

    package var description: String {
        switch self {
        case .notAKeySet: "no JSON Web Key Set (RFC 7517): expected {\"keys\": [...]}"
        case .tooMany: "more than \(KeySet.limit) keys"
        case .secret: "holds a private or a shared key: expected public keys alone"
        case .badKey: "a key in it cannot be read, or is too short"
        case .sameName: "two keys in it have the same kid, or none"
        case .noKey: "no key in it is for ES256, ES384, EdDSA, RS256 or PS256"
        }
    }
}
