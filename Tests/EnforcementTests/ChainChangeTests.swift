import Classification
import Enforcement
import Evidence
import FakeKernel
import PolicyLanguage
import Sessions
import Synchronization
import Testing

/// Rules with other authorities, loaded under live sessions whose chains were looked at in full.
@Suite struct ChainChangeTests {
    private static let crm = ["crm"]

    /// The authority of employees, by the byte of its digest, and whether its chains must be looked at.
    private static func policy(authority: UInt8, needsChain: Bool = true, reaches: [String] = crm) throws
        -> Policy
    {
        let base = try Cast.policy()
        let corporate = Authority(
            name: "corporate", digests: [try Cast.digest(authority)], needsChain: needsChain,
            location: World.place)
        return Policy(
            inside: [], authorities: [corporate], systems: base.systems,
            classes: [
                PolicyClass(
                    name: "employee",
                    conditions: [Condition(.certificate(authorities: [corporate]), at: World.place)],
                    access: .systems(reaches), location: World.place)
            ], registers: base.registers)
    }

    /// By an intermediate, and by the root above it: either may be the authority.
    private static let intermediate: UInt8 = 0xC1
    private static let root: UInt8 = 0xC2

    private static func alice(_ client: UInt64 = 1) throws -> Session {
        var session = try Cast.alice(client)
        session.certificates = CertificateChain(
            leaf: PresentedCertificate(digest: try Cast.digest(1)),
            issuers: try [intermediate, root].map { PresentedCertificate(digest: try Cast.digest($0)) })
        return session
    }

    private static func report(
        anchor: UInt8, until: Duration = .seconds(86_400), problems: [String] = []
    ) throws -> CertificateReport {
        let key = try #require(KeyDigest(bytes: Array(repeating: 7, count: 32)))
        return CertificateReport(
            attributes: CertificateAttributes(
                notBefore: World.start - .seconds(60), notAfter: World.start + until, key: key),
            anchor: try Cast.digest(anchor), validFrom: World.start - .seconds(60),
            validUntil: World.start + until, problems: problems)
    }

    private static func world(
        _ archive: Archive, _ policy: Policy, after earlier: World? = nil
    ) async throws -> World {
        try await World(policy: policy, after: earlier, surroundings: Surroundings(certificates: archive))
    }

    private static func known(_ world: World) async -> CertificateReport? {
        await world.enforcer.sessions.first?.proofs.certificates
    }

    /// Said of a session's chain: an answer that stays until another is set, and how often it was asked for.
    private final class Archive: CertificateKnowledge {
        private let state = Mutex((answer: CertificateReport?.none, count: 0))

        init(_ answer: CertificateReport?) { state.withLock { $0.answer = answer } }

        func set(_ answer: CertificateReport?) { state.withLock { $0 = (answer, 0) } }
        var count: Int { state.withLock { $0.count } }

        func report(on chain: CertificateChain) -> CertificateReport? {
            state.withLock { state in
                state.count += 1
                return state.answer
            }
        }

        func revocation(of chain: CertificateChain, at now: Instant) -> RevocationStatus? { nil }
    }

    @Test func chainThatIsNoGoodUnderTheNewAuthorityIsCut() async throws {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let world = try await Self.world(archive, try Self.policy(authority: Self.intermediate))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        #expect(world.elements == ["10.8.0.2"])
        archive.set(try Self.report(anchor: Self.root, problems: ["the path is too long"]))
        let receipt = try await world.enforcer.carryOut(
            .load(try Self.policy(authority: Self.root), seeds: [:]))
        #expect(receipt.cut.count == 1 && world.elements == [])
        #expect(world.gate.words.last == "disconnect 1")
    }

    @Test func chainThatIsGoodUnderBothStaysAndEndsAsTheNewOneDoes() async throws {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let world = try await Self.world(archive, try Self.policy(authority: Self.intermediate))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        let new = try Self.report(anchor: Self.root, until: .seconds(30))
        archive.set(new)
        let receipt = try await world.enforcer.carryOut(
            .load(try Self.policy(authority: Self.root), seeds: [:]))
        #expect(receipt.moved == [] && world.elements == ["10.8.0.2"])
        #expect(await Self.known(world) == new)
        #expect(world.ledger.recollection.sessions.first?.proofs.certificates == new)
        await world.pass(.seconds(30))
        #expect(world.elements == [])
    }

