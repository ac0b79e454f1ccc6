import FakeKernel
import Foundation
import Netfilter
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import TestSupport
import Testing

/// A way through the gateway, and whether the guard alone lets anything take it.
struct GuardCase: Sendable, CustomTestStringConvertible {
    var name: String
    var hook: Chain.Point
    var from: String?
    var to: String?
    var passes: Bool

    var testDescription: String { name }

    static let all = [
        GuardCase(name: "out of a tunnel", hook: .forward, from: "tun0", to: "lan0", passes: false),
        GuardCase(name: "out of the other", hook: .forward, from: "tun1", to: "lan0", passes: false),
        GuardCase(name: "into a tunnel", hook: .forward, from: "lan0", to: "tun0", passes: false),
        GuardCase(name: "tunnel to tunnel", hook: .forward, from: "tun0", to: "tun1", passes: false),
        GuardCase(name: "tunnel to gateway", hook: .input, from: "tun0", to: nil, passes: false),
        GuardCase(name: "gateway to tunnel", hook: .output, from: nil, to: "tun0", passes: false),
        GuardCase(name: "no tunnel at all", hook: .forward, from: "lan0", to: "lan0", passes: true),
        GuardCase(name: "inside to gateway", hook: .input, from: "lan0", to: nil, passes: true),
        GuardCase(name: "gateway to inside", hook: .output, from: nil, to: "lan0", passes: true),
    ]

    static func protocols(_ family: AddressFamily) -> [IPProtocol] {
        [.tcp, .udp, family == .ipv4 ? .icmp : .icmpv6, .gre]
    }

    /// What other programs may have set before: nothing, a scope's bare number, our own mark counterfeited.
    static let marks: [UInt32] = [0, 1, PacketMark.tag | 1]
}

/// The guard without the main table: nothing of the tunnels passes, and everything else does.
@Suite struct GuardTests {
    @Test(arguments: GuardCase.all) func pretended(_ item: GuardCase) async throws {
        let kernel = FakeKernel { Samples.now }
        _ = try await kernel.commit(Transaction(guarding: Samples.layout))
        for family in AddressFamily.allCases {
            for ipProtocol in GuardCase.protocols(family) {
                for mark in GuardCase.marks {
                    let passes = kernel.passes(
                        item.hook, from: item.from, to: item.to, family, ipProtocol, mark: mark)
                    #expect(passes == item.passes, "\(family), \(ipProtocol), mark \(mark)")
                }
            }
        }
    }

    @Test(.needsRoot, arguments: GuardCase.all, AddressFamily.allCases)
    func real(_ item: GuardCase, _ family: AddressFamily) async throws {
        let gateway = try await Gateway()
        let way = GuardedWay(gateway: gateway, stage: try PacketTests.Stage(family))
        for mark in GuardCase.marks {
            try await way.setForeignMark(mark)
            for ipProtocol in GuardCase.protocols(family) {
                let passes = try await way.passes(item, ipProtocol)
                #expect(passes == item.passes, "\(ipProtocol), mark \(mark)")
            }
        }
    }

    /// As at boot: the text, loaded by `nft` before there is any interface.
    @Test(.needsRoot, arguments: AddressFamily.allCases)
    func textAtBoot(family: AddressFamily) async throws {
        let gateway = try await Gateway(isBare: true)
        let text = Transaction(guarding: RulesetLayout(tunnels: ["tun*"])).tableText
        try await gateway.run("nft -f -", input: text)
        try await gateway.run(Gateway.setup)
        let way = GuardedWay(gateway: gateway, stage: try PacketTests.Stage(family))
        for item in GuardCase.all {
            #expect(try await way.passes(item, .tcp) == item.passes, "\(item.name)")
        }
    }

    /// Whoever deletes or flushes the main table opens nothing, and it counts again when it is back.
    @Test(.needsRoot, arguments: AddressFamily.allCases)
    func holdsWhenTheMainTableIsLost(family: AddressFamily) async throws {
        let stage = try PacketTests.Stage(family)
        let (way, ruleset) = try await PacketTests().ready(stage)
        let out = Packet.tcp(stage.client, 4000, stage.server, 443, .syn)
        let back = Packet.tcp(stage.server, 443, stage.client, 4000, .synAck)
        for loss in ["delete table inet gatehouse", "flush table inet gatehouse"] {
            #expect(try way.outward(out) && way.toward(back))
            try await way.gateway.run("nft \(loss)")
            #expect(try !way.outward(out) && !way.toward(back), "\(loss)")
            _ = try await way.gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
        }
        #expect(try way.outward(out) && way.toward(back))
    }

    /// An accept that somebody puts before ours, in our table or in one of their own.
    @Test(.needsRoot, arguments: AddressFamily.allCases)
    func acceptsByHandOpenNothing(family: AddressFamily) async throws {
        let stage = try PacketTests.Stage(family)
        let (way, _) = try await PacketTests().ready(stage)
        try await way.gateway.run(
            """
            nft insert rule inet gatehouse forward accept
            nft insert rule inet gatehouse input accept
            nft 'table inet foreign { chain c { type filter hook forward priority -200; accept; }; }'
            """)
        #expect(try !way.outward(.tcp(stage.client, 4000, stage.other, 80, .syn)))
        #expect(try !way.toward(.tcp(stage.other, 80, stage.client, 4000, .syn)))
        #expect(try await way.gateway.guardDrops() == 2)
        try await way.gateway.run("nft insert rule inet gatehouse forward meta mark set 0x67000000 accept")
        #expect(try way.outward(.tcp(stage.client, 4000, stage.other, 80, .syn)), "root, and meant")
    }

