import Classification
import Enforcement
import Evidence
import FakeKernel
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Testing

/// Facts that change while sessions live: whose sessions move, when, and what is kept of it.
@Suite struct EvidenceChangeTests {
    // MARK: Registers

    @Test func statementMovesTheSessionsOfItsSubjectAlone() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2 fd08::2")
        try await world.open(try Pack.bob(), at: "10.8.0.3")
        let transactions = world.kernel.transactions.count
        let receipt = try await world.enforcer.carryOut(
            Pack.state(.device, "laptop-0042", ["managed": ["false"]]))
        #expect(receipt.moved.map(\.user) == ["alice"])
        #expect(receipt.moved.first?.from == "managed")
        #expect(receipt.moved.first?.to == "bare")
        #expect(receipt.cut == [])
        #expect(world.kernel.transactions.count == transactions + 1)
        #expect(await world.enforcer.session(try Pack.bob().id)?.decision.className == "managed")
    }

    @Test func statementThatChangesNoDecisionCostsNoTransaction() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        let transactions = world.kernel.transactions.count
        let receipt = try await world.enforcer.carryOut(
            Pack.state(.device, "laptop-0042", ["serial": ["X-1"]]))
        #expect(receipt.moved == [])
        #expect(world.kernel.transactions.count == transactions)
    }

    /// A statement that is no good, and what must be said of it.
    struct Bad: Sendable, CustomTestStringConvertible {
        var statements: [RegisterStatement]
        var says: String
        var testDescription: String { says }
    }

    static let bad: [Bad] = [
        Bad(statements: [Pack.statement(.device, "new", ["status": ["in-use"]])], says: "no device 'new'"),
        Bad(
            statements: [Pack.statement(.device, "new", ["kind": ["laptop"], "status": ["in-use"]])],
            says: "lacks 'digest'"),
        Bad(
            statements: [Pack.statement(.device, "laptop-0042", ["colour": ["red"]])], says: "has no 'colour'"
        ),
        Bad(
            statements: [Pack.statement(.device, "laptop-0042", ["managed": ["perhaps"]])],
            says: "expected true or false"),
        Bad(
            statements: [
                Pack.statement(.device, "laptop-0042", ["managed": ["false"]]),
                Pack.statement(.device, "laptop-0043", ["digest": [String(repeating: "01", count: 32)]]),
            ], says: "device 'laptop-0042' has it already"),
        Bad(
            statements: [
                Pack.statement(
                    .approval, "T-1",
                    [
                        "kind": ["travel"], "user": ["alice"], "approver": ["carol"], "from": ["2026-01-01"],
                        "until": ["2027-01-01"],
                    ])
            ], says: "lacks 'countries'"),
    ]

    @Test(arguments: bad)
    func badStatementChangesNothing(_ bad: Bad) async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        let before = await world.enforcer.registers
        do {
            _ = try await world.enforcer.carryOut(.state(bad.statements, by: "root", reason: ""))
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains(bad.says), "\(error)")
        }
        #expect(await world.enforcer.registers == before)
        #expect(world.ledger.recollection.facts == [])
        #expect(await world.enforcer.session(try Cast.alice().id)?.decision.className == "managed")
    }

    @Test func devicesCanExchangeTheirCertificatesInOneOrder() async throws {
        let world = try await World(policy: try Pack.policy())
        let digests = ["01", "02"].map { String(repeating: $0, count: 32) }
        _ = try await world.enforcer.carryOut(
            .state(
                [
                    Pack.statement(.device, "laptop-0042", ["digest": [digests[1]]]),
                    Pack.statement(.device, "laptop-0043", ["digest": [digests[0]]]),
                ], by: "root", reason: "mixed up"))
        let devices = await world.enforcer.registers.devices
        #expect(devices[try Cast.digest(1)]?.id == "laptop-0043")
        #expect(devices[try Cast.digest(2)]?.id == "laptop-0042")
    }

    @Test func trialSaysWhatWouldBeAndDoesNothing() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        let transactions = world.kernel.transactions.count
        let receipt = try await world.enforcer.tryOut(
            .setStatus(.stolen, device: "laptop-0042", by: "root", reason: ""))
        #expect(receipt.moved.map(\.isCut) == [true])
        #expect(world.kernel.transactions.count == transactions)
        #expect(world.elements == ["10.8.0.2"])
        #expect(world.ledger.recollection.facts == [])
        #expect(await world.enforcer.registers.devices[id: "laptop-0042"]?.status == .inUse)
    }

    @Test func factsSurviveAndAreOvertakenByNewerFilesAlone() async throws {
        let first = try await World(policy: try Pack.policy())
        _ = try await first.enforcer.carryOut(
            .setStatus(.stolen, device: "laptop-0042", by: "root", reason: ""))
        // The same files after a restart: they are older.
        let second = try await World(policy: try Pack.policy(), after: first)
        #expect(await second.enforcer.registers.devices[id: "laptop-0042"]?.status == .stolen)
        // A file that says something else of the device, but the same of its status, is no newer word on that.
        _ = try await second.enforcer.carryOut(.load(try Pack.policy(owner: "bob"), seeds: [:]))
        #expect(await second.enforcer.registers.devices[id: "laptop-0042"]?.status == .stolen)
        #expect(await second.enforcer.registers.devices[id: "laptop-0042"]?.owner == "bob")
        // A file that says another status is.
        _ = try await second.enforcer.carryOut(.load(try Pack.policy(status: "returned"), seeds: [:]))
        #expect(await second.enforcer.registers.devices[id: "laptop-0042"]?.status == .returned)
        // And for good: what was overtaken does not come back with the old files.
        let third = try await World(policy: try Pack.policy(), after: second)
        #expect(await third.enforcer.registers.devices[id: "laptop-0042"]?.status == .inUse)
    }

    @Test func rulesThatTheKernelRefusesOvertakeNothing() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        _ = try await world.enforcer.carryOut(
            .setStatus(.stolen, device: "laptop-0042", by: "root", reason: ""))
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        try await world.open(try Pack.bob(), at: "10.8.0.3")
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                .load(try Pack.policy(status: "returned", access: "[crm]"), seeds: [:]))
        }
        #expect(await world.enforcer.registers.devices[id: "laptop-0042"]?.status == .stolen)
        let next = try await World(policy: try Pack.policy(), after: world)
        #expect(await next.enforcer.registers.devices[id: "laptop-0042"]?.status == .stolen)
    }

    // MARK: Posture

    @Test func reportMovesItsDeviceAndEndsAtTheNanosecond() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        var posture = DevicePosture()
        let made = World.start - .seconds(86_400 - 45) - .nanoseconds(7)
        posture.antivirus = .init(made, observedAt: World.start)
        let report = PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        let receipt = try #require(try await world.enforcer.take([report]).first?.get())
        #expect(receipt.moved.map(\.to) == ["protected"])
        #expect(world.ledger.recollection.postures["laptop-0042"] == posture)
        // In the kernel too: the element ends with the grant, and the lease would have been longer.
        let end = made + .seconds(86_400)
        // The kernel counts milliseconds, and never one too many.
        let left = try #require(world.kernel.sessions()?.values.first).expires
        #expect(left <= end && end - left < .milliseconds(1))
        world.clock.move(by: .seconds(45) - .nanoseconds(8))
        world.enforcer.tick()
        await world.enforcer.settled()
        #expect(await world.enforcer.sessions.first?.decision.className == "protected")
        await world.pass(.nanoseconds(1))
        #expect(await world.enforcer.sessions.first?.decision.className == "managed")
    }

    @Test func trialOfReportsSaysWhatWouldBeAndDoesNothing() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        let transactions = world.kernel.transactions.count
        var posture = DevicePosture()
        posture.antivirus = .init(World.start, observedAt: World.start)
        let good = PostureReport(subject: .device("laptop-0042"), reporter: "erin", posture: posture)
        let strange = PostureReport(subject: .device("laptop-9"), reporter: "erin", posture: posture)
        posture.antivirus = .init(World.start, observedAt: World.start + .seconds(3600))
        let early = PostureReport(subject: .device("laptop-0042"), reporter: "erin", posture: posture)
        // Twice, since the first must not have left anything behind.
        for _ in 0..<2 {
            let moved = try await world.enforcer.tryOut(.report(good, by: "erin")).moved
            #expect(moved.map(\.to) == ["protected"])
            await #expect(throws: OrderRefusal.noSuchDevice("laptop-9")) {
                try await world.enforcer.tryOut(.report(strange, by: "erin"))
            }
            await #expect(throws: OrderRefusal.self) {
                try await world.enforcer.tryOut(.report(early, by: "erin"))
            }
        }
        #expect(await world.enforcer.postures == [:])
        #expect(world.ledger.recollection.postures == [:])
        #expect(world.kernel.transactions.count == transactions)
        #expect(await world.enforcer.sessions.first?.decision.className == "managed")
        // And then it is as was said.
        let receipt = try #require(try await world.enforcer.take([good]).first?.get())
        #expect(receipt.moved.map(\.to) == ["protected"])
    }

    /// Shortly before a scope changes of which some stays, the kernel is told to keep the session for a moment longer: the
    /// new scope takes over without an instant in which nothing is there.
    @Test func whatStaysAllowedIsNeverOutOfTheKernelWhenAGrantEnds() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        var posture = DevicePosture()
        posture.antivirus = .init(World.start - .seconds(86_400 - 45), observedAt: World.start)
        let report = PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        _ = try #require(try await world.enforcer.take([report]).first?.get())
        let end = World.start + .seconds(45)
        // A daemon that dies before leaves nothing behind the end.
        await world.pass(.seconds(45) - .milliseconds(101))
        #expect(try #require(world.kernel.sessions()?.values.first).expires <= end)
        await world.pass(.milliseconds(1))
        let overlap = try #require(world.kernel.sessions()?.values.first)
        #expect(overlap.expires > end && overlap.expires - end < .seconds(1))
        // The scope is the old one to the last nanosecond, and the new one from then on.
        await world.pass(.milliseconds(100) - .nanoseconds(1))
        #expect(world.kernel.sessions()?.values.first?.scope == overlap.scope)
        await world.pass(.nanoseconds(1))
        let next = try #require(world.kernel.sessions()?.values.first)
        #expect(next.scope != overlap.scope && next.expires > overlap.expires)
    }

    @Test func reportIsBoundToTheCertificateThatSentIt() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        try await world.open(try Pack.bob(), at: "10.8.0.3")
        var posture = DevicePosture()
        posture.antivirus = .init(World.start, observedAt: World.start)
        let reports = [
            PostureReport(
                subject: .certificate(try Cast.digest(2)), reporter: "the device", posture: posture),
            PostureReport(
                subject: .certificate(try Cast.digest(9)), reporter: "the device", posture: posture),
        ]
        let answers = await world.enforcer.take(reports)
        #expect(try answers[0].get().device == "laptop-0043")
        #expect(throws: PostureRejection.unknownDevice) { try answers[1].get() }
        #expect(await world.enforcer.session(try Cast.alice().id)?.decision.className == "managed")
        #expect(await world.enforcer.session(try Pack.bob().id)?.decision.className == "protected")
    }

    @Test func reportsFromTheFutureAndThePastAreRefused() async throws {
        let world = try await World(policy: try Pack.policy())
        var posture = DevicePosture()
        posture.firewall = .init(true, observedAt: World.start + .seconds(121))
        let future = PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        posture.firewall = .init(false, observedAt: World.start)
        let present = PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        posture.firewall = .init(true, observedAt: World.start - .seconds(1))
        let past = PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        let answers = await world.enforcer.take([future, present, past, present])
        #expect(answers.map { (try? $0.get()) != nil } == [false, true, false, true])
        #expect(world.ledger.recollection.postures["laptop-0042"]?.firewall?.value == false)
    }

    @Test func reportThatCannotBeKeptIsNotAcknowledged() async throws {
        let world = try await World(policy: try Pack.policy())
        world.ledger.fill(true)
        var posture = DevicePosture()
        posture.firewall = .init(true, observedAt: World.start)
        let report = PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        let answer = await world.enforcer.take([report]).first
        #expect(throws: PostureRejection.self) { try answer?.get() }
    }

    // MARK: Place

    @Test func roamingAbroadAndBackIsLookedAt() async throws {
        let world = try await World(
            policy: try Pack.policy(country: "GB"), surroundings: Surroundings(countries: Atlas()))
        var alice = try Cast.alice()
        alice.outer = IPAddress("203.0.113.7").map { Endpoint(address: $0, port: 1194) }
        try await world.open(alice, at: "10.8.0.2")
        #expect(await world.enforcer.sessions.first?.decision.className == "managed")
        alice.addresses = [try #require(IPAddress("10.8.0.2"))]
        var abroad = alice
        abroad.outer = IPAddress("198.51.100.7").map { Endpoint(address: $0, port: 1194) }
        await world.send(.snapshot(source: "office", serverProcess: 100, [abroad.report]))
        #expect(await world.enforcer.sessions.first?.cut != nil)
        #expect(world.elements == [])
    }

    @Test func otherDatabaseIsLookedAtForEverySession() async throws {
        let world = try await World(
            policy: try Pack.policy(country: "GB"), surroundings: Surroundings(countries: Atlas()))
        var alice = try Cast.alice()
        alice.outer = IPAddress("203.0.113.7").map { Endpoint(address: $0, port: 1194) }
        try await world.open(alice, at: "10.8.0.2")
        world.enforcer.send(Surroundings())
        await world.enforcer.settled()
        #expect(world.elements == [], "a country that is not known gains nobody anything")
    }
}

