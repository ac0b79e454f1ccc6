import PolicyLanguage
import Sessions
import Testing

/// What a pack says of the gateway as a whole, and which clauses that serves.
struct SettingsTests {
    private static func compile(
        _ settings: String, clauses: String? = nil
    ) -> (policy: Policy?, diagnostics: [Diagnostic]) {
        var files = [PackFile(path: "policy.yaml", text: "inside: [10.10.0.0/16]\nclasses: []\n" + settings)]
        if let clauses { files.append(PackFile(path: "clauses.yaml", text: clauses)) }
        return PolicyCompiler.compile(files, now: Packs.now)
    }

    private static func settings(_ text: String) throws -> Settings {
        let result = compile(text)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        return try #require(result.policy).settings
    }

    /// Every setting by its name, in the words of the files.
    private static func words(_ text: String) throws -> [Setting: [String]] {
        let settings = try settings(text)
        return Dictionary(uniqueKeysWithValues: Setting.allCases.map { ($0, settings.words(of: $0)) })
            .filter { !$1.isEmpty }
    }

    /// What follows where nothing is said: nothing is recorded, and nothing is asked of a change.
    private static let unsaid: [Setting: [String]] = [
        .monitoringFlows: ["off"], .monitoringPseudonymous: ["false"], .changesReference: ["optional"],
    ]

    struct Form: Sendable, CustomTestStringConvertible {
        var written: String
        var words: [Setting: [String]]
        var testDescription: String { written }

        init(_ written: String, _ words: [Setting: [String]]) {
            self.written = written
            self.words = words
        }
    }

    @Test(arguments: [
        Form("", [:]),
        Form("review-by: 2027-09-01", [.reviewBy: ["2027-09-01"]]),
        Form("review-by: { date: 2027-09-01, cites: [review] }", [.reviewBy: ["2027-09-01"]]),
        Form("idle: 1800s", [.idle: ["30m"]]), Form("idle: { after: 30m, cites: review }", [.idle: ["30m"]]),
        Form("monitoring: { flows: off }", [:]),
        Form(
            "monitoring: { flows: off, dpia: D-7, retention: 24h }",
            [.monitoringDPIA: ["D-7"], .monitoringRetention: ["1d"]]),
        Form(
            "monitoring: { flows: on, dpia: D-7, approved-by: Erin Ek, retention: 30d, pseudonymous: yes }",
            [
                .monitoringFlows: ["on"], .monitoringDPIA: ["D-7"], .monitoringApprovedBy: ["Erin Ek"],
                .monitoringRetention: ["30d"], .monitoringPseudonymous: ["true"],
            ]),
        Form(
            "audit: { retention: 730d, spot-checks: { every: 30d, sample: 5 } }",
            [.auditRetention: ["730d"], .auditSpotChecksEvery: ["30d"], .auditSpotChecksSample: ["5"]]),
        Form("audit: { cites: [review] }", [:]),
        Form("incidents: { alert: [spoofing, scan] }", [.incidentsAlert: ["scan", "spoofing"]]),
        Form("incidents: { alert: cut-abroad }", [.incidentsAlert: ["cut-abroad"]]),
        Form(
            "changes: { reference: required, confirm-within: 600s }",
            [.changesReference: ["required"], .changesConfirmWithin: ["10m"]]),
        Form("changes: { confirm-within: 10m }", [.changesConfirmWithin: ["10m"]]),
        Form(
            "always: { no-inbound: [b, a], full-tunnel: c }",
            [.alwaysNoInbound: ["a", "b"], .alwaysFullTunnel: ["c"]]),
    ])
    func areWhatWasWritten(form: Form) throws {
        // "yes" is no truth value here.
        let written = form.written.replacing("pseudonymous: yes", with: "pseudonymous: true")
        #expect(try Self.words(written) == Self.unsaid.merging(form.words) { $1 })
    }

