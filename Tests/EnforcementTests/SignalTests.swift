import Classification
import Enforcement
import Evidence
import FakeKernel
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Testing

/// What other systems tell while sessions live: it closes or narrows, and gives back only what it took.
@Suite struct SignalTests {
    private static func policy() throws -> Policy {
        let digest = { (byte: String) in String(repeating: byte, count: 32) }
        let files = [
            "policy.yaml": """
            inside: [10.10.0.0/16, "fd10:10::/32"]
            classes:
              - { name: lost, when: { device: [lost, stolen] }, access: none }
              - name: employee
                when: { certificate: corporate, device: { status: in-use, managed: true }, mfa: { within: 12h } }
                access: [crm, portal]
              - { name: basic, when: { certificate: corporate, device: in-use }, access: [portal] }
            """,
            "systems.yaml": """
            systems:
              crm: { addresses: [10.10.0.20, "fd10:10::20"], services: [tcp/443] }
              portal: { addresses: [10.10.0.90, "fd10:10::90"], services: [tcp/443] }
            """,
            "authorities.yaml": "authorities: { corporate: { digest: \(digest("ca")) } }",
            "devices.csv": """
            id,digest,kind,status,managed,serial,owner
            laptop-1,\(digest("01")),laptop,in-use,true,SN-1,alice
            laptop-3,\(digest("03")),laptop,in-use,true,SN-3,
            """,
        ]
        let (policy, diagnostics) = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: World.start)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }

    private static func world() async throws -> (World, SessionID) {
        let world = try await World(policy: try policy())
        let alice = try Cast.alice()
        try await world.open(alice, at: "10.8.0.2 fd08::2", code: try world.code)
        await world.pass(.seconds(10))
        return (world, alice.id)
    }

    private static func signal(
        _ kind: SignalKind, against: Bool = true, users: [String] = [], devices: [String] = [],
        at happened: Instant, id: String = "t1", issuer: String = "https://idp.example", now: Instant
    ) -> Order {
        let fact = SignalFact(
            key: .init(issuer: issuer, kind: kind, subject: SignalSubject(users: users, devices: devices)),
            isAgainst: against, happenedAt: happened, receivedAt: now, token: id)
        return .signal(
            ReceivedSignal(
                token: .init(issuer: issuer, id: id), until: now + .seconds(3600), transmitter: "idp",
                facts: [fact]))
    }

    private static func scope(_ world: World, _ id: SessionID) async -> [String]? {
        let known = await world.enforcer.session(id)
        return known?.cut == nil ? known?.decision.scope.systems : nil
    }

    /// What the session reaches after a signal that just happened; nil when it was cut.
    @Test(arguments: [
        (SignalKind.sessionRevoked, ["ALICE"], [String](), [String]?.none),
        (.accountDisabled, ["alice", "alice@example.org"], [], nil),
        (.sessionRevoked, [], ["laptop-1"], nil), (.sessionRevoked, [], ["sn-1"], nil),
        (.sessionRevoked, [], [String(repeating: "01", count: 32)], nil),
        (.sessionRevoked, ["alice"], ["laptop-1"], nil),
        (.sessionRevoked, ["alice"], ["laptop-3"], ["crm", "portal"]),
        (.sessionRevoked, ["bob"], ["laptop-1"], ["crm", "portal"]),
        (.credentialChange, ["alice"], [], ["portal"]), (.assuranceLevel, ["alice"], [], ["portal"]),
        (.deviceCompliance, [], ["LAPTOP-1"], ["portal"]), (.deviceCompliance, ["alice"], [], ["portal"]),
        (.deviceCompliance, [], ["laptop-3"], ["crm", "portal"]),
        (.accountDisabled, ["bob"], [], ["crm", "portal"]),
        // A name is no part of another.
        (.accountDisabled, ["alic"], [], ["crm", "portal"]),
        (.accountDisabled, [], [], ["crm", "portal"]),
    ])
    func closesOrNarrowsInOneTransaction(
        _ kind: SignalKind, _ users: [String], _ devices: [String], _ reached: [String]?
    ) async throws {
        let (world, alice) = try await Self.world()
        let before = world.kernel.transactions.count
        let now = world.clock.now()
        let receipt = try await world.enforcer.carryOut(
            Self.signal(kind, users: users, devices: devices, at: now, now: now))
        #expect(await Self.scope(world, alice) == reached)
        #expect(receipt.cut == (reached == nil ? [alice] : []))
        let changes = reached != ["crm", "portal"]
        #expect(world.kernel.transactions.count == before + (changes ? 1 : 0))
        if reached == nil {
            #expect(world.elements == [])
            #expect(world.gate.words.last == "disconnect 1")
        }
    }

    @Test func whoLogsInAfterARevocationIsInAndIsToldWhyBefore() async throws {
        let (world, _) = try await Self.world()
        let revoked = world.clock.now()
        await world.pass(.seconds(40))
        _ = try await world.enforcer.carryOut(
            Self.signal(.sessionRevoked, users: ["alice"], at: revoked, now: world.clock.now()))
        var again = try Cast.alice(7)
        again.startedAt = revoked
        await world.send(.login(world.login(again, code: try world.code)))
        #expect(
            world.gate.words.last == "refuse 7: Your session was ended by your organisation. Log in again.")
        var later = try Cast.alice(8)
        later.startedAt = revoked + .seconds(1)
        try await world.open(later, at: "10.8.0.3 fd08::3", code: try world.code)
        #expect(await Self.scope(world, later.id) == ["crm", "portal"])
    }

    @Test func whoIsDisabledStaysOutUntilTheSameIssuerEnables() async throws {
        let (world, alice) = try await Self.world()
        let start = world.clock.now()
        let order = { (against: Bool, seconds: Int64, id: String, issuer: String) in
            Self.signal(
                .accountDisabled, against: against, users: ["alice"], at: start + .seconds(seconds), id: id,
                issuer: issuer, now: world.clock.now())
        }
        let idp = "https://idp.example"
        _ = try await world.enforcer.carryOut(order(true, 0, "t1", idp))
        #expect(await Self.scope(world, alice) == nil)
        await world.pass(.seconds(60))
        let refusedBy = { (steps: [(Bool, Int64, String, String)]) in
            for step in steps { _ = try await world.enforcer.carryOut(order(step.0, step.1, step.2, step.3)) }
            let client = UInt64.random(in: 1000...UInt64(Int64.max))
            await world.send(.login(world.login(try Cast.alice(client), code: nil)))
            return world.gate.words.last?.contains("Your account is disabled") ?? false
        }
        #expect(try await refusedBy([(false, 30, "t2", "https://other.example")]), "another issuer's word")
        #expect(try await refusedBy([(false, -5, "t3", idp)]), "older than what it would lift")
        #expect(try await refusedBy([(false, 0, "t4", idp)]), "of the same time")
        #expect(try await !refusedBy([(false, 30, "t5", idp)]))
        #expect(try await !refusedBy([(true, 10, "t6", idp)]), "late, and overtaken")
        #expect(try await refusedBy([(true, 31, "t7", idp)]))
    }

    @Test func credentialsThatChangedAskForANewCode() async throws {
        let (world, alice) = try await Self.world()
        let now = world.clock.now()
        _ = try await world.enforcer.carryOut(
            Self.signal(.credentialChange, users: ["alice"], at: now, now: now))
        #expect(await Self.scope(world, alice) == ["portal"])
        #expect(await world.enforcer.evidence(about: alice)?.mfaVerifiedAt == nil)
        await world.pass(.seconds(60))
        _ = try await world.enforcer.carryOut(
            .stepUp(alice, tenant: nil, code: try world.code, by: "root"))
        #expect(await Self.scope(world, alice) == ["crm", "portal"])
    }

    @Test func complianceComesBackInOneTransactionAndAddsNothing() async throws {
        let (world, alice) = try await Self.world()
        let start = world.clock.now()
        let order = { (against: Bool, seconds: Int64, id: String) in
            Self.signal(
                .deviceCompliance, against: against, devices: ["laptop-1"], at: start + .seconds(seconds),
                id: id, now: world.clock.now())
        }
        await world.pass(.seconds(20))
        _ = try await world.enforcer.carryOut(order(false, 0, "t0"))
        #expect(await Self.scope(world, alice) == ["crm", "portal"], "nothing was taken")
        _ = try await world.enforcer.carryOut(order(true, 5, "t1"))
        #expect(await Self.scope(world, alice) == ["portal"])
        #expect(await world.enforcer.evidence(about: alice)?.device?.isManaged == nil)
        let before = world.kernel.transactions.count
        let receipt = try await world.enforcer.carryOut(order(false, 9, "t2"))
        #expect(receipt.moved.map(\.to) == ["employee"])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(await Self.scope(world, alice) == ["crm", "portal"])
    }

    @Test func aTokenCountsOnceAlsoAfterARestart() async throws {
        let (world, _) = try await Self.world()
        let now = world.clock.now()
        let disable = Self.signal(.accountDisabled, users: ["alice"], at: now, now: now)
        _ = try await world.enforcer.carryOut(disable)
        await #expect(throws: OrderRefusal.heardBefore) { try await world.enforcer.carryOut(disable) }
        let after = try await World(policy: try Self.policy(), after: world)
        await #expect(throws: OrderRefusal.heardBefore) { try await after.enforcer.carryOut(disable) }
        await after.send(.login(after.login(try Cast.alice(9), code: try after.code)))
        #expect(after.gate.words == ["refuse 9: Your account is disabled. Call the help desk."])
        after.clock.move(by: .seconds(3601))
        // Forgotten by now: by then it is refused for its age.
        _ = try await after.enforcer.carryOut(disable)
    }

    @Test func whatCannotBeRecordedClosesAllTheSameAndOpensNothing() async throws {
        let (world, alice) = try await Self.world()
        let start = world.clock.now()
        await world.pass(.seconds(20))
        let down = Self.signal(
            .deviceCompliance, devices: ["laptop-1"], at: start, id: "t1", now: world.clock.now())
        world.ledger.fill(true)
        await #expect(throws: OrderRefusal.self) { try await world.enforcer.carryOut(down) }
        #expect(
            await Self.scope(world, alice) == ["portal"],
            "closed, though the sender is told that it was not taken")
        world.ledger.fill(false)
        _ = try await world.enforcer.carryOut(down)
        #expect(
            world.ledger.recollection.signals.map(\.token) == ["t1"], "the same token comes again and is kept"
        )
        let up = Self.signal(
            .deviceCompliance, against: false, devices: ["laptop-1"], at: start + .seconds(5), id: "t2",
            now: world.clock.now())
        world.ledger.fill(true)
        await #expect(throws: OrderRefusal.self) { try await world.enforcer.carryOut(up) }
        #expect(await Self.scope(world, alice) == ["portal"], "the next process would know nothing of it")
        world.ledger.fill(false)
        _ = try await world.enforcer.carryOut(up)
        #expect(await Self.scope(world, alice) == ["crm", "portal"])
    }

    @Test func aLoginThatIsUnderWayIsCutWhenItOpens() async throws {
        let world = try await World(policy: try Self.policy())
        var alice = try Cast.alice()
        await world.send(.login(world.login(alice, code: try world.code)))
        #expect(world.gate.words == ["admit 1"])
        await world.pass(.seconds(1))
        let now = world.clock.now()
        _ = try await world.enforcer.carryOut(
            Self.signal(.sessionRevoked, users: ["alice"], at: now, now: now))
        alice.addresses = [try #require(IPAddress("10.8.0.2"))]
        await world.send(.established(alice))
        #expect(world.elements == [])
        #expect(world.gate.words.last == "disconnect 1")
    }

    @Test func sessionsWithoutANameAreTheirDevicesOwners() async throws {
        let world = try await World(policy: try Self.policy())
        let nameless = try Cast.session(4, "laptop-0042", leaf: 1, user: "")
        let other = try Cast.session(5, "laptop-3", leaf: 3, user: "")
        try await world.open(nameless, at: "10.8.0.4")
        try await world.open(other, at: "10.8.0.5")
        let now = world.clock.now()
        let receipt = try await world.enforcer.carryOut(
            Self.signal(.accountDisabled, users: ["alice"], at: now, now: now))
        #expect(receipt.cut == [nameless.id])
        #expect(world.elements == ["10.8.0.5"])
    }
}