    /// In doubt it is closed, whether the authority asks for full chains or not.
    @Test(arguments: [true, false]) func reportForAnotherAuthorityHoldsNoLonger(needsChain: Bool) async throws
    {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let world = try await Self.world(
            archive, try Self.policy(authority: Self.intermediate, needsChain: needsChain))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        archive.set(nil)
        let receipt = try await world.enforcer.carryOut(
            .load(try Self.policy(authority: Self.root, needsChain: needsChain), seeds: [:]))
        #expect(receipt.cut.count == 1 && world.elements == [])
        // Whoever connects again is looked at anew.
        archive.set(try Self.report(anchor: Self.root))
        try await world.open(try Self.alice(9), at: "10.8.0.3")
        #expect(world.elements == ["10.8.0.3"])
    }

    /// An answer for rules that somebody else was about to load counts for nothing.
    @Test func answerWhoseAnchorIsNoAuthorityIsNone() async throws {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let world = try await Self.world(archive, try Self.policy(authority: Self.intermediate))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        archive.set(try Self.report(anchor: 0xC9))
        _ = try await world.enforcer.carryOut(.load(try Self.policy(authority: Self.root), seeds: [:]))
        #expect(world.elements == [])
        #expect(await Self.known(world)?.problems.count == 1)
    }

    /// While rules are loaded, chains are judged by the authorities of the new ones and classified by the old ones.
    @Test func loginWithAnAnchorOfOtherRulesIsRefused() async throws {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let world = try await Self.world(archive, try Self.policy(authority: Self.root))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        #expect(world.gate.words.first?.hasPrefix("refuse 1") == true && world.elements == [])
    }

    @Test func nobodyIsAskedWhileTheAuthoritiesStayTheSame() async throws {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let world = try await Self.world(archive, try Self.policy(authority: Self.intermediate))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        archive.set(nil)
        let rules = try Self.policy(authority: Self.intermediate, reaches: ["crm", "portal"])
        let receipt = try await world.enforcer.carryOut(.load(rules, seeds: [:]))
        #expect(receipt.cut == [] && receipt.moved.count == 1)
        #expect(archive.count == 0)
        #expect(await Self.known(world)?.problems == [])
    }

    /// The kernel does not take the rules: what was found under the old ones is found again, on the disk too.
    @Test func rulesThatAreTakenBackTakeTheirJudgementWithThem() async throws {
        let old = try Self.report(anchor: Self.intermediate)
        let archive = Archive(old)
        let world = try await Self.world(archive, try Self.policy(authority: Self.intermediate))
        try await world.open(try Self.alice(), at: "10.8.0.2")
        archive.set(try Self.report(anchor: Self.root, until: .seconds(1800)))
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                .load(try Self.policy(authority: Self.root, reaches: ["portal"]), seeds: [:]))
        }
        #expect(await Self.known(world) == old)
        #expect(await world.enforcer.sessions.first?.cut == nil)
        #expect(await world.enforcer.sessions.first?.decision.scope.systems == ["crm"])
        #expect(world.ledger.recollection.sessions.first?.proofs.certificates == old)
    }

    /// Rules that were changed while the daemon was down: it has no certificates at hand when it starts.
    @Test(arguments: [(intermediate, true), (root, false)])
    func takesOverWhatTheRulesOfNowStillName(authority: UInt8, isTakenOver: Bool) async throws {
        let archive = Archive(try Self.report(anchor: Self.intermediate))
        let first = try await Self.world(archive, try Self.policy(authority: Self.intermediate))
        try await first.open(try Self.alice(), at: "10.8.0.2")
        let next = try await Self.world(Archive(nil), try Self.policy(authority: authority), after: first)
        #expect(next.elements == (isTakenOver ? ["10.8.0.2"] : []))
    }
}
