import Netfilter
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import Synchronization
import TestSupport
import Testing

/// What the real kernel tells of other programs' changes, and that it tells nothing of our own.
@Suite(.needsRoot, .serialized) struct ForeignChangeTests {
    private static let layout = RulesetLayout(tunnels: ["tun0"], sessionCapacity: 8192)

    private func ruleset(_ count: Int) throws -> Ruleset {
        let scope = try Samples.scope(1)
        var ruleset = Ruleset(layout: Self.layout, scopes: [scope: try Samples.space("10.10.0.20 tcp 443")])
        for number in 0..<count {
            let key = SessionKey(interfaceIndex: 7, address: IPAddress(ipv4: 0x0a08_0002 + UInt32(number)))
            ruleset.sessions[key] = .init(scope: scope, expires: Samples.now + .seconds(600))
        }
        return ruleset
    }

    /// A command of `nft`, what is said of it, and the sessions whose elements alone it touched; nil for anything else.
    private static let cases: [(command: String, told: String, sessions: [String]?)] = [
        ("delete table inet gatehouse", "deleted table inet gatehouse", nil),
        ("flush ruleset", "deleted table inet gatehouse", nil),
        (
            "insert rule inet gatehouse forward accept", "added rule inet gatehouse forward", nil
        ),
        ("flush chain inet gatehouse input", "deleted rule inet gatehouse input", nil),
        (
            "delete element inet gatehouse scope_of_4 { 7 . 10.8.0.2 }",
            "deleted element inet gatehouse scope_of_4", ["10.8.0.2"]
        ),
        (
            "add element inet gatehouse scope_of_4 { 7 . 10.8.0.99 timeout 1h : 0x67000001 }",
            "added element inet gatehouse scope_of_4", ["10.8.0.99"]
        ),
        (
            "add element inet gatehouse scope_of_6 { 7 . fd08::99 timeout 1h : 0x67000001 }",
            "added element inet gatehouse scope_of_6", ["fd08::99"]
        ),
        (
            "flush map inet gatehouse scope_of_4", "deleted 3 elements of inet gatehouse scope_of_4",
            ["10.8.0.2", "10.8.0.3", "10.8.0.4"]
        ),
        (
            "add chain inet gatehouse forward { policy drop; }", "added chain inet gatehouse forward", nil
        ),
        (
            "add chain inet gatehouse mine { type filter hook forward priority -300; }; "
                + "add rule inet gatehouse mine accept",
            "added chain inet gatehouse mine, added rule inet gatehouse mine", nil
        ),
    ]

    @Test(arguments: 0..<cases.count) func isToldWithItsAuthor(number: Int) async throws {
        let item = Self.cases[number]
        let gateway = try await Gateway(isBare: true)
        let heard = Heard()
        try await gateway.backend.watch(["gatehouse"]) { heard.add($0) }
        let receipt = try await gateway.backend.commit(
            Transaction(replacing: try ruleset(3), at: Samples.now))
        // None of theirs concerns us, and none of ours is told: theirs on our table comes first.
        try await gateway.run(
            "nft add table inet other; nft 'add chain inet other c { type filter hook input priority 0; }'")
        try await gateway.run("nft '\(item.command)'")
        let told = try #require(await heard.first())
        #expect(told.description.hasPrefix("nft (process "))
        #expect(told.description.hasSuffix(") \(item.told)"), "\(told)")
        #expect(!told.isIncomplete)
        #expect(told.isOfSessionsAlone == (item.sessions != nil))
        if let sessions = item.sessions {
            #expect(told.sessions.map(\.address.description).sorted() == sessions)
        }
        let (theirs, ours) = (try #require(told.generation), try #require(receipt.generation))
        #expect(theirs == ours + 3, "two of another table in between")
        #expect(heard.count == 1)
    }

    /// Also where there are so many that we do not listen meanwhile; and what comes after is heard again.
    @Test(arguments: [1, 300, 4000]) func nothingIsToldOfOurOwn(count: Int) async throws {
        let gateway = try await Gateway(isBare: true)
        let heard = Heard()
        try await gateway.backend.watch(["gatehouse"]) { heard.add($0) }
        for _ in 0..<3 {
            _ = try await gateway.backend.commit(Transaction(replacing: try ruleset(count), at: Samples.now))
        }
        try await gateway.run("nft delete table inet gatehouse")
        let told = try #require(await heard.first())
        #expect(told.description.hasSuffix("deleted table inet gatehouse"))
        #expect(heard.count == 1)
    }

    /// Other programs that load rules of their own all the while: no commit fails, and nothing of ours is taken for
    /// theirs.
    @Test func othersAtWorkAreNotTakenForDrift() async throws {
        let gateway = try await Gateway(isBare: true)
        let heard = Heard()
        try await gateway.backend.watch(["gatehouse"]) { heard.add($0) }
        async let others = gateway.inside {
            for number in 0..<40 {
                try shell("nft 'add table inet t\(number); delete table inet t\(number)'")
            }
        }
        for _ in 0..<200 {
            _ = try await gateway.backend.commit(Transaction(replacing: try ruleset(20), at: Samples.now))
        }
        _ = try await others
        try await gateway.run("nft delete table inet gatehouse")
        #expect(await heard.first()?.author?.name == "nft")
        #expect(heard.count == 1)
    }

    /// Only the last handler is told.
    @Test func theWatchEndsWithItsOwner() async throws {
        let heard = Heard()
        do {
            let gateway = try await Gateway(isBare: true)
            try await gateway.backend.watch(["gatehouse"]) { heard.add($0) }
            // In place of the first, whose thread ends.
            try await gateway.backend.watch(["other"]) { heard.add($0) }
            _ = try await gateway.backend.commit(Transaction(replacing: try ruleset(1), at: Samples.now))
            try await gateway.run("nft delete table inet gatehouse; nft add table inet other")
            #expect(await heard.first()?.description.hasSuffix("added table inet other") == true)
        }
        #expect(heard.count == 1)
    }
}

/// What was told, in order.
private final class Heard: Sendable {
    private let changes = Mutex([ForeignChange]())

    func add(_ change: ForeignChange) { changes.withLock { $0.append(change) } }
    var count: Int { changes.withLock { $0.count } }

    /// Waits for the first; nil when none comes within half a minute.
    func first() async -> ForeignChange? {
        for _ in 0..<3000 {
            if let change = changes.withLock({ $0.first }) { return change }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }
}
