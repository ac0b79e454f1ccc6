import Crypto
package import Evidence
import Foundation
package import Sessions

/// The key that one-time-code seeds are sealed with: 32 bytes of a credential file, never kept with the database.
///
/// ChaCha20-Poly1305 (RFC 8439) with a random nonce for each seal. What it is for and whose seed it is are sealed in
/// with it: a row that is copied to another user does not open.
package struct SealingKey: Sendable, CustomStringConvertible, CustomReflectable {
    package static let byteCount = 32

    private let key: SymmetricKey

    /// Returns nil unless there are exactly ``byteCount`` bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        key = SymmetricKey(data: bytes)
    }

    package func seal(
        _ seed: TOTPSeed, for owner: CodeOwner, by: String, at instant: Instant
    ) throws(StoreError) -> SealedSeed {
        let bytes = SeedText.bytes(seed)
        guard let box = try? ChaChaPoly.seal(bytes, using: key, authenticating: Self.context(owner)) else {
            throw .failed(operation: "seal a seed", detail: "the cipher refused")
        }
        return SealedSeed(owner: owner, data: box.combined, since: instant, by: by)
    }

    package func open(_ sealed: SealedSeed) throws(StoreError) -> TOTPSeed {
        guard let box = try? ChaChaPoly.SealedBox(combined: sealed.data),
            let bytes = try? ChaChaPoly.open(box, using: key, authenticating: Self.context(sealed.owner)),
            let seed = SeedText.seed(Array(bytes))
        else { throw .sealed(sealed.owner) }
        return seed
    }

    /// The name of a tenant has no line feed, so that no user's name makes the one look like the other.
    private static func context(_ owner: CodeOwner) -> [UInt8] {
        let kind = owner.tenant == nil ? "seed 1" : "seed for a tenant 1\n\(owner.tenantText)"
        return Array("gatehouse one-time-code \(kind)\n\(owner.userText)".utf8)
    }

    package var description: String { "<sealing key>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// An owner's seed, readable only with the key that it was sealed with; by whom and when it was given.
package struct SealedSeed: Sendable, Hashable {
    package let owner: CodeOwner
    package let since: Instant
    package let by: String
    let data: Data

    init(owner: CodeOwner, data: Data, since: Instant, by: String) {
        self.owner = owner
        self.data = data
        self.since = since
        self.by = by
    }
}

/// A seed as bytes: the algorithm, the digits, the period in seconds, the key.
private enum SeedText {
    static func bytes(_ seed: TOTPSeed) -> [UInt8] {
        let algorithm: UInt8 =
            switch seed.algorithm {
            case .sha1: 1
            case .sha256: 2
            case .sha512: 3
            }
        return seed.withKey { [algorithm, UInt8(seed.digits), UInt8(seed.period)] + $0 }
    }

    static func seed(_ bytes: [UInt8]) -> TOTPSeed? {
        guard bytes.count > 3 else { return nil }
        let algorithm: TOTPSeed.Algorithm
        switch bytes[0] {
        case 1: algorithm = .sha1
        case 2: algorithm = .sha256
        case 3: algorithm = .sha512
        default: return nil
        }
        return TOTPSeed(
            key: Array(bytes[3...]), algorithm: algorithm, digits: Int(bytes[1]), period: Int(bytes[2]))
    }
}
