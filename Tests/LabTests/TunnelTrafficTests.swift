import Lab
import Testing

struct TunnelTrafficTests {
    /// As tcpdump 4.99 writes them on a tunnel interface.
    @Test(arguments: [
        ("1763690000.123456789 IP 10.10.0.21.80 > 10.8.0.2.41234: tcp 1348", "10.10.0.21", "10.8.0.2", 1348),
        (
            "1763690000.123456789 IP6 fd10:10::21.80 > fd08:8::1000.5555: tcp 1328", "fd10:10::21",
            "fd08:8::1000", 1328
        ),
        // A refusal is no payload.
        ("1763690000.123456789 IP 10.10.0.21.80 > 10.8.0.2.41234: tcp 0", "10.10.0.21", "10.8.0.2", 0),
        (
            "1763690000.123456789 IP 10.10.0.53.53 > 10.8.0.2.4000: UDP, length 60", "10.10.0.53", "10.8.0.2",
            60
        ),
        // ICMP has no ports to cut off, and what it quotes is not payload.
        (
            "1763690000.123456789 IP 10.8.0.1 > 10.8.0.2: ICMP host 1.2.3.4 unreachable, length 68",
            "10.8.0.1", "10.8.0.2", 0
        ),
    ])
    func readsPackets(_ line: String, _ source: String, _ target: String, _ payload: Int) throws {
        let packet = try #require(TunnelPacket(line: line))
        #expect(packet.at == 1_763_690_000_123_456_789)
        #expect(packet.source == source)
        #expect(packet.target == target)
        #expect(packet.payload == payload)
    }

    @Test(arguments: [
        "", "listening on tunovpn, link-type RAW (Raw IP), snapshot length 128 bytes", "12 packets captured",
        "1763690000.123456 IP 10.0.0.1.80 > 10.8.0.2.4: tcp 5",  // microseconds would pass for nanoseconds
        "x.123456789 IP 10.0.0.1.80 > 10.8.0.2.4: tcp 5",
        "1.123456789 ARP, Request who-has 10.8.0.2 tell 10.8.0.1",
    ])
    func whatIsNoPacketIsLeftOut(_ line: String) { #expect(TunnelPacket(line: line) == nil) }

    private let traffic = TunnelTraffic(
        captured: """
            tcpdump: verbose output suppressed, use -v[v]... for full protocol decode
            1.000000000 IP 10.10.0.21.80 > 10.8.0.2.9: tcp 100
            1.500000000 IP 10.10.0.21.80 > 10.8.0.3.9: tcp 7000
            2.000000000 IP 10.10.0.21.80 > 10.8.0.2.9: tcp 200
            2.000000001 IP 10.10.0.21.80 > 10.8.0.2.9: tcp 400
            3.000000000 IP 10.10.0.21.80 > 10.8.0.2.9: tcp 0
            5 packets captured
            0 packets dropped by kernel
            """)

    /// The packet at the very instant of the commit went before it.
    @Test func countsOnlyWhatFollowsAndOnlyForTheSession() {
        #expect(traffic.payload(to: "10.8.0.2", after: 2_000_000_000) == 400)
        #expect(traffic.payload(to: "10.8.0.2", after: 0, through: 2_000_000_000) == 300)
        #expect(traffic.payload(to: "10.8.0.2", after: 2_000_000_001) == 0)
        #expect(traffic.payload(to: "10.8.0.20", after: 0) == 0)
    }

    @Test func knowsTheLastByteAndTheLongestPause() {
        #expect(traffic.lastPayload(to: "10.8.0.2") == 2_000_000_001)
        #expect(traffic.lastPayload(to: "10.8.0.9") == nil)
        let (from, through) = (Int64(500_000_000), Int64(4_000_000_001))
        #expect(traffic.longestPause(to: "10.8.0.2", after: from, through: through) == .seconds(2))
        #expect(traffic.longestPause(to: "10.8.0.9", after: 0, through: 5) == .nanoseconds(5))
    }

    @Test func aCaptureThatLostPacketsSaysSo() {
        #expect(traffic.dropped == 0)
        #expect(TunnelTraffic(captured: "7 packets captured\n3 packets dropped by kernel\n").dropped == 3)
    }
}
