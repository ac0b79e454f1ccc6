package import NetworkTypes

extension DecodedPacket {
    /// The source address; nil when no IP header could be read.
    package var source: IPAddress? { Self.address(family, sourceHigh, sourceLow) }

    /// The destination address; nil when no IP header could be read.
    package var destination: IPAddress? { Self.address(family, destinationHigh, destinationLow) }

    private static func address(_ family: UInt8, _ high: UInt64, _ low: UInt64) -> IPAddress? {
        guard let family = AddressFamily(rawValue: family) else { return nil }
        return IPAddress(family: family, bits: UInt128(high) << 64 | UInt128(low))
    }
}
