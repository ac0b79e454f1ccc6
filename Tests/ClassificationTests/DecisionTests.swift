import Classification
import Evidence
import PolicyLanguage
import Sessions
import Testing

/// Decisions under rules that ask for much: until when they are good, to the nanosecond, and what is withheld and why.
@Suite struct DecisionTests {
    /// Monday, 23 November 2026, 14:03:07 UTC.
    private static let now = Instant(secondsSince1970: 1_795_442_587)

    private static func compile(_ classes: String) throws -> Policy {
        let files = [
            "authorities.yaml": """
            authorities:
              corporate: { digest: \(String(repeating: "1", count: 64)) }
              asked: { digest: \(String(repeating: "2", count: 64)), crl: /etc/gatehouse/ca.crl }
            """,
            "systems.yaml": """
            labels:
              open: { remote: freely }
              sensitive: { remote: with-approval }
              secret: { remote: never }
            systems:
              crm: { addresses: [10.10.0.20], services: [tcp/443], label: open }
              files: { addresses: [10.10.0.21], services: [tcp/443], label: sensitive }
              vault: { addresses: [10.10.0.22], services: [tcp/443], label: secret }
              pay:
                addresses: [10.10.0.23]
                services: [tcp/443]
                needs: { mfa: { within: 1h }, posture: { disk-encryption: { within: 2h } }, approval: system }
              portal: { addresses: [10.10.0.90], services: [tcp/443] }
            """,
            "users.yaml": """
            users: { alice: { groups: [staff], steps: [training], acknowledged: 2026-11-01 }, bob: {} }
            """,
            "devices.yaml": """
            devices:
              - { id: lt-1, digest: \(String(repeating: "a", count: 64)), kind: pool, status: in-use,
                  last-on-site: 2026-09-01 }
            """,
            "loans.csv": "reference,device,user,from,until\nL-1,lt-1,alice,2026-11-20,2026-11-24\n",
            "offices.yaml": "offices: { hall: [192.0.2.0/28] }",
            "policy.yaml": "inside: [10.10.0.0/16]\nclasses:\n" + classes,
        ]
        let result = PolicyCompiler.compile(files.map { PackFile(path: $0.key, text: $0.value) }, now: now)
        return try #require(result.policy, "\(DiagnosticRenderer.text(result.diagnostics))")
    }

    private static func decide(
        _ session: SessionDescription, under policy: Policy, at instant: Instant = now,
        _ change: (inout SessionEvidence) -> Void = { _ in }
    ) -> ExplainedDecision {
        var evidence = session.evidence(under: policy, at: now)
        change(&evidence)
        return Classifier.classify(evidence, under: policy, at: instant)
    }

    @Test func signaturesThatTurnADayOldEndTheDecisionAtThatInstant() throws {
        let policy = try Self.compile(
            """
              - { name: full, when: { certificate: corporate, posture: { antivirus: { within: 24h } } }, access: [crm, portal] }
              - { name: remedy, when: { certificate: corporate }, access: portal }
            """)
        let session = SessionDescription(authority: "corporate", user: "alice")
        let made = try #require(TimeText.timestamp("2026-11-22T14:03:07Z"))
        let change = { (evidence: inout SessionEvidence) in
            evidence.posture = Samples.posture { $0.antivirus = .init(made, observedAt: made) }
        }
        let morning = try #require(TimeText.timestamp("2026-11-23T08:00:00Z"))
        let decision = Self.decide(session, under: policy, at: morning, change)
        #expect(decision.className == "full")
        #expect(decision.validUntil?.description == "2026-11-23T14:03:07Z")
        let last = Self.decide(session, under: policy, at: Self.now.before, change)
        #expect(last.className == "full" && last.validUntil == Self.now)
        let then = Self.decide(session, under: policy, at: Self.now, change)
        #expect(then.className == "remedy" && then.validUntil == nil)
    }

    struct Bound: Sendable, CustomTestStringConvertible {
        var ends: String
        /// From now, in seconds.
        var code: Int64 = 3600
        var antivirus: Int64 = 3600
        var acknowledged: Int64 = 3600
        var loan: Int64 = 3600
        var approval: Int64 = 3600
        var testDescription: String { ends }
    }

