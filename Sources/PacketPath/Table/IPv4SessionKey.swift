/// A tunnel interface and an IPv4 address: one word, kept exactly.
public struct IPv4SessionKey: BitwiseCopyable, Sendable, Hashable {
    @usableFromInline let word: UInt64

    /// - Parameters:
    ///   - interface: the kernel's index of the interface. Never 0, which the kernel gives to none; a key of
    ///     interface 0 is found nowhere and refused by `insert`.
    ///   - address: in host order.
    @inlinable
    public init(interface: UInt32, address: UInt32) {
        word = UInt64(interface) &<< 32 | UInt64(address)
    }

    @inlinable
    public var interface: UInt32 { UInt32(word &>> 32) }

    @inlinable
    public var address: UInt32 { UInt32(truncatingIfNeeded: word) }

    @inlinable
    @inline(__always)
    var indexKey: IndexKey { IndexKey(word: word) }
}
