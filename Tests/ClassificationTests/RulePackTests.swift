import Classification
import Evidence
import Foundation
import NetworkTypes
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// Every pack under rules/ loads for a year to come, does what its own tests say, and is shown by them whole.
@Suite(.timeLimit(.minutes(10)))
struct RulePackTests {
    /// What must hold of a pack that cannot be read off its rules.
    struct Pack: Sendable, CustomTestStringConvertible {
        let name: String
        /// What a session without a one-time code may reach: the page that takes it, and what puts a device right.
        let withoutCode: Set<String>
        /// All that a personal device may reach.
        let ownDevice: Set<String>
        /// The authority whose certificates are vendors'.
        let vendors: String

        var testDescription: String { name }
    }

    static let packs = [
        Pack(name: "default", withoutCode: ["portal"], ownDevice: ["portal"], vendors: "third-party"),
        Pack(
            name: "psps", withoutCode: ["portal"], ownDevice: ["portal", "learning"], vendors: "third-party"),
        Pack(
            name: "moj", withoutCode: ["remote-working-page"], ownDevice: [], vendors: "provider-estate"),
        Pack(name: "dwp", withoutCode: ["colleague-portal"], ownDevice: [], vendors: "supplier"),
        Pack(
            name: "wunderkraut", withoutCode: ["start"], ownDevice: ["resolver", "start", "wiki", "chat"],
            vendors: "suppliers"),
        Pack(
            name: "wolsey-house", withoutCode: ["front-desk", "updates"],
            ownDevice: ["front-desk", "names", "web-filter", "classroom", "governor-papers", "bookings"],
            vendors: "contractors"),
    ]

    /// Those that were written for an organisation's own policy, with its clauses.
    static let written = packs.filter { $0.name != "default" }

