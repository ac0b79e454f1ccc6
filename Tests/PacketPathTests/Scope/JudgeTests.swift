import NetworkTypes
import Testing

@testable import PacketPath

/// One line a case, run for both families.
@Suite struct JudgeTests {
    struct Case: CustomTestStringConvertible {
        var reason: String
        var packet: Shape
        var expected: Verdict
        /// In which family alone the case means anything.
        var only: AddressFamily?

        init(_ packet: Shape, _ expected: Verdict, only: AddressFamily? = nil, _ reason: String) {
            (self.reason, self.packet, self.expected, self.only) = (reason, packet, expected, only)
        }

        var testDescription: String { reason }
    }

    /// A packet between the session and a server, the same in both families.
    struct Shape {
        var way: JudgedPacket.Way
        var number: IPProtocol?
        /// The far side's; the session's is 40000.
        var port: UInt16 = 0
        var server: UInt64 = Server.granted
        var flags: UInt8 = 0
        var flow = JudgedPacket.Flow.unknown
        var facts: JudgedPacket.Facts = []
        /// As of IPv4 (8 request, 0 reply); mapped to the other family's. Real numbers above 255.
        var type: ICMP = .request
        var hopLimit: UInt8 = 63
        var quoted: Quote?
    }

    enum ICMP { case request, reply, unreachable, redirect, solicitation, advertisement }
    struct Quote {
        var number: IPProtocol?
        var port: UInt16 = 443
        var server: UInt64 = Server.granted
        var type: ICMP = .request
        var isForeign = false
    }

    enum Server {
        /// TCP 443, UDP 53, echo, GRE; TCP 8000 to 8009.
        static let granted: UInt64 = 20
        /// Every protocol and port.
        static let whole: UInt64 = 21
        /// Every TCP port and no more.
        static let allTCP: UInt64 = 22
        static let unknown: UInt64 = 99
    }

    static let session: UInt128 = 2

    static func image(_ isIPv6: Bool) -> ScopeImage {
        let base = base(isIPv6)
        let echo: UInt8 = isIPv6 ? 58 : 1
        func box(_ host: UInt64, _ numbers: ClosedRange<UInt8>, _ ports: ClosedRange<UInt16> = 0 ... .max)
            -> ScopeBox
        {
            ScopeBox(
                isIPv6: isIPv6, addresses: (base + UInt128(host))...(base + UInt128(host)),
                protocols: numbers, ports: ports)
        }
        return ScopeImage([
            box(Server.granted, 6...6, 443...443), box(Server.granted, 17...17, 53...53),
            box(Server.granted, echo...echo), box(Server.granted, 47...47),
            box(Server.granted, 6...6, 8000...8009),
            box(Server.whole, 0 ... .max), box(Server.allTCP, 6...6),
        ])
    }

    static func base(_ isIPv6: Bool) -> UInt128 { isIPv6 ? 0xfd10 << 112 : 0x0a0a_0000 }

    static func packet(_ shape: Shape, _ isIPv6: Bool) -> JudgedPacket {
        let number = (shape.number ?? (isIPv6 ? .icmpv6 : .icmp)).rawValue
        let (near, far) = (base(isIPv6) + session, base(isIPv6) + UInt128(shape.server))
        let isOutward = shape.way == .outward
        var packet = JudgedPacket(
            way: shape.way, isIPv6: isIPv6, ipProtocol: number, source: isOutward ? near : far,
            destination: isOutward ? far : near)
        packet.sourcePort = isOutward ? 40_000 : shape.port
        packet.destinationPort = isOutward ? shape.port : 40_000
        packet.tcpFlags = shape.flags
        packet.flow = shape.flow
        packet.facts = shape.facts
        packet.icmpType = type(shape.type, isIPv6)
        packet.hopLimit = shape.hopLimit
        if let quote = shape.quoted {
            // What is quoted went the other way.
            packet.facts.insert(.quotes)
            let server = base(isIPv6) + UInt128(quote.server)
            packet.quoted.firstByte = quote.isForeign != isIPv6 ? 0x60 : 0x45
            packet.quoted.ipProtocol = (quote.number ?? (isIPv6 ? .icmpv6 : .icmp)).rawValue
            packet.quoted.icmpType = type(quote.type, isIPv6)
            packet.quoted.source = isOutward ? server : near
            packet.quoted.destination = isOutward ? near : server
            packet.quoted.sourcePort = isOutward ? quote.port : 40_000
            packet.quoted.destinationPort = isOutward ? 40_000 : quote.port
        }
        return packet
    }

