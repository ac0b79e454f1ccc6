import Evidence
import PolicyLanguage
import Sessions
import Testing

/// Tests that are written as tables, and tests of settings.
struct TestTableTests {
    private static func compile(_ tests: String) throws -> Policy {
        let none = ["staff", "places", "vendors", "settings"].map { ("tests/\($0).yaml", "tests: []") }
        let files = Dictionary(uniqueKeysWithValues: none + [("tests/table.yaml", "tests:\n" + tests)])
        let result = try Packs.standard(replacing: files)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        return try #require(result.policy)
    }

    private static let table = """
          - name: staff
            at: 2026-11-23T10:00:00Z
            session: { certificate: corporate, device: laptop-0001, user: alice, mfa: 5m, posture: { antivirus: 1d } }
            cites: [two-factors]
            refused: [payroll]
            each:
              - { as: with a code, class: employee, reaches: crm, cites: [two-factors, protection] }
              - { as: without, with: { mfa: none, country: none }, class: none, refused: [crm], because: no one-time }
              - { as: elsewhere, with: { posture: { patches: 3d }, country: FR }, at: 2026-11-24T10:00:00Z }
              - { as: nobody, with: { user: none, certificate: none, device: none, mfa: none, posture: none } }
        """

    @Test func everyLineIsATest() throws {
        let tests = try Self.compile(Self.table).tests
        #expect(
            tests.map(\.name) == [
                "staff: with a code", "staff: without", "staff: elsewhere", "staff: nobody",
            ])
        #expect(tests.map(\.location.line) == [8, 9, 10, 11])
        let common = SessionDescription(
            authority: "corporate", device: "laptop-0001", user: "alice", mfaAge: .seconds(300),
            posture: [.antivirus(age: .seconds(86_400))])
        var (without, elsewhere) = (common, common)
        without.mfaAge = nil
        // A key is put in place whole: nothing is left of the anti-virus signatures.
        elsewhere.posture = [.patches(age: .seconds(3 * 86_400))]
        elsewhere.country = CountryCode("FR")
        #expect(tests.map(\.session) == [common, without, elsewhere, SessionDescription()])
        let monday = try #require(TimeText.timestamp("2026-11-23T10:00:00Z"))
        #expect(tests.map(\.at) == [monday, monday, monday + .seconds(86_400), monday])
        #expect(tests.map(\.expectedClass) == [.some("employee"), .some(nil), nil, nil])
        #expect(tests.map(\.reaches) == [[.system("crm")], [], [], []])
        let payroll = PolicyTest.Target.system("payroll")
        #expect(
            tests.map(\.refused) == [[payroll], [.system("crm")], [payroll], [payroll]],
            "what a line says is in place of what the table says")
        #expect(tests.map(\.because) == [nil, "no one-time", nil, nil])
        #expect(
            tests.map(\.cites) == [
                ["two-factors", "protection"], ["two-factors"], ["two-factors"], ["two-factors"],
            ])
    }

    @Test func aLineMayBeAllThereIs() throws {
        let tests = try Self.compile(
            """
              - name: bare
                each:
                  - { as: one, at: 2026-11-23T10:00:00Z, with: { user: alice, withdrawn: true } }
                  - { as: two, at: 2026-11-23T10:00:00Z, with: { user: alice, withdrawn: false } }
            """
        ).tests
        #expect(
            tests.map(\.session) == [
                SessionDescription(user: "alice", isWithdrawn: true), SessionDescription(user: "alice"),
            ])
    }

    @Test func settingsAreLookedAtByName() throws {
        let tests = try Self.compile(
            """
              - { name: flows, setting: monitoring.flows, is: off, cites: [procedures] }
              - { name: idle, setting: idle, is: 1800s }
              - { name: none, setting: audit.retention, is: none }
              - { name: alert, setting: incidents.alert, is: [spoofing, scan, scan] }
              - { name: always, setting: always.no-inbound, is: malware }
            """
        ).settingTests
        #expect(
            tests.map(\.setting) == [
                .monitoringFlows, .idle, .auditRetention, .incidentsAlert, .alwaysNoInbound,
            ])
        #expect(tests.map(\.expected) == [["off"], ["30m"], [], ["scan", "spoofing"], ["malware"]])
        #expect(tests.map(\.cites) == [["procedures"], [], [], [], []])
        #expect(tests.map(\.location.line) == [2, 3, 4, 5, 6])
    }
}
