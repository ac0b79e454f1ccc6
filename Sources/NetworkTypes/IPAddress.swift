/// An IPv4 or IPv6 address, without a zone.
///
/// Both families are one type, so that no code path exists for one of them alone. An IPv4-mapped IPv6 address
/// (`::ffff:192.0.2.1`) stays IPv6: it is another destination to the kernel, and must be to us.
package struct IPAddress: Sendable, Hashable, Comparable {
    package let family: AddressFamily
    /// The address as an unsigned integer in host order; an IPv4 address is in the low 32 bits.
    package let bits: UInt128

    /// Returns nil when `bits` does not fit the family.
    package init?(family: AddressFamily, bits: UInt128) {
        guard bits <= family.maximum else { return nil }
        self.family = family
        self.bits = bits
    }

    package init(ipv4: UInt32) {
        family = .ipv4
        bits = UInt128(ipv4)
    }

    package init(ipv6: UInt128) {
        family = .ipv6
        bits = ipv6
    }

    /// The bytes in network order: 4 or 16 of them.
    package var bytes: [UInt8] {
        (0..<family.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt128($0 * 8)) }
    }

    /// An address from 4 or 16 bytes in network order; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: family = .ipv4
        case 16: family = .ipv6
        default: return nil
        }
        bits = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The address after this one, or nil for the last of its family.
    package var next: IPAddress? { bits == family.maximum ? nil : IPAddress(family: family, bits: bits + 1) }

    /// The address before this one, or nil for the first of its family.
    package var previous: IPAddress? { bits == 0 ? nil : IPAddress(family: family, bits: bits - 1) }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.family, lhs.bits) < (rhs.family, rhs.bits)
    }
}