    /// Of five things that run out, whichever is first ends the decision.
    @Test(arguments: [
        Bound(ends: "the code", code: 60), Bound(ends: "the signatures", antivirus: 60),
        Bound(ends: "the acknowledgement", acknowledged: 60), Bound(ends: "the loan", loan: 60),
        Bound(ends: "the approval", approval: 60), Bound(ends: "all at once"),
    ])
    func theFirstToRunOutEndsTheDecision(_ bound: Bound) throws {
        let policy = try Self.compile(
            """
              - name: full
                when:
                  certificate: corporate
                  device: { loan: this-user }
                  posture: { antivirus: { within: 24h } }
                  mfa: { within: 12h }
                  user: { steps: training, acknowledged: { within: 180d } }
                  approval: remote-working
                access: [crm]
            """)
        let change = { (evidence: inout SessionEvidence) in
            let now = Self.now
            evidence.device = Samples.device()
            evidence.mfaVerifiedAt = now + bound.code - .seconds(43_200)
            let made = now + bound.antivirus - .seconds(86_400)
            evidence.posture = Samples.posture { $0.antivirus = .init(made, observedAt: now) }
            evidence.user?.acknowledgedAt = now + bound.acknowledged - .seconds(180 * 86_400)
            evidence.loans = [
                Loan(reference: "L", device: "lt-1", user: "alice", from: now, until: now + bound.loan)
            ]
            evidence.approvals = [
                Approval(
                    reference: "A", kind: .remoteWorking, user: "alice", approver: "head", from: now,
                    until: now + bound.approval)
            ]
        }
        let session = SessionDescription(authority: "corporate", user: "alice")
        let end = Self.now + (bound.ends == "all at once" ? 3600 : 60)
        for instant in [Self.now, end.before] {
            let decision = Self.decide(session, under: policy, at: instant, change)
            #expect(decision.className == "full")
            #expect(decision.validUntil == end)
        }
        #expect(Self.decide(session, under: policy, at: end, change).outcome == .noClass)
    }

    /// A class that is passed over stays so while its most lasting failure lasts.
    @Test func whatIsMissingBoundsTheDecisionToo() throws {
        let policy = try Self.compile(
            """
              - { name: full, when: { certificate: corporate, approval: remote-working, device: { loan: this-user } }, access: crm }
              - { name: little, when: { certificate: corporate }, access: portal }
            """)
        let session = SessionDescription(authority: "corporate", user: "alice")
        let approval = { (from: Int64) in
            Approval(
                reference: "A", kind: .remoteWorking, user: "alice", approver: "head", from: Self.now + from,
                until: nil)
        }
        let loan = { (from: Int64) in
            Loan(reference: "L", device: "lt-1", user: "alice", from: Self.now + from, until: nil)
        }
        let until = { (approvals: [Approval], loans: [Loan]) in
            let decision = Self.decide(session, under: policy) {
                $0.device = Samples.device()
                $0.approvals = approvals
                $0.loans = loans
            }
            #expect(decision.className == "little")
            return decision.validUntil
        }
        #expect(until([], [loan(60)]) == nil, "without an approval there is nothing to wait for")
        #expect(until([approval(90)], [loan(60)]) == Self.now + 90, "the later of the two")
        #expect(until([approval(0)], [loan(60)]) == Self.now + 60, "the one that is missing")
    }

