import CLinux
import Capture
import Foundation
import Glibc
import PacketPath
import PacketSamples
import TestSupport
import Testing

/// Live captures of interfaces and of NFLOG groups, in network namespaces made for each test.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30)))
struct RealKernelCaptureTests {
    /// To an address that is routed nowhere, so that nothing answers.
    private static let packet = datagram(to: 53)

    /// A datagram that the kernel does not refuse before a rule sees it: its header has a checksum.
    private static func datagram(to port: Int, data: Int = 0) -> [UInt8] {
        var bytes = Bytes.ipv4(17, Bytes.udp(5353, port) + [UInt8](repeating: 7, count: data))
        let sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(bytes[$1]) << 8 + Int(bytes[$1 + 1]) }
        bytes.replaceSubrange(10..<12, with: Bytes.short(~(sum % 0xffff)))
        return bytes
    }

    /// What a capture hands over until nothing has come for longer than the kernel keeps anything back: a tenth of a
    /// second for an interface as set here, a second for NFLOG (NFULNL_TIMEOUT_DEFAULT).
    private static func drain(_ capture: inout LiveCapture) throws -> [DecodedPacket] {
        var packets: [DecodedPacket] = []
        let wait: Int32 = if case .nflog = capture.source { 1500 } else { 500 }
        while let frames = unsafe try capture.next(timeout: wait), !frames.isEmpty {
            for index in frames.indices {
                let frame = unsafe frames[index]
                packets.append(
                    unsafe PacketDecoder.decode(frame.bytes, link: capture.link, wireLength: frame.wireLength)
                )
            }
        }
        return packets
    }

    struct Case: Sendable, CustomStringConvertible {
        var direction: LiveSource.Direction
        /// How many of 150 received and 70 sent packets are seen.
        var received: Int
        var sent: Int
        var description: String { direction.rawValue }
    }

    @Test(arguments: [
        Case(direction: .inbound, received: 150, sent: 0), Case(direction: .outbound, received: 0, sent: 70),
        Case(direction: .both, received: 150, sent: 70),
    ])
    func directions(_ expected: Case) async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            // Before the capture: not seen.
            try tunnel.receive(Self.packet)
            var capture = try LiveCapture(.interface("tun0", direction: expected.direction))
            #expect(capture.link == .raw)
            for _ in 0..<150 { try tunnel.receive(Self.packet) }
            try sendDatagrams(70)
            let packets = try Self.drain(&capture)
            #expect(packets.count { $0.destinationPort == 53 } == expected.received)
            #expect(packets.count { $0.destinationPort == 9 } == expected.sent)
            #expect(packets.count == expected.received + expected.sent)
            let seen = try capture.statistics()
            #expect(seen == LiveStatistics(received: UInt64(packets.count), dropped: 0))
        }
    }

    @Test func timesAndLengths() async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            var options = LiveOptions()
            options.snapLength = 48
            var capture = try LiveCapture(.interface("tun0"), options)
            let long = Self.datagram(to: 53, data: 600)
            let before = UInt64(Date().timeIntervalSince1970 * 1e9)
            try tunnel.receive(long)
            let after = UInt64(Date().timeIntervalSince1970 * 1e9) + 1_000_000
            var frames = unsafe try #require(try capture.next())
            while frames.isEmpty { unsafe frames = try #require(try capture.next()) }
            #expect(frames.count == 1)
            let frame = unsafe frames[0]
            let count = frames.count
            #expect(count == 1)
            #expect(unsafe Array(frame.bytes) == Array(long.prefix(48)))
            #expect((before...after).contains(frame.timestamp))
        }
    }

    /// 20,000 packets, one in eight of them: the bounds are ten standard deviations away.
    @Test(arguments: [LiveSource.Direction.both, .inbound])
    func sampling(_ direction: LiveSource.Direction) async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            var capture = try LiveCapture(.interface("tun0", direction: direction, sampling: 8))
            // ld #random, jgt, ret #0, and what libpcap compiled.
            #expect(gh_filter_length(capture.descriptor) >= 4)
            for _ in 0..<20_000 { try tunnel.receive(Self.packet) }
            try sendDatagrams(direction == .inbound ? 50 : 0)
            let packets = try Self.drain(&capture)
            #expect(packets.allSatisfy { $0.destinationPort == 53 })
            #expect((2032...2968).contains(packets.count), "\(packets.count)")
            // What was not sampled was never in the ring.
            #expect(try capture.statistics().received == UInt64(packets.count))
        }
    }

    @Test func aFullRingIsReported() async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            var options = LiveOptions()
            options.bufferSize = 1 << 19
            var capture = try LiveCapture(.interface("tun0"), options)
            for _ in 0..<20_000 { try tunnel.receive(Self.packet) }
            let packets = try Self.drain(&capture)
            let seen = try capture.statistics()
            #expect(seen.dropped > 0)
            #expect(seen.received == 20_000)
            #expect(UInt64(packets.count) + seen.dropped == seen.received)
        }
    }

    @Test func everyInterfaceAtOnce() async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            var capture = try LiveCapture(.interface("any"))
            #expect(capture.link == .linuxCooked)
            for _ in 0..<3 { try tunnel.receive(Self.packet) }
            let packets = try Self.drain(&capture)
            #expect(packets.map(\.destinationPort) == [53, 53, 53])
            let refused = #expect(throws: LiveCaptureError.self) {
                _ = try LiveCapture(.interface("any", direction: .inbound))
            }
            #expect(refused == .noDirection("any"))
        }
    }

    @Test(arguments: [UInt16(0), 7, 65_535])
    func nflog(_ group: UInt16) async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            let prefix = String(repeating: "p", count: 127)
            try shell(
                """
                nft 'add table ip t; add chain ip t c { type filter hook prerouting priority 0; }'
                nft 'add rule ip t c udp dport 53 log prefix "\(prefix)" group \(group) drop'
                nft 'add rule ip t c log group \(group == 7 ? 8 : 7) drop'
                """)
            var capture = try LiveCapture(.nflog(group: group))
            #expect(capture.link == (UInt16(bigEndian: 1) == 1 ? .nflogBigEndian : .nflogLittleEndian))
            let long = Self.datagram(to: 53, data: 1300)
            for number in 0..<250 {
                try tunnel.receive(number % 3 == 0 ? long : Self.packet)
                try tunnel.receive(Self.datagram(to: 54))
            }
            let packets = try Self.drain(&capture)
            #expect(packets.count == 250)
            #expect(packets.allSatisfy { $0.drop == nil && $0.destinationPort == 53 })
            #expect(try capture.statistics() == LiveStatistics(received: 250, dropped: 0))
            let taken = #expect(throws: LiveCaptureError.self) { _ = try LiveCapture(.nflog(group: group)) }
            #expect(taken == .groupIsTaken(group))
        }
    }

    @Test func aFullQueueOfNFLOGIsReported() async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            try shell(
                """
                nft 'add table ip t; add chain ip t c { type filter hook prerouting priority 0; }'
                nft 'add rule ip t c log group 5 drop'
                """)
            var options = LiveOptions()
            options.bufferSize = 8192
            var capture = try LiveCapture(.nflog(group: 5), options)
            for _ in 0..<2000 { try tunnel.receive(Self.packet) }
            let packets = try Self.drain(&capture)
            #expect(packets.count < 2000)
            #expect(try capture.statistics().dropped > 0)
            // It goes on.
            try tunnel.receive(Self.packet)
            #expect(try Self.drain(&capture).count == 1)
        }
    }

    @Test func stopWakesTheReader() async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            var capture = try LiveCapture(.interface("tun0"))
            let stopper = capture.stopper
            // The reader has surely begun to wait when it sees this packet, or sees the flag when it begins.
            try tunnel.receive(Self.packet)
            while let frames = unsafe try capture.next() {
                if !frames.isEmpty { Thread { stopper.stop() }.start() }
            }
            #expect(unsafe try capture.next() == nil)
        }
    }

    @Test func stopWakesTheReaderOfAQuietGroup() async throws {
        try await inOwnNamespace {
            _ = try QuietTunnel()
            var capture = try LiveCapture(.nflog(group: 5))
            let stopper = capture.stopper
            Thread { stopper.stop() }.start()
            var nothing = true
            while let frames = unsafe try capture.next() { nothing = nothing && frames.isEmpty }
            #expect(nothing)
        }
    }

    /// The kernel takes the outer tag out of the frame, and libpcap puts it back.
    @Test func aTagIsInTheFrame() async throws {
        try await inOwnNamespace {
            try shell(
                """
                sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
                ip link add veth0 type veth peer name veth1
                ip link set veth0 up
                ip link set veth1 up
                """)
            var options = LiveOptions()
            options.snapLength = 64
            var capture = try LiveCapture(.interface("veth1", direction: .inbound), options)
            let frame = Bytes.ethernet(tags: [0x88a8, 0x8100], 0x0800) + Self.datagram(to: 53, data: 100)
            let text = frame.map(\.description).joined(separator: ",")
            try shell(
                """
                python3 -c 'import socket
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                s.bind(("veth0", 0))
                s.send(bytes([\(text)]))'
                """)
            var frames = unsafe try #require(try capture.next())
            while frames.isEmpty { unsafe frames = try #require(try capture.next()) }
            let seen = unsafe frames[0]
            #expect(unsafe Array(seen.bytes) == Array(frame.prefix(64)))
            #expect(seen.wireLength == frame.count)
            let packet = unsafe PacketDecoder.decode(
                seen.bytes, link: capture.link, wireLength: seen.wireLength)
            #expect(packet.destinationPort == 53)
        }
    }

    @Test(arguments: ["ip link del veth0", "ip link set veth0 down"])
    func aLostInterface(_ command: String) async throws {
        try await inOwnNamespace {
            try shell(
                """
                sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
                ip link add veth0 type veth peer name veth1
                ip addr add 10.8.0.1/24 dev veth0
                ip neigh add 10.8.0.3 dev veth0 lladdr 02:00:00:00:00:03
                ip link set veth0 up
                ip link set veth1 up
                """)
            var capture = try LiveCapture(.interface("veth0"))
            #expect(capture.link == .ethernet)
            try sendDatagrams(3)
            try shell(command)
            var seen = 0
            let error = #expect(throws: LiveCaptureError.self) {
                while let frames = unsafe try capture.next() { seen += frames.count }
            }
            #expect(error == .interfaceLost("veth0"))
            #expect("\(try #require(error))" == "veth0: the interface went down or away")
            #expect(seen == 3)
            // It stays so.
            #expect(throws: LiveCaptureError.interfaceLost("veth0")) { _ = unsafe try capture.next() }
        }
    }

    @Test func whatCannotBeOpened() async throws {
        try await inOwnNamespace {
            try shell("ip link add veth0 type veth peer name veth1")
            #expect(Self.refusal(.interface("nowhere0")) == .noSuchInterface("nowhere0"))
            #expect(Self.refusal(.interface("nflog:3")) == .noSuchInterface("nflog:3"))
            #expect(Self.refusal(.interface("veth0")) == .interfaceIsDown("veth0"))
            let group = LiveSource.nflog(group: 1)
            let interface = LiveSource.interface("lo")
            // The thread is this test's alone and ends with it.
            #expect(gh_keep_capability(-1) == 0)
            #expect(Self.refusal(interface) == .notPermitted(interface))
            #expect(Self.refusal(group) == .notPermitted(group))
            #expect(Self.refusal(.interface("nowhere0")) == .noSuchInterface("nowhere0"))
        }
    }

    private static func refusal(_ source: LiveSource) -> LiveCaptureError? {
        do throws(LiveCaptureError) {
            _ = try LiveCapture(source)
            return nil
        } catch {
            return error
        }
    }
}
