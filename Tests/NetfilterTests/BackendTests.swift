import CLinux
import FlowSpace
import Glibc
import Netfilter
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

@Suite(.needsRoot, .serialized) struct BackendTests {
    private static let layout = RulesetLayout(tunnels: ["tun0"], sessionCapacity: 8192)

    private func sessions(_ count: Int, _ scope: ScopeNumber, until: Instant) throws -> [SessionKey: Ruleset
        .Element]
    {
        Dictionary(
            uniqueKeysWithValues: try (0..<count).map { number in
                let four = number % 2 == 0
                let address =
                    four
                    ? IPAddress(ipv4: 0x0a08_0000 + UInt32(number))
                    : try #require(IPAddress(family: .ipv6, bits: UInt128(0xfd08) << 112 + UInt128(number)))
                return (SessionKey(interfaceIndex: 7, address: address), .init(scope: scope, expires: until))
            })
    }

    /// What was programmed comes back, the time left to within what the calls took.
    @Test(arguments: [0, 1, 499, 1001, 4000]) func snapshotTellsWhatIsThere(count: Int) async throws {
        let gateway = try await Gateway(isBare: true)
        let scope = try Samples.scope(1)
        let receipt = try await gateway.backend.commit(Transaction(table: "x", []))
        let now = receipt.committedAt
        var ruleset = Ruleset(layout: Self.layout, scopes: [scope: try Samples.space("10.10.0.20 tcp 443")])
        ruleset.sessions = try sessions(count, scope, until: now + .seconds(600))
        _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: now))
        let snapshot = try #require(try await gateway.backend.snapshot(of: Self.layout))
        #expect(Set(snapshot.sessions.keys) == Set(ruleset.sessions.keys))
        #expect(snapshot.sessions.values.allSatisfy { $0.scope == scope })
        let off = snapshot.sessions.values.map { $0.expires - now }
        #expect(off.allSatisfy { $0 > .seconds(590) && $0 < .seconds(660) })
    }

    /// CAP_NET_ADMIN and nothing more: everything that enforcement does, on a thread that has no other.
    @Test func needsNetAdminAlone() async throws {
        let gateway = try await Gateway(isBare: true)
        let backend = try await gateway.inside {
            try #require(gh_keep_capability(Self.netAdmin) == 0)
            return NetlinkRulesetBackend()
        }
        let key = try Samples.key(7, "10.8.0.2")
        let scope = try Samples.scope(1)
        let element = Ruleset.Element(scope: scope, expires: Samples.now + .seconds(60))
        let changes: [RulesetChange] = [.addScope(scope, .everything), .put(key, element)]
        _ = try await backend.commit(Transaction(replacing: Ruleset(layout: Self.layout), at: Samples.now))
        _ = try await backend.commit(Transaction(changes, in: Self.layout, at: Samples.now))
        #expect(try await backend.snapshot(of: Self.layout)?.sessions.keys.first == key)
        #expect(await backend.interfaceIndex(named: "tun0") != nil)
    }

    @Test func withoutNetAdminTheKernelSaysSo() async throws {
        let gateway = try await Gateway(isBare: true)
        let backend = try await gateway.inside {
            try #require(gh_keep_capability(-1) == 0)
            return NetlinkRulesetBackend()
        }
        let failure = await #expect(throws: CommitFailure.self) {
            try await backend.commit(Transaction(replacing: Ruleset(layout: Self.layout), at: Samples.now))
        }
        #expect(failure?.errno == EPERM)
    }

    /// CAP_NET_ADMIN of linux/capability.h.
    private static let netAdmin: Int32 = 12

    @Test func noTableIsNoSnapshot() async throws {
        let gateway = try await Gateway(isBare: true)
        #expect(try await gateway.backend.snapshot(of: Self.layout) == nil)
    }

    @Test func interfacesHaveIndexes() async throws {
        let gateway = try await Gateway(isBare: true)
        let index = try #require(await gateway.backend.interfaceIndex(named: "tun1"))
        #expect(
            try await gateway.run("cat /sys/class/net/tun1/ifindex || ip -o link show tun1").contains(
                "\(index)"))
        #expect(await gateway.backend.interfaceIndex(named: "none") == nil)
        #expect(await gateway.backend.interfaceIndex(named: String(repeating: "x", count: 40)) == nil)
    }

    /// Somebody else's rules change the generation under us; ours go in all the same, and theirs stay.
    @Test func foreignChangesAreNoHindrance() async throws {
        let gateway = try await Gateway(isBare: true)
        let ruleset = Ruleset(layout: Self.layout)
        for number in 0..<3 {
            _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
            try await gateway.run("nft add table inet foreign\(number)")
        }
        _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
        #expect(try await gateway.run("nft list tables").split(separator: "\n").count == 4)
    }

    /// Scopes come, change under their sessions, and go without a trace.
    @Test func scopesComeAndGo() async throws {
        let gateway = try await Gateway(isBare: true)
        let (one, two) = (try Samples.scope(1), try Samples.scope(2))
        let key = try Samples.key(7, "10.8.0.2")
        let element = { Ruleset.Element(scope: $0, expires: Samples.now + .seconds(60)) }
        _ = try await gateway.backend.commit(
            Transaction(replacing: Ruleset(layout: Self.layout), at: Samples.now))
        let empty = try await gateway.listing()
        let some = try Samples.space("10.10.0.20 tcp 443", "10.20.0.0-10.20.0.9 udp 1-9", "fd10::1 gre")
        let steps: [([RulesetChange], Set<ScopeNumber>)] = [
            // A session may be named before its scope: the order is the transaction's.
            ([.put(key, element(one)), .addScope(one, some)], [one]),
            ([.addScope(two, .empty), .put(key, element(two)), .removeScope(one)], [two]),
            ([.redefineScope(two, some, edition: 1)], [two]),
            ([.removeScope(two, edition: 1), .remove(key), .remove(key)], []),
        ]
        var wanted = Ruleset(layout: Self.layout)
        for (changes, scopes) in steps {
            _ = try await gateway.backend.commit(Transaction(changes, in: Self.layout, at: Samples.now))
            wanted.apply(changes)
            #expect(Set(wanted.scopes.keys) == scopes)
            let anew = try await Gateway(isBare: true)
            _ = try await anew.backend.commit(Transaction(replacing: wanted, at: Samples.now))
            #expect(try await gateway.sortedListing() == anew.sortedListing(), "step by step is as at once")
        }
        #expect(try await gateway.listing() == empty)
    }

    /// A refusal names the operation, its object, its place, and leaves nothing behind.
    @Test func refusalsHaveAPlace() async throws {
        let gateway = try await Gateway(isBare: true)
        var small = Ruleset(layout: RulesetLayout(tunnels: ["tun0"], sessionCapacity: 2))
        small.scopes[try Samples.scope(1)] = .empty
        let now = Samples.now
        small.sessions = try sessions(10, try Samples.scope(1), until: now + .seconds(60))
        let transaction = Transaction(replacing: small, at: now)
        let failure = await #expect(throws: CommitFailure.self) {
            try await gateway.backend.commit(transaction)
        }
        #expect(failure?.description.hasPrefix("add element inet gatehouse scope_of_4: ENFILE (op ") == true)
        #expect(try await gateway.backend.snapshot(of: small.layout) == nil)
    }
}

extension Gateway {
    /// Order of objects is order of making; what is there is the same.
    func sortedListing() async throws -> [String] {
        let text = try await listing().replacing(/timeout [0-9dhms]+/, with: "timeout")
        return text.split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace) }.map(String.init)
            .sorted()
    }
}
