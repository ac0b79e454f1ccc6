package import NetworkTypes

/// The lab's network: who has which address in which namespace.
///
///     clients ─┐                                     ┌─ inside: crm, finance, portal, resolver
///              ├─ outside ── gateway ────────────────┤
///     clients ─┘                │                    └─ proxy ─┐
///                               └───────── internet ───────────┘
///
/// The gateway does have a leg to the internet and a route for every refused packet, and the internet knows the
/// way back to the tunnel: a refusal is the gate's work alone. Documentation addresses (RFC 5737, RFC 3849) stand for
/// the public ones.
package enum Network {
    /// A namespace of the lab. The raw value is the last part of its name.
    package enum Space: String, Sendable, Hashable, CaseIterable {
        case outside = "out"
        case gateway = "gw"
        case inside = "in"
        case proxy = "proxy"
        case internet = "net"
        case employee = "emp"
        case colleague = "new"
        case vendor = "vendor"
        case impostor = "dup"
        case stolen = "stolen"
        case assessed = "eval"
        case housing
        case parks
        case depot
        case lookalike = "alike"
        case fleet1, fleet2, fleet3, fleet4, fleet5, fleet6, fleet7, fleet8

        /// Every name starts with this, and nothing else on a machine should.
        package static let prefix = "gh-lab-"
        package var name: String { Self.prefix + rawValue }
        package var isClient: Bool { Self.clients.contains(self) }
        package static let clients: [Space] =
            [.employee, .colleague, .vendor, .impostor, .stolen, .assessed]
            + [.housing, .parks, .depot, .lookalike] + fleet
        /// Laptops that are alike, for what is done to many: only cut trials have them.
        package static let fleet: [Space] =
            [.fleet1, .fleet2, .fleet3, .fleet4, .fleet5, .fleet6, .fleet7, .fleet8]
        /// What the demonstration is made of.
        package static let demonstration = allCases.filter { !fleet.contains($0) }
    }

    /// A machine that answers.
    package enum Host: String, Sendable, Hashable, CaseIterable {
        case crm, finance, portal, resolver, proxy, web
        /// Has a port for each rung.
        case ladder

        package func address(_ family: AddressFamily) -> String {
            switch (self, family) {
            case (.web, .ipv4): "203.0.113.80"
            case (.web, .ipv6): "2001:db8:113::80"
            case (_, .ipv4): "10.10.0.\(number)"
            case (_, .ipv6): "fd10:10::\(number)"
            }
        }

        private var number: String {
            switch self {
            case .crm: "20"
            case .finance: "21"
            case .ladder: "30"
            case .portal: "90"
            case .resolver: "53"
            case .proxy, .web: "80"
            }
        }
    }

    package static let tunnel = "tunovpn"
    /// The gateway's leg to the systems inside.
    package static let insideInterface = "in0"
    /// Addresses that a client could pretend to have: its VPN server routes them to it, and they are no session's.
    package static func spoofed(_ family: AddressFamily) -> String {
        switch family {
        case .ipv4: "10.66.0.5"
        case .ipv6: "fd66::5"
        }
    }
    /// Where the clients find the VPN server.
    package static let server = "198.51.100.1"
    package static let serverPort: UInt16 = 1194
    package static let proxyPort: UInt16 = 3128
    /// Where QUIC would go.
    package static let quicPort: UInt16 = 443
    /// A port on which the gateway itself listens, as its administrators' ssh does.
    package static let administrationPort: UInt16 = 22

    /// The gateway's own address inside the tunnel.
    package static func gatewayInTunnel(_ family: AddressFamily) -> String {
        switch family {
        case .ipv4: "10.8.0.1"
        case .ipv6: "fd08:8::1"
        }
    }

    /// An address as it stands in a URL.
    package static func urlHost(_ address: String) -> String {
        address.contains(":") ? "[\(address)]" : address
    }
}
