import FlowSpace
import NetworkTypes
import TestSupport
import Testing

@Suite struct FlowSpaceTests {
    @Test(arguments: [
        (["10.0.0.1 tcp/443"], "10.0.0.1 tcp/443", "one address, one port"),
        (
            ["10.0.0.0/31 tcp/80", "10.0.0.2/31 tcp/80"], "10.0.0.0-10.0.0.3 tcp/80",
            "addresses that touch merge"
        ),
        (
            ["10.0.0.0/31 tcp/80", "10.0.0.2/31 tcp/81"],
            "10.0.0.0-10.0.0.1 tcp/80, 10.0.0.2-10.0.0.3 tcp/81",
            "addresses that touch and differ do not"
        ),
        (["10.0.0.1 tcp/80", "10.0.0.1 tcp/81-90"], "10.0.0.1 tcp/80-90", "ports that touch merge"),
        (
            ["10.0.0.1 tcp/80", "10.0.0.1 tcp/82"], "10.0.0.1 tcp/80, 10.0.0.1 tcp/82",
            "ports with a gap do not"
        ),
        (["10.0.0.0/30 tcp/80", "10.0.0.1 tcp/80"], "10.0.0.0-10.0.0.3 tcp/80", "a part adds nothing"),
        (
            ["10.0.0.0/30 tcp/80", "10.0.0.1 tcp/443"],
            "10.0.0.0 tcp/80, 10.0.0.1 tcp/80, 10.0.0.1 tcp/443, 10.0.0.2-10.0.0.3 tcp/80",
            "a hole is cut where it is"
        ),
        (
            ["255.255.255.255 ping", ":: ping"], "255.255.255.255 icmp, :: icmpv6",
            "ping is each family's own"
        ),
        (
            ["255.255.255.255 esp", ":: esp"], "255.255.255.255 esp, :: esp",
            "the last IPv4 address touches nothing"
        ),
        (
            ["0.0.0.0/0 esp", "::/0 esp"],
            "0.0.0.0-255.255.255.255 esp, ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff esp",
            "nor do the whole families"
        ),
        (["10.0.0.1 esp", "10.0.0.1 ah"], "10.0.0.1 protocols 50-51", "protocols 50 and 51 touch and agree"),
        (["10.0.0.1 tcp/0-65535"], "10.0.0.1 tcp/0-65535", "all ports of TCP are ports still"),
        (
            ["10.0.0.1 tcp/65535", "10.0.0.1 udp/0"], "10.0.0.1 tcp/65535, 10.0.0.1 udp/0",
            "ports end at 65535"
        ),
        (["fd00::1 udp/53", "fd00::1 tcp/53"], "fd00::1 tcp/53, fd00::1 udp/53", "sorted by protocol"),
        ([], "nothing", "no box"),
    ])
    func unions(texts: [String], expected: String, because reason: Comment) throws {
        let boxes = try texts.map(Self.box)
        #expect(FlowSpace(boxes).description == expected, reason)
        #expect(FlowSpace(boxes.reversed()).description == expected, reason)
    }

    @Test(
        arguments: [
            (0...255, 80...80, "10.0.0.1 tcp/80, 10.0.0.1 udp/80", "a port alone is one of TCP and UDP"),
            (0...255, 0...65535, "10.0.0.1 all protocols", "all ports are every protocol"),
            (50...50, 1...65535, "nothing", "ESP lives at port 0"),
            (50...50, 0...0, "10.0.0.1 esp", "and is there whole"),
            (5...7, 0...0, "10.0.0.1 5, 10.0.0.1 tcp/0, 10.0.0.1 7", "port 0 of TCP is a port"),
            (255...255, 0...65535, "10.0.0.1 255", "the last protocol"),
            (6...6, 65535...65535, "10.0.0.1 tcp/65535", "the last port"),
        ] as [(ClosedRange<UInt8>, ClosedRange<UInt16>, String, Comment)])
    func portlessProtocolsHaveOnePoint(
        protocols: ClosedRange<UInt8>, ports: ClosedRange<UInt16>, expected: String, because reason: Comment
    ) {
        let box = FlowBox(
            addresses: AddressRange(IPAddress(ipv4: 0x0a00_0001)), protocols: protocols, ports: ports)
        #expect(FlowSpace(box).description == expected, reason)
    }