    /// The guard anew, with other tunnels or the same: what the main table permits never stops.
    @Test(.needsRoot) func isReplacedUnderTraffic() async throws {
        let stage = try PacketTests.Stage(.ipv4)
        let (way, _) = try await PacketTests().ready(stage)
        for _ in 0..<20 {
            _ = try await way.gateway.backend.commit(Transaction(guarding: Samples.layout))
            #expect(try way.outward(.tcp(stage.client, 4000, stage.server, 443, .syn)))
        }
        #expect(try await way.gateway.guardDrops() == 0)
    }

    /// Other programs' marks that a connection gives back to its packets, ours among them.
    @Test(.needsRoot) func restoredMarksOpenNothing() async throws {
        let stage = try PacketTests.Stage(.ipv4)
        let (way, _) = try await PacketTests().ready(stage)
        try await way.gateway.run(
            """
            nft 'table inet foreign {
                chain restore { type filter hook prerouting priority mangle; meta mark set ct mark; }
                chain save { type filter hook postrouting priority mangle; ct mark set meta mark; }
            }'
            """)
        let question = Packet.udp(stage.client, 4000, stage.server, 53)
        #expect(try way.outward(question))
        try await way.gateway.run("nft delete table inet gatehouse")
        #expect(try !way.outward(question), "the connection's mark has our tag")
        #expect(try await (way.gateway.guardDrops() ?? 0) > 0)
    }
}

/// Sends one packet along the way of a case, and tells whether it took it.
private struct GuardedWay {
    let gateway: Gateway
    let stage: PacketTests.Stage

    /// Before everything; and a mark that is not ours also where the main table would stand.
    func setForeignMark(_ mark: UInt32) async throws {
        let isOurs = mark & PacketMark.tagMask == PacketMark.tag
        let late = ["forward", "input", "output"].map {
            "chain late_\($0) { type filter hook \($0) priority filter; meta mark set \(mark); }"
        }
        try await gateway.run(
            """
            nft 'table inet foreign; delete table inet foreign; table inet foreign {
                chain in { type filter hook prerouting priority mangle; meta mark set \(mark); }
                chain out { type filter hook output priority mangle; meta mark set \(mark); }
                \((isOurs ? [] : late).joined(separator: "\n"))
            }'
            """)
    }

    func passes(_ item: GuardCase, _ ipProtocol: IPProtocol) async throws -> Bool {
        switch item.hook {
        case .forward:
            let packet = try packet(
                from: try source(item.from), to: try destination(item.to), ipProtocol)
            return try PacketTests.Way(gateway: gateway).passes(
                [packet], from: device(item.from), to: device(item.to))
        case .input:
            try await watch("input", "iifname \(item.from ?? "")")
            try device(item.from).write(
                packet(from: try source(item.from), to: stage.gateway, ipProtocol).bytes)
            return try await gateway.run("nft list table inet seen").contains("packets 1 ")
        case .output:
            _ = device(item.to).read()
            let packet = try packet(
                from: stage.gateway, to: try destination(item.to), ipProtocol)
            try await send(packet)
            return device(item.to).read().contains { $0.suffix(4) == packet.transport.suffix(4) }
        case .prerouting: throw Unsupported()
        }
    }

    private struct Unsupported: Error {}

    private func device(_ name: String?) -> TunnelDevice {
        name == "tun0" ? gateway.tunnels[0] : name == "tun1" ? gateway.tunnels[1] : gateway.lan
    }

    private func source(_ name: String?) throws -> IPAddress {
        name == "tun0" ? stage.client : name == "tun1" ? stage.neighbour : stage.server
    }

    private func destination(_ name: String?) throws -> IPAddress {
        name == "tun0" ? stage.client : name == "tun1" ? stage.neighbour : stage.other
    }

    private func packet(from source: IPAddress, to destination: IPAddress, _ ipProtocol: IPProtocol) throws
        -> Packet
    {
        switch ipProtocol {
        case .tcp: .tcp(source, 4000, destination, 443, .syn, payload: [0x61, 0x62, 0x63, 0x64])
        case .udp: .udp(source, 4000, destination, 443)
        case .icmp, .icmpv6: .icmp(source, destination, type: stage.request)
        default: .other(source, destination, ipProtocol.rawValue)
        }
    }

    /// Counts what has passed all others of the hook.
    private func watch(_ hook: String, _ condition: String) async throws {
        try await gateway.run(
            """
            nft 'table inet seen; delete table inet seen; table inet seen {
                chain c { type filter hook \(hook) priority 500; \(condition) counter; }
            }'
            """)
    }

    /// As one of the gateway's programs. A refusal by the guard is an error of the call.
    private func send(_ packet: Packet) async throws {
        let bytes = packet.transport.map(String.init).joined(separator: ",")
        try await gateway.run(
            """
            python3 - <<'END'
            import socket
            family = socket.\(stage.family == .ipv4 ? "AF_INET" : "AF_INET6")
            s = socket.socket(family, socket.SOCK_RAW, \(packet.ipProtocol))
            s.bind(("\(packet.source)", 0))
            try: s.sendto(bytes([\(bytes)]), ("\(packet.destination)", 0))
            except PermissionError: pass
            END
            """)
    }
}
