package import NetworkTypes

/// The destinations of one range of addresses, of protocols and of ports: what a rule writes down.
///
/// A box is the plain product of its ranges. A packet of a protocol without ports counts as having port 0, as
/// its ``Destination`` does: so a box that is to hold ESP spans all ports (or port 0), and a box of ports 80
/// to 90 for all protocols holds TCP and UDP alone. Boxes with the same packets can differ; equality of
/// packets is asked of ``FlowSpace``.
package struct FlowBox: Hashable, Sendable {
    package let addresses: AddressRange
    /// Protocol numbers (IANA "Protocol Numbers").
    package let protocols: ClosedRange<UInt8>
    package let ports: ClosedRange<UInt16>

    package init(
        addresses: AddressRange, protocols: ClosedRange<UInt8>, ports: ClosedRange<UInt16> = .allPorts
    ) {
        self.addresses = addresses
        self.protocols = protocols
        self.ports = ports
    }

    /// What a service means at these addresses; `ping` is the echo protocol of their family.
    ///
    /// ICMP types are no axis: `ping` covers its whole protocol here, and the ruleset narrows it to echo.
    package init(addresses: AddressRange, service: Service) {
        let number = service.ipProtocol(for: addresses.family).rawValue
        let ports = service.ports.map { $0.first...$0.last }
        self.init(addresses: addresses, protocols: number...number, ports: ports ?? .allPorts)
    }

    /// One packet's worth.
    package init(_ destination: Destination) {
        let number = destination.ipProtocol.rawValue
        self.init(
            addresses: AddressRange(destination.address), protocols: number...number,
            ports: destination.port...destination.port)
    }

    package func contains(_ destination: Destination) -> Bool {
        addresses.contains(destination.address) && protocols.contains(destination.ipProtocol.rawValue)
            && ports.contains(destination.port)
    }
}

extension ClosedRange<UInt16> {
    /// 0 to 65535: every port, and the range of a protocol that has none.
    package static var allPorts: ClosedRange<UInt16> { 0 ... .max }
}

extension FlowBox: CustomStringConvertible {
    /// `10.0.0.1-10.0.0.9 tcp/80-90`, `fd00::1 esp`, `10.0.0.1 protocols 18-255`.
    package var description: String { "\(addresses) \(protocolText)\(portText)" }

    private var protocolText: String {
        if protocols.count == 1 { return IPProtocol(rawValue: protocols.lowerBound).description }
        return protocols == 0 ... .max
            ? "all protocols" : "protocols \(protocols.lowerBound)-\(protocols.upperBound)"
    }

    private var portText: String {
        let onePortProtocol = protocols.count == 1 && IPProtocol(rawValue: protocols.lowerBound).hasPorts
        guard ports != .allPorts || onePortProtocol else { return "" }
        return ports.count == 1 ? "/\(ports.lowerBound)" : "/\(ports.lowerBound)-\(ports.upperBound)"
    }
}
