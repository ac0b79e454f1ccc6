/// One frame, and what the decoder has to say of it.
package struct PacketSample: Sendable, CustomStringConvertible {
    package let description: String
    /// The number of the link type in a capture file.
    package let link: UInt32
    package let bytes: [UInt8]
    /// The line that `gatehouse decode` prints, without the number.
    package let line: String

    init(_ description: String, link: UInt32 = 1, _ bytes: [UInt8], _ line: String) {
        self.description = description
        self.link = link
        self.bytes = bytes
        self.line = line.replacing(" ", with: "\t")
    }

    /// Both families' addresses, as `Bytes` writes them.
    private static let v4 = "10.8.0.3 203.0.113.80"
    private static let v6 = "fd08:8::1001 2001:db8:113::80"

    package static let all = links + ipv4 + ipv6 + fragments + icmp + refused

    private static let tcp4 = Bytes.ipv4(6, Bytes.tcp(46998, 443))
    private static let udp6 = Bytes.ipv6(17, Bytes.udp(5353, 53))

    static let links = [
        PacketSample("Ethernet", Bytes.ethernet(0x0800) + tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample(
            "Ethernet with padding", Bytes.ethernet(0x0800) + tcp4 + [UInt8](repeating: 0x55, count: 9),
            "\(v4) tcp 46998 443 - "),
        PacketSample("802.1Q", Bytes.ethernet(tags: [0x8100], 0x0800) + tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample("QinQ", Bytes.ethernet(tags: [0x88a8, 0x8100], 0x86dd) + udp6, "\(v6) udp 5353 53 - "),
        PacketSample(
            "three tags", Bytes.ethernet(tags: [0x9100, 0x88a8, 0x8100], 0x86dd) + udp6,
            "\(v6) udp 5353 53 - "),
        PacketSample("raw IPv4", link: 101, tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample("raw IPv6", link: 101, udp6, "\(v6) udp 5353 53 - "),
        PacketSample("raw, the old number", link: 12, tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample("IPv4 link", link: 228, tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample("IPv6 link", link: 229, udp6, "\(v6) udp 5353 53 - "),
        PacketSample("cooked", link: 113, Bytes.cooked(0x0800) + tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample(
            "cooked with a tag", link: 113, Bytes.cooked(0x8100) + Bytes.hex("0007 86dd") + udp6,
            "\(v6) udp 5353 53 - "),
        PacketSample("cooked 2", link: 276, Bytes.cooked2(0x86dd) + udp6, "\(v6) udp 5353 53 - "),
        PacketSample("NFLOG", link: 239, Bytes.nflog(family: 2, tcp4), "\(v4) tcp 46998 443 - "),
        PacketSample("NFLOG IPv6", link: 239, Bytes.nflog(family: 10, udp6), "\(v6) udp 5353 53 - "),
        PacketSample(
            "NFLOG whose reader asked for 28 bytes of a packet", link: 239,
            Bytes.nflog(family: 2, Array(Bytes.ipv4(17, Bytes.udp(5353, 53)).prefix(28))),
            "\(v4) udp 5353 53 - "),
        PacketSample("null, little-endian", link: 0, [2, 0, 0, 0] + tcp4, "\(v4) tcp 46998 443 - "),
        PacketSample("null, big-endian", link: 0, [0, 0, 0, 30] + udp6, "\(v6) udp 5353 53 - "),
        PacketSample("loop", link: 108, [0, 0, 0, 24] + udp6, "\(v6) udp 5353 53 - "),
    ]

    static let ipv4 = [
        PacketSample(
            "router alert and padding", link: 101,
            Bytes.ipv4(6, options: Bytes.hex("94 04 00 00  01 01 01 00"), Bytes.tcp(46998, 443)),
            "\(v4) tcp 46998 443 - "),
        PacketSample(
            "the longest header", link: 101,
            Bytes.ipv4(17, options: [UInt8](repeating: 1, count: 40), Bytes.udp(5353, 53)),
            "\(v4) udp 5353 53 - "),
        PacketSample(
            "do not fragment", link: 101, Bytes.ipv4(17, fragment: 0x4000, Bytes.udp(5353, 53)),
            "\(v4) udp 5353 53 - "),
        PacketSample(
            "GRE", link: 101, Bytes.ipv4(47, Bytes.hex("0000 0800") + Bytes.ipv4(17, Bytes.udp(1, 2))),
            "\(v4) gre   - "),
        PacketSample(
            "ESP", link: 101, Bytes.ipv4(50, Bytes.word(0x100) + Bytes.word(1) + Bytes.word(0)),
            "\(v4) esp   - "),
        PacketSample(
            "AH: the kernel does not look behind it", link: 101,
            Bytes.ipv4(51, Bytes.authentication(next: 6) + Bytes.tcp(46998, 443)), "\(v4) ah   - "),
        PacketSample(
            "SCTP is granted whole", link: 101,
            Bytes.ipv4(132, Bytes.short(4000) + Bytes.short(4001) + Bytes.word(0) + Bytes.word(0)),
            "\(v4) sctp   - "),
        PacketSample("a protocol without a name", link: 101, Bytes.ipv4(253, [1, 2]), "\(v4) 253   - "),
        PacketSample("nothing after the header", link: 101, Bytes.ipv4(253, []), "\(v4) 253   - "),
    ]

    static let ipv6 = [
        PacketSample(
            "hop-by-hop", link: 101, Bytes.ipv6(0, Bytes.options(next: 6) + Bytes.tcp(46998, 443)),
            "\(v6) tcp 46998 443 - "),
        PacketSample(
            "every extension header, in the order of RFC 8200", link: 101,
            Bytes.ipv6(
                0,
                Bytes.options(next: 60, units: 1) + Bytes.options(next: 43) + Bytes.routing(next: 44)
                    + Bytes.fragment(next: 51, offset: 0, more: false) + Bytes.authentication(next: 60)
                    + Bytes.options(next: 17) + Bytes.udp(5353, 53)), "\(v6) ah   - "),
        PacketSample(
            "another order", link: 101,
            Bytes.ipv6(
                51,
                Bytes.authentication(next: 60) + Bytes.options(next: 43) + Bytes.routing(next: 6)
                    + Bytes.tcp(46998, 443)), "\(v6) ah   - "),
        PacketSample(
            "as many extension headers as are stepped over", link: 101,
            Bytes.ipv6(60, chain(of: 8, then: 17) + Bytes.udp(5353, 53)), "\(v6) udp 5353 53 - "),
        PacketSample("no next header", link: 101, Bytes.ipv6(59, []), "\(v6) 59   - "),
        PacketSample(
            "mobility ends the chain", link: 101, Bytes.ipv6(135, Bytes.hex("3b 00 00 00 0000 0000")),
            "\(v6) 135   - "),
        PacketSample(
            "ESP after an extension header", link: 101,
            Bytes.ipv6(60, Bytes.options(next: 50) + Bytes.word(0x100) + Bytes.word(1) + Bytes.word(0)),
            "\(v6) esp   - "),
        PacketSample(
            "ICMP of the other family is a protocol like any", link: 101, Bytes.ipv6(1, Bytes.icmp(8, 0, [])),
            "\(v6) icmp   - "),
    ]

    static let fragments = [
        PacketSample(
            "IPv4, first", link: 101, Bytes.ipv4(6, fragment: 0x2000, Bytes.tcp(46998, 443)),
            "\(v4) tcp 46998 443 first "),
        PacketSample(
            "IPv4, in the middle", link: 101, Bytes.ipv4(6, fragment: 0x2003, Bytes.hex("de ad be ef")),
            "\(v4) tcp   later "),
        PacketSample(
            "IPv4, last", link: 101, Bytes.ipv4(17, fragment: 185, [1, 2, 3]), "\(v4) udp   later "),
        PacketSample(
            "IPv4, UDP at offset 8 hides nothing", link: 101, Bytes.ipv4(17, fragment: 1, [1, 2, 3]),
            "\(v4) udp   later "),
        PacketSample(
            "IPv6, first", link: 101,
            Bytes.ipv6(44, Bytes.fragment(next: 17, offset: 0, more: true) + Bytes.udp(5353, 53)),
            "\(v6) udp 5353 53 first "),
        PacketSample(
            "IPv6, later", link: 101,
            Bytes.ipv6(
                0, Bytes.options(next: 44) + Bytes.fragment(next: 6, offset: 181, more: false) + [1, 2, 3]),
            "\(v6) tcp   later "),
        PacketSample(
            "IPv6, later, with more behind", link: 101,
            Bytes.ipv6(44, Bytes.fragment(next: 60, offset: 181, more: true) + [17, 0, 1, 4, 0, 0, 0, 0]),
            "\(v6) 60   later "),
    ]

    static let icmp = [
        PacketSample("echo", link: 101, Bytes.ipv4(1, Bytes.icmp(8, 0, [1, 2, 3])), "\(v4) icmp   - "),
        PacketSample("echo, IPv6", link: 101, Bytes.ipv6(58, Bytes.icmp(128, 0, [])), "\(v6) icmpv6   - "),
        PacketSample(
            "unreachable, quoting the least", link: 101,
            Bytes.ipv4(1, Bytes.icmp(3, 13, Array(tcp4.prefix(28)))), "\(v4) icmp   - "),
        PacketSample(
            "too big, quoting all", link: 101, Bytes.ipv6(58, Bytes.icmp(2, 0, udp6)), "\(v6) icmpv6   - "),
        PacketSample(
            "first fragment of an echo", link: 101,
            Bytes.ipv4(1, fragment: 0x2000, Bytes.icmp(8, 0, [1, 2, 3])), "\(v4) icmp   first "),
    ]

    static let refused = [
        PacketSample("an empty frame", [], "     - too-short"),
        PacketSample("half an Ethernet header", Bytes.hex("0200 0000 0002 02"), "     - too-short"),
        PacketSample(
            "TCP in 16 bytes", link: 101, Bytes.ipv4(6, Array(Bytes.tcp(46998, 443).prefix(16))),
            "\(v4) tcp 46998 443 - too-short"),
        PacketSample(
            "UDP in two bytes", link: 101, Bytes.ipv6(17, [0x14, 0xe9]), "\(v6) udp   - too-short"),
        PacketSample("a link type of DOCSIS", link: 143, tcp4, "     - unsupported-link-type"),
        PacketSample(
            "NFLOG attribute under its own header", link: 239, Bytes.hex("02 00 0005  0300 0900"),
            "     - bad-link-header"),
        PacketSample(
            "NFLOG attribute past the message", link: 239, Bytes.hex("02 00 0005  0800 0a00"),
            "     - bad-link-header"),
        PacketSample(
            "NFLOG without a packet", link: 239, Bytes.hex("02 00 0005  0800 0a00 6162 6300"),
            "     - bad-link-header"),
        PacketSample("NFLOG of a bridge", link: 239, Bytes.nflog(family: 7, tcp4), "     - not-ip"),
        PacketSample(
            "four tags", Bytes.ethernet(tags: [0x8100, 0x8100, 0x8100, 0x8100], 0x0800) + tcp4,
            "     - too-many-tags"),
        PacketSample(
            "ARP",
            Bytes.ethernet(0x0806) + Bytes.hex("0001 0800 06 04 0001") + [UInt8](repeating: 0, count: 20),
            "     - not-ip"),
        PacketSample("spanning tree", Bytes.ethernet(0x0026) + Bytes.hex("42 42 03 00"), "     - not-ip"),
        PacketSample("version 5", link: 101, [0x55] + tcp4.dropFirst(), "     - bad-version"),
        PacketSample("IPv6 announced as IPv4", link: 228, udp6, "     - bad-version"),
        PacketSample(
            "header of 16 bytes", link: 101, [0x44] + tcp4.dropFirst(), "     - bad-header-length"),
        PacketSample(
            "total length under the header", link: 101,
            Bytes.ipv4(6, options: [1, 1, 1, 1], total: 20, Bytes.tcp(46998, 443)),
            "     - bad-total-length"),
        PacketSample(
            "total length over the frame", link: 101, Bytes.ipv4(17, total: 1500, Bytes.udp(5353, 53)),
            "\(v4) udp 5353 53 - bad-total-length"),
        PacketSample(
            "IPv6 payload over the frame", link: 101, Bytes.ipv6(17, length: 1460, Bytes.udp(5353, 53)),
            "\(v6) udp 5353 53 - bad-total-length"),
        PacketSample(
            "nine extension headers", link: 101, Bytes.ipv6(60, chain(of: 9, then: 17) + Bytes.udp(5353, 53)),
            "\(v6) 60   - too-many-extension-headers"),
        PacketSample(
            "first fragment that leaves the flags to the next", link: 101,
            Bytes.ipv4(6, fragment: 0x2000, Array(Bytes.tcp(46998, 443).prefix(8))),
            "\(v4) tcp 46998 443 first short-first-fragment"),
        PacketSample(
            "TCP fragment that overwrites the flags", link: 101,
            Bytes.ipv4(6, fragment: 0x2001, Bytes.hex("00000000 5002 faf0")),
            "\(v4) tcp   later short-first-fragment"),
        PacketSample(
            "IPv6 TCP fragment that overwrites the flags", link: 101,
            Bytes.ipv6(44, Bytes.fragment(next: 6, offset: 1, more: false) + Bytes.hex("00000000 5002 faf0")),
            "\(v6) tcp   later short-first-fragment"),
        PacketSample(
            "first fragment that ends inside its headers", link: 101,
            Bytes.ipv6(44, Bytes.fragment(next: 60, offset: 0, more: true) + [17, 1, 1, 12, 0, 0, 0, 0]),
            "\(v6) 60   first short-first-fragment"),
    ]

    /// `count` headers of destination options, the last of which announces `last`.
    private static func chain(of count: Int, then last: Int) -> [UInt8] {
        (1...count).flatMap { Bytes.options(next: $0 == count ? last : 60) }
    }
}
