import Classification
import PolicyLanguage
import Testing

/// What a pack's own tests find.
struct PolicyTestRunnerTests {
    private static func results(_ policy: String, _ tests: String) throws -> [PolicyTestResult] {
        let files = [
            "policy.yaml": "inside: [10.10.0.0/16]\n" + policy,
            "authorities.yaml":
                "authorities: { corporate: { digest: \(String(repeating: "1", count: 64)) } }",
            "systems.yaml": "systems: { crm: { addresses: [10.10.0.20], services: [tcp/443] } }",
            "tests/all.yaml": "tests:\n" + tests,
        ]
        let result = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: Samples.now)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        return PolicyTestRunner.run(try #require(result.policy))
    }

    private static let staff = """
        classes: [{ name: staff, when: { certificate: corporate }, access: crm }]

        """

    /// An administrator's hold comes before every class.
    @Test func whoeverIsWithdrawnReachesNothing() throws {
        let results = try Self.results(
            Self.staff,
            """
              - name: a person whose remote work was withdrawn
                at: 2026-11-23T10:00:00Z
                session: { certificate: corporate, user: alice }
                each:
                  - { as: before, class: staff, reaches: crm }
                  - { as: after, with: { withdrawn: true }, class: none, refused: crm, because: withdrawn }
                  - { as: wrongly, with: { withdrawn: true }, class: staff, reaches: crm }
            """)
        #expect(results.map(\.passed) == [true, true, false])
        #expect(results.last?.failures.first == "expected class staff, got none")
    }

    @Test(
        arguments: [
            ("", "monitoring.flows", "off", nil), ("", "changes.reference", "optional", nil),
            ("", "audit.retention", "none", nil), ("", "always.no-inbound", "none", nil),
            (
                "monitoring: { flows: on, dpia: D-1, approved-by: E, retention: 30d }", "monitoring.flows",
                "off",
                "expected monitoring.flows to be off, found on"
            ),
            ("audit: { retention: 730d }", "audit.retention", "17520h", nil),
            (
                "audit: { retention: 730d }", "audit.retention", "729d",
                "expected audit.retention to be 729d, found 730d"
            ),
            ("", "audit.retention", "730d", "expected audit.retention to be 730d, found none"),
            (
                "incidents: { alert: [scan, spoofing] }", "incidents.alert", "scan",
                "expected incidents.alert to be scan, found scan, spoofing"
            ),
            ("incidents: { alert: [scan, spoofing] }", "incidents.alert", "[spoofing, scan]", nil),
            (
                "always: { no-inbound: c1 }", "always.no-inbound", "none",
                "expected always.no-inbound to be none, found c1"
            ),
            ("review-by: { date: 2027-09-01 }", "review-by", "2027-09-01", nil),
        ] as [(String, String, String, String?)])
    func settingsAreHeldAgainstWhatIsExpected(
        written: String, setting: String, expected: String, failure: String?
    ) throws {
        let results = try Self.results(
            Self.staff + written, "  - { name: one, setting: \(setting), is: \(expected) }")
        #expect(results.map(\.failures) == [[failure].compactMap(\.self)])
    }
}
