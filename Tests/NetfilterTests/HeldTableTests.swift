import Netfilter
import RulesetCompiler
import RulesetSamples
import TestSupport
import Testing

/// A table that belongs to our socket: nobody else can change it, and a flush of everything leaves it.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30))) struct HeldTableTests {
    private static let layout = RulesetLayout(tunnels: ["tun0", "tun1"])

    @Test func staysWhereEverythingIsFlushed() async throws {
        let gateway = try await Gateway()
        try await gateway.backend.hold(Transaction(holding: Self.layout))
        _ = try await gateway.backend.commit(Transaction(guarding: Self.layout))
        _ = try await gateway.backend.commit(
            Transaction(replacing: Ruleset(layout: Self.layout), at: Samples.now))
        // Without any of it, everything would pass.
        let free = try await Gateway()
        try await free.run("nft flush ruleset")
        let open = Packet.tcp(
            try Samples.address("10.8.0.2"), 40_000, try Samples.address("10.10.0.20"), 443, .syn)
        try free.tunnels[0].write(open.bytes)
        #expect(free.lan.read().contains { $0.suffix(open.transport.count) == open.transport[...] })
        try await gateway.run("nft flush ruleset")
        let left = try await gateway.run("nft list tables")
        #expect(left.contains("gatehouse-held") && !left.contains("gatehouse-guard"))
        await #expect(throws: (any Error).self) {
            try await gateway.run("nft delete table inet gatehouse-held")
        }
        for (source, target) in [("10.8.0.2", "10.10.0.20"), ("fd08::2", "fd10::20")] {
            let out = Packet.tcp(
                try Samples.address(source), 40_000, try Samples.address(target), 443, .syn)
            try gateway.tunnels[0].write(out.bytes)
            // The kernel has its own to say on every link; what is forwarded has one hop less and the same end.
            let outside = gateway.lan.read().filter { $0.suffix(out.transport.count) == out.transport[...] }
            #expect(outside.isEmpty, "from a tunnel")
            let back = Packet.udp(try Samples.address(target), 53, try Samples.address(source), 40_000)
            try gateway.lan.write(back.bytes)
            let within = gateway.tunnels[0].read().filter {
                $0.suffix(back.transport.count) == back.transport[...]
            }
            #expect(within.isEmpty, "to a tunnel")
        }
    }

    @Test func goesWithTheSocket() async throws {
        let gateway = try await Gateway()
        do {
            let other = try await gateway.inside { NetlinkRulesetBackend() }
            try await other.hold(Transaction(holding: Self.layout))
            #expect(try await gateway.run("nft list tables").contains("gatehouse-held"))
            // Somebody else's: ours can not be.
            await #expect(throws: CommitFailure.self) {
                try await gateway.backend.hold(Transaction(holding: Self.layout))
            }
        }
        for _ in 0..<500 where try await gateway.run("nft list tables").contains("gatehouse-held") {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await gateway.backend.hold(Transaction(holding: Self.layout))
    }
}
