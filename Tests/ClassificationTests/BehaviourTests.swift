import Classification
import Evidence
import FlowSpace
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// What was seen of a session: what it does to the class, how long, and that it never gains anything.
@Suite struct BehaviourTests {
    private static let now = Instant(secondsSince1970: 1_795_255_200)

    private static let files = [
        "authorities.yaml": """
        authorities:
          corporate: { digest: \(String(repeating: "1", count: 64)) }
          third-party: { digest: \(String(repeating: "2", count: 64)) }
        """,
        "systems.yaml": """
        systems:
          crm: { addresses: [10.10.0.20], services: [tcp/443] }
          dns: { addresses: [10.10.0.53], services: [udp/53] }
          portal: { addresses: [10.10.0.90], services: [tcp/443] }
        """,
        "users.yaml": "users: { alice: { groups: [staff] }, bob: { groups: [staff, finance] }, carol: {} }",
    ]

    private static func compile(_ classes: String) -> (policy: Policy?, diagnostics: [Diagnostic]) {
        let policy = "inside: [10.10.0.0/16]\nclasses:\n" + classes
        let all = files.merging(["policy.yaml": policy]) { $1 }
        return PolicyCompiler.compile(all.map { PackFile(path: $0.key, text: $0.value) }, now: now)
    }

    private static let quarantine = """
          - { name: out, when: { behaviour: { scanning: { within: 8h } }, group: finance }, access: none }
          - { name: quarantine, when: { certificate: corporate, behaviour: scanning }, access: portal }
          - { name: full, when: { certificate: corporate }, access: [crm, portal] }
        """

    // MARK: The condition

    struct Case: Sendable, CustomTestStringConvertible {
        var why: String
        var user = "alice"
        /// Seconds before now; nil for not seen.
        var age: Int64?
        var isOwn = false
        var expected: String?
        /// Seconds from now; nil for never.
        var until: Int64?
        var testDescription: String { why }
    }

    @Test(arguments: [
        Case(why: "nothing was seen", expected: "full"),
        Case(why: "seen in this session", age: 0, isOwn: true, expected: "quarantine"),
        Case(
            why: "seen in this session, long ago: not forgotten while it lives", age: 90_000, isOwn: true,
            expected: "quarantine"),
        Case(why: "seen before a step back of the clock", age: -600, isOwn: true, expected: "quarantine"),
        Case(why: "seen in another session just now", age: 0, expected: "quarantine", until: 3600),
        Case(why: "just young enough", age: 3599, expected: "quarantine", until: 1),
        Case(why: "just too old", age: 3600, expected: "full"),
        Case(why: "a longer memory in another class", user: "bob", age: 3600, expected: "out", until: 25_200),
        Case(why: "both classes' memories are over", user: "bob", age: 28_800, expected: "full"),
        Case(why: "its end bounds what follows", user: "bob", age: 3599, expected: "out", until: 25_201),
    ])
    func classes(_ row: Case) throws {
        let policy = try #require(Self.compile(Self.quarantine).policy)
        var evidence = SessionDescription(authority: "corporate", user: row.user)
            .evidence(under: policy, at: Self.now)
        evidence.scan = row.age.map {
            ScanSighting(seenAt: Self.now - .seconds($0), destinations: 70, isOwn: row.isOwn)
        }
        let decision = Classifier.classify(evidence, under: policy, at: Self.now)
        #expect(decision.className == row.expected)
        #expect(decision.validUntil == row.until.map { Self.now + .seconds($0) })
    }

    @Test func decisionsSayTheIdleTimeOfTheirClass() throws {
        let classes = "  - { name: one, when: { certificate: corporate }, access: crm, idle: 15m }\n"
        let policy = try #require(Self.compile(classes).policy)
        let evidence = SessionDescription(authority: "corporate").evidence(under: policy, at: Self.now)
        #expect(Classifier.classify(evidence, under: policy, at: Self.now).idle == .seconds(900))
        #expect(Classifier.classify(SessionEvidence(), under: policy, at: Self.now).idle == nil)
    }

    // MARK: Words

    @Test func thePersonHearsWhatWasSeen() throws {
        let policy = try #require(Self.compile(Self.quarantine).policy)
        for (user, isAdmitted) in [("alice", true), ("bob", false)] {
            let description = SessionDescription(authority: "corporate", user: user, scan: .inThisSession)
            let decision = Classifier.classify(
                description.evidence(under: policy, at: Self.now), under: policy, at: Self.now)
            #expect(decision.isAdmitted == isAdmitted)
            #expect(decision.tell == "This device was seen scanning the network. Call the help desk.")
        }
    }

