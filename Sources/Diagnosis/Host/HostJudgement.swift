/// Whether the machine does what a gateway needs of it.
package enum HostJudgement {
    package static func findings(_ facts: HostFacts) -> [Finding] {
        let tunnels = facts.interfaces.filter(\.isTunnel)
        return [
            forwarding("IPv4", facts.forwards4, "net.ipv4.ip_forward"),
            forwarding("IPv6", facts.forwards6, "net.ipv6.conf.all.forwarding"),
        ] + tunnels.map(tunnel) + tunnels.filter(\.isThere).map(reversePath)
            + facts.interfaces.filter(\.isThere).flatMap { [sourceRoutes($0), redirects($0), offloads($0)] }
            + tunnels.filter(\.isThere).map { mtu($0, inside: facts.interfaces.filter { !$0.isTunnel }) }
            + [tracking(facts.tracking), clock(facts.clock), zones(facts.missingZones)]
    }

    static func forwarding(_ family: String, _ isOn: Known<Bool>, _ setting: String) -> Finding {
        switch isOn {
        case .known(true): .ok(.forwarding, family, "\(family) is forwarded")
        case .known(false):
            Finding(
                .forwarding, family, .problem, "\(family) is not forwarded",
                why: "no session reaches anything behind the gateway over \(family)",
                remedy: "sysctl -w \(setting)=1, and a file in /etc/sysctl.d for the next boot")
        case .unknown(let reason): .unknown(.forwarding, family, reason)
        }
    }

    static func tunnel(_ interface: HostFacts.Interface) -> Finding {
        interface.isThere
            ? .ok(.tunnel, interface.name, "the interface is there")
            : Finding(
                .tunnel, interface.name, .problem, "there is no interface \(interface.name)",
                why:
                    "nobody comes in by it; either the VPN server does not run, or its tunnel has another name, "
                    + "whose packets nobody judges",
                remedy:
                    "start the VPN server; let 'dev' of its configuration and 'tunnel' of ours be the same name"
            )
    }

    static func reversePath(_ interface: HostFacts.Interface) -> Finding {
        let name = interface.name
        switch interface.reversePath {
        case .known(0):
            return .ok(
                .reversePath, name,
                "0: the kernel checks no source addresses of IPv4, nor ever of IPv6; gatehouse does")
        case .known(1):
            return .ok(
                .reversePath, name,
                "1, strict: IPv4 from a source whose way back is not this tunnel is dropped before any rule; gatehouse "
                    + "checks sources of both families")
        case .known(2):
            return .ok(
                .reversePath, name,
                "2, loose: IPv4 from a source that has no way back at all is dropped; gatehouse checks sources of both "
                    + "families")
        case .known(let value):
            return .unknown(.reversePath, name, "rp_filter is \(value), which means nothing that is known")
        case .unknown(let reason): return .unknown(.reversePath, name, reason)
        }
    }

    static func sourceRoutes(_ interface: HostFacts.Interface) -> Finding {
        let name = interface.name
        switch interface.takesSourceRoutes {
        case .known(let families) where families.isEmpty:
            return .ok(.sourceRoutes, name, "packets that say their own way are not taken")
        case .known(let families):
            return Finding(
                .sourceRoutes, name, .warning, "packets of \(list(families)) may say their own way",
                why:
                    "a sender chooses the hosts that a packet goes by; gatehouse refuses such packets of sessions, but "
                    + "not those from elsewhere",
                remedy: families.map { family in
                    "sysctl -w net.\(family.lowercased()).conf.all.accept_source_route=0"
                }.joined(separator: "; "))
        case .unknown(let reason): return .unknown(.sourceRoutes, name, reason)
        }
    }

    static func redirects(_ interface: HostFacts.Interface) -> Finding {
        let name = interface.name
        switch (interface.sendsRedirects, interface.takesRedirects) {
        case (_, .known(true)):
            return Finding(
                .redirects, name, .warning, "redirects that come in by it change our routes",
                why: "a neighbour can make packets of sessions go by itself",
                remedy:
                    "sysctl -w net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.\(name).accept_redirects=0")
        case (.known(true), .known(false)) where interface.isTunnel:
            return Finding(
                .redirects, name, .warning, "clients are told of other ways by redirects",
                why: "a client that follows one sends packets past the gateway, where they are lost",
                remedy: "sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.\(name).send_redirects=0")
        case (.known, .known(false)):
            return .ok(.redirects, name, "no redirects are followed")
        case (.unknown(let reason), _), (_, .unknown(let reason)): return .unknown(.redirects, name, reason)
        }
    }

    static func offloads(_ interface: HostFacts.Interface) -> Finding {
        let name = interface.name
        switch interface.largeReceive {
        case .known(false):
            return .ok(.offloads, name, "no packets are joined for good before they are forwarded")
        case .known(true):
            return Finding(
                .offloads, name, .problem, "large receive offload is on",
                why:
                    "it joins packets in a way that cannot be undone when they are forwarded: connections through the "
                    + "gateway stall",
                remedy: "ethtool -K \(name) lro off")
        case .unknown(let reason): return .unknown(.offloads, name, reason)
        }
    }

    static func mtu(_ tunnel: HostFacts.Interface, inside: [HostFacts.Interface]) -> Finding {
        switch tunnel.mtu {
        case .unknown(let reason): return .unknown(.mtu, tunnel.name, reason)
        case .known(let mtu) where mtu < 1280:
            return Finding(
                .mtu, tunnel.name, .problem, "an MTU of \(mtu)",
                why: "the kernel has no IPv6 on an interface of less than 1280 (RFC 8200 section 5)",
                remedy: "raise 'tun-mtu' of the VPN server")
        case .known(let mtu):
            let least = inside.compactMap { other in other.mtu.value.map { ($0, other.name) } }
                .min { $0.0 < $1.0 }
            guard let (narrowest, name) = least, mtu > narrowest else {
                return .ok(.mtu, tunnel.name, "an MTU of \(mtu), no more than any other interface has")
            }
            return Finding(
                .mtu, tunnel.name, .warning, "an MTU of \(mtu), more than the \(narrowest) of \(name)",
                why:
                    "large packets of sessions do not fit there: each connection first learns that from an ICMP error",
                remedy: "lower 'tun-mtu' of the VPN server, or raise the MTU of \(name)")
        }
    }

    static func tracking(_ use: Known<HostFacts.TrackingUse>) -> Finding {
        switch use {
        case .unknown(let reason): return .unknown(.tracking, reason)
        case .known(let use):
            let share = use.limit > 0 ? use.count * 100 / use.limit : 100
            let says = "\(use.count) of \(use.limit) connections are tracked (\(share) %)"
            guard share >= 80 else { return .ok(.tracking, says) }
            return Finding(
                .tracking, share >= 95 ? .problem : .warning, says,
                why:
                    "when it is full, new UDP flows of sessions are dropped, and everybody else's connections too",
                remedy:
                    "look what fills it (conntrack -L); sysctl -w net.netfilter.nf_conntrack_max=\(use.limit * 2)"
            )
        }
    }

    static func clock(_ state: Known<HostFacts.ClockState>) -> Finding {
        switch state {
        case .unknown(let reason): return .unknown(.clock, reason)
        case .known(let state) where !state.isSynchronised:
            return Finding(
                .clock, .warning, "nothing keeps the clock right; how far it is off is not known",
                why: "one-time codes, hours, contracts, leases and revocation lists are judged by it",
                remedy: "run chrony or systemd-timesyncd, and look with 'timedatectl'")
        case .known(let state):
            guard let error = state.error else {
                return .unknown(.clock, "the clock is kept right; how far it may be off is not known")
            }
            let milliseconds = Int64(error / .milliseconds(1))
            guard milliseconds >= 1000 else {
                return .ok(.clock, "the clock is kept right, to \(milliseconds) ms at worst")
            }
            return Finding(
                .clock, .warning, "the clock is kept right, but may be off by \(milliseconds) ms",
                why: "one-time codes of 30 seconds and ends to the second are judged by it",
                remedy:
                    "look whether the time servers are reached: 'chronyc tracking' or 'timedatectl timesync-status'"
            )
        }
    }

    static func zones(_ missing: Known<[String]>) -> Finding {
        switch missing {
        case .unknown(let reason): .unknown(.zones, reason)
        case .known(let names) where names.isEmpty:
            .ok(.zones, "the machine knows every time zone that the rules name")
        case .known(let names):
            Finding(
                .zones, .problem, "the machine knows nothing of the time zone \(list(names))",
                why: "hours and dates in that zone cannot be told, and the rules do not load",
                remedy: "install the package of time zones (tzdata)")
        }
    }
}
