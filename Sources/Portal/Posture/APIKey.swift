internal import Crypto
package import Evidence

/// The key of a management system that may speak for devices, as the configuration has it: never the key itself.
package struct APIKey: Sendable, Hashable {
    /// Who it is: what reports say told them.
    package var name: String
    /// The SHA-256 of the key's bytes. Keys are random (256 bits), so there is nothing to guess and no salt is needed.
    package var digest: [UInt8]
    /// The devices that it may speak for, by inventory name; nil for all.
    package var devices: Set<String>?
    /// The kinds of devices that it may speak for; nil for all.
    package var kinds: Set<DeviceKind>?

    /// Returns nil unless the digest has 32 bytes.
    package init?(name: String, digest: [UInt8], devices: Set<String>? = nil, kinds: Set<DeviceKind>? = nil) {
        guard digest.count == SHA256.byteCount else { return nil }
        self.name = name
        self.digest = digest
        self.devices = devices
        self.kinds = kinds
    }
}

/// The keys that are believed.
struct APIKeyRing: Sendable {
    private let keys: [APIKey]

    init(_ keys: [APIKey]) { self.keys = keys }

    /// Looks at every key and at every byte, whatever is presented: the time says nothing about which one was near.
    func key(presented: some Collection<UInt8>) -> APIKey? {
        let digest = SHA256.hash(data: Array(presented))
        var found: APIKey?
        for key in keys {
            let difference = zip(key.digest, digest).reduce(0) { $0 | ($1.0 ^ $1.1) }
            if difference == 0 { found = key }
        }
        return found
    }
}
