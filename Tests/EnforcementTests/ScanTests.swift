import Classification
import Enforcement
import Evidence
import FakeKernel
import PolicyLanguage
import RulesetCompiler
import Sessions
import Testing

/// Sessions that were seen scanning: what becomes of them, of others of the same device or person, and of the next login.
@Suite struct ScanTests {
    private static let told = "This device was seen scanning the network. Call the help desk."

    /// With alice's laptop open, code and all.
    private func world(_ scanners: PolicyClass.Access?) async throws -> World {
        let world = try await World(
            policy: try Cast.policy(contractEnds: .seconds(90_000), scanners: scanners))
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        return world
    }

    private func scan(_ world: World, _ session: Session, _ destinations: Int = 70) async {
        await world.observe(.scanning(session.id, destinations: destinations, at: world.clock.now()))
    }

    private func classes(_ world: World) async -> [String?] {
        await world.enforcer.sessions.map(\.decision.className)
    }

    // MARK: The session itself

    @Test func aScannerIsCutWhereTheRulesGiveItNothing() async throws {
        let world = try await world(PolicyClass.Access.none)
        let before = world.kernel.transactions.count
        await scan(world, try Cast.alice())
        #expect(world.elements == [])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(world.gate.words == ["admit 1", "disconnect 1"])
        #expect(await world.enforcer.sessions.map(\.cut) == [Self.told])
    }

    @Test func aScannerIsLeftWhatTheRulesLeaveItWithoutACut() async throws {
        let world = try await world(.systems(["portal"]))
        let employee = try #require(world.kernel.sessions()?.values.first?.scope)
        await scan(world, try Cast.alice())
        #expect(await classes(world) == ["scanning"])
        #expect(await world.enforcer.sessions.first?.decision.scope.systems == ["portal"])
        #expect(world.kernel.sessions()?.values.first?.scope != employee)
        #expect(world.gate.words == ["admit 1"])
    }

    @Test func quarantineLastsAsLongAsTheSession() async throws {
        let world = try await world(.systems(["portal"]))
        await scan(world, try Cast.alice())
        for _ in 0..<360 { await world.pass(.seconds(20)) }
        #expect(await classes(world) == ["scanning"], "two hours later")
        #expect(await world.enforcer.scan(of: try Cast.alice().id)?.isOwn == true)
    }