    @Test(arguments: [
        (["0.0.0.0/0 tcp/0-65535"], "0.0.0.0:1/tcp", "the lowest address, not port 0"),
        (
            ["10.0.0.2 tcp/80", "10.0.0.1 udp/53"], "10.0.0.1:53/udp",
            "the lowest address comes before the protocol"
        ),
        (["10.0.0.1 udp/53", "10.0.0.1 tcp/443", "10.0.0.1 ping"], "10.0.0.1:443/tcp", "TCP first"),
        (["10.0.0.1 udp/53", "10.0.0.1 ping"], "10.0.0.1:53/udp", "UDP next, though ICMP is lower"),
        (["fd00::1 gre", "fd00::1 ping"], "fd00::1/icmpv6", "then the family's ICMP, though GRE is lower"),
        (["fd00::1 esp", "fd00::1 gre"], "fd00::1/gre", "then the lowest"),
        (["10.0.0.1 tcp/0", "10.0.0.1 tcp/7"], "10.0.0.1:7/tcp", "port 0 if there is no other"),
        (["10.0.0.1 tcp/0"], "10.0.0.1:0/tcp", "there is no other"),
    ])
    func witnesses(texts: [String], expected: String, because reason: Comment) throws {
        #expect(FlowSpace(try texts.map(Self.box)).witness?.description == expected, reason)
    }

    @Test func everythingAndNothing() {
        #expect(FlowSpace.everything.complement == .empty)
        #expect(FlowSpace.empty.complement == .everything)
        #expect(FlowSpace.everything.boxes.count == 2, "one box a family")
        #expect(FlowSpace.empty.witness == nil)
        #expect(FlowSpace.empty.isSubset(of: .empty) && FlowSpace.empty.isDisjoint(with: .empty))
        #expect(!FlowSpace.everything.isSubset(of: .empty))
        for address in [IPAddress(ipv4: 0), IPAddress(ipv4: .max), IPAddress(ipv6: 0), IPAddress(ipv6: .max)]
        {
            for number in [UInt8.min, 6, 17, .max] {
                let packet = Destination(
                    address: address, ipProtocol: IPProtocol(rawValue: number), port: .max)
                #expect(FlowSpace.everything.contains(packet))
                #expect(!FlowSpace.empty.contains(packet))
            }
        }
    }

    /// Taking one packet away leaves all others, at every corner of the space.
    @Test(arguments: [
        "0.0.0.0 tcp/0", "255.255.255.255 tcp/65535", ":: udp/0",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff udp/65535",
        "255.255.255.255 sctp", ":: esp",
    ])
    func cornersComeOff(text: String) throws {
        let corner = FlowSpace(try Self.box(text))
        let rest = FlowSpace.everything.subtracting(corner)
        #expect(rest.complement == corner)
        #expect(rest.union(corner) == .everything)
        #expect(!rest.contains(try #require(corner.witness)))
    }

    /// Rules as a large pack writes them: each system some hosts, each host some ports, many listed twice.
    @Test func tenThousandBoxes() throws {
        var generator = Seeded(7)
        let boxes = (0..<10_000).map { _ in
            FlowBox(
                addresses: AddressRange(
                    IPAddress(ipv4: 0x0a00_0000 + .random(in: 0..<4096, using: &generator))),
                service: .tcp(PortRange(.random(in: 0..<64, using: &generator))))
        }
        let space = FlowSpace(boxes)
        #expect(boxes.allSatisfy { Self.holds(space, $0) })
        #expect(space.boxes.reduce(0) { $0 + $1.ports.count * Self.count($1.addresses) } == Set(boxes).count)
        #expect(space.complement.complement == space)
    }

    private static func holds(_ space: FlowSpace, _ box: FlowBox) -> Bool {
        space.contains(
            Destination(address: box.addresses.first, ipProtocol: .tcp, port: box.ports.lowerBound))
    }

    private static func count(_ range: AddressRange) -> Int { Int(range.last.bits - range.first.bits) + 1 }

    /// `10.0.0.0/24 tcp/443`: a prefix and a service.
    private static func box(_ text: String) throws -> FlowBox {
        let parts = text.split(separator: " ").map(String.init)
        let service = try #require(Service(parts[1]), "\(text)")
        return FlowBox(addresses: try IPPrefix(parsing: parts[0]).range, service: service)
    }
}
