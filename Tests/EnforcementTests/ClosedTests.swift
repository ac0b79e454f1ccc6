import Classification
import Enforcement
import Evidence
import FakeKernel
import Sessions
import Testing

/// A gateway that lost its records lets nobody in, until somebody has looked.
@Suite struct ClosedTests {
    private static let reason = "the database was damaged"
    private static let told =
        "The gateway lost its records and lets nobody in until an administrator has looked."

    @Test func nobodyIsLetInAndEverybodyIsToldWhy() async throws {
        let world = try await World(policy: try Cast.policy(), closedBecause: Self.reason)
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        #expect(world.gate.words.first == "refuse 1: \(Self.told)")
        #expect(world.elements == [])
        #expect(world.log.all.contains("critical: nobody is let in: \(Self.reason)"))
        #expect(world.log.all.contains { $0.contains("login refused: \(Self.reason)") })
        #expect(await world.enforcer.closedBecause == Self.reason)
    }

    /// The code is not looked at: it must not be spent, nor tell whether it was right.
    @Test func noCodeIsSpent() async throws {
        let world = try await World(policy: try Cast.policy(), closedBecause: Self.reason)
        let code = try world.code
        await world.send(.login(world.login(try Cast.alice(), code: code)))
        _ = try await world.enforcer.carryOut(.acknowledgeDamage(by: "root"))
        try await world.open(try Cast.alice(2), at: "10.8.0.2", code: code)
        #expect(world.gate.words.last == "admit 2")
    }

    @Test func sessionsOfTheProcessBeforeAreNotTakenOver() async throws {
        let first = try await World(policy: try Cast.policy())
        try await first.open(try Cast.alice(), at: "10.8.0.2", code: try first.code)
        #expect(first.elements == ["10.8.0.2"])
        let second = try await World(policy: try Cast.policy(), after: first, closedBecause: Self.reason)
        #expect(second.elements == [], "in the transaction of the start")
        // And when the VPN server lists it, it is thrown out.
        var alice = try Cast.alice()
        alice.addresses = try #require(await first.enforcer.sessions.first).session.addresses
        await second.send(.snapshot(source: "office", serverProcess: 100, [alice.report]))
        #expect(second.elements == [])
        #expect(second.gate.words == ["disconnect 1"])
    }

    /// Rules that are loaded meanwhile, and what is stated, open nothing.
    @Test func otherOrdersLeaveItClosed() async throws {
        let world = try await World(policy: try Cast.policy(), closedBecause: Self.reason)
        _ = try await world.enforcer.carryOut(.load(try Cast.policy(), seeds: try World.seeds))
        _ = try await world.enforcer.carryOut(
            .setStatus(.lost, device: "laptop-0042", by: "root", reason: "given again"))
        await world.send(.login(world.login(try Cast.vendor())))
        #expect(world.gate.words == ["refuse 2: \(Self.told)"])
    }

    @Test func acknowledgementLetsPeopleInAgainAndIsRecorded() async throws {
        let world = try await World(policy: try Cast.policy(), closedBecause: Self.reason)
        _ = try await world.enforcer.carryOut(.acknowledgeDamage(by: "erin"))
        #expect(await world.enforcer.closedBecause == nil)
        #expect(world.ledger.acknowledgements == ["erin"])
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        #expect(world.elements == ["10.8.0.2"])
        await #expect(throws: OrderRefusal.notClosed) {
            try await world.enforcer.carryOut(.acknowledgeDamage(by: "erin"))
        }
    }

    @Test func acknowledgementThatIsNotRecordedLeavesItClosed() async throws {
        let world = try await World(policy: try Cast.policy(), closedBecause: Self.reason)
        world.ledger.fill(true)
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(.acknowledgeDamage(by: "erin"))
        }
        #expect(await world.enforcer.closedBecause == Self.reason)
        world.ledger.fill(false)
        await world.send(.login(world.login(try Cast.vendor())))
        #expect(world.gate.words == ["refuse 2: \(Self.told)"])
    }

    @Test func trialOpensNothing() async throws {
        let world = try await World(policy: try Cast.policy(), closedBecause: Self.reason)
        _ = try await world.enforcer.tryOut(.acknowledgeDamage(by: "erin"))
        #expect(await world.enforcer.closedBecause == Self.reason)
    }
}

/// Seeds of one-time codes that are given by order.
@Suite struct EnrolmentTests {
    private static func seed(_ byte: UInt8) throws -> TOTPSeed {
        try #require(TOTPSeed(key: Array(repeating: byte, count: 20)))
    }

    private static func code(_ seed: TOTPSeed, _ world: World) -> Secret {
        seed.code(step: seed.step(at: world.clock.now()))
    }

