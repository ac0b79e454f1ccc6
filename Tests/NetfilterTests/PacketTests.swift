import FlowSpace
import Netfilter
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

/// Real packets through the real kernel, every rule in both families.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30))) struct PacketTests {
    /// Addresses of the stage, by family.
    struct Stage {
        let client: IPAddress
        /// A client on the same tunnel that has no session, and one on the other tunnel that has.
        let stranger, neighbour: IPAddress
        let gateway, server, other: IPAddress
        let family: AddressFamily

        init(_ family: AddressFamily) throws {
            let v4 = family == .ipv4
            self.family = family
            client = try Samples.address(v4 ? "10.8.0.2" : "fd08::2")
            stranger = try Samples.address(v4 ? "10.8.0.66" : "fd08::66")
            neighbour = try Samples.address(v4 ? "10.9.0.2" : "fd09::2")
            gateway = try Samples.address(v4 ? "10.10.0.1" : "fd10::1")
            server = try Samples.address(v4 ? "10.10.0.20" : "fd10::20")
            other = try Samples.address(v4 ? "10.10.0.21" : "fd10::21")
        }

        var echo: String { family == .ipv4 ? "icmp" : "icmpv6" }
        var request: UInt8 { family == .ipv4 ? 8 : 128 }
        var reply: UInt8 { family == .ipv4 ? 0 : 129 }
    }

    /// Writes packets, and tells whether what was sent came out on the other side.
    struct Way {
        let gateway: Gateway

        func passes(_ packets: [Packet], from: TunnelDevice, to: TunnelDevice, whole: [UInt8]? = nil) throws
            -> Bool
        {
            _ = to.read()
            for packet in packets { try from.write(packet.bytes) }
            let wanted = whole ?? packets.last?.transport ?? []
            let out = to.read().map { Array($0) }
            return out.contains { Array($0.suffix(wanted.count)) == wanted }
        }

        func outward(_ packets: Packet...) throws -> Bool {
            try passes(packets, from: gateway.tunnels[0], to: gateway.lan)
        }

        func toward(_ packets: Packet...) throws -> Bool {
            try passes(packets, from: gateway.lan, to: gateway.tunnels[0])
        }
    }

    func ready(_ stage: Stage, _ extra: [String] = []) async throws -> (Way, Ruleset) {
        let gateway = try await Gateway()
        let tunnels = try await ["tun0", "tun1"].asyncIndexes(gateway)
        let scope = try Samples.scope(1)
        let boxes =
            [
                "\(stage.server) tcp 443", "\(stage.server) udp 53", "\(stage.server) \(stage.echo)",
                "\(stage.server) gre", "\(stage.neighbour) tcp 443", "\(stage.gateway) tcp 3128",
            ] + extra
        let later = Samples.now + .seconds(3600)
        var ruleset = Ruleset(layout: Samples.layout)
        ruleset.scopes[scope] = FlowSpace(try boxes.map(Samples.box))
        ruleset.sessions[SessionKey(interfaceIndex: tunnels[0], address: stage.client)] = .init(
            scope: scope, expires: later)
        ruleset.sessions[SessionKey(interfaceIndex: tunnels[1], address: stage.neighbour)] = .init(
            scope: scope, expires: later)
        _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
        // Anew, so that it counts from here: interfaces that come up speak of their own accord.
        _ = try await gateway.backend.commit(Transaction(guarding: ruleset.layout))
        return (Way(gateway: gateway), ruleset)
    }

    /// What one packet alone may do, from a fresh start each.
    @Test(arguments: AddressFamily.allCases) func singlePackets(family: AddressFamily) async throws {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        let outward: [(Packet, Bool, String)] = [
            (.tcp(s.client, 4000, s.server, 443, .syn), true, "granted"),
            (.tcp(s.client, 4000, s.server, 443, .ack, payload: [7, 7]), true, "no state is needed"),
            (.tcp(s.client, 4000, s.server, 80, .syn), false, "another port"),
            (.tcp(s.client, 4000, s.other, 443, .syn), false, "another host"),
            (.udp(s.client, 4000, s.server, 443), false, "the port of another protocol"),
            (.udp(s.client, 4000, s.server, 53), true, "granted"),
            (.tcp(s.stranger, 4000, s.server, 443, .syn), false, "no session"),
            (.tcp(s.neighbour, 4000, s.server, 443, .syn), false, "a session of another tunnel"),
            (.icmp(s.client, s.server, type: s.request), true, "ping is granted"),
            (.icmp(s.client, s.other, type: s.request), false, "ping of another host"),
            (.icmp(s.client, s.server, type: s.reply), false, "an answer that nobody asked for"),
            (.icmp(s.client, s.server, type: family == .ipv4 ? 13 : 139), false, "ICMP that is no echo"),
            (.other(s.client, s.server, 47), true, "a granted protocol without ports"),
            (.other(s.client, s.server, 50), false, "another protocol without ports"),
            (.other(s.client, s.server, family == .ipv4 ? 58 : 1), false, "the other family's ICMP"),
        ]
        for (packet, expected, why) in outward {
            #expect(try way.outward(packet) == expected, "\(why): \(packet)")
        }
        let toward: [(Packet, Bool, String)] = [
            (.tcp(s.server, 443, s.client, 4000, .synAck), true, "an answer"),
            (.tcp(s.server, 443, s.client, 4000, .ack, payload: [8, 8]), true, "data"),
            (.tcp(s.server, 443, s.client, 4000, .rst), true, "an end"),
            (.tcp(s.server, 443, s.client, 4000, .syn), false, "servers open nothing"),
            (.tcp(s.server, 443, s.client, 4000, .finSyn), false, "some stacks take it for a SYN"),
            (.tcp(s.server, 443, s.client, 4000, .synRst), false, "nor this"),
            (.tcp(s.server, 443, s.client, 4000, .none), false, "neither answer nor end"),
            (.tcp(s.server, 443, s.client, 4000, .fin), false, "an end has an ACK"),
            (.tcp(s.server, 80, s.client, 4000, .ack), false, "from another port"),
            (.tcp(s.other, 443, s.client, 4000, .ack), false, "from another host"),
            (.tcp(s.server, 443, s.stranger, 4000, .ack), false, "to nobody's address"),
            (.icmp(s.server, s.client, type: s.reply), true, "an echo's reply"),
            (.icmp(s.server, s.client, type: s.request), false, "servers do not ping"),
            (.udp(s.server, 53, s.client, 4999), false, "no datagram went before"),
        ]
        for (packet, expected, why) in toward {
            #expect(try way.toward(packet) == expected, "\(why): \(packet)")
        }
        #expect(try await way.gateway.guardDrops() == 0, "whatever was refused, the main table refused")
    }

    @Test(arguments: AddressFamily.allCases) func datagramsAnswerDatagrams(family: AddressFamily) async throws
    {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        #expect(try !way.toward(.udp(s.server, 53, s.client, 4000)), "unasked")
        #expect(try way.outward(.udp(s.client, 4000, s.server, 53)))
        #expect(try way.toward(.udp(s.server, 53, s.client, 4000)), "asked")
        #expect(try !way.toward(.udp(s.server, 53, s.client, 4001)), "another port was asked from")
        #expect(try !way.toward(.udp(s.other, 53, s.client, 4000)), "another server was asked")
    }

    /// A look-up that misses leaves the mark alone, and whoever else writes rules may have set it to a scope's number.
    @Test(arguments: AddressFamily.allCases) func foreignMarksGiveNothing(family: AddressFamily) async throws
    {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        try await way.gateway.run(
            "nft 'table inet foreign { chain c { type filter hook prerouting priority mangle; meta mark set 1; }; }'"
        )
        #expect(try !way.outward(.tcp(s.stranger, 4000, s.server, 443, .syn)))
        #expect(try !way.toward(.tcp(s.server, 443, s.stranger, 4000, .ack)))
        #expect(try way.outward(.tcp(s.client, 4000, s.server, 443, .syn)), "our own look-up wins")
    }

    /// The transaction that takes a session away ends its running connections with its acknowledgement.
    @Test(arguments: AddressFamily.allCases) func removalCutsAtOnce(family: AddressFamily) async throws {
        let s = try Stage(family)
        let (way, ruleset) = try await ready(s)
        let data = { (mark: UInt8) in Packet.tcp(s.server, 443, s.client, 4000, .ack, payload: [mark, mark]) }
        #expect(try way.outward(.tcp(s.client, 4000, s.server, 443, .syn)))
        for mark in 1...3 { #expect(try way.toward(data(UInt8(mark)))) }
        #expect(try way.outward(.udp(s.client, 4000, s.server, 53)))
        let key = try #require(ruleset.sessions.keys.first { $0.address == s.client })
        _ = try await way.gateway.backend.commit(
            Transaction([.remove(key)], in: ruleset.layout, at: Samples.now))
        for mark in 4...9 { #expect(try !way.toward(data(UInt8(mark))), "no byte after the commit") }
        #expect(try !way.toward(.udp(s.server, 53, s.client, 4000)), "conntrack knows the flow still")
        #expect(try !way.outward(.tcp(s.client, 4000, s.server, 443, .ack)))
        #expect(try !way.outward(.tcp(s.client, 4001, s.server, 443, .syn)))
        // And back in, with the same element.
        _ = try await way.gateway.backend.commit(
            Transaction(
                [.put(key, .init(scope: try Samples.scope(1), expires: Samples.now + .seconds(60)))],
                in: ruleset.layout, at: Samples.now))
        #expect(try way.toward(data(10)))
    }

    /// With nobody there to renew it, an element ends by itself: the kernel's clock is asked until its millisecond is
    /// over.
    @Test(arguments: AddressFamily.allCases) func timeCutsToo(family: AddressFamily) async throws {
        let s = try Stage(family)
        let (way, ruleset) = try await ready(s)
        let key = try #require(ruleset.sessions.keys.first { $0.address == s.client })
        _ = try await way.gateway.backend.commit(
            Transaction(
                [.put(key, .init(scope: try Samples.scope(1), expires: Samples.now + .nanoseconds(1)))],
                in: ruleset.layout, at: Samples.now))
        while try await way.gateway.backend.snapshot(of: ruleset.layout)?.sessions[key] != nil {}
        #expect(try !way.outward(.tcp(s.client, 4000, s.server, 443, .syn)))
        #expect(try !way.toward(.tcp(s.server, 443, s.client, 4000, .ack)))
        let left = try await way.gateway.backend.snapshot(of: ruleset.layout)
        #expect(left?.sessions.count == 1)
    }

    @Test(arguments: AddressFamily.allCases) func tunnelsDoNotMeet(family: AddressFamily) async throws {
        let s = try Stage(family)
        let (way, _) = try await ready(s, ["\(s.stranger) tcp 443"])
        let (one, two) = (way.gateway.tunnels[0], way.gateway.tunnels[1])
        let across = Packet.tcp(s.client, 4000, s.neighbour, 443, .syn)
        #expect(try !way.passes([across], from: one, to: two), "though the scope names the address")
        let back = Packet.tcp(s.neighbour, 443, s.client, 4000, .synAck)
        #expect(try !way.passes([back], from: two, to: one))
        let within = Packet.tcp(s.client, 4000, s.stranger, 443, .syn)
        #expect(try !way.passes([within], from: one, to: one), "nor on one tunnel")
    }
}

extension [String] {
    func asyncIndexes(_ gateway: Gateway) async throws -> [UInt32] {
        var indexes: [UInt32] = []
        for name in self { indexes.append(try #require(await gateway.backend.interfaceIndex(named: name))) }
        return indexes
    }
}
