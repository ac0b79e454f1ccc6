import Capture
import Glibc
import PacketSamples
import TestSupport
import Testing

@testable import PacketPath

/// Taps on a tunnel of a network namespace: what is counted and told, and that a tap outlives its interface.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30)))
struct RealKernelTapTests {
    /// 10.8.0.3 is a session that reaches TCP 443 of 203.0.113.80.
    private struct Scene: ~Copyable {
        var image: PathImage
        let slot: SessionSlot

        init() throws {
            var image = try PathImage(key: (1, 2), slotCount: 4)
            slot = image.takeSlot()
            image.setScope(
                1,
                ScopeImage([
                    ScopeBox(
                        isIPv6: false, addresses: 0xcb00_7150...0xcb00_7150, protocols: 6...6,
                        ports: 443...443)
                ]))
            self.image = image
        }

        mutating func putSession() throws {
            let index = unsafe if_nametoindex("tun0")
            try image.put(
                IPv4SessionKey(interface: index, address: 0x0a08_0003), SessionValue(scope: 1, slot: slot))
        }

        func tap(_ direction: LiveSource.Direction) throws -> Tap {
            let place = Tap.Place(
                interface: "tun0", direction: direction, place: .tunnel, tunnels: ["tun0"])
            let scans = ScanDetector(slotCount: 4, threshold: 8, windowTicks: 60_000, key: (1, 2))
            let tap = Tap(place, readers: image.readers, slotCount: 4, scans: scans)
            return try #require(tap, "room for a reader")
        }
    }

    /// Asks until it is so. The time is only there to end a test that fails.
    private static func wait(_ what: String, until isSo: () -> Bool) throws {
        for _ in 0..<2_000 {
            if isSo() { return }
            usleep(5_000)
        }
        Issue.record("not within ten seconds: \(what)")
    }

    private static let permitted = checked(Bytes.ipv4(6, Bytes.tcp(40000, 443)))
    private static let refused = checked(Bytes.ipv4(6, Bytes.tcp(40000, 22)))

    /// With a header checksum, so that the kernel takes it.
    private static func checked(_ packet: [UInt8]) -> [UInt8] {
        var bytes = packet
        let sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(bytes[$1]) << 8 + Int(bytes[$1 + 1]) }
        bytes.replaceSubrange(10..<12, with: Bytes.short(~(sum % 0xffff)))
        return bytes
    }

    private static func events(_ tap: Tap) -> [PathEvent.Kind] {
        var kinds: [PathEvent.Kind] = []
        tap.drainEvents { kinds.append($0.kind) }
        return kinds
    }

    @Test func countsAndTellsWhatASessionSends() async throws {
        try await inOwnNamespace {
            let tunnel = try QuietTunnel()
            var scene = try Scene()
            try scene.putSession()
            let (inward, outward) = (try scene.tap(.inbound), try scene.tap(.outbound))
            defer {
                inward.stop()
                outward.stop()
            }
            try Self.wait("both watch") { inward.state == .watching && outward.state == .watching }
            for _ in 0..<3 { try tunnel.receive(Self.permitted) }
            try tunnel.receive(Self.refused)
            var spoofed = Self.permitted
            spoofed[15] = 9
            try tunnel.receive(Self.checked(Array(spoofed[..<10]) + [0, 0] + Array(spoofed[12...])))
            try sendDatagrams(5)
            let taps = [inward.counters, outward.counters]
            let use = { taps.use(ofSlot: 0, generation: 1) }
            try Self.wait("all packets are counted") {
                use().outward.packets == 4 && use().toward.packets == 5 && taps.total().denied == 2
            }
            #expect(use().denied == 1 && use()[.destination] == 1)
            #expect(use().lastUsed > 1_700_000_000_000, "milliseconds since 1970")
            #expect(Set(Self.events(inward)) == [.refused, .spoofed])
            #expect(Self.events(outward).isEmpty)
        }
    }

    @Test func waitsForATunnelThatIsMadeAnew() async throws {
        try await inOwnNamespace {
            var tunnel: QuietTunnel? = try QuietTunnel()
            var scene = try Scene()
            try scene.putSession()
            let tap = try scene.tap(.inbound)
            defer { tap.stop() }
            try Self.wait("it watches") { tap.state == .watching }
            try tunnel?.receive(Self.permitted)
            try Self.wait("counted") { tap.counters.total().outward.packets == 1 }
            tunnel = nil
            try Self.wait("it waits, and says why") {
                if case .waiting(let reason) = tap.state {
                    return reason == "the interface went down or away" || reason == "no such interface"
                }
                return false
            }
            tunnel = try QuietTunnel()
            try scene.putSession()
            try Self.wait("it watches again") { tap.state == .watching }
            try tunnel?.receive(Self.permitted)
            try Self.wait("counted again") { tap.counters.use(ofSlot: 0, generation: 1).outward.packets == 2 }
            tap.stop()
            try Self.wait("it ends") { tap.state == .stopped }
            #expect(tap.statistics.received == 2)
        }
    }
}