    @Test func givenSeedCountsInPlaceOfTheFilesAndAfterARestart() async throws {
        let world = try await World(policy: try Cast.policy())
        let seed = try Self.seed(7)
        _ = try await world.enforcer.carryOut(.enrol(CodeOwner("alice"), seed, replaces: false, by: "root"))
        await world.send(.login(world.login(try Cast.alice(1), code: try world.code)))
        #expect(world.gate.words == ["refuse 1: The code is wrong. Connect again with the current one."])
        try await world.open(try Cast.alice(2), at: "10.8.0.2", code: Self.code(seed, world))
        #expect(world.gate.words.last == "admit 2")
        let next = try await World(policy: try Cast.policy(), after: world)
        #expect(next.log.all.contains { $0.contains("one by order: that one counts") })
        await next.pass(.seconds(30))
        await next.send(.login(next.login(try Cast.alice(3), code: Self.code(seed, next))))
        #expect(next.gate.words == ["admit 3"])
    }

    @Test func reloadedSeedFileDoesNotOutrankIt() async throws {
        let world = try await World(policy: try Cast.policy())
        let seed = try Self.seed(7)
        _ = try await world.enforcer.carryOut(.enrol(CodeOwner("alice"), seed, replaces: false, by: "root"))
        _ = try await world.enforcer.carryOut(.load(try Cast.policy(), seeds: try World.seeds))
        await world.send(.login(world.login(try Cast.alice(), code: Self.code(seed, world))))
        #expect(world.gate.words == ["admit 1"])
        #expect(world.log.all.contains { $0.contains("user 'alice' has a seed in the seed file") })
    }

    @Test func takenBackSeedLeavesTheFiles() async throws {
        let world = try await World(policy: try Cast.policy())
        let seed = try Self.seed(7)
        _ = try await world.enforcer.carryOut(.enrol(CodeOwner("alice"), seed, replaces: false, by: "root"))
        _ = try await world.enforcer.carryOut(.unenrol(CodeOwner("alice"), by: "root"))
        await world.send(.login(world.login(try Cast.alice(), code: try world.code)))
        #expect(world.gate.words == ["admit 1"])
        await #expect(throws: OrderRefusal.notEnrolled(CodeOwner("alice"), isInSeedFile: true)) {
            try await world.enforcer.carryOut(.unenrol(CodeOwner("alice"), by: "root"))
        }
        await #expect(throws: OrderRefusal.notEnrolled(CodeOwner("dave"), isInSeedFile: false)) {
            try await world.enforcer.carryOut(.unenrol(CodeOwner("dave"), by: "root"))
        }
        let next = try await World(policy: try Cast.policy(), after: world)
        #expect(await next.enforcer.isEnrolled(CodeOwner("alice")) == false)
    }

    @Test func secondSeedMustBeAskedFor() async throws {
        let world = try await World(policy: try Cast.policy())
        let (first, second) = (try Self.seed(7), try Self.seed(8))
        _ = try await world.enforcer.carryOut(.enrol(CodeOwner("alice"), first, replaces: false, by: "root"))
        await #expect(throws: OrderRefusal.alreadyEnrolled(CodeOwner("alice"))) {
            try await world.enforcer.carryOut(.enrol(CodeOwner("alice"), second, replaces: false, by: "root"))
        }
        await world.send(.login(world.login(try Cast.alice(1), code: Self.code(first, world))))
        _ = try await world.enforcer.carryOut(.enrol(CodeOwner("alice"), second, replaces: true, by: "root"))
        await world.pass(.seconds(30))
        await world.send(.login(world.login(try Cast.alice(2), code: Self.code(first, world))))
        await world.send(.login(world.login(try Cast.alice(3), code: Self.code(second, world))))
        #expect(world.gate.words.map { $0.prefix(8) } == ["admit 1", "refuse 2", "admit 3"])
    }

    /// Whoever holds a seed that the next start does not know is locked out by it.
    @Test func seedThatIsNotKeptIsNotUsed() async throws {
        let world = try await World(policy: try Cast.policy())
        world.ledger.fill(true)
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                .enrol(CodeOwner("alice"), try Self.seed(7), replaces: false, by: "root"))
        }
        world.ledger.fill(false)
        #expect(await world.enforcer.isEnrolled(CodeOwner("alice")) == false)
        await world.send(.login(world.login(try Cast.alice(), code: try world.code)))
        #expect(world.gate.words == ["admit 1"])
    }

    /// The kernel refuses the new rules: the old seed file counts again, and what was given by order stays.
    @Test func rulesThatAreTakenBackLeaveIt() async throws {
        let world = try await World(policy: try Cast.policy())
        let seed = try Self.seed(7)
        _ = try await world.enforcer.carryOut(.enrol(CodeOwner("dave"), seed, replaces: false, by: "root"))
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        _ = try? await world.enforcer.carryOut(.load(try Cast.policy(employeesReach: ["crm"]), seeds: [:]))
        #expect(await world.enforcer.isEnrolled(CodeOwner("dave")))
    }
}

/// What one word of a command line comes to: lists that grow and shrink, the files' own word, and what must be so.
@Suite struct StatementTests {
    private static func alice(_ statement: (inout RegisterStatement) -> Void) -> Order {
        var result = RegisterStatement(subject: RegisterSubject(.user, "alice"), fields: [:])
        statement(&result)
        return .state([result], by: "root", reason: "because")
    }

