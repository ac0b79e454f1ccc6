import Classification
import Enforcement
import Evidence
import FakeKernel
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Testing

/// Codes that are given while a session lives, and codes of tenants.
@Suite struct StepUpTests {
    private static func policy() throws -> Policy {
        let digest = { (byte: String) in String(repeating: byte, count: 32) }
        let files = [
            "policy.yaml": """
            inside: [10.10.0.0/16, "fd10:10::/32"]
            tenants:
              boston: { organisation: Boston, mfa: { within: 8h } }
              holland: { organisation: South Holland, mfa: { within: 1h } }
            classes:
              - { name: stranger, when: { certificate: corporate, user: visitor }, access: [tax, portal] }
              - { name: lost, when: { device: [lost, stolen] }, access: none }
              - name: employee
                when: { certificate: corporate, device: in-use, mfa: { within: 12h } }
                access: [crm, tax, planning, portal]
              - { name: no-code, when: { certificate: corporate, device: in-use }, access: [portal] }
            """,
            "systems.yaml": """
            systems:
              crm: { addresses: [10.10.0.20, "fd10:10::20"], services: [tcp/443] }
              tax: { addresses: [10.10.0.21, "fd10:10::21"], services: [tcp/443], tenant: boston }
              planning: { addresses: [10.10.0.22, "fd10:10::22"], services: [tcp/443], tenant: holland }
              portal: { addresses: [10.10.0.90, "fd10:10::90"], services: [tcp/443] }
            """,
            "authorities.yaml": "authorities: { corporate: { digest: \(digest("ca")) } }",
            "devices.csv": """
            id,digest,kind,status,organisation
            laptop-1,\(digest("01")),laptop,in-use,PSPS
            laptop-3,\(digest("03")),laptop,in-use,South Holland
            """,
        ]
        let (policy, diagnostics) = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: World.start)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }

    private static func tenantSeed(_ byte: UInt8 = 7) throws -> TOTPSeed {
        try #require(TOTPSeed(key: Array(repeating: byte, count: 20)))
    }

    private static func code(_ seed: TOTPSeed, _ world: World) -> Secret {
        seed.code(step: seed.step(at: world.clock.now()))
    }

    /// Alice is in, on a laptop of no tenant's, with a code of her own if so; she has a seed for boston.
    private static func world(withCode: Bool = true) async throws -> (World, SessionID) {
        let world = try await World(policy: try policy())
        _ = try await world.enforcer.carryOut(
            .enrol(CodeOwner("alice", tenant: "boston"), try tenantSeed(), replaces: false, by: "root"))
        let alice = try Cast.alice()
        try await world.open(alice, at: "10.8.0.2 fd08::2", code: withCode ? try world.code : nil)
        return (world, alice.id)
    }

    private static func stepUp(
        _ world: World, _ id: SessionID, tenant: String? = nil, _ code: Secret
    ) async throws -> OrderReceipt {
        try await world.enforcer.carryOut(.stepUp(id, tenant: tenant, code: code, by: "root"))
    }

    private static func scope(_ world: World, _ id: SessionID) async -> [String] {
        await world.enforcer.session(id)?.decision.scope.systems ?? []
    }

    /// What the kernel lets the session reach, of both families; nil when they differ.
    private static func reached(_ world: World, from client: String = "2") throws -> [String]? {
        let systems = ["crm": "20", "tax": "21", "planning": "22", "portal": "90"]
        let families = [("10.8.0.\(client)", "10.10.0."), ("fd08::\(client)", "fd10:10::")]
        let found = try families.map { inner, network in
            let key = SessionKey(interfaceIndex: 7, address: try #require(IPAddress(inner)))
            return try systems.filter { _, host in
                let address = try #require(IPAddress(network + host))
                return world.kernel.permits(
                    Destination(address: address, ipProtocol: .tcp, port: 443), for: key)
            }.keys.sorted()
        }
        return found[0] == found[1] ? found[0] : nil
    }

    // MARK: What a code opens

    @Test func ownCodeOpensWhatItWouldHaveAtTheLogin() async throws {
        let (world, alice) = try await Self.world(withCode: false)
        #expect(await Self.scope(world, alice) == ["portal"])
        let before = world.kernel.transactions.count
        let receipt = try await Self.stepUp(world, alice, try world.code)
        #expect(receipt.cut == [] && receipt.moved.map(\.to) == ["employee"])
        #expect(receipt.moved.map(\.scope) == [["crm", "portal"]])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(try Self.reached(world) == ["crm", "portal"])
        #expect(await world.enforcer.session(alice)?.mfaVerifiedAt == world.clock.now())
        #expect(world.gate.words == ["admit 1"], "the VPN server is told nothing")
        #expect(world.log.all.last == "notice [office/1]: class no-code to employee")
    }

    @Test func codeOfATenantOpensItsSystemsUntilItEnds() async throws {
        let (world, alice) = try await Self.world()
        #expect(try Self.reached(world) == ["crm", "portal"])
        await world.pass(.seconds(60))
        let before = world.kernel.transactions.count
        let receipt = try await Self.stepUp(
            world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        #expect(receipt.moved.map(\.scope) == [["crm", "portal", "tax"]])
        #expect(world.kernel.transactions.count == before + 1)
        #expect(try Self.reached(world) == ["crm", "portal", "tax"])
        let proved = world.clock.now()
        let end = proved + .seconds(8 * 3600)
        let known = try #require(await world.enforcer.session(alice))
        #expect(known.proofs.tenantVerifiedAt == ["boston": proved])
        #expect(known.mfaVerifiedAt == World.start, "it is no code of her own")
        #expect(known.decision.validUntil == end)
        #expect(await world.enforcer.explain(alice)?.grants.first { $0.system == "tax" }?.until == end)

        while world.clock.now() < end - .seconds(20) { await world.pass(.seconds(20)) }
        #expect(try Self.reached(world) == ["crm", "portal", "tax"])
        await world.pass(.seconds(20) - .nanoseconds(1))
        #expect(try Self.reached(world) == ["crm", "portal", "tax"])
        await world.pass(.nanoseconds(1))
        #expect(try Self.reached(world) == ["crm", "portal"])
        #expect(world.gate.words == ["admit 1"])
    }

    @Test func aTenantsOwnDeviceNeedsNoCodeOfIts() async throws {
        let world = try await World(policy: try Self.policy())
        let holland = try Cast.session(3, "laptop-3", leaf: 3, user: "alice")
        try await world.open(holland, at: "10.8.0.3 fd08::3", code: try world.code)
        #expect(try Self.reached(world, from: "3") == ["crm", "planning", "portal"])
    }

    /// The register says something else of the device: what was its own is not, and a code still does.
    @Test func deviceThatChangesHandsLosesTheOldTenant() async throws {
        let (world, alice) = try await Self.world()
        _ = try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        let state = { (fields: RegisterFields) in
            Order.state(
                [RegisterStatement(subject: RegisterSubject(.device, "laptop-1"), fields: fields)],
                by: "root",
                reason: "")
        }
        _ = try await world.enforcer.carryOut(state(["organisation": ["South Holland"]]))
        #expect(try Self.reached(world) == ["crm", "planning", "portal", "tax"])
        _ = try await world.enforcer.carryOut(state(["organisation": []]))
        #expect(try Self.reached(world) == ["crm", "portal", "tax"])
    }

    @Test func noCodeMakesUpForADeviceThatIsNotKnown() async throws {
        let (world, _) = try await Self.world()
        _ = try await world.enforcer.carryOut(
            .enrol(CodeOwner("visitor", tenant: "boston"), try Self.tenantSeed(), replaces: false, by: "root")
        )
        let stranger = try Cast.session(4, "laptop-4", leaf: 4, user: "visitor")
        try await world.open(stranger, at: "10.8.0.4 fd08::4")
        #expect(try Self.reached(world, from: "4") == ["portal"])
        let receipt = try await Self.stepUp(
            world, stranger.id, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        #expect(receipt.moved == [])
        #expect(try Self.reached(world, from: "4") == ["portal"])
    }

    @Test func proofBelongsToTheSession() async throws {
        let (world, alice) = try await Self.world()
        _ = try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        await world.pass(.seconds(30))
        await world.send(.ended(alice, nil))
        try await world.open(try Cast.alice(2), at: "10.8.0.2 fd08::2", code: try world.code)
        #expect(try Self.reached(world) == ["crm", "portal"])
    }

    // MARK: What opens nothing

    @Test func codesOfOneAreNoCodesOfAnother() async throws {
        let (world, alice) = try await Self.world()
        _ = try await world.enforcer.carryOut(
            .enrol(CodeOwner("alice", tenant: "holland"), try Self.tenantSeed(8), replaces: false, by: "root")
        )
        await world.pass(.seconds(30))
        let own = try world.code
        let (boston, holland) = (
            Self.code(try Self.tenantSeed(), world), Self.code(try Self.tenantSeed(8), world)
        )
        for (tenant, wrong) in [("boston", own), ("boston", holland), ("holland", boston), (nil, boston)] {
            await #expect(throws: OrderRefusal.code(.wrong)) {
                try await Self.stepUp(world, alice, tenant: tenant, wrong)
            }
        }
        #expect(try Self.reached(world) == ["crm", "portal"])
        _ = try await Self.stepUp(world, alice, tenant: "holland", holland)
        #expect(try Self.reached(world) == ["crm", "planning", "portal"])
    }

    @Test func usedCodesAreRefusedWhereverTheyWereUsed() async throws {
        let (world, alice) = try await Self.world()
        await #expect(throws: OrderRefusal.code(.usedBefore)) {
            try await Self.stepUp(world, alice, try world.code)
        }
        let code = Self.code(try Self.tenantSeed(), world)
        _ = try await Self.stepUp(world, alice, tenant: "boston", code)
        await #expect(throws: OrderRefusal.code(.usedBefore)) {
            try await Self.stepUp(world, alice, tenant: "boston", code)
        }
    }

    /// As many as at a login, and counted with them; each owner's for itself.
    @Test func wrongCodesAreCounted() async throws {
        let (world, alice) = try await Self.world()
        let wrong = Secret("000000".utf8)
        for _ in 0..<5 {
            await #expect(throws: OrderRefusal.code(.wrong)) {
                try await Self.stepUp(world, alice, tenant: "boston", wrong)
            }
        }
        let until = world.clock.now() + .seconds(30)
        await #expect(throws: OrderRefusal.code(.tooMany(until: until))) {
            try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        }
        #expect(await Self.scope(world, alice) == ["crm", "portal"])
        // Her own codes are not blocked by that.
        await world.pass(.seconds(10))
        await world.send(.ended(alice, nil))
        await world.pass(.seconds(20))
        let again = try Cast.alice(2)
        try await world.open(again, at: "10.8.0.2 fd08::2", code: try world.code)
        for _ in 0..<5 {
            await #expect(throws: OrderRefusal.code(.wrong)) { try await Self.stepUp(world, again.id, wrong) }
        }
        await world.send(.login(world.login(try Cast.alice(3), code: try world.code)))
        #expect(world.gate.words.last?.hasPrefix("refuse 3: Too many wrong codes.") == true)
        _ = try await world.enforcer.carryOut(.forgetCodes(CodeOwner("alice"), by: "root"))
        await world.pass(.seconds(30))
        _ = try await Self.stepUp(world, again.id, try world.code)
    }

    @Test func whatIsNoCodeIsNotCounted() async throws {
        let (world, alice) = try await Self.world()
        for text in ["", "12345", "1234567", "abcdef", "12 456", "123456789"] {
            for _ in 0..<3 {
                await #expect(throws: OrderRefusal.code(.malformed)) {
                    try await Self.stepUp(world, alice, tenant: "boston", Secret(text.utf8))
                }
            }
        }
        _ = try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
    }

    @Test func whoIsNotThereHasNothingToProve() async throws {
        let (world, alice) = try await Self.world()
        let code = Self.code(try Self.tenantSeed(), world)
        await #expect(throws: OrderRefusal.noSuchTenant("bostn", known: ["boston", "holland"])) {
            try await Self.stepUp(world, alice, tenant: "bostn", code)
        }
        await #expect(throws: OrderRefusal.noCodes(CodeOwner("alice", tenant: "holland"))) {
            try await Self.stepUp(world, alice, tenant: "holland", code)
        }
        await #expect(throws: OrderRefusal.noSuchTenant("bostn", known: ["boston", "holland"])) {
            try await world.enforcer.carryOut(
                .enrol(
                    CodeOwner("alice", tenant: "bostn"), try Self.tenantSeed(), replaces: false, by: "root"))
        }
        let nobody = try Cast.alice(99).id
        await #expect(throws: OrderRefusal.noSuchSession(nobody)) {
            try await Self.stepUp(world, nobody, tenant: "boston", code)
        }
        _ = try await world.enforcer.carryOut(
            .setStatus(.lost, device: "laptop-1", by: "root", reason: ""))
        await #expect(throws: OrderRefusal.noSuchSession(alice), "a session that was cut stays cut") {
            try await Self.stepUp(world, alice, tenant: "boston", code)
        }
        #expect(try Self.reached(world) == [])
    }

    /// On a copy of everything no try would be counted.
    @Test func codesCannotBeTriedOut() async throws {
        let (world, alice) = try await Self.world()
        let code = Self.code(try Self.tenantSeed(), world)
        for guess in [Secret("000000".utf8), code] {
            await #expect(throws: OrderRefusal.cannotBeTried) {
                try await world.enforcer.tryOut(.stepUp(alice, tenant: "boston", code: guess, by: "root"))
            }
        }
        _ = try await Self.stepUp(world, alice, tenant: "boston", code)
    }

    @Test func nothingOfTheCodeIsLogged() async throws {
        let (world, alice) = try await Self.world()
        let code = Self.code(try Self.tenantSeed(), world)
        let wrong = Secret("135790".utf8)
        _ = try? await Self.stepUp(world, alice, tenant: "boston", wrong)
        _ = try await Self.stepUp(world, alice, tenant: "boston", code)
        let texts = [code, wrong].map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }
        for line in world.log.all {
            for text in texts { #expect(!line.contains(text)) }
        }
        #expect(
            world.log.all.contains(
                "notice [office/1]: step-up by root refused of tenant 'boston': the code is wrong"))
        #expect(world.log.all.contains("info [office/1]: one-time code of tenant 'boston' proved, by root"))
        let order = Order.stepUp(alice, tenant: nil, code: wrong, by: "root")
        #expect(!"\(order)".contains("135790"))
    }

    // MARK: The disk

    /// A code that the next process does not know to be used opens nothing.
    @Test func codeThatCannotBeRecordedOpensNothing() async throws {
        let (world, alice) = try await Self.world()
        world.ledger.fill(true)
        let code = Self.code(try Self.tenantSeed(), world)
        await #expect(throws: OrderRefusal.self) {
            try await Self.stepUp(world, alice, tenant: "boston", code)
        }
        #expect(await world.enforcer.session(alice)?.proofs.tenantVerifiedAt == [:])
        #expect(await Self.scope(world, alice) == ["crm", "portal"])
        #expect(try Self.reached(world) == ["crm", "portal"])
        world.ledger.fill(false)
        await #expect(throws: OrderRefusal.code(.usedBefore)) {
            try await Self.stepUp(world, alice, tenant: "boston", code)
        }
        await world.pass(.seconds(30))
        _ = try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        #expect(try Self.reached(world) == ["crm", "portal", "tax"])
    }

    @Test func codeOfARenewalThatCannotBeRecordedOpensNothing() async throws {
        let (world, alice) = try await Self.world(withCode: false)
        world.ledger.fill(true)
        await world.send(.login(world.login(try Cast.alice(), code: try world.code, kind: .renewal)))
        #expect(await world.enforcer.session(alice)?.mfaVerifiedAt == nil)
        #expect(try Self.reached(world) == ["portal"])
        #expect(world.gate.words.last?.hasPrefix("refuse 1: The gateway has a fault") == true)
    }

    @Test func theNextProcessKnowsWhatWasProved() async throws {
        let (world, alice) = try await Self.world()
        _ = try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        let proved = world.clock.now()
        world.clock.move(by: .seconds(10))
        let next = try await World(policy: try Self.policy(), after: world)
        #expect(try Self.reached(next) == ["crm", "portal", "tax"], "on what is left of its lease")
        #expect(await next.enforcer.session(alice)?.proofs.tenantVerifiedAt == ["boston": proved])
        // The seed is kept, too.
        await next.pass(.seconds(30))
        let report = try #require(await next.enforcer.session(alice)).session.report
        await next.send(.snapshot(source: "office", serverProcess: 100, [report]))
        _ = try await Self.stepUp(next, alice, tenant: "boston", Self.code(try Self.tenantSeed(), next))
        #expect(
            await next.enforcer.session(alice)?.proofs.tenantVerifiedAt == ["boston": next.clock.now()])
    }

    /// The seed stays where it is, and the proof with the session, but the rules ask for neither.
    @Test func tenantsThatLeaveTheRulesTakeTheirSystemsAlong() async throws {
        let (world, alice) = try await Self.world()
        _ = try await Self.stepUp(world, alice, tenant: "boston", Self.code(try Self.tenantSeed(), world))
        _ = try await world.enforcer.carryOut(.load(try Cast.policy(), seeds: try World.seeds))
        let code = Self.code(try Self.tenantSeed(), world)
        await #expect(throws: OrderRefusal.self) {
            try await Self.stepUp(world, alice, tenant: "boston", code)
        }
        _ = try await world.enforcer.carryOut(.unenrol(CodeOwner("alice", tenant: "boston"), by: "root"))
        #expect(await world.enforcer.isEnrolled(CodeOwner("alice", tenant: "boston")) == false)
    }
}