    static func type(_ type: ICMP, _ isIPv6: Bool) -> UInt8 {
        switch type {
        case .request: isIPv6 ? 128 : 8
        case .reply: isIPv6 ? 129 : 0
        case .unreachable: isIPv6 ? 1 : 3
        case .redirect: isIPv6 ? 137 : 5
        case .solicitation: 135
        case .advertisement: 136
        }
    }

    static let outward: [Case] = [
        Case(
            Shape(way: .outward, number: .tcp, port: 443, flags: 0x02), .permitted, "a SYN to what is granted"
        ),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, flags: 0), .permitted, "flags are not asked outward"
        ),
        Case(Shape(way: .outward, number: .tcp, port: 444), .denied(.destination), "the port beside it"),
        Case(Shape(way: .outward, number: .udp, port: 443), .denied(.destination), "the other protocol"),
        Case(Shape(way: .outward, number: .udp, port: 53), .permitted, "a datagram asks"),
        Case(Shape(way: .outward, number: .tcp, port: 8009), .permitted, "the end of a range"),
        Case(Shape(way: .outward, number: .tcp, port: 8010), .denied(.destination), "after a range"),
        Case(
            Shape(way: .outward, number: .gre, port: 0x880b), .permitted,
            "GRE has no ports: its bytes are any"),
        Case(Shape(way: .outward, number: .esp), .denied(.destination), "a protocol that is not granted"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, server: Server.unknown), .denied(.destination),
            "another address"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: .betweenTunnels), .denied(.betweenTunnels),
            "one client does not reach another, whatever its scope says"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: [.betweenTunnels, .ofGateway]), .permitted,
            "what is for the gateway goes to no tunnel"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: .options), .denied(.options), only: .ipv4,
            "IPv4 options are refused whole"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: .routingHeader), .denied(.routingHeader),
            only: .ipv6, "a source route"),
        Case(
            Shape(way: .outward, number: .tcp, facts: .noPorts), .denied(.truncated),
            "no rule reads its ports"),
        Case(
            Shape(way: .outward, number: .gre, facts: .noPorts), .denied(.truncated),
            "nor the two bytes where a port would be"),
        Case(
            Shape(way: .outward, number: IPProtocol(rawValue: 60), server: Server.whole), .denied(.headers),
            only: .ipv6, "the headers end nowhere: there is no protocol to match"),
        Case(
            Shape(way: .outward, number: .ah, server: Server.whole), .permitted,
            "an authentication header is a protocol like others"),
        Case(
            Shape(way: .outward, number: .ah), .denied(.destination),
            "and is no way to what is granted behind it"),
    ]

    static let toward: [Case] = [
        Case(Shape(way: .toward, number: .tcp, port: 443, flags: 0x12), .permitted, "SYN and ACK answer"),
        Case(Shape(way: .toward, number: .tcp, port: 443, flags: 0x10), .permitted, "so does an ACK"),
        Case(Shape(way: .toward, number: .tcp, port: 443, flags: 0x04), .permitted, "a reset may be alone"),
        Case(Shape(way: .toward, number: .tcp, port: 443, flags: 0x02), .denied(.opening), "a SYN opens"),
        Case(
            Shape(way: .toward, number: .tcp, port: 443, flags: 0x06), .denied(.opening), "with a reset too"),
        Case(Shape(way: .toward, number: .tcp, port: 443, flags: 0x0a), .denied(.opening), "or with PSH"),
        Case(Shape(way: .toward, number: .tcp, port: 443, flags: 0x01), .denied(.noAnswer), "a FIN alone"),
        Case(
            Shape(way: .toward, number: .tcp, port: 443, flags: 0x00), .denied(.noAnswer), "no flags at all"),
        Case(
            Shape(way: .toward, number: .tcp, port: 444, flags: 0x10), .denied(.destination),
            "from a port that is not granted"),
        Case(
            Shape(way: .toward, number: .tcp, port: 443, server: Server.unknown, flags: 0x10),
            .denied(.destination), "from an address that is not granted"),
        Case(
            Shape(way: .toward, number: .tcp, port: 443, facts: .noKind), .denied(.truncated),
            "a header cut off before its flags answers nothing"),
        Case(
            Shape(way: .toward, number: .tcp, port: 443, flags: 0x10, facts: [.options, .routingHeader]),
            .permitted,
            "detours are asked outward only"),
        Case(
            Shape(way: .toward, number: .udp, port: 53), .cannotTell(.flow),
            "conntrack knows whether it answers"),
        Case(Shape(way: .toward, number: .udp, port: 53, flow: .answered), .permitted, "it does"),
        Case(
            Shape(way: .toward, number: .udp, port: 53, flow: .unsolicited), .denied(.unsolicited),
            "it does not"),
        Case(
            Shape(way: .toward, number: .udp, port: 54), .denied(.destination),
            "a port that is not granted, whoever began"),
        Case(
            Shape(way: .toward, number: .udp, port: 54, flow: .answered), .denied(.destination),
            "the scope is asked for every packet"),
        Case(Shape(way: .toward, number: .gre), .permitted, "GRE from where it may go"),
        Case(Shape(way: .toward, number: .esp), .denied(.destination), "ESP from where it may not"),
        Case(
            Shape(way: .toward, number: .udp, facts: .noPorts), .denied(.truncated), "no rule reads its ports"
        ),
    ]

    static let icmp: [Case] = [
        Case(Shape(way: .outward, type: .request), .permitted, "ping"),
        Case(
            Shape(way: .outward, server: Server.allTCP, type: .request), .denied(.destination),
            "ping elsewhere"),
        Case(Shape(way: .outward, type: .reply), .denied(.icmpType), "sessions answer no ping"),
        Case(Shape(way: .toward, type: .reply), .permitted, "the answer to ping"),
        Case(Shape(way: .toward, server: Server.allTCP, type: .reply), .denied(.destination), "of another"),
        Case(Shape(way: .toward, type: .request), .denied(.icmpType), "sessions are not pinged"),
        Case(Shape(way: .outward, type: .redirect), .denied(.icmpType), "a redirect is no error"),
        Case(Shape(way: .toward, type: .redirect), .denied(.icmpType), "nor toward"),
        Case(
            Shape(way: .outward, facts: [.noPorts, .noKind]), .denied(.truncated), "nothing of it is there"),
        Case(
            Shape(way: .outward, number: .icmpv6, server: Server.whole, type: .request), .denied(.icmpType),
            only: .ipv4, "the other family's ICMP"),
        Case(
            Shape(way: .outward, number: .icmp, server: Server.whole, type: .request), .denied(.icmpType),
            only: .ipv6, "the other family's ICMP"),
        Case(
            Shape(way: .outward, type: .solicitation, hopLimit: 255), .denied(.icmpType),
            "neighbour discovery is not forwarded"),
        Case(
            Shape(way: .toward, server: Server.unknown, type: .unreachable, quoted: Quote(number: .tcp)),
            .permitted,
            "a router's word on what the session sent"),
        Case(
            Shape(way: .toward, type: .unreachable, quoted: Quote(number: .tcp, port: 444)),
            .denied(.quoteDestination), "the session could not have sent that"),
        Case(
            Shape(way: .toward, type: .unreachable, quoted: Quote(number: .tcp, server: Server.unknown)),
            .denied(.quoteDestination), "nor to there"),
        Case(
            Shape(way: .toward, type: .unreachable, quoted: Quote(number: .udp, port: 53)), .permitted,
            "a quoted datagram needs no flow"),
        Case(Shape(way: .toward, type: .unreachable), .denied(.quoteTruncated), "it quotes too little"),
        Case(
            Shape(way: .toward, type: .unreachable, quoted: Quote(number: .tcp, isForeign: true)),
            .denied(.quoteVersion), "it quotes the other family"),
        Case(
            Shape(way: .toward, type: .unreachable, quoted: Quote(type: .request)), .permitted,
            "it quotes the session's ping"),
        Case(
            Shape(way: .toward, type: .unreachable, quoted: Quote(type: .reply)), .denied(.quoteType),
            "sessions send no such reply"),
        Case(
            Shape(way: .outward, server: Server.unknown, type: .unreachable, quoted: Quote(number: .tcp)),
            .permitted,
            "the session's word on an answer, by the answer's source"),
        Case(
            Shape(way: .outward, type: .unreachable, quoted: Quote(number: .tcp, port: 444)),
            .denied(.quoteDestination), "no such answer reached it"),
        Case(
            Shape(way: .outward, type: .unreachable, quoted: Quote(type: .reply)), .permitted,
            "an echo reply that could not be taken"),
        Case(
            Shape(way: .outward, type: .unreachable, quoted: Quote(type: .request)), .denied(.quoteType),
            "no request reached it"),
    ]

    static let later: JudgedPacket.Facts = [.fragment, .noPorts, .noKind]
    static let fragments: [Case] = [
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: .fragment), .permitted,
            "the first fragment says what the whole is"),
        Case(
            Shape(way: .outward, number: .tcp, port: 444, facts: .fragment), .denied(.destination),
            "also when it is refused"),
        Case(
            Shape(way: .outward, number: .tcp, facts: later), .cannotTell(.fragment), "some ports are granted"
        ),
        Case(
            Shape(way: .outward, number: .tcp, server: Server.allTCP, facts: later), .permitted,
            "every port is granted"),
        Case(
            Shape(way: .outward, number: .udp, server: Server.allTCP, facts: later), .denied(.destination),
            "none is"),
        Case(Shape(way: .outward, number: .gre, facts: later), .permitted, "GRE is granted whole"),
        Case(
            Shape(way: .toward, number: .tcp, server: Server.allTCP, facts: later), .cannotTell(.fragment),
            "the flags are in the first fragment"),
        Case(
            Shape(way: .toward, number: .tcp, server: Server.unknown, facts: later), .denied(.destination),
            "whatever its flags"),
        Case(
            Shape(way: .toward, number: .udp, server: Server.whole, facts: later), .cannotTell(.flow),
            "every port, and the flow is unknown"),
        Case(
            Shape(way: .toward, number: .udp, server: Server.whole, flow: .answered, facts: later),
            .permitted,
            "every port, and it answers"),
        Case(
            Shape(way: .toward, number: .udp, server: Server.whole, flow: .unsolicited, facts: later),
            .denied(.unsolicited), "every port, and it does not"),
        Case(Shape(way: .toward, number: .gre, facts: later), .permitted, "GRE is granted whole"),
        Case(Shape(way: .outward, facts: later), .cannotTell(.fragment), "of ICMP the type is not known"),
        Case(
            Shape(way: .outward, server: Server.unknown, facts: later), .cannotTell(.fragment),
            "it may be an error, which its quotation decides"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: later.union(.betweenTunnels)),
            .denied(.betweenTunnels), "that needs no ports"),
        Case(
            Shape(way: .outward, number: .ah, server: Server.whole, facts: later), .permitted,
            "behind an authentication header nothing is read"),
        Case(
            Shape(way: .outward, number: IPProtocol(rawValue: 60), facts: later), .cannotTell(.fragment),
            only: .ipv6, "the protocol comes after"),
        Case(
            Shape(way: .toward, number: .tcp, port: 443, facts: [.fragment, .noKind]), .cannotTell(.fragment),
            "ports in this fragment, flags in the next"),
        Case(
            Shape(way: .toward, number: .tcp, port: 444, facts: [.fragment, .noKind]), .denied(.destination),
            "whatever its flags"),
        Case(
            Shape(way: .toward, facts: .fragment, type: .unreachable), .cannotTell(.fragment),
            "the quotation goes on in the next"),
        Case(
            Shape(way: .toward, number: .tcp, server: Server.unknown, facts: later.union(.ofGateway)),
            .cannotTell(.fragment), "the gateway's own could be a reset"),
    ]

    static let gateway: [Case] = [
        Case(
            Shape(way: .outward, facts: .ofGateway, type: .solicitation, hopLimit: 255), .permitted,
            only: .ipv6,
            "neighbour discovery on the link"),
        Case(
            Shape(way: .toward, facts: .ofGateway, type: .advertisement, hopLimit: 255), .permitted,
            only: .ipv6,
            "and the answer"),
        Case(
            Shape(way: .outward, facts: .ofGateway, type: .solicitation, hopLimit: 254), .denied(.icmpType),
            "a router has touched it"),
        Case(
            Shape(way: .toward, number: .tcp, port: 9, flags: 0x14, facts: .ofGateway), .permitted,
            "the reset that refuses"),
        Case(
            Shape(way: .toward, facts: .ofGateway, type: .unreachable), .permitted, "the error that refuses"),
        Case(
            Shape(way: .outward, facts: .ofGateway, type: .unreachable), .denied(.quoteTruncated),
            "a session's error to the gateway is judged"),
        Case(
            Shape(way: .toward, number: .tcp, port: 9, flags: 0x12, facts: .ofGateway), .denied(.destination),
            "the gateway's programs are servers like others"),
        Case(
            Shape(way: .outward, number: .tcp, port: 443, facts: .ofGateway), .permitted,
            "its portal, if granted"),
    ]

    @Test(arguments: outward + toward + icmp + fragments + gateway)
    func judges(_ one: Case) {
        for family in AddressFamily.allCases where one.only == nil || one.only == family {
            let isIPv6 = family == .ipv6
            let packet = Self.packet(one.packet, isIPv6)
            #expect(Self.image(isIPv6).verdict(on: packet) == one.expected, "\(family): \(one.reason)")
            let table = ScopeTable([7: Self.image(isIPv6)])
            #expect(table.verdict(on: packet, scope: 7) == one.expected, "\(family), by number")
            var inPlace = packet
            #expect(Self.image(isIPv6).verdict(on: &inPlace) == one.expected, "\(family), in place")
            #expect(table.verdict(on: &inPlace, scope: 7) == one.expected, "\(family), in place, by number")
        }
    }

    @Test func refusesWithoutAScope() {
        for isIPv6 in [false, true] {
            let packet = Self.packet(Shape(way: .outward, number: .tcp, port: 443), isIPv6)
            let table = ScopeTable([7: Self.image(isIPv6)])
            #expect(table.verdict(on: packet, scope: 0) == .denied(.noScope), "a source of no session")
            #expect(table.verdict(on: packet, scope: 8) == .denied(.noScope), "a scope that is gone")
            let reset = Self.packet(Shape(way: .toward, number: .tcp, flags: 4, facts: .ofGateway), isIPv6)
            #expect(table.verdict(on: reset, scope: 0) == .permitted, "a refusal is answered without a scope")
        }
    }

    /// Every reason and every doubt is some case's; their numbers stand.
    @Test func theTableIsComplete() {
        let cases = Self.outward + Self.toward + Self.icmp + Self.fragments + Self.gateway
        let seen = Set(cases.map(\.expected)).union([.denied(.noScope)])
        for reason in DenyReason.allCases { #expect(seen.contains(.denied(reason)), "\(reason)") }
        for doubt in [Doubt.fragment, .flow] {
            #expect(seen.contains(.cannotTell(doubt)), "\(doubt)")
        }
        #expect(DenyReason.allCases.map(\.rawValue) == Array(1...15))
        #expect(Doubt.allCases.map(\.rawValue) == Array(1...2))
    }
}