    @Test func needsAndLabelsAreWithheldWithReasons() throws {
        let policy = try Self.compile(
            "  - { name: staff, when: { certificate: corporate }, access: [crm, files, vault, pay] }\n")
        var session = SessionDescription(
            authority: "corporate", user: "alice", mfaAge: .seconds(7200),
            posture: [.diskEncryption(true, seen: .seconds(600))])
        let approval = Approval(
            reference: "A-7", kind: .system, user: "alice", approver: "head",
            from: Self.now - .seconds(60), until: Self.now + 900, labels: ["sensitive"])
        let without = Self.decide(session, under: policy)
        #expect(without.grants.map(\.system) == ["crm"])
        #expect(without.withheld.map(\.system) == ["files", "vault", "pay"])
        #expect(
            without.withheld.map { $0.findings.map(\.judgement.saw) } == [
                ["no such approval"], ["'secret' is not for remote sessions"],
                ["sight of the disk encryption 10m 0s old", "one-time code 2h 0m old", "no such approval"],
            ])
        session.approvals = [approval]
        let with = Self.decide(session, under: policy)
        #expect(with.grants.map(\.system) == ["crm", "files"])
        #expect(with.grants.map(\.until) == [nil, Self.now + 900])
        #expect(with.validUntil == Self.now + 900)
        let end = Self.decide(session, under: policy, at: Self.now + 900)
        #expect(end.grants.map(\.system) == ["crm"])
        session.approvals.append(
            Approval(
                reference: "A-8", kind: .system, user: "alice", approver: "head", from: Self.now,
                until: Self.now + 600, systems: ["pay"]))
        session.mfaAge = .seconds(3300)
        let all = Self.decide(session, under: policy)
        #expect(all.grants.map(\.until) == [nil, Self.now + 900, Self.now + 300])
        #expect(all.validUntil == Self.now + 300, "the code of the system that asks for a young one")
        #expect(all.withheld.map(\.system) == ["vault"])
    }

    @Test func authoritiesThatMustBeHeard() throws {
        let policy = try Self.compile("  - { name: staff, when: { certificate: asked }, access: crm }\n")
        var session = SessionDescription(authority: "asked", user: "alice")
        #expect(Self.decide(session, under: policy).isAdmitted, "a test's authority answers unless it says")
        for revocation in [SessionDescription.Revocation.revoked, .unknown] {
            session.revocation = revocation
            #expect(Self.decide(session, under: policy).outcome == .noClass)
        }
        session.revocation = nil
        let until = Self.now + 60
        let decision = Self.decide(session, under: policy) { $0.revocation = .good(until: until) }
        #expect(decision.validUntil == until)
        let later = Self.decide(session, under: policy, at: until) { $0.revocation = .good(until: until) }
        #expect(later.outcome == .noClass)
    }

    /// What a test says of a device or a user lies over what the pack says, field by field.
    @Test func describedSessionsLieOverTheRegisters() throws {
        let policy = try Self.compile("  - { name: staff, when: { certificate: corporate }, access: crm }\n")
        var session = SessionDescription(authority: "corporate", device: "lt-1", user: "alice")
        session.deviceFields = ["managed": ["true"], "status": ["lost"]]
        session.userFields = ["steps": ["agreement"]]
        let evidence = session.evidence(under: policy, at: Self.now)
        #expect(evidence.device?.status == .lost && evidence.device?.isManaged == true)
        #expect(evidence.device?.kind == .pool, "as the pack says")
        #expect(evidence.user?.steps == ["agreement"] && evidence.user?.groups == ["staff"])
        #expect(evidence.loans.map(\.reference) == ["L-1"])
        session.device = "lt-9"
        #expect(
            session.evidence(under: policy, at: Self.now).device?.kind == .laptop,
            "a device of the test's own")
        session.deviceFields = [:]
        #expect(session.evidence(under: policy, at: Self.now).device == nil)
    }

    /// What the person is told keeps quiet about certificates; whoever reads the log needs to know.
    @Test func administratorsHearWhatTheNearestClassLacked() throws {
        let policy = try Self.compile(
            """
              - { name: gone, when: { device: lost }, access: none }
              - { name: others, when: { user: bob }, access: crm }
              - { name: full, when: { certificate: corporate, group: staff, mfa: { within: 12h } }, access: crm }
              - { name: plain, when: { certificate: asked, group: staff }, access: crm }
              - { name: visitors, when: { certificate: asked, group: staff, device: retired }, access: crm }
            """)
        var session = SessionDescription(authority: "asked", device: "lt-1", user: "alice")
        session.revocation = .unknown
        let decision = Self.decide(session, under: policy) {
            $0.revocation = .unknown(reason: "the list is overdue")
        }
        #expect(decision.outcome == .noClass && !decision.tell.contains("overdue"))
        #expect(
            decision.obstacle == "nearest class 'plain' needs certificate of asked: the list is overdue")
        let admitted = Self.decide(session, under: policy) { $0.revocation = .good(until: Self.now + 60) }
        #expect(admitted.isAdmitted && admitted.obstacle == nil)
        let lost = Self.decide(session, under: policy) { $0.device?.status = .lost }
        #expect(lost.className == "gone" && lost.obstacle == nil, "the class says it")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let why: String
        var authority = "asked"
        var user = "alice"
        let tell: String
        let change: @Sendable (inout SessionEvidence) -> Void

        var testDescription: String { why }
    }

    /// Overdue lists and withdrawn certificates are what a nurse and her help desk must tell apart from a register that
    /// lacks her laptop.
    @Test(arguments: [
        Refusal(
            why: "the list is overdue",
            tell:
                "This device's certificate cannot be checked at present. Try again later, or call the help desk."
        ) { $0.revocation = .unknown(reason: "overdue") },
        Refusal(
            why: "withdrawn", tell: "This device's certificate was withdrawn. Call the help desk."
        ) { $0.revocation = .revoked(since: now) },
        Refusal(
            why: "withdrawn, and expired since",
            tell: "This device's certificate was withdrawn. Call the help desk."
        ) {
            $0.revocation = .revoked(since: now)
            $0.certificateReport = ours(until: now)
        },
        Refusal(why: "expired", tell: "This device's certificate has expired. Call the help desk.") {
            $0.revocation = .good(until: now + 60)
            $0.certificateReport = ours(until: now)
        },
        Refusal(
            why: "a chain of ours with a fault",
            tell: "This device's certificate is not in order. Call the help desk."
        ) {
            $0.revocation = .good(until: now + 60)
            $0.certificateReport = ours(until: now + 60, problems: ["the leaf is a server's"])
        },
        Refusal(
            why: "a stranger's", tell: "This device is not registered for remote access. Call the help desk."
        ) {
            $0.certificates = Samples.chain(0x77)
            $0.certificateReport = Samples.report(problems: ["no way to an authority"])
        },
        Refusal(
            why: "no certificate",
            tell: "This device is not registered for remote access. Call the help desk."
        ) { $0.certificates = nil },
        Refusal(
            why: "a good one of somebody who may not", user: "bob",
            tell: "Your account is not allowed remote access. Call the help desk."
        ) { $0.revocation = .good(until: now + 60) },
        Refusal(
            why: "another authority's class lacks less", authority: "corporate",
            tell: "A one-time code is needed: log in again with your code."
        ) { _ in },
    ])
    func peopleHearWhatIsTheMatter(_ row: Refusal) throws {
        let policy = try Self.compile(
            """
              - { name: full, when: { certificate: corporate, group: staff, mfa: { within: 12h } }, access: crm }
              - { name: plain, when: { certificate: asked, group: staff }, access: crm }
            """)
        let decision = Self.decide(
            SessionDescription(authority: row.authority, device: "lt-1", user: row.user), under: policy,
            row.change)
        #expect(decision.outcome == .noClass)
        #expect(decision.tell == row.tell)
    }

    private static func ours(until: Instant, problems: [String] = []) -> CertificateReport {
        var report = Samples.report(from: now - .seconds(60), until: until, problems: problems)
        report.anchor = Samples.digest(0x22)
        return report
    }

    /// A class that shuts out also takes those of whom it cannot tell: nobody is told that he is what it is about.
    @Test func aClassThatCannotTellSaysSo() throws {
        let policy = try Self.compile(
            """
              - { name: barred, when: { certificate: asked, group: staff }, access: none, tell: Staff are barred. }
              - { name: full, when: { certificate: asked }, access: crm }
            """)
        let session = SessionDescription(authority: "asked", device: "lt-1", user: "alice")
        let decision = Self.decide(session, under: policy) { $0.revocation = .unknown(reason: "overdue") }
        #expect(decision.outcome == .refusedByClass && decision.tell.contains("cannot be checked"))
        let barred = Self.decide(session, under: policy) { $0.revocation = .good(until: Self.now + 60) }
        #expect(barred.tell == "Staff are barred.")
    }

    @Test func administratorsHearWhatTheFirstSystemLacked() throws {
        let policy = try Self.compile("  - { name: full, when: { certificate: corporate }, access: pay }\n")
        let decision = Self.decide(
            SessionDescription(authority: "corporate", user: "alice"), under: policy)
        #expect(decision.outcome == .nothingGranted)
        #expect(
            decision.obstacle
                == "'pay' needs disk encryption on, seen within 2h: disk encryption never reported; "
                + "one-time code within 1h: no one-time code; approval of system pay: no such approval")
    }

    /// An authority that is named like ours is no help; what it stands below is.
    @Test func aChainThatEndsElsewhereIsShownByBothEnds() throws {
        let policy = try Self.compile("  - { name: full, when: { certificate: corporate }, access: crm }\n")
        let decision = Self.decide(
            SessionDescription(authority: "corporate", user: "alice"), under: policy
        ) { $0.certificates = Samples.chain(0x77, 0x78, 0x79) }
        #expect(
            decision.obstacle
                == "nearest class 'full' needs certificate of corporate: issued by CN=CA 119, below CN=CA 121"
        )
    }
}
