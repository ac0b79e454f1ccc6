import NetworkTypes
import Testing

@Suite struct ServiceTests {
    @Test(arguments: [
        ("tcp/443", IPProtocol.tcp, IPProtocol.tcp, "one port"),
        ("udp/5000-5010", .udp, .udp, "a range"),
        ("tcp/0-65535", .tcp, .tcp, "all ports, written out"),
        ("udp/65535", .udp, .udp, "the last port"),
        ("ping", .icmp, .icmpv6, "each family has its own echo"),
        ("esp", .esp, .esp, "IPsec"),
        ("ah", .ah, .ah, "IPsec"),
        ("gre", .gre, .gre, "tunnels"),
        ("sctp", .sctp, .sctp, "granted whole, although it has ports"),
    ])
    func reads(text: String, ipv4: IPProtocol, ipv6: IPProtocol, because reason: Comment) throws {
        let service = try #require(Service(text), reason)
        #expect(service.ipProtocol(for: .ipv4) == ipv4, reason)
        #expect(service.ipProtocol(for: .ipv6) == ipv6, reason)
        #expect(service.description == text, reason)
    }

    @Test(arguments: [
        ("", "nothing"),
        ("tcp", "all ports must be written out"),
        ("tcp/", "no port"),
        ("tcp/any", "a word for a port"),
        ("tcp/https", "service names differ between machines"),
        ("tcp/65536", "over the last port"),
        ("tcp/-1", "negative"),
        ("tcp/+1", "a sign"),
        ("tcp/0443", "a leading zero"),
        ("tcp/443,8443", "a list is two services"),
        ("tcp/10-1", "backwards"),
        ("tcp/1-2-3", "three ends"),
        ("tcp/80 ", "space"),
        ("tcp/80/81", "two slashes"),
        ("443/tcp", "that is the order of a destination"),
        ("TCP/443", "names are in lower case"),
        ("6/443", "a protocol by number"),
        ("/443", "no protocol"),
        ("esp/500", "ports of a protocol without ports"),
        ("sctp/5000", "SCTP is granted whole"),
        ("ping/8", "an ICMP type"),
        ("ping/", "a slash"),
        ("icmp", "the name is ping"),
        ("icmpv6", "the name is ping"),
        ("icmp/8", "the name is ping"),
        ("50", "a protocol by number"),
        ("ospf", "not a protocol that rules may name"),
        ("any", "there is no allow any"),
    ])
    func refuses(text: String, because reason: Comment) {
        #expect(Service(text) == nil, reason)
    }

    @Test(
        arguments: [
            (Service.Kind.ports(.esp, .all), "ESP has no ports"),
            (.ports(.sctp, .all), "SCTP is granted whole"),
            (.ports(.icmp, PortRange(8)), "an ICMP type is no port"),
            (.whole(.tcp), "TCP is never granted without ports"),
            (.whole(.udp), "nor is UDP"),
            (.whole(.icmp), "redirects are ICMP"),
            (.whole(.icmpv6), "so are router advertisements"),
            (.whole(IPProtocol(rawValue: 4)), "IP in IP carries anything past the rules"),
        ] as [(Service.Kind, Comment)])
    func refusesKind(kind: Service.Kind, because reason: Comment) {
        #expect(Service(kind) == nil, reason)
    }

    @Test func everyServiceReadsBack() throws {
        let ports = try #require(PortRange(first: 1, last: 9))
        let services = [.ping, .tcp(ports), .udp(ports)] + Service.whole.compactMap { Service(.whole($0)) }
        #expect(services.count == 3 + Service.whole.count)
        for service in services { #expect(Service(service.description) == service) }
        #expect(services.compactMap(\.ports) == [ports, ports], "only TCP and UDP have ports")
    }
}
