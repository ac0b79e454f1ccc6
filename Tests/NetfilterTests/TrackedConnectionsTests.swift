import NetworkTypes
import RulesetCompiler
import RulesetSamples
import TestSupport
import Testing

@testable import Netfilter

/// The dump of connection tracking: its bytes, and what the real kernel says.
@Suite(.serialized, .timeLimit(.minutes(30))) struct TrackedConnectionsTests {
    @Test func theRequestIsTheseBytes() {
        // nlmsghdr: length 20, ctnetlink | IPCTNL_MSG_CT_GET, NLM_F_REQUEST | DUMP, sequence 1; nfgenmsg: AF_UNSPEC
        #expect(
            TrackedConnections.request(sequence: 1) == [
                20, 0, 0, 0, 1, 1, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    /// nfgenmsg, then linux/netfilter/nfnetlink_conntrack.h.
    private static let answer: [UInt8] = [
        2, 0, 0, 0,
        // CTA_TUPLE_ORIG, nested
        52, 0, 1, 0x80,
        // CTA_TUPLE_IP, nested: CTA_IP_V4_SRC 10.8.0.2, CTA_IP_V4_DST 10.10.0.20
        20, 0, 1, 0x80,
        8, 0, 1, 0, 10, 8, 0, 2,
        8, 0, 2, 0, 10, 10, 0, 20,
        // CTA_TUPLE_PROTO, nested: CTA_PROTO_NUM 17, CTA_PROTO_SRC_PORT 4000, CTA_PROTO_DST_PORT 53
        28, 0, 2, 0x80,
        5, 0, 1, 0, 17, 0, 0, 0,
        6, 0, 2, 0, 0x0f, 0xa0, 0, 0,
        6, 0, 3, 0, 0, 53, 0, 0,
    ]

    @Test func anAnswerIsRead() throws {
        let message = ReceivedMessage(type: 0x100, sequence: 1, port: 0, payload: Self.answer[...])
        let expected = TrackedConnection(
            source: try Samples.address("10.8.0.2"), sourcePort: 4000,
            destination: Destination(address: try Samples.address("10.10.0.20"), ipProtocol: .udp, port: 53))
        #expect(TrackedConnection(message) == expected)
    }

    /// Whatever is missing, or wrong: no crash, and nothing made up.
    @Test func halfAnAnswerIsNone() {
        let whole = TrackedConnection(
            ReceivedMessage(type: 0x100, sequence: 1, port: 0, payload: Self.answer[...]))
        for length in Self.answer.indices {
            let message = ReceivedMessage(type: 0x100, sequence: 1, port: 0, payload: Self.answer[..<length])
            #expect(TrackedConnection(message) == nil, "\(length) bytes")
        }
        for place in Self.answer.indices {
            var bytes = Self.answer
            for value: UInt8 in [0, 1, 4, 0x7f, 0xff] {
                bytes[place] = value
                let read = TrackedConnection(
                    ReceivedMessage(type: 0x100, sequence: 1, port: 0, payload: bytes[...]))
                if let read, read != whole { #expect(read.destination.address.family == .ipv4) }
            }
        }
    }

    @Test(.needsRoot, arguments: AddressFamily.allCases)
    func theKernelTellsOfDatagramsAndNotOfTCP(family: AddressFamily) async throws {
        let stage = try PacketTests.Stage(family)
        let (way, _) = try await PacketTests().ready(stage)
        #expect(try await way.gateway.inside { try TrackedConnections.read(limit: 100) }.connections.isEmpty)
        #expect(try way.outward(.udp(stage.client, 4000, stage.server, 53)))
        #expect(try way.toward(.udp(stage.server, 53, stage.client, 4000)))
        #expect(try way.outward(.tcp(stage.client, 4001, stage.server, 443, .syn)))
        let found = try await way.gateway.inside { try TrackedConnections.read(limit: 100) }
        #expect(!found.isCutShort)
        #expect(
            found.connections == [
                TrackedConnection(
                    source: stage.client, sourcePort: 4000,
                    destination: Destination(address: stage.server, ipProtocol: .udp, port: 53))
            ])
    }

    /// More than a datagram of netlink holds, and more than is asked for.
    @Test(.needsRoot) func theDumpIsBounded() async throws {
        let stage = try PacketTests.Stage(.ipv4)
        let (way, _) = try await PacketTests().ready(stage)
        for port in UInt16(1)...2_000 {
            try way.gateway.tunnels[0].write(Packet.udp(stage.client, port, stage.server, 53).bytes)
        }
        let all = try await way.gateway.inside { try TrackedConnections.read(limit: 10_000) }
        #expect(Set(all.connections.map(\.sourcePort)) == Set(1...2_000) && !all.isCutShort)
        let some = try await way.gateway.inside { try TrackedConnections.read(limit: 500) }
        #expect(some.connections.count == 500 && some.isCutShort)
        #expect(some.connections.isSubset(of: all.connections))
    }
}
