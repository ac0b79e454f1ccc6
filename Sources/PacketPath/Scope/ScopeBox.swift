package import NetworkTypes

/// The destinations of one range of addresses, of protocols and of ports, in plain numbers: what a
/// ``ScopeImage`` is built from.
///
/// A protocol without ports is granted with all ports: what stands where a port would be is then whatever the
/// sender wrote.
public struct ScopeBox: Hashable, Sendable {
    /// Whether the addresses are IPv6 ones. An IPv4 address is in the low 32 bits.
    public var isIPv6: Bool
    public var addresses: ClosedRange<UInt128>
    /// Protocol numbers (IANA "Protocol Numbers").
    public var protocols: ClosedRange<UInt8>
    public var ports: ClosedRange<UInt16>

    public init(
        isIPv6: Bool, addresses: ClosedRange<UInt128>, protocols: ClosedRange<UInt8>,
        ports: ClosedRange<UInt16> = 0 ... .max
    ) {
        self.isIPv6 = isIPv6
        self.addresses = addresses
        self.protocols = protocols
        self.ports = ports
    }

    package init(
        _ addresses: AddressRange, protocols: ClosedRange<UInt8>, ports: ClosedRange<UInt16> = 0 ... .max
    ) {
        self.init(
            isIPv6: addresses.family == .ipv6, addresses: addresses.first.bits...addresses.last.bits,
            protocols: protocols, ports: ports)
    }
}

extension ScopeBox {
    /// One destination exactly, which a hash can find.
    var isExact: Bool {
        addresses.lowerBound == addresses.upperBound && protocols.count == 1 && ports.count == 1
    }

    /// The same boxes without the other family's ICMP, which means nothing here and which the ruleset never
    /// lets through.
    var withoutForeignICMP: [ScopeBox] {
        let hole = isIPv6 ? IPProtocol.icmp.rawValue : IPProtocol.icmpv6.rawValue
        guard protocols.contains(hole) else { return [self] }
        var parts: [ScopeBox] = []
        if protocols.lowerBound < hole { parts.append(with(protocols.lowerBound...(hole - 1))) }
        if hole < protocols.upperBound { parts.append(with((hole + 1)...protocols.upperBound)) }
        return parts
    }

    private func with(_ protocols: ClosedRange<UInt8>) -> ScopeBox {
        var box = self
        box.protocols = protocols
        return box
    }

    /// The intervals of ``service(_:_:)`` that the box holds: one when it has all ports, else one a protocol.
    var services: [ClosedRange<UInt32>] {
        if ports == 0 ... .max {
            return [service(protocols.lowerBound, 0)...service(protocols.upperBound, .max)]
        }
        return protocols.map { service($0, ports.lowerBound)...service($0, ports.upperBound) }
    }
}

/// Protocol and port as one number of 24 bits, so that a range of ports is an interval.
@inlinable
func service(_ ipProtocol: UInt8, _ port: UInt16) -> UInt32 { UInt32(ipProtocol) &<< 16 | UInt32(port) }
