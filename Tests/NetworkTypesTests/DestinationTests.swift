import NetworkTypes
import Testing

@Suite struct DestinationTests {
    @Test(arguments: [
        ("10.0.0.1:443/tcp", "IPv4 with a port"),
        ("[fd00::1]:443/tcp", "IPv6 with a port"),
        ("[::ffff:192.0.2.1]:53/udp", "a mapped address stays IPv6"),
        ("10.0.0.1:0/udp", "port 0 exists on the wire"),
        ("10.0.0.1:65535/tcp", "the last port"),
        ("10.0.0.1/icmp", "a protocol without ports"),
        ("fd00::1/icmpv6", "IPv6 without a port needs no brackets"),
        ("fd00::1/255", "a protocol by number"),
    ])
    func reads(text: String, because reason: Comment) throws {
        #expect(try #require(Destination(parsing: text), reason).description == text, reason)
    }

    @Test(arguments: [
        ("", "nothing"),
        ("10.0.0.1", "no protocol"),
        ("10.0.0.1/tcp", "TCP needs a port"),
        ("10.0.0.1:443", "no protocol"),
        ("10.0.0.1:443/", "an empty protocol"),
        ("10.0.0.1:443/esp", "ESP has no port"),
        ("10.0.0.1:80-90/tcp", "one packet has one port"),
        ("10.0.0.1:0443/tcp", "a leading zero"),
        ("10.0.0.1:/tcp", "an empty port"),
        (":443/tcp", "no address"),
        ("10.0.0.1:443/256", "no such protocol number"),
        ("10.0.0.1:443/06", "a leading zero"),
        ("fd00::1:443/tcp", "an address, or an address and a port: nobody can tell"),
        ("fd00::1/tcp", "no port"),
        ("[fd00::1]/icmpv6", "brackets belong to a port"),
        ("[10.0.0.1]:443/tcp", "brackets belong to IPv6"),
        ("[fd00::1:443/tcp", "an open bracket"),
        ("[[fd00::1]]:443/tcp", "two pairs of brackets"),
        ("[fd00::1%eth0]:443/tcp", "a zone"),
    ])
    func refuses(text: String, because reason: Comment) {
        #expect(Destination(parsing: text) == nil, reason)
    }

    @Test func portlessProtocolsHavePortZero() {
        let address = IPAddress(ipv4: 1)
        #expect(
            Destination(address: address, ipProtocol: .esp, port: 9)
                == Destination(address: address, ipProtocol: .esp))
    }

    @Test(
        arguments: [
            ("443", 443, 443), ("0", 0, 0), ("0-65535", 0, 65535), ("80-80", 80, 80), ("65535", 65535, 65535),
        ] as [(String, UInt16, UInt16)])
    func readsPorts(text: String, first: UInt16, last: UInt16) throws {
        let range = try #require(PortRange(text))
        #expect((range.first, range.last) == (first, last))
        #expect(PortRange(range.description) == range)
        #expect(range.contains(first) && range.contains(last))
    }

    @Test(arguments: ["", "-", "1-", "-1", "01", "+1", " 1", "65536", "2-1", "1-2-3", "1–2", "1-02", "a"])
    func refusesPorts(text: String) {
        #expect(PortRange(text) == nil)
    }

    @Test func everyProtocolReadsBack() {
        for number in UInt8.min ... .max {
            let value = IPProtocol(rawValue: number)
            #expect(IPProtocol(value.description) == value)
            #expect(value.hasPorts == (number == 6 || number == 17), "only TCP and UDP: \(number)")
        }
        for text in ["", "TCP", "256", "-1", "+6", "06", " 6", "icmp6"] { #expect(IPProtocol(text) == nil) }
        #expect(IPProtocol("6") == .tcp, "a number is a spelling of the same protocol")
    }
}
