import Classification
import Evidence
import FlowSpace
import NetworkTypes
import PolicyLanguage
import PolicyProof
import Sessions
import TestSupport
import Testing

/// The prover against sessions of a small world, looked at one by one: where it says that a property holds, no session is
/// found for which it does not; and what it shows is so.
@Suite(.timeLimit(.minutes(30)))
struct BruteForceTests {
    private static let conditions = [
        "certificate: corporate", "certificate: [corporate, third-party]", "certificate: third-party",
        "device: in-use", "device: [lost, stolen]", "device: { kind: [laptop, pool] }",
        "device: { kind: personal }",
        "device: { managed: true }", "device: { owner: this-user }", "mfa: { within: 1h }",
        "mfa: { within: 8h }",
        "user: alice", "user: [alice, bob]", "group: staff", "group: [staff, guests]",
        "user: { steps: [training] }",
        "country: GB", "country: [GB, FR]", "office: hall", "approval: travel", "approval: remote-working",
        "posture: { antivirus: { within: 24h } }", "posture: { firewall: on }", "organisation: Civica UK",
        "hours: { days: mon-fri, from: \"08:00\", to: \"18:00\", zone: Europe/London }",
    ]

    private static func randomClass(_ number: Int, by random: inout Seeded) -> String {
        var keys: Set<Substring> = []
        let chosen = conditions.shuffled(using: &random).prefix(Int.random(in: 0..<4, using: &random))
            .filter { keys.insert($0.prefix { $0 != ":" }).inserted }
        let access =
            ["none", "portal", "crm", "[crm, portal]", "[crm, dns, portal]", "[portal, db]", "[hr, portal]"]
            .randomElement(using: &random) ?? "none"
        return "  - { name: c\(number), when: { \(chosen.joined(separator: ", ")) }, access: \(access) }\n"
    }

