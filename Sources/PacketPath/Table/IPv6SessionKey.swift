/// A tunnel interface and an IPv6 address.
///
/// Tables hold a fingerprint of it, 64 bits under a secret of the index, so that a slot is two words as for IPv4 and
/// half the memory is looked through. An address that is no session's is taken for one with a probability of about
/// sessions × 2^-64 a packet: one in 10^13 at a million sessions. The packet path is a witness and lets nobody in;
/// the decision page FingerprintsForIPv6 weighs it.
public struct IPv6SessionKey: BitwiseCopyable, Sendable, Hashable {
    public let high: UInt64
    public let low: UInt64
    public let interface: UInt32

    /// - Parameters:
    ///   - interface: the kernel's index of the interface. Never 0, which the kernel gives to none; a key of
    ///     interface 0 is found nowhere and refused by `insert`.
    ///   - high: the first 64 bits of the address, in host order.
    ///   - low: the last 64 bits of the address, in host order.
    @inlinable
    public init(interface: UInt32, high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        self.interface = interface
    }

    /// Two rounds of multiply and fold with a secret: two addresses that were chosen without it have the same first
    /// product with a probability of about 2^-64 (the NH of UMAC, RFC 4418 section 5.2.2), see ``HashSeed``.
    @inlinable
    @inline(__always)
    func indexKey(_ secret: HashSeed) -> IndexKey {
        let product = (high &+ secret.a).multipliedFullWidth(by: low &+ secret.b)
        // The interface moves one factor of the second product, so that one address on two tunnels is two keys.
        let word = folded(product.high &+ secret.c &+ UInt64(interface) &<< 32, product.low &+ secret.d)
        return IndexKey(word: word == 0 ? 1 : word)
    }
}