    @Test func rulesThatDoNotAskChangeNothing() async throws {
        let world = try await world(nil)
        let before = world.kernel.transactions.count
        await scan(world, try Cast.alice())
        #expect(await classes(world) == ["employee"])
        #expect(world.kernel.transactions.count == before)
        #expect(
            await world.enforcer.scan(of: try Cast.alice().id)?.destinations == 70, "it is known all the same"
        )
        let asking = try Cast.policy(contractEnds: .seconds(90_000), scanners: PolicyClass.Access.none)
        let receipt = try await world.enforcer.carryOut(.load(asking, seeds: try World.seeds))
        #expect(receipt.cut == [try Cast.alice().id], "and counts when rules ask for it")
    }

    @Test func aScanThatGoesOnIsNotedOnceAMinute() async throws {
        let world = try await world(.systems(["portal"]))
        let start = world.clock.now()
        for _ in 0..<60 {
            await scan(world, try Cast.alice())
            world.clock.move(by: .seconds(1))
        }
        let id = try Cast.alice().id
        #expect(await world.enforcer.scan(of: id)?.seenAt == start)
        await scan(world, try Cast.alice(), 90)
        #expect(
            await world.enforcer.scan(of: id)
                == ScanSighting(seenAt: start + .seconds(60), destinations: 90, isOwn: true))
    }

    @Test func aSightingFromTheFutureIsOfNow() async throws {
        let world = try await world(.systems(["portal"]))
        let now = world.clock.now()
        await world.observe(.scanning(try Cast.alice().id, destinations: 70, at: now + .seconds(9_000)))
        #expect(await world.enforcer.scan(of: try Cast.alice().id)?.seenAt == now)
    }

    // MARK: The next login

    @Test(arguments: [PolicyClass.Access.none, .systems(["portal"])])
    func connectingAgainDoesNotWashItOff(scanners: PolicyClass.Access) async throws {
        let world = try await world(scanners)
        await scan(world, try Cast.alice())
        let end = world.clock.now() + .seconds(3600)
        await world.pass(.seconds(600))
        await world.send(.ended(try Cast.alice().id, nil))
        if scanners == .none {
            await world.send(.login(world.login(try Cast.alice(2), code: try world.code)))
            #expect(world.gate.words.last == "refuse 2: \(Self.told)")
            world.clock.move(by: end - world.clock.now() - .seconds(1))
            await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
            #expect(world.gate.words.last == "refuse 3: \(Self.told)")
            world.clock.move(by: .seconds(1))
            try await world.open(try Cast.alice(4), at: "10.8.0.2", code: try world.code)
            #expect(world.gate.words.last == "admit 4", "the codes were not spent on the refusals")
        } else {
            try await world.open(try Cast.alice(2), at: "10.8.0.2", code: try world.code)
            #expect(await world.enforcer.sessions.first?.decision.validUntil == end)
            #expect(await world.enforcer.scan(of: try Cast.alice(2).id)?.isOwn == false)
            while world.clock.now() < end {
                #expect(await classes(world) == ["scanning"])
                await world.pass(.seconds(20))
            }
        }
        #expect(await classes(world) == ["employee"])
    }

    /// What the packet path tells comes in bulk, and the session may be gone by then.
    @Test(arguments: [false, true])
    func whoScansAndLeavesAtOnceIsRememberedToo(isSampled: Bool) async throws {
        let policy = try Cast.policy(scanners: PolicyClass.Access.none)
        let world = try await World(policy: policy, pathSlots: isSampled ? 16 : nil)
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        // A packet path that samples sees scans, and tells nothing of silence.
        if !isSampled { await world.live(.seconds(5)) }
        await world.send(.ended(try Cast.alice().id, nil))
        world.clock.move(by: .seconds(50))
        await scan(world, try Cast.alice())
        await world.send(.login(world.login(try Cast.alice(2), code: try world.code)))
        #expect(world.gate.words.last == "refuse 2: \(Self.told)")
    }

    @Test func whoLeftLongAgoIsNotLookedFor() async throws {
        let world = try await world(PolicyClass.Access.none)
        await world.live(.seconds(5))
        await world.send(.ended(try Cast.alice().id, nil))
        world.clock.move(by: .seconds(121))
        try await world.open(try Cast.alice(2), at: "10.8.0.2", code: try world.code)
        await world.send(.ended(try Cast.alice(2).id, nil))
        await scan(world, try Cast.alice())
        world.clock.move(by: .seconds(30))
        await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
        #expect(world.gate.words.last == "admit 3")
    }

    // MARK: Others

    @Test func otherSessionsOfThePersonAreLookedAtAtOnce() async throws {
        let world = try await world(.systems(["portal"]))
        await world.pass(.seconds(30))
        let tablet = try Cast.session(5, "tablet-1", leaf: 5, user: "alice")
        let stranger = try Cast.vendor(6)
        try await world.open(stranger, at: "10.8.0.6")
        _ = try await world.enforcer.carryOut(
            .load(
                try Cast.policy(
                    contractEnds: .seconds(90_000), scanners: .systems(["portal"]), tablets: true),
                seeds: try World.seeds))
        try await world.open(tablet, at: "10.8.0.5", code: try world.code)
        #expect(await classes(world) == ["employee", "employee", "vendor:Northwind"])
        await scan(world, try Cast.alice())
        #expect(await classes(world) == ["scanning", "scanning", "vendor:Northwind"])
    }

    /// A name can be typed by anybody. Only a code proves it.
    @Test func aNameThatNobodyProvedPutsNobodyUnderSuspicion() async throws {
        let world = try await world(.systems(["portal"]))
        var impostor = try Cast.vendor(6)
        impostor.userName = "alice"
        try await world.open(impostor, at: "10.8.0.6")
        await scan(world, impostor)
        #expect(await classes(world) == ["employee", "scanning"])
        try await world.open(try Cast.vendor(7), at: "10.8.0.7")
        #expect(
            await world.enforcer.session(try Cast.vendor(7).id)?.decision.className == "scanning",
            "the certificate was proved")
    }

    @Test func theMemoryIsAsLongAsTheLongestRule() async throws {
        let world = try await world(PolicyClass.Access.none)
        await scan(world, try Cast.alice())
        await world.send(.ended(try Cast.alice().id, nil))
        await world.pass(.seconds(3600))
        // Somebody else's scan is what makes the memory forget.
        try await world.open(try Cast.vendor(6), at: "10.8.0.6")
        await scan(world, try Cast.vendor(6))
        try await world.open(try Cast.alice(2), at: "10.8.0.2", code: try world.code)
        #expect(await world.enforcer.session(try Cast.alice(2).id)?.decision.className == "employee")
        #expect(await world.enforcer.scan(of: try Cast.alice(2).id) == nil)
    }
}
