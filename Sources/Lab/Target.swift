package import NetworkTypes

/// Where a packet of the demonstration wants to go.
package enum Target: String, Sendable, Hashable, CaseIterable {
    case crm, finance, portal, resolver
    case internetByProxy = "internet-by-proxy"
    case internetWeb = "internet-web"
    case internetQUIC = "internet-quic"
    case internetPing = "internet-ping"
    case internetResolver = "internet-resolver"
    case gateway
    case otherSession = "other-session"

    /// How it is tried.
    package enum Method: Sendable, Hashable {
        /// A page whose text must start with this name, through the proxy or not.
        case page(of: String, port: UInt16, byProxy: Bool)
        /// A DNS question over UDP.
        case question(port: UInt16)
        case ping
    }

    package var title: String {
        switch self {
        case .crm, .finance, .portal: rawValue
        case .resolver: "resolver inside"
        case .internetByProxy: "internet by the proxy"
        case .internetWeb: "internet, TCP 80"
        case .internetQUIC: "internet, UDP 443"
        case .internetPing: "internet, ping"
        case .internetResolver: "internet, DNS"
        case .gateway: "the gateway, TCP 22"
        case .otherSession: "another session, TCP 80"
        }
    }

    package var method: Method {
        switch self {
        case .crm, .finance, .portal: .page(of: rawValue, port: 80, byProxy: false)
        case .internetWeb: .page(of: Network.Host.web.rawValue, port: 80, byProxy: false)
        case .internetByProxy: .page(of: Network.Host.web.rawValue, port: 80, byProxy: true)
        case .gateway: .page(of: rawValue, port: Network.administrationPort, byProxy: false)
        case .otherSession: .page(of: rawValue, port: 80, byProxy: false)
        case .resolver, .internetResolver: .question(port: 53)
        case .internetQUIC: .question(port: Network.quicPort)
        case .internetPing: .ping
        }
    }

    /// The address that is asked for; nil for another session, whose address only the VPN server knows.
    package func fixedAddress(_ family: AddressFamily) -> String? {
        switch self {
        case .crm: Network.Host.crm.address(family)
        case .finance: Network.Host.finance.address(family)
        case .portal: Network.Host.portal.address(family)
        case .resolver: Network.Host.resolver.address(family)
        case .internetByProxy, .internetWeb, .internetQUIC, .internetPing, .internetResolver:
            Network.Host.web.address(family)
        case .gateway: Network.gatewayInTunnel(family)
        case .otherSession: nil
        }
    }

    /// The packet that the gateway sees, as the daemon's `explain` takes it: through a proxy, that is one to the
    /// proxy.
    package func destination(_ family: AddressFamily, at address: String) -> Destination? {
        let seen = self == .internetByProxy ? Network.Host.proxy.address(family) : address
        return IPAddress(seen).map { address in
            switch method {
            case .page(_, let port, let byProxy):
                Destination(address: address, ipProtocol: .tcp, port: byProxy ? Network.proxyPort : port)
            case .question(let port): Destination(address: address, ipProtocol: .udp, port: port)
            case .ping: Destination(address: address, ipProtocol: family == .ipv4 ? .icmp : .icmpv6)
            }
        }
    }
}
