/// What a rule grants at a destination: some ports of TCP or UDP, ping, or one whole protocol.
///
/// A service has no family: `ping` is ICMP at an IPv4 address and ICMPv6 at an IPv6 one, so that one rule
/// serves both and none forgets the other.
package struct Service: Sendable, Hashable {
    /// The kinds of service. Only those that `init(_:)` lets pass make a `Service`.
    package enum Kind: Sendable, Hashable {
        /// Ports of TCP or UDP.
        case ports(IPProtocol, PortRange)
        /// ICMP echo. The rest of ICMP (unreachable, too big, neighbours) is the gateway's business, not a
        /// rule's: a redirect or a router advertisement is an attack, and path-MTU discovery must not hang on
        /// a grant.
        case ping
        /// All packets of a protocol whose ports, if it has any, are not told apart.
        case whole(IPProtocol)
    }

    package let kind: Kind

    /// Returns nil for ports of a protocol without ports, and for a protocol that is not one of ``whole``.
    ///
    /// TCP and UDP are never granted whole by name alone (all their ports must be written out), and ICMP
    /// never at all: its name here is ``ping``.
    package init?(_ kind: Kind) {
        switch kind {
        case .ports(let ipProtocol, _): guard ipProtocol.hasPorts else { return nil }
        case .ping: break
        case .whole(let ipProtocol): guard Self.whole.contains(ipProtocol) else { return nil }
        }
        self.kind = kind
    }

    private init(unchecked kind: Kind) { self.kind = kind }

    package static let ping = Service(unchecked: .ping)

    /// The protocols that can be granted whole: those of IPsec and GRE tunnels, and SCTP.
    package static let whole: [IPProtocol] = [.esp, .gre, .ah, .sctp]

    package static func tcp(_ ports: PortRange) -> Service { Service(unchecked: .ports(.tcp, ports)) }

    package static func udp(_ ports: PortRange) -> Service { Service(unchecked: .ports(.udp, ports)) }

    /// The protocol that carries this service to addresses of `family`.
    package func ipProtocol(for family: AddressFamily) -> IPProtocol {
        switch (kind, family) {
        case (.ports(let ipProtocol, _), _), (.whole(let ipProtocol), _): ipProtocol
        case (.ping, .ipv4): .icmp
        case (.ping, .ipv6): .icmpv6
        }
    }

    /// The destination ports; nil where the protocol has none to choose.
    package var ports: PortRange? {
        switch kind {
        case .ports(_, let ports): ports
        case .ping, .whole: nil
        }
    }
}

extension Service: LosslessStringConvertible {
    /// Reads `tcp/443`, `udp/5000-5010`, `ping`, or the name of a protocol that can be granted whole (`esp`).
    ///
    /// Names only, in lower case. `tcp` without ports is refused, and so are `icmp` and `icmpv6`: they would
    /// promise one family, or more than echo.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let named = IPProtocol.named.first { $0.name == parts[0] }?.value
        switch (parts.count, named) {
        case (1, nil) where text == "ping": self.init(.ping)
        case (1, let ipProtocol?): self.init(.whole(ipProtocol))
        case (2, let ipProtocol?):
            guard let ports = PortRange(parts[1]) else { return nil }
            self.init(.ports(ipProtocol, ports))
        default: return nil
        }
    }

    package var description: String {
        switch kind {
        case .ports(let ipProtocol, let ports): "\(ipProtocol)/\(ports)"
        case .ping: "ping"
        case .whole(let ipProtocol): ipProtocol.description
        }
    }
}
