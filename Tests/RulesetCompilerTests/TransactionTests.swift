import FakeKernel
import FlowSpace
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

@Suite struct TransactionTests {
    static let now = Samples.now

    private func element(_ scope: UInt32, _ left: Duration) throws -> Ruleset.Element {
        Ruleset.Element(scope: try Samples.scope(scope), expires: Self.now + left)
    }

    private func text(_ changes: [RulesetChange]) -> [String] {
        Transaction(changes, in: Samples.layout, at: Self.now).text.split(separator: "\n").map(String.init)
    }

    @Test func aPutReplacesWhateverIsThere() throws {
        let key = try Samples.key(7, "10.8.0.2")
        #expect(
            text([.put(key, try element(3, .seconds(90)))]) == [
                "destroy element inet gatehouse scope_of_4 { 7 . 10.8.0.2 }",
                "add element inet gatehouse scope_of_4 { 7 . 10.8.0.2 timeout 1m30s : 0x67000003 }",
            ])
    }

    /// The kernel's unit is the millisecond, and 0 means for ever: nothing may round to it.
    @Test(
        arguments: [
            (.nanoseconds(1), "1ms"), (.milliseconds(1), "1ms"), (.nanoseconds(1_999_999), "1ms"),
            (.seconds(86_400 + 1), "1d1s"),
            (.zero, nil), (.seconds(-5), nil),
        ] as [(Duration, String?)])
    func timeouts(left: Duration, expected: String?) throws {
        let lines = text([.put(try Samples.key(7, "fd08::2"), try element(3, left))])
        #expect(
            lines.first == "destroy element inet gatehouse scope_of_6 { 7 . fd08::2 }", "removed in any case")
        #expect(
            lines.dropFirst().first
                == expected.map {
                    "add element inet gatehouse scope_of_6 { 7 . fd08::2 timeout \($0) : 0x67000003 }"
                })
    }

    @Test func theLastWishForASessionCounts() throws {
        let (one, two) = (try Samples.key(7, "10.8.0.2"), try Samples.key(7, "10.8.0.3"))
        #expect(
            text([
                .put(one, try element(1, .seconds(1))), .put(two, try element(1, .seconds(1))), .remove(one),
                .put(two, try element(2, .seconds(2))),
            ]) == [
                "destroy element inet gatehouse scope_of_4 { 7 . 10.8.0.2, 7 . 10.8.0.3 }",
                "add element inet gatehouse scope_of_4 { 7 . 10.8.0.3 timeout 2s : 0x67000002 }",
            ])
    }

    @Test func manyGoInFewMessages() throws {
        let changes = try (0..<1200).map { number in
            RulesetChange.put(
                SessionKey(interfaceIndex: 7, address: IPAddress(ipv4: 0x0a08_0000 + UInt32(number))),
                try element(1, .seconds(60)))
        }
        let operations = Transaction(changes, in: Samples.layout, at: Self.now).operations
        #expect(
            operations.map(\.name) == Array(repeating: "destroy element", count: 3)
                + Array(repeating: "add element", count: 3))
    }

    @Test func nothingIsNothing() {
        #expect(Transaction([], in: Samples.layout, at: Self.now).operations.isEmpty)
    }

    /// Scopes that come stand before the sessions that name them, those that go after.
    @Test func scopesStandAroundSessions() throws {
        let key = try Samples.key(7, "10.8.0.2")
        let lines = text([
            .removeScope(try Samples.scope(1)), .put(key, try element(2, .seconds(1))),
            .addScope(try Samples.scope(2), try Samples.space("10.10.0.20 tcp 443")),
        ])
        let place = { (start: String) in try #require(lines.firstIndex { $0.hasPrefix(start) }, "\(start)") }
        #expect(
            try place("add element inet gatehouse out { 0x67000002")
                < place("add element inet gatehouse scope_of_4")
        )
        #expect(
            try place("add element inet gatehouse scope_of_4")
                < place("delete element inet gatehouse out { 0x67000001"))
        #expect(
            try place("delete chain inet gatehouse s1_out") < place("delete set inet gatehouse s1_flow_4"))
    }

    @Test func aScopeThatComesAndGoesWasNever() throws {
        let scope = try Samples.scope(1)
        #expect(text([.addScope(scope, .empty), .removeScope(scope)]).isEmpty)
    }

    /// Random wishes, one transaction each: the kernel ends up with what the value says, however they were ordered.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func stepsLeadWhereTheValueLeads(seed: UInt64) async throws {
        var random = Seeded(seed)
        let kernel = FakeKernel { Self.now }
        var ruleset = Ruleset(layout: Samples.layout)
        _ = try await kernel.commit(Transaction(replacing: ruleset, at: Self.now))
        for _ in 0..<60 {
            let changes = try wishes(ruleset, &random)
            _ = try await kernel.commit(Transaction(changes, in: ruleset.layout, at: Self.now))
            ruleset.apply(changes)
            #expect(kernel.sessions() == ruleset.sessions, "seed \(seed)")
            #expect(kernel.scopes() == Set(ruleset.scopes.keys), "seed \(seed)")
        }
        let anew = FakeKernel { Self.now }
        _ = try await anew.commit(Transaction(replacing: ruleset, at: Self.now))
        #expect(anew.objects() == kernel.objects(), "seed \(seed)")
    }

    private func wishes(_ ruleset: Ruleset, _ random: inout Seeded) throws -> [RulesetChange] {
        var changes: [RulesetChange] = []
        let unknown = try (1...6).map(Samples.scope).filter { ruleset.scopes[$0] == nil }
        if let new = unknown.randomElement(using: &random) {
            changes.append(.addScope(new, try Samples.space("10.10.0.20 tcp 443", "fd10::1-fd10::9 udp 1-9")))
        }
        let all =
            ruleset.scopes.keys
            + changes.compactMap { if case .addScope(let new, _) = $0 { new } else { nil } }
        for _ in 0..<4 {
            let key = try Samples.key(
                UInt32.random(in: 7...8, using: &random),
                ["10.8.0.2", "fd08::2"].randomElement(using: &random) ?? "")
            guard let scope = all.randomElement(using: &random), Bool.random(using: &random) else {
                changes.append(.remove(key))
                continue
            }
            changes.append(.put(key, Ruleset.Element(scope: scope, expires: Self.now + .seconds(60))))
        }
        var after = ruleset
        after.apply(changes)
        let named = Set(after.sessions.values.map(\.scope))
        changes += after.scopes.keys.filter { !named.contains($0) }.sorted().prefix(1).map {
            .removeScope($0)
        }
        return changes.shuffledKeepingSessions(using: &random)
    }
}

extension [RulesetChange] {
    /// Scope wishes may stand anywhere among the sessions; two of one kind keep their order.
    fileprivate func shuffledKeepingSessions(using random: inout Seeded) -> [RulesetChange] {
        var result = self
        guard count > 1, Bool.random(using: &random) else { return result }
        let first = result.removeFirst()
        result.insert(first, at: result.index(before: result.endIndex))
        return result
    }
}
