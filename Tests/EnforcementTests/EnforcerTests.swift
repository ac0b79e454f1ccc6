import Classification
import Enforcement
import Evidence
import FakeKernel
import NetworkTypes
import PacketPath
import PolicyLanguage
import RulesetCompiler
import Sessions
import Testing

/// From a VPN server's line to the kernel's element and back: what is in force when, and who is told what.
@Suite struct EnforcerTests {
    // MARK: Logins

    @Test func employeeWithCode() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2 fd08::2", code: try world.code)
        #expect(world.gate.words == ["admit 1"])
        #expect(world.elements == ["10.8.0.2", "fd08::2"])
        #expect(await world.enforcer.sessions.map(\.decision.className) == ["employee"])
    }

    @Test func nothingIsOpenBeforeTheAddressIsKnown() async throws {
        let world = try await World(policy: try Cast.policy())
        await world.send(.login(world.login(try Cast.alice(), code: try world.code)))
        #expect(world.gate.words == ["admit 1"])
        #expect(world.elements == [])
    }

    @Test func employeeWithoutCodeFallsIntoTheLesserClass() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        #expect(await world.enforcer.sessions.map(\.decision.className) == ["no-code"])
    }

    @Test func wrongCodeIsRefusedAndNotLetIntoALesserClass() async throws {
        let world = try await World(policy: try Cast.policy())
        await world.send(.login(world.login(try Cast.alice(), code: Secret("000000".utf8))))
        #expect(world.gate.words == ["refuse 1: The code is wrong. Connect again with the current one."])
    }

    @Test func codeIsGoodOnce() async throws {
        let world = try await World(policy: try Cast.policy())
        let code = try world.code
        try await world.open(try Cast.alice(1), at: "10.8.0.2", code: code)
        await world.send(
            .ended(try Cast.alice(1).id, nil), .login(world.login(try Cast.alice(2), code: code)))
        #expect(world.gate.words.last?.hasPrefix("refuse 2: This code was used already.") == true)
    }

    @Test func lostDeviceHearsThatItIsLostAndSpendsNoCode() async throws {
        let world = try await World(policy: try Cast.policy())
        let code = try world.code
        _ = try await world.enforcer.carryOut(
            .setStatus(.lost, device: "laptop-0042", by: "root", reason: ""))
        for guess in [Secret("000000".utf8), code] {
            await world.send(.login(world.login(try Cast.alice(), code: guess)))
            #expect(world.gate.words.last == "refuse 1: This device was reported lost.")
        }
        _ = try await world.enforcer.carryOut(
            .setStatus(.inUse, device: "laptop-0042", by: "root", reason: "found"))
        await world.send(.login(world.login(try Cast.alice(2), code: code)))
        #expect(world.gate.words.last == "admit 2")
    }

    @Test func unknownAuthorityIsRefused() async throws {
        let world = try await World(policy: try Cast.policy())
        let stranger = try Cast.session(9, "laptop-9", leaf: 9, user: "mallory", issuer: 0x66)
        await world.send(.login(world.login(stranger)))
        #expect(world.gate.words.count == 1 && world.gate.words[0].hasPrefix("refuse 9:"))
        #expect(await world.enforcer.sessions.isEmpty)
    }

    @Test func theLogSaysMoreThanTheRefusedPersonHears() async throws {
        let world = try await World(policy: try Cast.policy())
        let stranger = try Cast.session(9, "laptop-0042", leaf: 1, user: "alice", issuer: 0x66)
        await world.send(.login(world.login(stranger)))
        let reason = "nearest class 'employee' needs certificate of corporate: issued by"
        #expect(world.log.all.contains { $0.contains("login refused: no class: ") && $0.contains(reason) })
        #expect(world.gate.words.count == 1 && !world.gate.words[0].contains("issued by"))
    }

    /// The server lists a refused client until it has told it why. Thrown out meanwhile, it would come straight back.
    @Test func refusedClientIsLeftToHearWhy() async throws {
        let world = try await World(policy: try Cast.policy())
        let stranger = try Cast.session(9, "laptop-9", leaf: 9, user: "mallory", issuer: 0x66)
        await world.send(.login(world.login(stranger)))
        await world.send(.snapshot(source: "office", serverProcess: 100, [stranger.report]))
        #expect(world.gate.words.count == 1 && world.gate.words[0].hasPrefix("refuse 9:"))
    }

    // MARK: Namesakes

    @Test func vendorWithAnEmployeesNameIsRefusedAndTheEmployeeStays() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        await world.send(.login(world.login(try Cast.vendor(named: "laptop-0042"))))
        #expect(world.gate.words.last?.contains("belongs to another device") == true)
        #expect(world.elements == ["10.8.0.2"])
    }

    @Test func sameDeviceAgainLosesItsOldElementBeforeItIsAnswered() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(1), at: "10.8.0.2", code: try world.code)
        await world.pass(.seconds(30))
        await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
        #expect(world.gate.words == ["admit 1", "admit 3"])
        #expect(world.elements == [], "the address may be handed over from here on")
        var heir = try Cast.alice(3)
        heir.addresses = try #require(await world.enforcer.session(try Cast.alice(1).id)?.session.addresses)
        await world.send(.ended(try Cast.alice(1).id, nil), .established(heir))
        #expect(world.elements == ["10.8.0.2"])
        #expect(await world.enforcer.sessions.map(\.session.id.client) == [3])
    }

    @Test func newcomerThatGivesUpGivesTheOldOneBack() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(1), at: "10.8.0.2", code: try world.code)
        await world.pass(.seconds(30))
        await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
        await world.send(.ended(try Cast.alice(3).id, nil))
        #expect(world.elements == ["10.8.0.2"])
    }

    @Test func addressThatALiveSessionHoldsClosesBoth() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        try await world.open(try Cast.vendor(), at: "10.8.0.2")
        #expect(world.elements == [])
        #expect(world.gate.words.filter { $0.hasPrefix("disconnect") } == ["disconnect 2", "disconnect 1"])
    }

    // MARK: Time

    @Test func leaseIsRenewedWhileWeLive() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        for _ in 0..<20 { await world.pass(.seconds(20)) }
        #expect(world.elements == ["10.8.0.2"])
    }

    @Test func leaseRunsOutWhenNobodyRenews() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.clock.move(by: .seconds(59))
        #expect(world.elements == ["10.8.0.2"])
        world.clock.move(by: .seconds(1))
        #expect(world.elements == [], "a dead daemon fails closed")
    }

    @Test func contractThatEndsCutsAtThatInstantEvenWithoutUs() async throws {
        let world = try await World(policy: try Cast.policy(contractEnds: .seconds(30)))
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        #expect(world.elements == ["10.8.0.3"])
        world.clock.move(by: .seconds(30))
        #expect(world.elements == [], "the kernel's own timeout")
        world.gate.forget()
        await world.pass(.zero)
        #expect(world.gate.words == ["disconnect 2"])
        let cut = try #require(await world.enforcer.session(try Cast.vendor().id)?.cut)
        #expect(cut.contains("C-1"))
    }

    @Test func codeThatGrowsOldMovesToTheLesserClassWithoutACut() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        let employee = try #require(world.kernel.sessions()?.values.first?.scope)
        for _ in 0..<(12 * 180 + 1) { await world.pass(.seconds(20)) }
        #expect(await world.enforcer.sessions.map(\.decision.className) == ["no-code"])
        #expect(world.kernel.sessions()?.values.first?.scope != employee)
        #expect(!world.gate.words.contains("disconnect 1"))
    }

    @Test func renewalWithTheSamePasswordProvesNothingNewAndLosesNothing() async throws {
        let world = try await World(policy: try Cast.policy())
        let code = try world.code
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: code)
        let proved = await world.enforcer.sessions.first?.mfaVerifiedAt
        for _ in 0..<10 {
            await world.pass(.seconds(20))
            await world.send(.login(world.login(try Cast.alice(), code: code, kind: .renewal)))
        }
        #expect(world.gate.words == Array(repeating: "admit 1", count: 11))
        #expect(await world.enforcer.sessions.first?.mfaVerifiedAt == proved)
    }

    @Test func renewalWithANewCodeMakesTheProofYoung() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        await world.pass(.seconds(50))
        await world.send(.login(world.login(try Cast.alice(), code: try world.code, kind: .renewal)))
        #expect(await world.enforcer.sessions.first?.mfaVerifiedAt == World.start + .seconds(50))
    }

    // MARK: Orders

    @Test func lostDeviceIsCutInOneTransactionAndStaysOut() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2 fd08::2", code: try world.code)
        let before = world.kernel.transactions.count
        let order = Order.setStatus(.lost, device: "laptop-0042", by: "root", reason: "train")
        let receipt = try await world.enforcer.carryOut(order)
        #expect(receipt.cut == [try Cast.alice().id])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(world.elements == [])
        #expect(world.gate.words.last == "disconnect 1")
        await world.pass(.seconds(30))
        await world.send(.ended(try Cast.alice().id, nil))
        await world.send(.login(world.login(try Cast.alice(5), code: try world.code)))
        #expect(world.gate.words.last == "refuse 5: This device was reported lost.")
    }

    @Test func lostStaysLostForTheNextProcess() async throws {
        let world = try await World(policy: try Cast.policy())
        _ = try await world.enforcer.carryOut(
            .setStatus(.lost, device: "laptop-0042", by: "root", reason: ""))
        let next = try await World(policy: try Cast.policy(), after: world)
        await next.send(.login(next.login(try Cast.alice(), code: try next.code)))
        #expect(next.gate.words == ["refuse 1: This device was reported lost."])
    }

    @Test func disconnectedUserStaysOutUntilReadmitted() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        let order = Order.disconnect(.user("alice"), by: "root", reason: "left")
        #expect(try await world.enforcer.carryOut(order).cut == [try Cast.alice().id])
        #expect(world.elements == [])
        await world.pass(.seconds(30))
        await world.send(
            .ended(try Cast.alice().id, nil), .login(world.login(try Cast.alice(2), code: try world.code)))
        #expect(world.gate.words.last?.contains("withdrawn by an administrator (left)") == true)
        _ = try await world.enforcer.carryOut(.readmit(.user("alice"), by: "root"))
        await world.pass(.seconds(30))
        await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
        #expect(world.gate.words.last == "admit 3")
    }

    @Test func blockedUserIsHelpedByAnOrder() async throws {
        let world = try await World(policy: try Cast.policy())
        for client in UInt64(1)...8 {
            await world.send(.login(world.login(try Cast.alice(client), code: Secret("000000".utf8))))
        }
        await world.send(.login(world.login(try Cast.alice(9), code: try world.code)))
        #expect(world.gate.words.last?.hasPrefix("refuse 9: Too many wrong codes.") == true)
        _ = try await world.enforcer.carryOut(.forgetCodes(CodeOwner("alice"), by: "root"))
        await world.send(.login(world.login(try Cast.alice(10), code: try world.code)))
        #expect(world.gate.words.last == "admit 10")
    }

    @Test func ordersAboutNobodyAreRefusedAndChangeNothing() async throws {
        let world = try await World(policy: try Cast.policy())
        await #expect(throws: OrderRefusal.noSuchDevice("laptop-9")) {
            try await world.enforcer.carryOut(.setStatus(.lost, device: "laptop-9", by: "root", reason: ""))
        }
        await #expect(throws: OrderRefusal.notHeld) {
            try await world.enforcer.carryOut(.readmit(.user("alice"), by: "root"))
        }
        await #expect(throws: OrderRefusal.noCodes(CodeOwner("mallory"))) {
            try await world.enforcer.carryOut(.forgetCodes(CodeOwner("mallory"), by: "root"))
        }
        let nobody = try Cast.alice(99).id
        await #expect(throws: OrderRefusal.noSuchSession(nobody)) {
            try await world.enforcer.carryOut(.disconnect(.session(nobody), by: "root", reason: ""))
        }
    }

    @Test func newSeedsAreInForceWithTheRulesAndOldCodesStayUsed() async throws {
        let world = try await World(policy: try Cast.policy())
        let code = try world.code
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: code)
        _ = try await world.enforcer.carryOut(.load(try Cast.policy(), seeds: try World.seeds))
        await world.send(.ended(try Cast.alice().id, nil), .login(world.login(try Cast.alice(2), code: code)))
        #expect(world.gate.words.last?.contains("used already") == true)
        _ = try await world.enforcer.carryOut(.load(try Cast.policy(), seeds: [:]))
        await world.pass(.seconds(30))
        await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
        #expect(world.gate.words.last?.hasPrefix("refuse 3: The code is wrong") == true)
    }

    @Test func newRulesApplyToLiveSessionsInOneTransaction() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        let before = world.kernel.transactions.count
        let ended = try Cast.policy(contractEnds: .seconds(-1), employeesReach: ["crm", "finance"])
        let receipt = try await world.enforcer.carryOut(.load(ended, seeds: try World.seeds))
        #expect(receipt.cut == [try Cast.vendor().id])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(world.elements == ["10.8.0.2"])
        #expect(await world.enforcer.sessions.first?.decision.scope.systems == ["crm", "finance"])
        #expect(world.kernel.scopes().count == 1, "scopes that nobody uses are taken back at a reload")
    }

    /// A scope that everybody leaves for one and the same other becomes that other, where it stands.
    @Test func aReloadChangesScopesAndNotTheirSessions() async throws {
        let world = try await World(policy: try Cast.policy(), pathSlots: 16)
        try await world.open(try Cast.alice(), at: "10.8.0.2 fd08::2", code: try world.code)
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        let elements = world.kernel.sessions()
        let alice = SessionKey(interfaceIndex: 7, address: try #require(IPAddress("10.8.0.2")))
        let opens = { (address: String) in
            let destination = Destination(
                address: try #require(IPAddress(address)), ipProtocol: .tcp, port: 443)
            return world.kernel.permits(destination, for: alice)
        }
        #expect(try opens("10.10.0.20") && opens("10.10.0.90") && !opens("10.10.0.21"))

        await world.pass(.seconds(1))
        let other = try Cast.policy(employeesReach: ["crm", "finance"])
        let receipt = try await world.enforcer.carryOut(.load(other, seeds: try World.seeds))
        #expect(receipt.moved.map(\.scope) == [["crm", "finance"]])
        #expect(try opens("10.10.0.20") && !opens("10.10.0.90") && opens("10.10.0.21"))
        #expect(world.kernel.sessions() == elements, "the elements are the same, and their leases")
        let maps = AddressFamily.allCases.map(SessionMap.name)
        let touched = world.kernel.transactions.last?.operations.filter { maps.contains($0.subject ?? "") }
        #expect(touched == [])

        var tap = try PathReportTests.Tap(world, .tunnel)
        world.log.forget()
        try tap.see("10.8.0.2", "10.10.0.21", port: 443, at: world.clock.now())
        try tap.see("10.8.0.2", "10.10.0.90", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(
            world.log.all.count == 1 && world.log.all[0].contains("10.10.0.90:443/tcp"),
            "by the packet path too")
    }

    // MARK: Bursts

    @Test func whatWaitsTogetherIsOneTransaction() async throws {
        let world = try await World(policy: try Cast.policy())
        var sessions: [Session] = []
        for client in UInt64(10)..<110 {
            var session = try Cast.session(client, "laptop-\(client)", leaf: 1, user: "alice")
            await world.send(.login(world.login(session)))
            session.addresses = [try #require(.init("10.8.1.\(client)"))]
            sessions.append(session)
        }
        let before = world.kernel.transactions.count
        for session in sessions { world.enforcer.send(.established(session)) }
        await world.enforcer.settled()
        #expect(world.elements.count == 100)
        // The first burst may hold only what had come when the loop woke up.
        #expect(world.kernel.transactions.count - before <= 3)
    }

    /// A kernel that takes nothing for half a lease costs nobody a session.
    @Test func sessionsOutliveAKernelThatRefusesForAWhile() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        for nth in 1...7 { world.kernel.failCommit(nth, errno: 12) }
        for second in 1...90 {
            await world.pass(.seconds(1))
            #expect(world.elements == ["10.8.0.2"], "after \(second) s")
        }
    }

    // MARK: Restarts

    @Test func nextProcessTakesLiveSessionsOverWithoutACut() async throws {
        let world = try await World(policy: try Cast.policy())
        let alice = try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.clock.move(by: .seconds(10))
        let next = try await World(policy: try Cast.policy(), after: world)
        #expect(next.elements == ["10.8.0.2"], "on what is left of its lease")
        #expect(next.kernel.sessions()?.values.first?.expires == World.start + .seconds(60))
        await next.send(.snapshot(source: "office", serverProcess: 100, [alice.report]))
        #expect(next.kernel.sessions()?.values.first?.expires == World.start + .seconds(70))
        #expect(
            await next.enforcer.sessions.map(\.decision.className) == ["employee"], "the code is remembered")
        #expect(next.gate.words == [])
    }

    @Test func nextProcessDoesNotReviveWhatTheKernelForgot() async throws {
        let world = try await World(policy: try Cast.policy())
        let alice = try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.clock.move(by: .seconds(61))
        let next = try await World(policy: try Cast.policy(), after: world)
        #expect(next.elements == [])
        await next.send(.snapshot(source: "office", serverProcess: 100, [alice.report]))
        #expect(next.elements == ["10.8.0.2"], "the server still lists it, with the same addresses")
    }

    @Test func sessionOfARemadeInterfaceIsNotTakenOver() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.kernel.setInterface("tun0", index: 8)
        let next = try await World(policy: try Cast.policy(), after: world)
        #expect(next.elements == [])
    }

    @Test func clientThatNobodyKnowsIsThrownOut() async throws {
        let world = try await World(policy: try Cast.policy())
        var stranger = try Cast.alice(7)
        stranger.addresses = [try #require(.init("10.8.0.9"))]
        await world.send(.snapshot(source: "office", serverProcess: 100, [stranger.report]))
        #expect(world.gate.words == ["disconnect 7"])
        #expect(world.elements == [])
    }

    // MARK: A server that cannot be heard

    @Test func detachedServersSessionsLapseAfterTheGraceAndComeBack() async throws {
        let world = try await World(policy: try Cast.policy())
        let alice = try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        await world.send(.detached(source: "office", reason: "socket closed"))
        for _ in 0..<29 { await world.pass(.seconds(20)) }
        #expect(world.elements == ["10.8.0.2"], "within the grace")
        for _ in 0..<5 { await world.pass(.seconds(20)) }
        #expect(world.elements == [])
        await world.send(.snapshot(source: "office", serverProcess: 100, [alice.report]))
        #expect(world.elements == ["10.8.0.2"])
    }

    // MARK: Faults

    @Test(arguments: [Int32(4), 12, 23, 85, 105])
    func refusedTransactionIsPutAnewWhole(errno: Int32) async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.kernel.failCommit(errno: errno)
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        #expect(world.elements == ["10.8.0.2", "10.8.0.3"])
        #expect(await world.enforcer.kernelFault == nil)
    }

    @Test func kernelThatTakesNothingLetsNobodyInAndIsTriedAgain() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(1), at: "10.8.0.2", code: try world.code)
        await world.pass(.seconds(10))
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        // The same device again: its old element would have to go first.
        await world.send(.login(world.login(try Cast.alice(3))))
        #expect(world.gate.words.last?.contains("lets nobody in") == true)
        #expect(await world.enforcer.kernelFault?.errno == 12)
        await world.pass(.seconds(2))
        #expect(await world.enforcer.kernelFault == nil)
        await world.pass(.zero)
        #expect(world.elements == ["10.8.0.2"], "the old session is back: the newcomer was refused")
    }

    @Test func tableThatSomebodyDeletedIsPutBack() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.kernel.deleteTable("gatehouse")
        await world.pass(.seconds(20))
        #expect(world.elements == ["10.8.0.2"])
    }

    @Test func rulesThatTheKernelRefusesLeaveTheOldOnesInForce() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                .load(try Cast.policy(employeesReach: ["finance"]), seeds: [:]))
        }
        #expect(await world.enforcer.sessions.first?.decision.scope.systems == ["crm", "portal"])
        #expect(world.elements == ["10.8.0.2"])
        await world.pass(.seconds(31))
        await world.send(.login(world.login(try Cast.alice(2), code: try world.code)))
        #expect(world.gate.words.last == "admit 2", "the old seeds are in force too")
    }

    @Test func diskThatRefusesLetsNobodyInButCutsAllTheSame() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.ledger.fill(true)
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                .setStatus(.stolen, device: "laptop-0042", by: "root", reason: ""))
        }
        #expect(world.elements == [], "the cut is made")
        await world.pass(.seconds(30))
        let bob = try Cast.session(4, "laptop-4", leaf: 2, user: "bob")
        await world.send(.login(world.login(bob, code: try world.code)))
        #expect(world.gate.words.last?.contains("lets nobody in") == true, "a code could be used twice")
    }

    @Test func missingInterfaceOpensNothing() async throws {
        let world = try await World(policy: try Cast.policy())
        world.kernel.setInterface("tun0", index: nil)
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        #expect(world.elements == [])
    }
}
