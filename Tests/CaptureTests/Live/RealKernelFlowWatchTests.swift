import Capture
import Foundation
import NetworkTypes
import PacketPath
import PacketSamples
import Synchronization
import TestSupport
import Testing

/// Flows by looking, at an interface that keeps receiving the same packets.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30)))
struct RealKernelFlowWatchTests {
    private static let packets = [
        Bytes.ipv4(6, Bytes.tcp(40_000, 443)), Bytes.ipv4(6, Bytes.tcp(40_000, 443, flags: 0x10)),
        Bytes.ipv4(6, Bytes.tcp(40_001, 443)), Bytes.ipv4(17, Bytes.udp(40_000, 53)),
        Bytes.ipv4(1, Bytes.icmp(8, 0, [])), Bytes.ipv6(6, Bytes.tcp(40_000, 443)),
        [0x45, 0, 0, 20],
    ]

    /// Each once, however often it is seen; what is no packet is none.
    private static let flows = Set(
        packets.compactMap { SeenFlow(PacketDecoder.decode($0, link: .raw)) })

    private static func watch(_ duration: Duration, limit: Int) async throws -> FlowWatch {
        let found = Mutex<FlowWatch?>(nil)
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            let isOver = Atomic(false)
            let writer = DispatchGroup()
            writer.enter()
            Thread.detachNewThread {
                while !isOver.load(ordering: .acquiring) {
                    for packet in packets { try? tunnel.receive(packet) }
                    usleep(5000)
                }
                writer.leave()
            }
            defer {
                isOver.store(true, ordering: .releasing)
                writer.wait()
            }
            let watch = try FlowWatch(
                at: .interface("tun0", direction: .inbound), for: duration, limit: limit)
            found.withLock { $0 = watch }
        }
        return try #require(found.withLock { $0 })
    }

    @Test func everyFlowIsSeenOnce() async throws {
        #expect(Self.flows.count == 5)
        let watch = try await Self.watch(.seconds(1), limit: 100)
        #expect(watch.flows == Self.flows && !watch.isCutShort)
    }

    @Test func noMoreThanTheLimitAreSeen() async throws {
        let watch = try await Self.watch(.seconds(20), limit: 3)
        #expect(watch.flows.count == 3 && watch.flows.isSubset(of: Self.flows) && watch.isCutShort)
    }

    @Test func anInterfaceThatIsNotThereIsAnError() async throws {
        try await inOwnNamespace {
            #expect(throws: LiveCaptureError.noSuchInterface("tun9")) {
                try FlowWatch(at: .interface("tun9"), for: .seconds(1), limit: 1)
            }
        }
    }
}

struct SeenFlowTests {
    @Test(arguments: [
        (Bytes.ipv4(6, Bytes.tcp(40_000, 443)), UInt16(40_000), "tcp", UInt16(443)),
        (Bytes.ipv4(17, Bytes.udp(40_000, 53)), 40_000, "udp", 53),
        (Bytes.ipv4(1, Bytes.icmp(8, 0, [])), 0, "icmp", 0),
        (Bytes.ipv6(6, Bytes.tcp(40_000, 443)), 40_000, "tcp", 443),
    ])
    func aPacketIsOfAFlow(bytes: [UInt8], sourcePort: UInt16, ipProtocol: String, port: UInt16) throws {
        let flow = try #require(SeenFlow(PacketDecoder.decode(bytes, link: .raw)))
        #expect(flow.sourcePort == sourcePort && flow.destination.port == port)
        #expect(flow.destination.ipProtocol == IPProtocol(ipProtocol))
        #expect(flow.source.family == (bytes[0] >> 4 == 4 ? .ipv4 : .ipv6))
    }

    /// Nothing that cannot be told apart from another flow: cut off before its ports, or a fragment without them.
    @Test(arguments: [
        [0x45, 0, 0, 20], Array(Bytes.ipv4(6, Bytes.tcp(40_000, 443)).prefix(22)),
        Bytes.ipv6(44, Bytes.fragment(next: 6, offset: 8, more: false) + Bytes.tcp(1, 2)),
    ])
    func noFlowIsMadeUp(bytes: [UInt8]) {
        #expect(SeenFlow(PacketDecoder.decode(bytes, link: .raw)) == nil)
    }
}
