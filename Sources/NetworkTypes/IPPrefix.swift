/// A network in CIDR form (RFC 4632, RFC 4291 section 2.3).
///
/// Host bits are zero: another spelling is another mistake.
package struct IPPrefix: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The network's first address.
    package let address: IPAddress
    /// Leading bits that are fixed: 0 to 32, or 0 to 128.
    package let length: Int

    /// Why a text or a pair is no prefix.
    package enum Mistake: Error, Hashable, Sendable {
        case notAnAddress
        /// The length is no number, or more than the family's width.
        case badLength
        /// Bits after the prefix are set; the payload is the network that was probably meant.
        case hostBits(meant: IPPrefix)
    }

    package init(address: IPAddress, length: Int) throws(Mistake) {
        guard (0...address.family.bitWidth).contains(length) else { throw .badLength }
        let masked = Self.masked(address, length)
        guard masked == address else { throw .hostBits(meant: IPPrefix(unchecked: masked, length)) }
        self.init(unchecked: address, length)
    }

    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or a bare address as a prefix of full length.
    package init(parsing text: String) throws(Mistake) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { throw .notAnAddress }
        guard parts.count == 2 else {
            self.init(unchecked: address, address.family.bitWidth)
            return
        }
        // Written back to compare: `Int` reads "+8" and "08" too.
        guard let length = Int(parts[1]), String(length) == parts[1] else { throw .badLength }
        try self.init(address: address, length: length)
    }

    private init(unchecked address: IPAddress, _ length: Int) {
        self.address = address
        self.length = length
    }

    /// `address` with all but its first `length` bits cleared.
    private static func masked(_ address: IPAddress, _ length: Int) -> IPAddress {
        let hostBits = UInt128(address.family.bitWidth - length)
        let kept = hostBits == 128 ? 0 : (address.bits >> hostBits) << hostBits
        return IPAddress(family: address.family, bits: kept) ?? address
    }

    package var family: AddressFamily { address.family }

    /// All addresses of the network, first to last.
    package var range: AddressRange {
        let hostBits = UInt128(family.bitWidth - length)
        let host: UInt128 = hostBits == 128 ? .max : (1 << hostBits) - 1
        let last = IPAddress(family: family, bits: address.bits | host) ?? address
        return AddressRange(first: address, last: last) ?? AddressRange(address)
    }

    package func contains(_ other: IPAddress) -> Bool { range.contains(other) }

    /// `192.0.2.0/24`; a single address is written without a length.
    package var description: String {
        length == family.bitWidth ? address.description : "\(address)/\(length)"
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.address, lhs.length) < (rhs.address, rhs.length)
    }
}