/// Addresses of documentation, and where they are.
private struct Atlas: CountryLookup {
    func country(of address: IPAddress) -> CountryCode? {
        let places = ["203.0.113.0/24": "GB", "198.51.100.0/24": "FR"]
        for (network, code) in places {
            if let prefix = try? IPPrefix(parsing: network), prefix.range.contains(address) {
                return CountryCode(code)
            }
        }
        return nil
    }
}

/// A pack for these tests, from its text.
enum Pack {
    static func policy(
        owner: String = "alice", status: String = "in-use", access: String = "[crm, portal]",
        country: String? = nil, device: String = "laptop-0042"
    ) throws -> Policy {
        let place = country.map { ", country: [\($0)]" } ?? ""
        let files = [
            "policy.yaml": """
            inside: [10.10.0.0/16]
            classes:
              - { name: lost, when: { device: [lost, stolen] }, access: none }
              - name: protected
                when: { certificate: corporate, device: in-use, posture: { antivirus: { within: 24h } }\(place) }
                access: [crm, finance, portal]
              - name: managed
                when: { certificate: corporate, device: { status: in-use, managed: true }\(place) }
                access: \(access)
              - name: bare
                when: { certificate: corporate, device: in-use\(place) }
                access: [portal]
            """,
            "systems.yaml": """
            systems:
              crm: { addresses: 10.10.0.20, services: tcp/443 }
              finance: { addresses: 10.10.0.21, services: tcp/443 }
              portal: { addresses: 10.10.0.90, services: tcp/443 }
            """,
            "authorities.yaml":
                "authorities: { corporate: { digest: \(String(repeating: "ca", count: 32)) } }",
            "devices.csv": """
            id,digest,owner,kind,status,managed
            \(device),\(String(repeating: "01", count: 32)),\(owner),laptop,\(status),true
            laptop-0043,\(String(repeating: "02", count: 32)),bob,laptop,in-use,true
            """,
        ]
        let (policy, diagnostics) = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: World.start)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }

    static func bob() throws -> Session { try Cast.session(5, "laptop-0043", leaf: 2, user: "bob") }

    static func statement(
        _ kind: RegisterKind, _ key: String, _ fields: RegisterFields
    ) -> RegisterStatement {
        RegisterStatement(subject: RegisterSubject(kind, key), fields: fields)
    }

    static func state(_ kind: RegisterKind, _ key: String, _ fields: RegisterFields) -> Order {
        .state([statement(kind, key, fields)], by: "root", reason: "test")
    }
}
