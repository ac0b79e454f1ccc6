/// The hash of exact entries: one multiplication, whose upper bits are the slot.
@usableFromInline
enum ScopeHash {
    @inlinable @inline(__always)
    static func exactKey(_ address: UInt32, _ service: UInt32) -> UInt64 {
        UInt64(address) &<< 32 | UInt64(service) &<< 8 | 1
    }

    /// Different keys may fold to one: they are compared whole where they are stored.
    @inlinable @inline(__always)
    static func folded(_ address: UInt128, _ service: UInt32) -> UInt64 {
        let low = UInt64(truncatingIfNeeded: address) ^ UInt64(service) &<< 40
        let mixed = (low ^ low &>> 29) &* 0xbf58_476d_1ce4_e5b9
        return UInt64(truncatingIfNeeded: address &>> 64) ^ mixed ^ mixed &>> 32
    }

    @inlinable @inline(__always)
    static func home(_ key: UInt64, _ multiplier: UInt64, _ shift: UInt32) -> Int {
        Int(truncatingIfNeeded: (key &* multiplier) &>> UInt64(shift))
    }
}
