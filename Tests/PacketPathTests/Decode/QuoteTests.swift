import PacketPath
import PacketSamples
import Testing

/// The packet inside an ICMP error.
@Suite struct QuoteTests {
    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var frame: [UInt8]
        var ports: [UInt16]
        var drop: DropReason?
    }

    private static let tcp = Bytes.ipv4(6, Bytes.tcp(46998, 443))
    private static let udp = Bytes.ipv6(17, Bytes.udp(5353, 53))

    @Test(arguments: [
        Case(
            description: "eight bytes, as RFC 792 asks",
            frame: Bytes.ipv4(1, Bytes.icmp(3, 13, Array(tcp.prefix(28)))), ports: [46998, 443]),
        Case(
            description: "all of it, IPv6", frame: Bytes.ipv6(58, Bytes.icmp(1, 1, udp)), ports: [5353, 53]),
        Case(
            description: "redirect is an error, too", frame: Bytes.ipv4(1, Bytes.icmp(5, 0, tcp)),
            ports: [46998, 443]),
        Case(
            description: "ports but not eight bytes",
            frame: Bytes.ipv4(1, Bytes.icmp(11, 0, Array(tcp.prefix(24)))), ports: [46998, 443],
            drop: .truncatedCapture),
        Case(
            description: "cut before the ports",
            frame: Bytes.ipv4(1, Bytes.icmp(11, 0, Array(tcp.prefix(22)))), ports: [], drop: .truncatedCapture
        ),
        Case(
            description: "nothing quoted", frame: Bytes.ipv4(1, Bytes.icmp(3, 0, [])), ports: [],
            drop: .truncatedCapture),
        Case(
            description: "no IP", frame: Bytes.ipv4(1, Bytes.icmp(3, 0, [0x15])), ports: [], drop: .badVersion
        ),
        Case(
            description: "a later fragment",
            frame: Bytes.ipv4(1, Bytes.icmp(3, 0, Bytes.ipv4(17, fragment: 185, [1, 2, 3, 4]))), ports: []),
        Case(
            description: "padding is no part of the quote",
            frame: Bytes.ipv4(1, total: 30, Bytes.icmp(3, 0, [0x45, 0]) + tcp), ports: [],
            drop: .truncatedCapture),
    ])
    func quote(_ sample: Case) throws {
        let packet = PacketDecoder.decode(sample.frame, link: .raw)
        #expect(packet.drop == nil)
        #expect(packet.isICMPError)
        let quoted = try #require(PacketDecoder.decodeQuote(of: packet, in: sample.frame))
        #expect((quoted.hasPorts ? [quoted.sourcePort, quoted.destinationPort] : []) == sample.ports)
        #expect(quoted.drop == sample.drop)
        #expect(!quoted.isICMPError)
    }

    @Test(arguments: [
        (Bytes.ipv4(1, Bytes.icmp(8, 0, tcp)), "echo"),
        (Bytes.ipv6(58, Bytes.icmp(128, 0, udp)), "echo, IPv6"),
        (Bytes.ipv4(1, fragment: 3, Bytes.icmp(3, 0, tcp)), "a later fragment has no type"),
        (tcp, "TCP"),
    ])
    func noQuote(_ frame: [UInt8], _ why: String) {
        let packet = PacketDecoder.decode(frame, link: .raw)
        #expect(!packet.isICMPError, "\(why)")
        #expect(PacketDecoder.decodeQuote(of: packet, in: frame) == nil)
    }

    @Test func anotherFrame() throws {
        let frame = Bytes.ipv4(1, Bytes.icmp(3, 0, Self.tcp))
        let packet = PacketDecoder.decode(frame, link: .raw)
        for length in 0..<frame.count {
            let other = [UInt8](repeating: 0x45, count: length)
            _ = try #require(PacketDecoder.decodeQuote(of: packet, in: other))
        }
    }
}
