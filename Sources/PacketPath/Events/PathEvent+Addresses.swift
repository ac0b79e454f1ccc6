package import NetworkTypes

extension PathEvent {
    package var source: IPAddress { Self.address(isIPv6, sourceHigh, sourceLow) }

    package var destination: Destination {
        Destination(
            address: Self.address(isIPv6, destinationHigh, destinationLow),
            ipProtocol: IPProtocol(rawValue: ipProtocol), port: destinationPort)
    }

    private static func address(_ isIPv6: Bool, _ high: UInt64, _ low: UInt64) -> IPAddress {
        isIPv6
            ? IPAddress(ipv6: UInt128(high) << 64 | UInt128(low))
            : IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }
}
