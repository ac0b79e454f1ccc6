import FlowSpace
import NetworkTypes
import TestSupport

/// Random numbers without the generic machinery, which costs a debug build a microsecond for each.
struct Draw {
    private var random: Seeded

    init(_ seed: UInt64) { random = Seeded(seed) }

    /// 0 to `count` - 1.
    mutating func below(_ count: Int) -> Int { Int(random.next() >> 33) % count }

    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next() >> 40) }

    mutating func port() -> UInt16 { UInt16(truncatingIfNeeded: random.next() >> 40) }

    mutating func bits() -> UInt64 { random.next() }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}

/// The gateway's surroundings: which addresses are whose.
enum Ground {
    static let setup = """
        sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        ip link set lo up
        for i in tun0 tun1 lan0; do
            sysctl -qw net.ipv4.conf.$i.rp_filter=0 net.ipv4.conf.$i.send_redirects=0 \
                net.ipv6.conf.$i.accept_dad=0 net.ipv6.conf.$i.router_solicitations=0
            ip link set $i mtu 1400 txqueuelen 8192 up
        done
        sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.all.send_redirects=0
        sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        # What the kernel makes itself has no flow label.
        sysctl -qw net.ipv6.auto_flowlabels=0
        # Fragments that are never whole are soon forgotten, and those of one source come in any number.
        sysctl -qw net.ipv4.ipfrag_time=1 net.ipv4.ipfrag_max_dist=0
        ip addr add 10.8.0.1/32 dev tun0; ip route add 10.8.0.0/24 dev tun0
        ip addr add 10.9.0.1/32 dev tun1; ip route add 10.9.0.0/24 dev tun1
        ip addr add 10.10.0.1/32 dev lan0; ip route add default dev lan0
        ip -6 addr add fd08::1/128 dev tun0 nodad; ip -6 route add fd08::/64 dev tun0
        ip -6 addr add fd09::1/128 dev tun1 nodad; ip -6 route add fd09::/64 dev tun1
        ip -6 addr add fd10::1/128 dev lan0 nodad; ip -6 route add default dev lan0
        """

    /// What is let through to the gateway itself goes nowhere where we could read it, so a copy is sent to `lan0`. And
    /// flows last as long as a round, since the model's do.
    static let watch = """
        nft -f - <<'END'
        table ip watch {
          chain copy { type filter hook input priority 100
            iifname { "tun0", "tun1" } dup to 10.10.0.99 device "lan0"
          }
        }
        table ip6 watch {
          chain copy { type filter hook input priority 100
            iifname { "tun0", "tun1" } dup to fd10::99 device "lan0"
          }
        }
        END
        sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3600 net.netfilter.nf_conntrack_udp_timeout_stream=3600
        sysctl -qw net.netfilter.nf_conntrack_frag6_timeout=1
        """

    static func near(_ family: AddressFamily, _ tunnel: Int, _ host: Int) -> IPAddress {
        family == .ipv4
            ? IPAddress(ipv4: UInt32(0x0a08_0000 + tunnel << 16 + host))
            : IPAddress(ipv6: (0xfd08 + UInt128(tunnel)) << 112 + UInt128(host))
    }

    /// Among servers, which are near each other so that the edges of grants meet.
    static func server(_ family: AddressFamily, _ host: Int) -> IPAddress {
        family == .ipv4
            ? IPAddress(ipv4: UInt32(0x0a0a_0100 + host))
            : IPAddress(ipv6: 0xfd10 << 112 + 0x100 + UInt128(host))
    }

    /// Somewhere far from everything.
    static func outside(_ family: AddressFamily, _ host: Int) -> IPAddress {
        family == .ipv4
            ? IPAddress(ipv4: UInt32(0xcb00_7100 + host))
            : IPAddress(ipv6: 0x2001_0db8 << 96 + UInt128(host))
    }

    static func own(_ family: AddressFamily, _ place: Int) -> IPAddress {
        if place < 2 { return near(family, place, 1) }
        return family == .ipv4 ? IPAddress(ipv4: 0x0a0a_0001) : IPAddress(ipv6: 0xfd10 << 112 + 1)
    }

    static func isOwn(_ address: IPAddress) -> Bool {
        address == own(address.family, 0) || address == own(address.family, 1)
            || address == own(address.family, 2)
    }

    /// The tunnel that an address is routed into.
    static func tunnel(to address: IPAddress) -> Int? {
        let network =
            address.family == .ipv4
            ? UInt64(truncatingIfNeeded: address.bits >> 8) : UInt64(truncatingIfNeeded: address.bits >> 64)
        switch (address.family, network) {
        case (.ipv4, 0x0a_0800), (.ipv6, 0xfd08_0000_0000_0000): return 0
        case (.ipv4, 0x0a_0900), (.ipv6, 0xfd09_0000_0000_0000): return 1
        default: return nil
        }
    }

    /// Whether the kernel forwards from and to it at all: unicast, and no address of a link or of the machine.
    static func isRouted(_ address: IPAddress) -> Bool {
        if address.family == .ipv4 {
            let first = UInt64(truncatingIfNeeded: address.bits >> 24)
            return first > 0 && first < 224 && first != 127
        }
        let first = UInt64(truncatingIfNeeded: address.bits >> 120)
        return first >= 0x20 && first < 0xfe
    }
}
