import NetworkTypes

extension Network {
    /// One leg: an interface of `space`, the far end of which is a port of the bridge in `bridge`.
    package struct Leg: Sendable, Hashable {
        package let space: Space
        package let interface: String
        package let bridge: Space
        package let addresses: [String]
    }

    /// A client's number on the outside network, in both families.
    private static let clientNumbers: [Space: Int] = [
        .employee: 10, .colleague: 11, .vendor: 20, .impostor: 21, .stolen: 30, .assessed: 40,
        .housing: 51, .parks: 52, .depot: 53, .lookalike: 54,
        .fleet1: 61, .fleet2: 62, .fleet3: 63, .fleet4: 64, .fleet5: 65, .fleet6: 66, .fleet7: 67,
        .fleet8: 68,
    ]

    package static let legs: [Leg] =
        [
            Leg(
                space: .gateway, interface: "outer0", bridge: .outside,
                addresses: ["198.51.100.1/24", "2001:db8:51::1/64"]),
            Leg(
                space: .gateway, interface: insideInterface, bridge: .inside,
                addresses: ["10.10.0.1/24", "fd10:10::1/64"]),
            Leg(
                space: .gateway, interface: "inet0", bridge: .internet,
                addresses: ["203.0.113.1/24", "2001:db8:113::1/64"]),
            Leg(
                space: .proxy, interface: "in0", bridge: .inside,
                addresses: ["10.10.0.80/24", "fd10:10::80/64"]),
            Leg(
                space: .proxy, interface: "inet0", bridge: .internet,
                addresses: ["203.0.113.2/24", "2001:db8:113::2/64"]),
        ]
        + Space.clients.map { client in
            let number = clientNumbers[client, default: 99]
            return Leg(
                space: client, interface: "outer0", bridge: .outside,
                addresses: ["198.51.100.\(number)/24", "2001:db8:51::\(number)/64"]
                    + (client == .assessed ? Whereabouts.elsewhere.map { "\($0.address)/24" } : [])
                    + (client == .parks ? ["\(Whereabouts.abroadToo)/24"] : []))
        }

    /// Addresses on the bridges themselves: the systems inside, the internet's server, and the clients' router.
    private static let bridges: [(space: Space, addresses: [String])] = [
        (.outside, ["198.51.100.254/24", "2001:db8:51::fe/64"]),
        (
            .inside,
            [Host.crm, .finance, .portal, .resolver, .ladder].flatMap {
                ["\($0.address(.ipv4))/24", "\($0.address(.ipv6))/64"]
            }
        ),
        (.internet, ["\(Host.web.address(.ipv4))/24", "\(Host.web.address(.ipv6))/64"]),
    ]

    /// The clients' default routes are what `redirect-gateway` replaces; without one OpenVPN gives up on it.
    private static func routes(_ space: Space) -> [String] {
        switch space {
        case .inside: ["default via 10.10.0.1", "default via fd10:10::1"]
        case .proxy: ["10.8.0.0/16 via 10.10.0.1", "fd08::/16 via fd10:10::1"]
        case .internet: ["10.8.0.0/16 via 203.0.113.1", "fd08::/16 via 2001:db8:113::1"]
        case .outside, .gateway: []
        case .employee, .colleague, .vendor, .impostor, .stolen, .assessed, .housing, .parks, .depot,
            .lookalike, .fleet1, .fleet2, .fleet3, .fleet4, .fleet5, .fleet6, .fleet7, .fleet8:
            ["default via 198.51.100.254", "default via 2001:db8:51::fe"]
        }
    }

    /// For `ip -batch`: the namespaces, and the bridges and cables in them.
    package static func creation(of spaces: [Space]) -> String {
        var lines = spaces.map { "netns add \($0.name)" }
        lines += bridges.map { "link add name br0 netns \($0.space.name) type bridge" }
        lines += legs(of: spaces).map { leg in
            "link add name \(leg.interface) netns \(leg.space.name) type veth "
                + "peer name \(portName(leg)) netns \(leg.bridge.name)"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The cables between namespaces that are there.
    package static func legs(of spaces: [Space]) -> [Leg] { legs.filter { spaces.contains($0.space) } }

    /// For `ip -n NAME -batch`: everything inside one namespace of those that are there. Duplicate address detection is
    /// skipped: it would hold each IPv6 address back for a second.
    package static func configuration(of space: Space, among spaces: [Space]) -> String {
        var lines = ["link set lo up"]
        for bridge in bridges where bridge.space == space {
            lines += bridge.addresses.map { addressLine($0, on: "br0") } + ["link set br0 up"]
            lines += legs(of: spaces).filter { $0.bridge == space }.map {
                "link set \(portName($0)) master br0 up"
            }
        }
        for leg in legs where leg.space == space {
            lines +=
                leg.addresses.map { addressLine($0, on: leg.interface) } + ["link set \(leg.interface) up"]
        }
        lines += routes(space).map { "route add \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// For `ip -batch`: the gateway's leg to the inside, anew after it was deleted; and for `ip -n` of the inside, its far end.
    static var insideAgain: String {
        insideLegs.map { leg in
            "link add name \(leg.interface) netns \(leg.space.name) type veth "
                + "peer name \(portName(leg)) netns \(leg.bridge.name)\n"
        }.joined()
    }
    static var insidePort: String {
        insideLegs.map { "link set \(portName($0)) master br0 up\n" }.joined()
    }

    private static var insideLegs: [Leg] {
        legs.filter { $0.space == .gateway && $0.interface == insideInterface }
    }

    /// What a namespace that hands packets on is told. Written under `/proc/sys/net` inside it.
    package static func forwardingKeys(of space: Space) -> [String] {
        switch space {
        case .gateway, .outside: ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]
        default: []
        }
    }

    private static func portName(_ leg: Leg) -> String { "\(leg.space.rawValue)-\(leg.interface)" }

    private static func addressLine(_ address: String, on interface: String) -> String {
        "addr add \(address) dev \(interface)" + (address.contains(":") ? " nodad" : "")
    }
}
