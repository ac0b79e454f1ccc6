package import NetworkTypes

extension FlowCount {
    /// The far end.
    package var destination: Destination {
        Destination(
            address: isIPv6
                ? IPAddress(ipv6: UInt128(farHigh) << 64 | UInt128(farLow))
                : IPAddress(ipv4: UInt32(truncatingIfNeeded: farLow)),
            ipProtocol: IPProtocol(rawValue: ipProtocol), port: port)
    }
}
