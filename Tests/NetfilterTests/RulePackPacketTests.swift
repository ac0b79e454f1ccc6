import Classification
import FlowSpace
import Foundation
import Netfilter
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

/// What the shipped packs' own tests say of sessions, tried on the real kernel: every line `reaches` and `refused`, as
/// packets through a gateway that has all of a pack's sessions at once, in both families.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30))) struct RulePackPacketTests {
    /// Routes for the whole world by way of the servers' side, and for the sessions' addresses back.
    private static let setup = """
        for i in tun0 lan0; do
            sysctl -qw net.ipv4.conf.$i.rp_filter=0 net.ipv6.conf.$i.accept_dad=0 net.ipv6.conf.$i.router_solicitations=0
            ip link set $i mtu 1400 up
        done
        sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        ip route add default dev lan0; ip -6 route add default dev lan0
        ip route add 100.64.0.0/10 dev tun0; ip -6 route add fd64::/64 dev tun0
        """

    /// A test of the pack, with the addresses that its session was given.
    private struct Row {
        let test: PolicyTest
        let sources: [AddressFamily: IPAddress]

        init(_ test: PolicyTest, number: Int) throws {
            self.test = test
            sources = [
                .ipv4: try Samples.address("100.64.\(number >> 8).\(number & 255)"),
                .ipv6: try Samples.address("fd64::\(String(number + 1, radix: 16))"),
            ]
        }
    }

    @Test(arguments: ShippedPack.all) func everyLineOfAPacksTestsIsAPacket(pack: ShippedPack) async throws {
        let files = try pack.files().map { PackFile(path: $0.path, text: $0.text) }
        let now = try #require(TimeText.timestamp("2026-11-21T12:00:00Z"))
        let policy = try #require(PolicyCompiler.compile(files, now: now).policy)
        let gateway = try await Gateway(isBare: true)
        try await gateway.run(Self.setup)
        let tunnel = try #require(await gateway.backend.interfaceIndex(named: "tun0"))
        let rows = try policy.tests.enumerated().map { try Row($1, number: $0 + 1) }
        let ruleset = try Self.ruleset(of: rows, under: policy, tunnel)
        _ = try await gateway.backend.commit(Transaction(guarding: ruleset.layout))
        _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))

        var sent: [AddressFamily: Int] = [:]
        let way = PacketTests.Way(gateway: gateway)
        for row in rows {
            for (targets, isOpen) in [(row.test.reaches, true), (row.test.refused, false)] {
                for target in targets {
                    let packets = Self.space(of: target, policy).boxes.flatMap(Self.corners)
                    #expect(!packets.isEmpty, "\(row.test.location): \(target)")
                    for destination in packets {
                        let packet = try Self.packet(to: destination, from: row)
                        sent[destination.address.family, default: 0] += 1
                        let came = try way.outward(packet)
                        #expect(
                            came == isOpen,
                            "\(row.test.location): '\(row.test.name)', \(target): \(destination)")
                    }
                }
            }
        }
        let counts = AddressFamily.allCases.map { "\(sent[$0, default: 0]) over \($0)" }
        print("\(pack): \(rows.count) tests, packets: \(counts.joined(separator: ", "))")
        #expect(AddressFamily.allCases.allSatisfy { sent[$0, default: 0] > rows.count })
    }

    /// What the daemon would have in force if all of these sessions lived at once, each at the time of its test.
    private static func ruleset(of rows: [Row], under policy: Policy, _ tunnel: UInt32) throws -> Ruleset {
        var ruleset = Ruleset(layout: Samples.layout)
        var numbers: [FlowSpace: ScopeNumber] = [:]
        for row in rows {
            let evidence = row.test.session.evidence(under: policy, at: row.test.at)
            let decision = Classifier.decide(evidence, under: policy, at: row.test.at)
            guard decision.isAdmitted else { continue }
            let space = decision.flowSpace(under: policy)
            let number = try numbers[space] ?? Samples.scope(UInt32(numbers.count + 1))
            numbers[space] = number
            ruleset.scopes[number] = space
            for address in row.sources.values {
                ruleset.sessions[SessionKey(interfaceIndex: tunnel, address: address)] = Ruleset.Element(
                    scope: number, expires: Samples.now + .seconds(3600))
            }
        }
        return ruleset
    }

    private static func space(of target: PolicyTest.Target, _ policy: Policy) -> FlowSpace {
        switch target {
        case .system(let name): policy.system(named: name)?.space ?? .empty
        case .destination(let packet): FlowSpace(FlowBox(packet))
        }
    }

    /// The packets at the corners of a box: where a range that is one too short, or too long, would show.
    private static func corners(_ box: FlowBox) -> [Destination] {
        let addresses = Set([box.addresses.first, box.addresses.last])
        let ports = Set([box.ports.lowerBound, box.ports.upperBound])
        let protocols = Set([box.protocols.lowerBound, box.protocols.upperBound, 6, 17])
            .filter(box.protocols.contains).map(IPProtocol.init)
        return addresses.sorted().flatMap { address in
            protocols.flatMap { ipProtocol in
                ipProtocol.hasPorts
                    ? ports.sorted().map { Destination(address: address, ipProtocol: ipProtocol, port: $0) }
                    : [Destination(address: address, ipProtocol: ipProtocol)]
            }
        }
    }

    private static func packet(to destination: Destination, from row: Row) throws -> Packet {
        let family = destination.address.family
        let source = try #require(row.sources[family])
        switch destination.ipProtocol.rawValue {
        case 6: return .tcp(source, 40_000, destination.address, destination.port, .syn)
        case 17: return .udp(source, 40_000, destination.address, destination.port)
        case 1: return .icmp(source, destination.address, type: 8)
        case 58: return .icmp(source, destination.address, type: 128)
        case let number: return .other(source, destination.address, number)
        }
    }
}