    private static let rules = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "rules")

    private static func policy(_ pack: Pack, at day: String = "2026-11-21") throws -> Policy {
        let folder = rules.appending(path: pack.name)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map {
                PackFile(path: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
            }
        let now = try #require(TimeText.timestamp("\(day)T12:00:00Z"))
        let result = PolicyCompiler.compile(files, now: now)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "", "\(pack.name) on \(day)")
        return try #require(result.policy)
    }

    @Test func everyPackIsInTheTable() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.rules.path).filter { name in
            FileManager.default.fileExists(
                atPath: Self.rules.appending(path: "\(name)/policy.yaml").path)
        }
        #expect(Set(folders) == Set(Self.packs.map(\.name)))
    }

    @Test(arguments: packs, ["2026-11-21", "2027-02-28", "2027-07-01", "2027-11-22"])
    func loadsWithoutAWord(pack: Pack, day: String) throws {
        let policy = try Self.policy(pack, at: day)
        for result in PolicyTestRunner.run(policy) {
            #expect(result.passed, "\(result.location) \(result.name): \(result.failures)")
        }
    }

    // MARK: The written policy

    /// A clause that the gateway keeps has something that keeps it and something that shows it; one that is out of reach
    /// has neither, and a reason.
    @Test(arguments: written) func everyClauseIsServedAndShown(pack: Pack) throws {
        let policy = try Self.policy(pack)
        #expect(!policy.clauses.isEmpty)
        let cited = policy.everyCitation
        for clause in policy.clauses {
            let citations = cited[clause.id] ?? []
            let (rules, tests) = (citations.filter(\.isRule), citations.filter { !$0.isRule })
            if clause.kind == .outOfReach {
                #expect(citations.isEmpty && clause.because != nil, "\(clause.id)")
            } else {
                #expect(!rules.isEmpty, "\(clause.id): no rule or setting")
                #expect(!tests.isEmpty, "\(clause.id): no test")
            }
        }
    }

    /// And what a class cites, a test of that class's own cites as well.
    @Test(arguments: written) func everyClassIsShownByATest(pack: Pack) throws {
        let policy = try Self.policy(pack)
        for policyClass in policy.classes {
            let tests = policy.tests.filter { $0.expectedClass == .some(policyClass.name) }
            #expect(!tests.isEmpty, "\(policyClass.name)")
            let missing = Set(policyClass.cites).subtracting(policy.tests.flatMap(\.cites))
            #expect(missing.isEmpty, "\(policyClass.name)")
        }
    }

    // MARK: What no pack may do

    @Test(arguments: written) func bothFamiliesReachTheSame(pack: Pack) throws {
        for system in try Self.policy(pack).systems {
            let families = Set(system.addresses.map(\.family))
            #expect(families == [.ipv4, .ipv6], "\(system.name)")
        }
    }

    @Test(arguments: packs) func knowingLessNeverReachesMore(pack: Pack) async throws {
        let policy = try Self.policy(pack)
        var narrowed = 0
        for (evidence, now) in Self.sessions(of: policy, mixed: 1500, seed: 20_261_121) {
            await Task.yield()
            let most = Self.reached(evidence, policy, now)
            for (piece, less) in evidence.lessByOne {
                let reached = Self.reached(less, policy, now)
                #expect(reached.isSubset(of: most), "\(pack.name) at \(now): without \(piece)\n\(evidence)")
                if reached != most { narrowed += 1 }
            }
        }
        #expect(narrowed > 200, "\(narrowed)")
    }

    @Test(arguments: packs) func withoutACodeThereIsThePortal(pack: Pack) async throws {
        let policy = try Self.policy(pack)
        for (evidence, now) in Self.sessions(of: policy, mixed: 2000, seed: 1) {
            await Task.yield()
            var without = evidence
            without.mfaVerifiedAt = nil
            let reached = Self.reached(without, policy, now)
            #expect(reached.isSubset(of: pack.withoutCode), "\(pack.name) at \(now)\n\(without)")
        }
    }

    @Test(arguments: written) func aPersonalDeviceReachesNothingPersonal(pack: Pack) async throws {
        let policy = try Self.policy(pack)
        for (evidence, now) in Self.sessions(of: policy, mixed: 2000, seed: 2) {
            await Task.yield()
            var own = evidence
            own.device?.kind = .personal
            let reached = Self.reached(own, policy, now)
            #expect(reached.isSubset(of: pack.ownDevice), "\(pack.name) at \(now)\n\(own)")
        }
        let labels = Set(pack.ownDevice.compactMap { policy.system(named: $0)?.label })
        #expect(labels.isDisjoint(with: ["personal", "personal-data"]))
    }

    @Test(arguments: packs) func vendorsReachWhatTheyAreContractedFor(pack: Pack) async throws {
        let policy = try Self.policy(pack)
        let contracted = policy.classes.filter { $0.contract != nil }.reduce(into: Set<String>()) {
            if case .systems(let names) = $1.access { $0.formUnion(names) }
        }
        let issuers = try #require(policy.authority(named: pack.vendors)).digests
        for (evidence, now) in Self.sessions(of: policy, mixed: 2000, seed: 3) {
            await Task.yield()
            let chain = evidence.certificates?.issuers ?? []
            guard chain.contains(where: { issuers.contains($0.digest) }) else { continue }
            let reached = Self.reached(evidence, policy, now)
            #expect(reached.isSubset(of: contracted), "\(pack.name) at \(now)\n\(evidence)")
        }
    }

    private static func reached(_ evidence: SessionEvidence, _ policy: Policy, _ now: Instant) -> Set<String>
    {
        let decision = Classifier.decide(evidence, under: policy, at: now)
        return decision.isAdmitted ? Set(decision.scope.systems) : []
    }

    /// The sessions of the pack's own tests, and then such as nobody wrote down: each piece of evidence that of any test.
    private static func sessions(
        of policy: Policy, mixed count: Int, seed: UInt64
    ) -> [(SessionEvidence, Instant)] {
        let written = policy.tests.map { ($0.session.evidence(under: policy, at: $0.at), $0.at) }
        var random = Seeded(seed)
        func any<Value>(_ piece: KeyPath<SessionEvidence, Value>) -> Value {
            written[Int.random(in: written.indices, using: &random)].0[keyPath: piece]
        }
        let mixed = (0..<count).map { _ in
            let (base, now) = written[Int.random(in: written.indices, using: &random)]
            var evidence = base
            // One piece in four is another's: most sessions stay near a class.
            func mix<Value>(_ piece: WritableKeyPath<SessionEvidence, Value>) {
                if Int.random(in: 0..<4, using: &random) == 0 { evidence[keyPath: piece] = any(piece) }
            }
            mix(\.certificates)
            mix(\.device)
            mix(\.loans)
            mix(\.posture)
            mix(\.user)
            mix(\.approvals)
            mix(\.mfaVerifiedAt)
            mix(\.outer)
            mix(\.country)
            mix(\.scan)
            mix(\.claims)
            // A register is asked about the name that was given.
            evidence.userName = evidence.user?.name ?? evidence.userName
            return (evidence, now)
        }
        return written + mixed
    }

    // MARK: Tests that would notice

    /// Rules are for people to change, and tests say what must not be lost. So none can be lost without a failing test: no
    /// condition of a class or a need of a system dropped, no system opened to a class that does not have it.
    @Test(arguments: written) func noConditionCanBeDroppedUnnoticed(pack: Pack) async throws {
        let policy = try Self.policy(pack)
        for (index, policyClass) in policy.classes.enumerated() {
            for condition in policyClass.conditions {
                await Task.yield()
                var classes = policy.classes
                classes[index] = policyClass.with(
                    conditions: policyClass.conditions.filter { $0 != condition })
                #expect(
                    Self.isNoticed(policy.with(classes: classes)),
                    "\(condition.location): '\(policyClass.name)' without \(condition)")
            }
        }
        for (index, system) in policy.systems.enumerated() {
            for need in system.needs {
                await Task.yield()
                guard !need.isNever else { continue }
                var systems = policy.systems
                systems[index] = system.with(needs: system.needs.filter { $0 != need })
                #expect(
                    Self.isNoticed(policy.with(systems: systems)),
                    "\(need.location): '\(system.name)' without \(need)")
            }
        }
    }

    @Test(arguments: written) func noGrantCanBeWidenedUnnoticed(pack: Pack) async throws {
        let policy = try Self.policy(pack)
        for (index, policyClass) in policy.classes.enumerated() {
            var given: [String] = []
            if case .systems(let names) = policyClass.access { given = names }
            for system in policy.systems where !given.contains(system.name) {
                await Task.yield()
                var classes = policy.classes
                classes[index] = policyClass.with(access: .systems(given + [system.name]))
                let wider = policy.with(classes: classes)
                // What the system asks for itself can shut it to all whom the class takes.
                guard Self.matters(wider, policy, in: policyClass.name) else { continue }
                #expect(Self.isNoticed(wider), "'\(policyClass.name)' with \(system.name)")
            }
        }
    }

    /// Whether a session of the class reaches more than before, among those of the tests and mixtures of them.
    private static func matters(_ wider: Policy, _ policy: Policy, in name: String) -> Bool {
        sessions(of: policy, mixed: 500, seed: 4).contains { evidence, now in
            let before = Classifier.decide(evidence, under: policy, at: now)
            guard before.className == name else { return false }
            return Classifier.decide(evidence, under: wider, at: now).scope != before.scope
        }
    }

    /// A few at a time: the first that fails is enough.
    private static func isNoticed(_ policy: Policy) -> Bool {
        stride(from: 0, to: policy.tests.count, by: 8).contains { first in
            let some = policy.tests[first..<min(first + 8, policy.tests.count)]
            return PolicyTestRunner.run(policy.with(tests: Array(some))).contains { !$0.passed }
        }
    }
}

extension Condition {
    /// Dropped together with the label that makes it.
    fileprivate var isNever: Bool {
        if case .never = test { true } else { false }
    }
}

extension PolicyClass {
    fileprivate func with(conditions: [Condition]? = nil, access: Access? = nil) -> Self {
        Self(
            name: name, conditions: conditions ?? self.conditions, access: access ?? self.access,
            cites: cites, tell: tell, contract: contract, idle: idle, location: location)
    }
}

extension System {
    fileprivate func with(needs: [Condition]) -> Self {
        Self(
            name: name, about: about, addresses: addresses, services: services, label: label, needs: needs,
            location: location)
    }
}

extension Policy {
    /// The same with other classes, systems or tests.
    fileprivate func with(
        classes: [PolicyClass]? = nil, systems: [System]? = nil, tests: [PolicyTest]? = nil
    ) -> Self {
        Self(
            inside: inside, authorities: authorities, systems: systems ?? self.systems,
            classes: classes ?? self.classes, registers: registers, offices: offices,
            tests: tests ?? self.tests)
    }
}
