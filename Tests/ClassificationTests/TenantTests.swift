import Classification
import Evidence
import PolicyLanguage
import Sessions
import Testing

/// Systems of several organisations behind one gateway.
@Suite struct TenantTests {
    /// Monday, 23 November 2026, 14:03:07 UTC.
    private static let now = Instant(secondsSince1970: 1_795_442_587)

    private static func policy() throws -> Policy {
        let files = [
            "authorities.yaml":
                "authorities: { corporate: { digest: \(String(repeating: "1", count: 64)) } }",
            "policy.yaml": """
            inside: [10.10.0.0/16, "fd10:10::/32"]
            tenants:
              boston: { about: The borough, organisation: Boston, mfa: { within: 8h }, cites: [tenants] }
              holland: { organisation: South Holland, mfa: { within: 1h } }
            classes:
              - { name: staff, when: { certificate: corporate, mfa: { within: 12h } }, access: [tax, planning, crm] }
            """,
            "systems.yaml": """
            systems:
              tax: { addresses: [10.10.0.20, "fd10:10::20"], services: [tcp/443], tenant: boston }
              planning: { addresses: [10.10.0.21, "fd10:10::21"], services: [tcp/443], tenant: holland }
              crm: { addresses: [10.10.0.22, "fd10:10::22"], services: [tcp/443] }
            """,
            "devices.yaml": """
            devices:
              - { id: boston-1, digest: \(String(repeating: "a", count: 64)), kind: laptop, status: in-use,
                  organisation: Boston }
              - { id: psps-1, digest: \(String(repeating: "b", count: 64)), kind: laptop, status: in-use }
            """,
        ]
        let result = PolicyCompiler.compile(files.map { PackFile(path: $0.key, text: $0.value) }, now: now)
        return try #require(result.policy, "\(DiagnosticRenderer.text(result.diagnostics))")
    }

    struct Example: Sendable, CustomTestStringConvertible {
        var why: String
        var device: String?
        var codes: [String: Duration]
        var reaches: [String]
        /// From now.
        var until: Duration

        init(
            _ why: String, _ device: String?, _ codes: [String: Duration] = [:], _ reaches: [String],
            until: Duration
        ) {
            self.why = why
            self.device = device
            self.codes = codes
            self.reaches = reaches
            self.until = until
        }

        var testDescription: String { why }
    }

    private static let hour = Duration.seconds(3600)

    @Test(arguments: [
        Example("nobody's device", "psps-1", [:], ["crm"], until: hour * 12),
        Example("a tenant's own device", "boston-1", [:], ["crm", "tax"], until: hour * 12),
        Example("a code of a tenant", "psps-1", ["boston": hour], ["crm", "tax"], until: hour * 7),
        Example(
            "codes of both", "psps-1", ["boston": hour, "holland": .zero], ["crm", "planning", "tax"],
            until: hour),
        Example(
            "a tenant's device, and a code of another", "boston-1", ["holland": hour / 2],
            ["crm", "planning", "tax"], until: hour / 2),
        Example("a code that has just ended", "psps-1", ["holland": hour], ["crm"], until: hour * 12),
        Example(
            "no device that is known", nil, ["boston": .zero, "holland": .zero], ["crm"], until: hour * 12),
    ])
    func systemsAreOpenToTheirOwn(example: Example) throws {
        let policy = try Self.policy()
        let session = SessionDescription(
            authority: "corporate", device: example.device, user: "alice", mfaAge: .zero,
            tenantMFAAges: example.codes)
        let evidence = session.evidence(under: policy, at: Self.now)
        let decision = Classifier.classify(evidence, under: policy, at: Self.now)
        #expect(decision.scope.systems == example.reaches)
        #expect(decision.decision == Classifier.decide(evidence, under: policy, at: Self.now))
        #expect(decision.validUntil == Self.now + example.until)
        let end = Self.now + example.until
        let last = Classifier.decide(evidence, under: policy, at: end.before)
        #expect(last.scope.systems == example.reaches)
        #expect(Classifier.decide(evidence, under: policy, at: end).scope != last.scope)
    }

    @Test func whatIsWithheldSaysWhoseCodeIsMissing() throws {
        let policy = try Self.policy()
        let session = SessionDescription(
            authority: "corporate", device: "boston-1", user: "alice", mfaAge: .zero)
        let decision = Classifier.classify(
            session.evidence(under: policy, at: Self.now), under: policy, at: Self.now)
        let withheld = try #require(decision.withheld.first)
        #expect(decision.withheld.map(\.system) == ["planning"])
        #expect(
            withheld.findings.map(\.condition.description) == [
                "device of South Holland, or one-time code of holland within 1h"
            ])
        #expect(
            withheld.findings.map(\.judgement.saw) == [
                "boston-1 is of Boston, and no one-time code of holland was given"
            ])
    }

    @Test func whoeverReachesNothingElseIsToldWhoseCodeItTakes() throws {
        let files = [
            "authorities.yaml":
                "authorities: { corporate: { digest: \(String(repeating: "1", count: 64)) } }",
            "policy.yaml": """
            inside: [10.10.0.0/16]
            tenants: { boston: { organisation: Boston Borough Council, mfa: { within: 8h } } }
            classes: [{ name: staff, when: { certificate: corporate }, access: tax }]
            """,
            "systems.yaml":
                "systems: { tax: { addresses: [10.10.0.20], services: [tcp/443], tenant: boston } }",
        ]
        let policy = try #require(
            PolicyCompiler.compile(files.map { PackFile(path: $0.key, text: $0.value) }, now: Self.now).policy
        )
        let session = SessionDescription(authority: "corporate", user: "alice")
        let decision = Classifier.classify(
            session.evidence(under: policy, at: Self.now), under: policy, at: Self.now)
        #expect(decision.outcome == .nothingGranted)
        #expect(decision.tell == "A one-time code of Boston Borough Council is needed for this.")
    }
}
