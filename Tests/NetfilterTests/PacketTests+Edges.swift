import FlowSpace
import Netfilter
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import Testing

/// Refusals, errors, pieces, extensions, and the gateway's own addresses.
extension PacketTests {
    /// Refused fast: a reset for TCP, prohibited for the rest, nothing for an error or a reset.
    @Test(arguments: AddressFamily.allCases) func refusalsAnswer(family: AddressFamily) async throws {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        let tunnel = way.gateway.tunnels[0]
        let answers = { (packet: Packet) throws -> [[UInt8]] in
            _ = tunnel.read()
            try tunnel.write(packet.bytes)
            return tunnel.read()
        }
        let header = family == .ipv4 ? 20 : 40
        let reset = try answers(.tcp(s.client, 4000, s.server, 80, .syn))
        #expect(reset.count == 1 && reset.first?[header + 13] == 0x14, "RST and ACK")
        let prohibited = try answers(.udp(s.client, 4000, s.server, 80))
        #expect(prohibited.count == 1)
        #expect(
            prohibited.first.map { Array($0[header...(header + 1)]) }
                == (family == .ipv4 ? [3, 13] : [1, 1]))
        #expect(try answers(.tcp(s.client, 4000, s.server, 80, .rst)).isEmpty)
        let error = Packet.icmp(
            s.client, s.other, type: family == .ipv4 ? 3 : 1,
            payload: Packet.tcp(s.other, 80, s.client, 4000, .ack).bytes)
        #expect(try answers(error).isEmpty)
        let stranger = try answers(.tcp(s.stranger, 4000, s.server, 443, .syn))
        #expect(stranger.count == 1, "people without a session see an error too")
        #expect(try await way.gateway.guardDrops() == 0, "the guard lets the gateway's own answers pass")
    }

    /// An error passes when it speaks of a packet that the scope permits the other way.
    @Test(arguments: AddressFamily.allCases) func errorsQuotePermittedPackets(family: AddressFamily)
        async throws
    {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        let router = try Samples.address(family == .ipv4 ? "10.10.0.99" : "fd10::99")
        let tooBig: UInt8 = family == .ipv4 ? 3 : 2
        let error = { (from: IPAddress, to: IPAddress, type: UInt8, quoted: Packet) in
            Packet.icmp(
                from, to, type: type, code: family == .ipv4 && type == 3 ? 4 : 0, rest: [0, 0, 5, 0],
                payload: Array(quoted.bytes.prefix((family == .ipv4 ? 20 : 40) + 8)))
        }
        var options = Packet.tcp(s.client, 4000, s.server, 443, .ack)
        options.options = [1, 1, 1, 1]
        let toward: [(Packet, Bool, String)] = [
            (error(router, s.client, tooBig, .tcp(s.client, 4000, s.server, 443, .ack)), true, "path MTU"),
            (error(router, s.client, tooBig, .udp(s.client, 4000, s.server, 53)), true, "path MTU of UDP"),
            (error(s.server, s.client, 3, .icmp(s.client, s.server, type: s.request)), true, "about a ping"),
            (
                error(s.server, s.client, 3, .icmp(s.client, s.server, type: s.reply)), false,
                "pongs are not sent"
            ),
            (
                error(router, s.client, tooBig, .tcp(s.client, 4000, s.server, 80, .ack)), false,
                "another port"
            ),
            (
                error(router, s.client, tooBig, .tcp(s.client, 4000, s.other, 443, .ack)), false,
                "another host"
            ),
            (error(router, s.client, tooBig, .udp(s.client, 4000, s.server, 443)), false, "another protocol"),
            (
                error(router, s.stranger, tooBig, .tcp(s.stranger, 4000, s.server, 443, .ack)), false,
                "no session"
            ),
            (
                error(router, s.client, family == .ipv4 ? 5 : 137, .tcp(s.client, 4, s.server, 443, .ack)),
                false,
                "a redirect is no error"
            ),
            (
                .icmp(router, s.client, type: tooBig, payload: [0x45, 0, 0]), false,
                "a quotation too short to read"
            ),
        ]
        for (packet, expected, why) in toward { #expect(try way.toward(packet) == expected, "\(why)") }
        if family == .ipv4 {
            let quoted = Packet.icmp(
                router, s.client, type: 3, code: 4, payload: Array(options.bytes.prefix(32)))
            #expect(try !way.toward(quoted), "the offsets hold without options alone")
        }
        let outward: [(Packet, Bool, String)] = [
            (
                error(s.client, s.server, tooBig, .tcp(s.server, 443, s.client, 4000, .ack)), true,
                "of an answer"
            ),
            (
                error(s.client, s.server, tooBig, .tcp(s.server, 80, s.client, 4000, .ack)), false,
                "another port"
            ),
            (
                error(s.client, s.server, tooBig, .icmp(s.server, s.client, type: s.request)), false,
                "no ping came"
            ),
        ]
        for (packet, expected, why) in outward { #expect(try way.outward(packet) == expected, "\(why)") }
        #expect(try await way.gateway.guardDrops() == 0)
    }

    /// A packet in pieces is judged whole: the second piece has no ports.
    @Test(arguments: AddressFamily.allCases) func fragmentsAreJudgedWhole(family: AddressFamily) async throws
    {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        let payload = (0..<64).map { UInt8($0) }
        let good = Packet.udp(s.client, 4000, s.server, 53, payload: payload)
        let bad = Packet.udp(s.client, 4000, s.server, 54, payload: payload)
        let lan = way.gateway.lan
        let tail = Array(payload.suffix(16))
        #expect(try way.passes(good.fragments(cutAt: 32), from: way.gateway.tunnels[0], to: lan, whole: tail))
        #expect(try !way.passes(bad.fragments(cutAt: 32), from: way.gateway.tunnels[0], to: lan, whole: tail))
        let alone = [good.fragments(cutAt: 32)[1]]
        #expect(
            try !way.passes(alone, from: way.gateway.tunnels[0], to: lan, whole: tail), "a later piece alone")
    }

    /// TCP toward a session shows by its flags that it answers; where they can not be read it does not. The kernel lets a
    /// first fragment of IPv6 that ends before them go its way alone, and the later pieces of another datagram would
    /// make it whole at the host: of an echo reply, say, with a SYN where its data is.
    @Test(arguments: AddressFamily.allCases) func flagsThatAreNotThereAnswerNothing(family: AddressFamily)
        async throws
    {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        let answer = Packet.tcp(s.server, 443, s.client, 4000, .ack, payload: (0..<44).map { UInt8($0) })
        #expect(try way.toward(answer))
        for length in [4, 8, 13] {
            var short = answer
            short.transport = Array(answer.transport[..<length])
            #expect(try !way.toward(short), "\(length) bytes")
        }
        #expect(try !way.toward(answer.fragments(cutAt: 8)[0]), "a first fragment of 8 bytes")
        var opening = Packet.tcp(s.server, 443, s.client, 4000, .syn, payload: [1, 2, 3, 4])
        opening.identification = 9
        for length in [8, 16] { #expect(try !way.toward(opening.fragments(cutAt: length)[0])) }
    }

    /// What a rule reads has to be there, and no more: outward the second port or what is in its place, toward a session the
    /// first; of a quoted answer its source port.
    @Test(arguments: AddressFamily.allCases) func shortPacketsPassByWhatIsRead(family: AddressFamily)
        async throws
    {
        let s = try Stage(family)
        let (way, _) = try await ready(s)
        for (length, isThere) in [(2, false), (3, false), (4, true)] {
            var packet = Packet.other(s.client, s.server, 47)
            packet.transport = Array(packet.transport[..<length])
            #expect(try way.outward(packet) == isThere, "outward \(length)")
        }
        for (length, isThere) in [(1, false), (2, true), (3, true)] {
            var packet = Packet.other(s.server, s.client, 47)
            packet.transport = Array(packet.transport[..<length])
            #expect(try way.toward(packet) == isThere, "toward \(length)")
        }
        let answer = Packet.tcp(s.server, 443, s.client, 4000, .ack)
        let header = family == .ipv4 ? 20 : 40
        for (length, isThere) in [(header + 1, false), (header + 2, true)] {
            let error = Packet.icmp(
                s.client, s.server, type: family == .ipv4 ? 3 : 1, payload: Array(answer.bytes.prefix(length))
            )
            #expect(try way.outward(error) == isThere, "quoting \(length)")
        }
    }

    /// Extension headers and options neither hide the ports nor lead elsewhere.
    @Test func extensionsDoNotBypass() async throws {
        let six = try Stage(.ipv6)
        let (way, _) = try await ready(six)
        let padding: [UInt8] = [6, 0, 1, 4, 0, 0, 0, 0]
        let route: [UInt8] = [6, 2, 0, 1, 0, 0, 0, 0] + six.other.bytes
        let cases: [(UInt8, [UInt8], UInt16, Bool, String)] = [
            (60, padding, 443, true, "destination options before a granted port"),
            (60, padding, 80, false, "destination options before another port"),
            (0, padding, 80, false, "hop-by-hop options before another port"),
            (43, route, 443, false, "a routing header, though the first address is granted"),
            (60, [43, 0, 1, 4, 0, 0, 0, 0] + route, 443, false, "a routing header behind another"),
            (
                51, [6, 4] + [UInt8](repeating: 0, count: 22), 443, false,
                "nobody reads behind authentication"
            ),
        ]
        for (type, headers, port, expected, why) in cases {
            var packet = Packet.tcp(six.client, 4000, six.server, port, .syn)
            packet.extensions = headers
            packet.firstExtension = type
            #expect(try way.outward(packet) == expected, "\(why)")
        }
        let four = try Stage(.ipv4)
        let (wayFour, _) = try await ready(four)
        var packet = Packet.tcp(four.client, 4000, four.server, 443, .syn)
        packet.options = [131, 7, 4] + four.other.bytes + [0]
        #expect(try !wayFour.outward(packet), "a source route")
    }

    /// The gateway's own addresses are granted like any other; nothing else of it is reached.
    @Test(arguments: AddressFamily.allCases) func gatewayItself(family: AddressFamily) async throws {
        let s = try Stage(family)
        let (way, ruleset) = try await ready(s)
        let tunnel = way.gateway.tunnels[0]
        let listener = try await way.gateway.inside { try ListeningSocket(family: family, port: 3128) }
        let tunnelAddress = try Samples.address(family == .ipv4 ? "10.8.0.1" : "fd08::1")
        let flags = { (packet: Packet) throws -> [UInt8] in
            _ = tunnel.read()
            try tunnel.write(packet.bytes)
            return tunnel.read().map { $0[(family == .ipv4 ? 20 : 40) + 13] }
        }
        #expect(try flags(.tcp(s.client, 4000, s.gateway, 3128, .syn)) == [0x12], "granted: SYN and ACK")
        #expect(try flags(.tcp(s.client, 4000, s.gateway, 22, .syn)) == [0x14], "not granted: reset")
        #expect(try flags(.tcp(s.client, 4000, tunnelAddress, 3128, .syn)) == [0x14], "another address of it")
        #expect(try flags(.tcp(s.stranger, 4000, s.gateway, 3128, .syn)) == [0x14], "nobody's")
        let key = try #require(ruleset.sessions.keys.first { $0.address == s.client })
        _ = try await way.gateway.backend.commit(
            Transaction([.remove(key)], in: ruleset.layout, at: Samples.now))
        #expect(try flags(.tcp(s.client, 4001, s.gateway, 3128, .syn)) == [0x14], "cut")
        #expect(try await way.gateway.guardDrops() == 0, "nor what the gateway itself says")
        withExtendedLifetime(listener) {}
    }
}
