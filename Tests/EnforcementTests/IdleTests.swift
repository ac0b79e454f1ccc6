import Classification
import Enforcement
import FakeKernel
import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

/// Sessions in which nothing passes: when they end, when they do not, and what it takes to come back.
@Suite struct IdleTests {
    private static let tenMinutes: [String: Duration] = ["employee": .seconds(600), "no-code": .seconds(60)]

    private func world(_ idle: [String: Duration] = tenMinutes) async throws -> (World, SessionID) {
        let world = try await World(policy: try Cast.policy(idle: idle))
        let alice = try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        return (world, alice.id)
    }

    private func cut(_ world: World, _ id: SessionID) async -> String? {
        await world.enforcer.session(id)?.cut
    }

    // MARK: Ending

    @Test func aSilentSessionIsCutWhenItsTimeIsOver() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(595))
        #expect(world.elements == ["10.8.0.2"])
        let before = world.kernel.transactions.count
        await world.live(.seconds(5))
        #expect(world.elements == [])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(world.gate.words == ["admit 1", "disconnect 1"])
        #expect(await cut(world, alice) == "idle for 10m")
        #expect(await world.enforcer.holds.isEmpty, "the person may come back at once")
        #expect(await world.enforcer.idleEnds.isEmpty)
    }

    @Test func timeCountsFromTheLastUse() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(300))
        await world.observe(.used(alice, at: world.clock.now() - .seconds(60)))
        let end = world.clock.now() + .seconds(540)
        #expect(await world.enforcer.idleEnds == [alice: end])
        await world.live(.seconds(535))
        #expect(await cut(world, alice) == nil)
        await world.live(.seconds(5))
        #expect(await cut(world, alice) == "idle for 10m")
    }

    @Test func aSessionInUseStaysForEver() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(3600), using: alice)
        #expect(world.elements == ["10.8.0.2"])
        #expect(await world.enforcer.session(alice)?.lastUsed == world.clock.now())
    }

    @Test func oldReportsAndStrangersChangeNothing() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(300), using: alice)
        let now = world.clock.now()
        await world.observe(
            .used(alice, at: now - .seconds(200)), .used(try Cast.alice(99).id, at: now),
            .scanning(try Cast.alice(99).id, destinations: 99, at: now))
        #expect(await world.enforcer.session(alice)?.lastUsed == now)
        #expect(await world.enforcer.sessions.count == 1)
        #expect(world.elements == ["10.8.0.2"])
    }

    @Test func classesWithoutAnIdleTimeNeverEnd() async throws {
        let (world, alice) = try await world([:])
        await world.live(.seconds(7200))
        #expect(await cut(world, alice) == nil)
        #expect(await world.enforcer.idleEnds.isEmpty)
    }

    // MARK: What was not seen

    @Test func nobodyIsIdleWhereNobodyLooks() async throws {
        let (world, alice) = try await world()
        for _ in 0..<500 { await world.pass(.seconds(20)) }
        #expect(await cut(world, alice) == nil)
        #expect(await world.enforcer.idleEnds.isEmpty)
        await world.observe(
            .watched(tunnel: "tun1", from: world.clock.now() - .seconds(5), through: world.clock.now()))
        #expect(await cut(world, alice) == nil, "another tunnel's report")
        await world.live(.seconds(595))
        #expect(await cut(world, alice) == nil, "the packet path began to look a moment ago")
        await world.live(.seconds(5))
        #expect(await cut(world, alice) == "idle for 10m")
    }

    @Test(arguments: [
        (Duration.seconds(1), Duration.seconds(5), "a gap of a second"),
        (.seconds(60), .seconds(5), "a minute in which nobody looked"),
        (.seconds(0), .seconds(31), "a report too long to be believed"),
    ])
    func timeThatNobodySawDoesNotCount(gap: Duration, report: Duration, why: String) async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(300))
        await world.pass(gap)
        let from = world.clock.now()
        world.clock.move(by: report)
        await world.observe(.watched(tunnel: "tun0", from: from, through: world.clock.now()))
        let since = gap == .zero ? world.clock.now() : from
        #expect(await world.enforcer.idleEnds == [alice: since + .seconds(600)], "\(why)")
        await world.live(since + .seconds(595) - world.clock.now())
        #expect(await cut(world, alice) == nil, "\(why)")
        await world.live(.seconds(5))
        #expect(await cut(world, alice) == "idle for 10m", "\(why)")
    }

    @Test func reportsThatOverlapJoin() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(300))
        world.clock.move(by: .seconds(5))
        let now = world.clock.now()
        await world.observe(.watched(tunnel: "tun0", from: now - .seconds(20), through: now))
        await world.live(.seconds(295))
        #expect(await cut(world, alice) == "idle for 10m")
    }

    @Test(arguments: [Duration.seconds(3600), .seconds(-3600)])
    func aClockThatIsSetEndsNobody(step: Duration) async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(300), using: alice)
        let before = world.clock.now()
        world.clock.move(by: step)
        await world.observe(.watched(tunnel: "tun0", from: before, through: world.clock.now()))
        #expect(await cut(world, alice) == nil)
        await world.live(.seconds(500), using: alice)
        #expect(await cut(world, alice) == nil)
        #expect(await world.enforcer.session(alice)?.lastUsed == world.clock.now())
        // Set back by an hour, it was opened in an hour, and is given that hour.
        await world.live(.seconds(600) + max(.zero, .zero - step))
        #expect(await cut(world, alice) == "idle for 10m")
    }

    @Test func theNextProcessCountsFromWhenItTookOver() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(590))
        let next = try await World(policy: try Cast.policy(idle: Self.tenMinutes), after: world)
        #expect(next.elements == ["10.8.0.2"])
        await next.live(.seconds(15))
        let known = try #require(await next.enforcer.session(alice))
        await next.send(.snapshot(source: "office", serverProcess: 100, [known.session.report]))
        await next.live(.seconds(580))
        #expect(await cut(next, alice) == nil)
        await next.live(.seconds(5))
        #expect(await cut(next, alice) == "idle for 10m")
    }

    @Test func theLogSaysOnceThatNobodyLooks() async throws {
        let (world, _) = try await world()
        world.log.forget()
        for _ in 0..<20 { await world.pass(.seconds(10)) }
        let missing = "no session there is ended for being idle, and no scan is seen"
        #expect(
            world.log.all == ["warning: nobody looks at tunnel tun0 since \(World.start): \(missing)"])
        await world.live(.seconds(60))
        #expect(world.log.all.dropFirst() == ["notice: tunnel tun0 is looked at"])
        let last = world.clock.now()
        for _ in 0..<20 { await world.pass(.seconds(10)) }
        #expect(
            world.log.all.dropFirst(2) == ["warning: nobody looks at tunnel tun0 since \(last): \(missing)"])
    }

    @Test func itIsNotSaidWhereNoRuleAsks() async throws {
        let (world, _) = try await world([:])
        world.log.forget()
        for _ in 0..<20 { await world.pass(.seconds(10)) }
        #expect(world.log.all == [])
    }

    @Test func theLogSaysWhoWasEndedAndWhenItWasUsed() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(5), using: alice)
        world.log.forget()
        await world.live(.seconds(600))
        #expect(
            world.log.all == ["notice [office/1]: cut: idle for 10m, last use \(World.start + .seconds(5))"])
    }

    // MARK: What is no use

    @Test func renewalsOfKeysAreNoUse() async throws {
        let (world, alice) = try await world()
        for _ in 0..<6 {
            await world.live(.seconds(90))
            let session = try #require(await world.enforcer.session(alice)).session
            await world.send(.login(world.login(session, kind: .renewal)), .established(session))
        }
        await world.live(.seconds(60))
        #expect(await cut(world, alice) == "idle for 10m")
    }

    @Test func knockingAtShutDoorsIsNoUse() async throws {
        let (world, alice) = try await world()
        for _ in 0..<12 {
            await world.live(.seconds(50))
            await world.observe(.scanning(alice, destinations: 70, at: world.clock.now()))
        }
        #expect(await cut(world, alice) == "idle for 10m")
    }

    // MARK: Classes

    @Test func anotherClassHasAnotherIdleTime() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(43_180), using: alice)
        await world.live(.seconds(75))
        #expect(await world.enforcer.session(alice)?.decision.className == "no-code", "the code is too old")
        #expect(await cut(world, alice) == "idle for 1m")
    }

    @Test(arguments: [
        (["employee": Duration.seconds(400)], nil as String?, "still young enough"),
        (["employee": .seconds(100)], "idle for 1m40s", "a shorter time is over already"),
        ([:], nil, "none"),
    ])
    func newRulesAreInForceWithTheNextReport(
        idle: [String: Duration], reason: String?, why: String
    ) async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(300))
        _ = try await world.enforcer.carryOut(.load(try Cast.policy(idle: idle), seeds: try World.seeds))
        #expect(await cut(world, alice) == nil, "an idle time is judged when the packet path reports")
        await world.live(.seconds(5))
        #expect(await cut(world, alice) == reason, "\(why)")
    }

    @Test func rulesThatLengthenOrSwitchOffAreHeard() async throws {
        for idle in [["employee": Duration.seconds(1200)], [:]] {
            let (world, alice) = try await world()
            await world.live(.seconds(590))
            _ = try await world.enforcer.carryOut(.load(try Cast.policy(idle: idle), seeds: try World.seeds))
            await world.live(.seconds(600))
            #expect(await cut(world, alice) == nil)
            await world.live(.seconds(10))
            #expect(await cut(world, alice) == (idle.isEmpty ? nil : "idle for 20m"))
        }
    }

    // MARK: Coming back

    /// A client program logs in again by itself with what it has kept. The proof belonged to the session that ended.
    @Test func comingBackTakesANewCode() async throws {
        let (world, _) = try await world()
        let old = try world.code
        await world.live(.seconds(600))
        await world.send(.ended(try Cast.alice().id, nil))
        world.gate.forget()
        await world.send(.login(world.login(try Cast.alice(2), code: old)))
        #expect(
            world.gate.words == [
                "refuse 2: This code was used already. Wait for the next one and connect again."
            ], "and is no wrong code either, which would count towards a block")
        try await world.open(try Cast.alice(3), at: "10.8.0.2")
        #expect(await world.enforcer.session(try Cast.alice(3).id)?.decision.className == "no-code")
        var vouched = world.login(try Cast.alice(4), code: old)
        vouched.isTokenRenewal = true
        await world.send(.login(vouched))
        #expect(
            await world.enforcer.session(try Cast.alice(4).id)?.decision.className == "no-code",
            "a token of the VPN server's is no code")
        try await world.open(try Cast.alice(5), at: "10.8.0.2", code: try world.code)
        #expect(await world.enforcer.session(try Cast.alice(5).id)?.decision.className == "employee")
    }

    @Test func aCodeIsNotGoodAgainWithinItsOwnMinute() async throws {
        let (world, _) = try await world(["employee": .seconds(10)])
        let old = try world.code
        await world.live(.seconds(10))
        await world.send(.ended(try Cast.alice().id, nil))
        await world.send(.login(world.login(try Cast.alice(2), code: old)))
        #expect(world.gate.words.last?.hasPrefix("refuse 2: This code was used already.") == true)
    }

    @Test func aRenewalOfACutSessionIsRefused() async throws {
        let (world, _) = try await world()
        await world.live(.seconds(600))
        await world.send(.login(world.login(try Cast.alice(), code: try world.code, kind: .renewal)))
        #expect(world.gate.words.last?.hasPrefix("refuse 1:") == true)
        #expect(world.elements == [])
    }

    @Test func aCutThatTheKernelRefusesIsTriedAgain() async throws {
        let (world, alice) = try await world()
        await world.live(.seconds(595))
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        await world.live(.seconds(5))
        #expect(await cut(world, alice) == "idle for 10m")
        #expect(await world.enforcer.kernelFault != nil)
        await world.pass(.seconds(2))
        #expect(await world.enforcer.kernelFault == nil)
        #expect(world.elements == [])
    }
}