    @Test func listsGrowAndShrinkFromWhatIsInForce() async throws {
        let world = try await World(policy: try Pack.policy())
        _ = try await world.enforcer.carryOut(Self.alice { $0.fields = ["steps": ["training"]] })
        _ = try await world.enforcer.carryOut(Self.alice { $0.added = ["steps": ["agreement"]] })
        #expect(await world.enforcer.registers.users["alice"]?.steps == ["training", "agreement"])
        let swap = Self.alice {
            $0.added = ["steps": ["risk-assessment"]]
            $0.removed = ["steps": ["training"]]
        }
        _ = try await world.enforcer.carryOut(swap)
        #expect(await world.enforcer.registers.users["alice"]?.steps == ["agreement", "risk-assessment"])
    }

    static let bad: [(@Sendable (inout RegisterStatement) -> Void, String)] = [
        ({ $0.added = ["manager": ["erin"]] }, "has one value"),
        ({ $0.added = ["colours": ["red"]] }, "has no 'colours'"),
        ({ $0.asInFiles = ["colour"] }, "has no 'colour'"),
        (
            {
                $0.fields = ["steps": []]
                $0.added = ["steps": ["x"]]
            }, "named twice"
        ),
        (
            {
                $0.fields = ["manager": ["erin"]]
                $0.asInFiles = ["manager"]
            }, "named twice"
        ),
    ]

    @Test func whatMakesNoSenseIsRefused() async throws {
        let world = try await World(policy: try Pack.policy())
        for (change, says) in Self.bad {
            do {
                _ = try await world.enforcer.carryOut(Self.alice(change))
                Issue.record("'\(says)' was taken")
            } catch {
                #expect("\(error)".contains(says), "\(error)")
            }
        }
        #expect(world.ledger.recollection.facts == [])
    }

    /// What was stated goes, so that the files count, now and after a restart; who did it and why stays known.
    @Test func filesCountAgain() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        _ = try await world.enforcer.carryOut(Pack.state(.device, "laptop-0042", ["managed": ["false"]]))
        #expect(await world.enforcer.sessions.first?.decision.className == "bare")
        let back = RegisterStatement(
            subject: RegisterSubject(.device, "laptop-0042"), fields: [:], asInFiles: ["managed"])
        let receipt = try await world.enforcer.carryOut(.state([back], by: "root", reason: "a mistake"))
        #expect(receipt.moved.map(\.to) == ["managed"])
        #expect(await world.enforcer.facts(about: back.subject) == [])
        #expect(world.ledger.recollection.facts == [])
        #expect(world.ledger.reasons == ["test", "a mistake"])
        let next = try await World(policy: try Pack.policy(), after: world)
        #expect(await next.enforcer.registers.devices[id: "laptop-0042"]?.isManaged == true)
    }

    @Test func loanIsOpenedOnceAtATime() async throws {
        let world = try await World(policy: try Pack.policy())
        func open(_ reference: String, device: String = "laptop-0043", _ from: String, _ until: String?)
            async throws
        {
            var fields = ["device": [device], "user": ["bob"], "from": [from]]
            if let until { fields["until"] = [until] }
            let loan = RegisterStatement(
                subject: RegisterSubject(.loan, reference), fields: fields, requirement: .freeDevice)
            _ = try await world.enforcer.carryOut(.state([loan], by: "root", reason: ""))
        }
        try await open("L-1", "2026-11-10", "2026-11-14")
        try await open("L-2", "2026-11-15", nil)
        let running = try #require(await world.enforcer.registers.loans["L-2"])
        await #expect(throws: OrderRefusal.onLoan(running)) { try await open("L-3", "2026-11-20", nil) }
        let ended = try #require(await world.enforcer.registers.loans["L-1"])
        await #expect(throws: OrderRefusal.onLoan(ended), "two at one time, long ago") {
            try await open("L-3", "2026-11-01", "2026-11-10")
        }
        await #expect(throws: OrderRefusal.taken(RegisterSubject(.loan, "L-1"))) {
            try await open("L-1", "2026-10-01", "2026-10-02")
        }
        await #expect(throws: OrderRefusal.noSuchDevice("laptop-9")) {
            try await open("L-3", device: "laptop-9", "2026-11-20", nil)
        }
        #expect(
            OrderRefusal.onLoan(running).description.contains("on loan to 'bob' from 2026-11-15T00:00:00Z"))
    }

    @Test func linesMustBeNewOrKnownWhereThatIsAskedFor() async throws {
        let world = try await World(policy: try Pack.policy())
        func state(_ key: String, _ requirement: RegisterStatement.Requirement) async throws {
            let statement = RegisterStatement(
                subject: RegisterSubject(.device, key), fields: ["owner": ["erin"]], requirement: requirement)
            _ = try await world.enforcer.carryOut(.state([statement], by: "root", reason: ""))
        }
        try await state("laptop-0042", .knownLine)
        let (known, unknown) = (RegisterSubject(.device, "laptop-0042"), RegisterSubject(.device, "x"))
        await #expect(throws: OrderRefusal.taken(known)) { try await state("laptop-0042", .newLine) }
        await #expect(throws: OrderRefusal.noSuchLine(unknown)) { try await state("x", .knownLine) }
    }
}
