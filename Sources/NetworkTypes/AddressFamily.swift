/// The two families of the Internet Protocol. IPv4 sorts before IPv6, everywhere.
package enum AddressFamily: UInt8, Sendable, Hashable, Comparable, CaseIterable, CustomStringConvertible {
    case ipv4 = 4
    case ipv6 = 6

    /// Bits in an address of this family: 32 or 128.
    package var bitWidth: Int {
        switch self {
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    /// The greatest address value of this family, as an unsigned integer.
    package var maximum: UInt128 {
        switch self {
        case .ipv4: UInt128(UInt32.max)
        case .ipv6: .max
        }
    }

    package var description: String {
        switch self {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