    @Test func everyProtectionHasASetting() {
        let named = Setting.allCases.compactMap(\.protection)
        #expect(named == Settings.Protection.allCases)
        #expect(
            Setting.allCases.filter { $0.protection == nil }.allSatisfy { !$0.rawValue.hasPrefix("always") })
    }

    @Test func theReviewIsDueWhenItsDayIsOver() throws {
        let settings = try Self.settings("review-by: { date: 2027-09-01 }")
        #expect(settings.review?.dueAt == TimeText.timestamp("2027-09-02T00:00:00Z"))
        for (day, isLate) in [("2026-11-20", true), ("2026-11-21", false)] {
            for written in [day, "{ date: \(day) }"] {
                let result = Self.compile("review-by: \(written)")
                #expect(result.diagnostics.map(\.id) == (isLate ? [.reviewOverdue] : []))
                #expect(result.policy != nil)
            }
        }
    }

    @Test func theIdleTimeIsThatOfClassesInEitherForm() throws {
        for written in ["30m", "{ after: 30m }"] {
            let files = [
                "policy.yaml": """
                inside: [10.10.0.0/16]
                idle: \(written)
                classes: [{ name: one, when: { certificate: corporate }, access: none }]
                """,
                "authorities.yaml":
                    "authorities: { corporate: { digest: \(String(repeating: "1", count: 64)) } }",
            ].map { PackFile(path: $0.key, text: $0.value) }
            let policy = try #require(PolicyCompiler.compile(files, now: Packs.now).policy)
            #expect(policy.idle == .seconds(1800) && policy.classes.map(\.idle) == [.seconds(1800)])
            #expect(policy.restsOnObservation)
        }
    }

    /// An assessment, an approval and an end: each is asked for by itself.
    @Test(
        arguments: [
            ("dpia: D-7, approved-by: Erin, retention: 30d", []),
            ("approved-by: Erin, retention: 30d", ["dpia"]), ("dpia: D-7, retention: 30d", ["approved-by"]),
            ("dpia: D-7, approved-by: Erin", ["retention"]),
            ("pseudonymous: true", ["dpia", "approved-by", "retention"]),
        ] as [(String, [String])])
    func flowsAreRecordedOnlyWhereThatWasApproved(written: String, missing: [String]) {
        let result = Self.compile("monitoring: { flows: on, \(written) }")
        #expect((result.policy == nil) == !missing.isEmpty)
        #expect(result.diagnostics.map(\.id) == missing.map { _ in .missingKey })
        #expect(
            Set(result.diagnostics.map(\.message)) == Set(missing.map { "recording flows needs '\($0)'" }))
        #expect(Self.compile("monitoring: { flows: off, \(written) }").policy != nil)
    }

    @Test(arguments: [
        "monitoring: { flows: on, dpia: '', approved-by: Erin, retention: 30d }",
        "monitoring: { flows: on, dpia: D-7, approved-by: , retention: 30d }",
        "monitoring: { flows: on, dpia: D-7, approved-by: Erin, retention: 367d }",
        "monitoring: { flows: on, dpia: D-7, approved-by: Erin, retention: 59m }",
        "monitoring: { dpia: D-7, approved-by: Erin, retention: 30d }",
        "audit: { retention: 23h }", "audit: { retention: 3661d }", "audit: { spot-checks: { every: 30d } }",
        "audit: { spot-checks: { every: 30d, sample: 1001 } }",
        "audit: { spot-checks: { every: 30d, sample: +5 } }",
        "audit: { spot-checks: { every: 1h, sample: 5 } }",
        "changes: { confirm-within: 59s }", "changes: { confirm-within: 25h }", "incidents: { }",
        "incidents: { alert: [] }", "always: [no-inbound]", "always: { no-inbound: }",
    ])
    func whatIsOutOfProportionDoesNotCompile(written: String) {
        #expect(Self.compile(written).policy == nil)
    }

    // MARK: Clauses

    private static let everything = """
        review-by: { date: 2027-09-01, cites: [c1] }
        idle: { after: 30m, cites: [c2] }
        monitoring: { flows: off, cites: c3 }
        audit: { retention: 730d, spot-checks: { every: 30d, sample: 5, cites: [c4] }, cites: [c5] }
        incidents: { alert: scan, cites: [c6] }
        changes: { reference: required, cites: [c7, c1] }
        always: { no-inbound: [c8], full-tunnel: [c8, c9] }
        """

    @Test func everyCitationHasASourceAndAPlace() throws {
        let policy = try #require(Self.compile(Self.everything).policy)
        let found = policy.everyCitation.mapValues {
            $0.map { "\($0.source) at \($0.location.line):\($0.location.column)" }
        }
        #expect(
            found == [
                "c1": ["setting 'review-by' at 3:1", "setting 'changes' at 8:1"],
                "c2": ["setting 'idle' at 4:1"],
                "c3": ["setting 'monitoring' at 5:1"], "c4": ["setting 'audit.spot-checks' at 6:27"],
                "c5": ["setting 'audit' at 6:1"], "c6": ["setting 'incidents' at 7:1"],
                "c7": ["setting 'changes' at 8:1"],
                "c8": ["setting 'always.no-inbound' at 9:11", "setting 'always.full-tunnel' at 9:29"],
                "c9": ["setting 'always.full-tunnel' at 9:29"],
            ])
        #expect(policy.everyCitation.values.joined().allSatisfy { $0.isRule })
    }

    @Test func everyCitationIsChecked() throws {
        let known = (1...9).map { "  c\($0): { title: One }\n" }.joined()
        #expect(Self.compile(Self.everything, clauses: "clauses:\n" + known).diagnostics.isEmpty)
        let result = Self.compile(Self.everything, clauses: "clauses: { other: { title: Another } }")
        #expect(
            result.policy == nil
                && result.diagnostics.map(\.id) == Array(repeating: .undefinedClause, count: 11))
    }

    @Test func classesAndTestsCiteTooAndTestsAreNoRules() throws {
        let policy = try #require(Packs.compile(try Packs.bytes(in: Packs.standard)).policy)
        let sources = try #require(policy.everyCitation["malware"])
        #expect(
            sources.filter(\.isRule).map(\.source) == [
                .setting("incidents"), .setting("always.no-session-to-session"), .policyClass("scanning"),
                .policyClass("quarantine"),
            ])
        #expect(
            sources.filter { !$0.isRule }.map(\.location.file)
                == ["tests/settings.yaml", "tests/staff.yaml", "tests/vendors.yaml"])
        for (clause, citations) in policy.everyCitation {
            #expect(citations.allSatisfy { $0.clause == clause })
            #expect(citations.map(\.location) == citations.map(\.location).sorted())
        }
    }
}