    @Test func theAdministratorHearsWhereAndWhen() throws {
        let policy = try #require(Self.compile(Self.quarantine).policy)
        let saw = { (scan: SessionDescription.Scan?) in
            let description = SessionDescription(authority: "corporate", user: "alice", scan: scan)
            return Classifier.classify(
                description.evidence(under: policy, at: Self.now), under: policy, at: Self.now
            ).findings[1].findings[1].judgement.saw
        }
        #expect(saw(nil) == "not seen scanning")
        #expect(saw(.inThisSession) == "seen scanning 0s ago")
        #expect(
            saw(.earlier(ago: .seconds(150)))
                == "seen scanning 2m 30s ago, in another session of this device or person")
    }

    @Test func nobodyIsAdvisedToScan() throws {
        let classes = """
              - { name: quarantine, when: { certificate: corporate, behaviour: scanning, mfa: { within: 1h } }, access: portal }
              - { name: full, when: { certificate: corporate, mfa: { within: 1h } }, access: [crm, portal] }
            """
        let policy = try #require(Self.compile(classes).policy)
        let evidence = SessionDescription(authority: "corporate").evidence(under: policy, at: Self.now)
        let tell = Classifier.classify(evidence, under: policy, at: Self.now).tell
        #expect(tell == "A one-time code is needed: log in again with your code.")
    }

    // MARK: It never gains

    private static let conditions = [
        "certificate: corporate", "certificate: [corporate, third-party]", "device: in-use",
        "device: [lost, stolen]", "mfa: { within: 1h }", "user: alice", "user: [alice, bob]", "group: staff",
    ]

    private static func randomClass(_ number: Int, by random: inout Seeded) -> String {
        var keys: Set<Substring> = []
        var chosen = conditions.shuffled(using: &random).prefix(Int.random(in: 0..<3, using: &random))
            .filter { keys.insert($0.prefix { $0 != ":" }).inserted }
        if number < 3, Bool.random(using: &random) { chosen.append("behaviour: scanning") }
        let access =
            ["none", "portal", "crm", "[crm, portal]", "[crm, dns, portal]"]
            .randomElement(using: &random) ?? "none"
        return "  - { name: c\(number), when: { \(chosen.joined(separator: ", ")) }, access: \(access) }\n"
    }

    /// Every session of a small world, with nothing seen.
    private static func everybody(_ policy: Policy) -> [SessionEvidence] {
        let statuses: [DeviceStatus?] = [nil, .inUse, .lost]
        return [nil, "corporate", "third-party"].flatMap { authority in
            statuses.flatMap { status in
                ["alice", "bob", "carol", "stranger"].flatMap { user in
                    [nil, Duration.seconds(60)].map { age in
                        var evidence = SessionDescription(authority: authority, user: user, mfaAge: age)
                            .evidence(under: policy, at: now)
                        evidence.device = status.flatMap { status in
                            CertificateDigest(bytes: Array(repeating: 7, count: 32))
                                .map { DeviceRecord(id: "d", certificate: $0, status: status) }
                        }
                        return evidence
                    }
                }
            }
        }
    }

    /// Of whatever pack compiles: who is seen scanning reaches nothing that it would not reach otherwise.
    @Test(arguments: [UInt64(31), 32])
    func scanningNeverGains(seed: UInt64) async throws {
        var random = Seeded(seed)
        var loaded = 0
        var quarantined = 0
        for round in 0..<200 {
            // There are as many threads as cores, and others wait for one.
            await Task.yield()
            let classes = (0..<5).map { Self.randomClass($0, by: &random) }.joined()
            let result = Self.compile(classes)
            guard let policy = result.policy else {
                #expect(result.diagnostics.allSatisfy { $0.severity == .warning || $0.id == .behaviourGains })
                continue
            }
            guard policy.restsOnObservation else { continue }
            loaded += 1
            for less in Self.everybody(policy) {
                var more = less
                more.scan = ScanSighting(seenAt: Self.now, destinations: 70, isOwn: true)
                let before = Classifier.classify(less, under: policy, at: Self.now)
                let after = Classifier.classify(more, under: policy, at: Self.now)
                let isNoGain = after.flowSpace(under: policy).isSubset(of: before.flowSpace(under: policy))
                #expect(isNoGain, "seed \(seed), round \(round): \(less)\n\(classes)")
                if after.className != before.className, after.isAdmitted { quarantined += 1 }
            }
        }
        #expect(loaded > 30 && quarantined > 30, "\(loaded) loaded, \(quarantined) quarantined")
    }
}