    /// Where it says that less never reaches more, less never does.
    @Test(arguments: [UInt64(41), 42, 43])
    func lessNeverReachesMore(seed: UInt64) async throws {
        var world = World(random: Seeded(seed))
        var (sound, broken, undecided) = (0, 0, 0)
        for round in 0..<60 {
            await Task.yield()
            let classes = (0..<4).map { Self.randomClass($0, by: &world.random) }.joined()
            guard let policy = Packs.compile(classes).policy else { continue }
            let proof = Prover(policy, from: Packs.now).prove(.evidence)
            switch proof.outcome {
            case .holds:
                sound += 1
                for _ in 0..<300 {
                    let session = world.session()
                    let evidence = session.evidence(under: policy, at: Packs.now)
                    let reach = Self.reach(evidence, policy)
                    for less in session.lessByOne {
                        let gained = Self.reach(less.evidence(under: policy, at: Packs.now), policy)
                            .subtracting(reach)
                        #expect(
                            gained.isEmpty,
                            "seed \(seed), round \(round): \(session)\nwith less: \(less)\n\(classes)")
                    }
                }
            case .fails(let examples):
                broken += 1
                #expect(examples.allSatisfy { $0.session != nil && $0.packet != nil })
            case .undecided(let why):
                Issue.record("seed \(seed), round \(round): \(why)\n\(classes)")
                undecided += 1
            case .notStated: undecided += 1
            }
        }
        #expect(
            sound > 5 && broken > 5 && undecided == 0,
            "\(sound) sound, \(broken) broken, \(undecided) undecided")
    }

    /// A class that is said to be in shadow is nobody's.
    @Test(arguments: [UInt64(51), 52])
    func whatIsInShadowIsNobodys(seed: UInt64) async throws {
        var world = World(random: Seeded(seed))
        var shadows = 0
        for round in 0..<60 {
            await Task.yield()
            let classes = (0..<5).map { Self.randomClass($0, by: &world.random) }.joined()
            guard let policy = Packs.compile(classes).policy else { continue }
            let proof = Prover(policy, from: Packs.now).prove(.shadowed)
            let shadowed = Set(proof.counterexamples.map(\.location))
            shadows += shadowed.count
            for _ in 0..<300 {
                let evidence = world.session().evidence(under: policy, at: Packs.now)
                let decision = Classifier.decide(evidence, under: policy, at: Packs.now)
                let location = decision.className.flatMap { policy.policyClass(named: $0)?.location }
                #expect(
                    location.map { !shadowed.contains($0) } ?? true,
                    "seed \(seed), round \(round)\n\(classes)")
            }
            if case .undecided(let why) = proof.outcome {
                Issue.record("seed \(seed), round \(round): \(why)")
            }
        }
        #expect(shadows > 10, "\(shadows)")
    }

    /// Where nobody is said to reach a system without a code, nobody does.
    @Test(arguments: [UInt64(61), 62])
    func withoutACodeNobodyReachesMore(seed: UInt64) async throws {
        var world = World(random: Seeded(seed))
        var sound = 0
        for round in 0..<60 {
            await Task.yield()
            let classes = (0..<3).map { Self.randomClass($0, by: &world.random) }.joined()
            let (policy, _) = Packs.compile(classes, properties: "without-mfa: [portal, dns]")
            guard let policy else { continue }
            let proof = Prover(policy, from: Packs.now).prove(.oneFactor)
            guard proof.holds else { continue }
            sound += 1
            for _ in 0..<300 {
                var session = world.session()
                session.mfaAge = nil
                let evidence = session.evidence(under: policy, at: Packs.now)
                let scope = Classifier.decide(evidence, under: policy, at: Packs.now).scope
                #expect(
                    Set(scope.systems).isSubset(of: ["portal", "dns"]),
                    "seed \(seed), round \(round)\n\(classes)")
            }
        }
        #expect(sound > 5, "\(sound)")
    }

    private static func reach(_ evidence: SessionEvidence, _ policy: Policy) -> FlowSpace {
        Classifier.decide(evidence, under: policy, at: Packs.now).flowSpace(under: policy)
    }

    /// Sessions of few kinds, so that they often meet.
    struct World {
        var random: Seeded

        private mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &random)]
        }

        mutating func session() -> SessionDescription {
            var session = SessionDescription()
            session.authority = pick([nil, "corporate", "third-party"])
            if session.authority != nil {
                session.organisation = pick([nil, "Civica UK", "Council"])
                let status = pick([nil, "in-use", "lost", "returned"])
                if let status {
                    session.device = "d"
                    session.deviceFields = [
                        "status": [status], "kind": [pick(["laptop", "pool", "personal"])],
                    ]
                    if let managed = pick([nil, "true", "false"]) {
                        session.deviceFields["managed"] = [managed]
                    }
                    if let owner = pick([nil, "alice", "bob"]) { session.deviceFields["owner"] = [owner] }
                    if pick([true, false]) {
                        session.posture.append(.antivirus(age: pick([.seconds(60), .seconds(90_000)])))
                    }
                    if pick([true, false]) {
                        session.posture.append(.firewall(pick([true, false]), seen: .seconds(60)))
                    }
                }
            }
            session.user = pick(["", "alice", "bob", "mallory"])
            session.mfaAge = pick([nil, .seconds(60), .seconds(7200), .seconds(40_000)])
            if pick([true, false]) {
                session.outer = IPAddress(pick(["192.0.2.1", "198.51.100.1"]))
                session.country = pick([nil, "GB", "FR", "NZ"]).flatMap { CountryCode($0) }
            }
            if !session.user.isEmpty, pick([true, false]) {
                session.approvals = [
                    Approval(
                        reference: "A-1", kind: pick([.travel, .remoteWorking]), user: session.user,
                        approver: "head",
                        from: Instant(secondsSince1970: 0), until: nil,
                        countries: Set(["FR", "NZ"].compactMap { CountryCode($0) }))
                ]
            }
            return session
        }
    }
}

extension SessionDescription {
    /// This without one piece of it, in every way.
    fileprivate var lessByOne: [SessionDescription] {
        var result: [SessionDescription] = []
        func without(_ change: (inout SessionDescription) -> Void) {
            var less = self
            change(&less)
            if less != self { result.append(less) }
        }
        without {
            $0.authority = nil
            $0.organisation = nil
            $0.device = nil
            $0.deviceFields = [:]
            $0.posture = []
        }
        without { $0.organisation = nil }
        without {
            $0.device = nil
            $0.deviceFields = [:]
            $0.posture = []
        }
        without { $0.deviceFields["managed"] = nil }
        without { $0.deviceFields["owner"] = nil }
        for index in posture.indices { without { $0.posture.remove(at: index) } }
        without {
            $0.user = ""
            $0.approvals = []
        }
        without { $0.mfaAge = nil }
        without { $0.mfaAge = $0.mfaAge.map { $0 + .seconds(30_000) } }
        without {
            $0.outer = nil
            $0.country = nil
        }
        without { $0.country = nil }
        without { $0.approvals = [] }
        return result
    }
}
