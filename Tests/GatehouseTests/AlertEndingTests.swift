import Alerts
import Evidence
import PolicyLanguage
import Sessions
import Testing

@testable import gatehouse

/// What people are told of before it ends, by rules and registers.
@Suite struct AlertEndingTests {
    private static let now = Instant(secondsSince1970: 1_795_255_200)  // 2026-11-21

    private static func policy() throws -> Policy {
        let digest = { (byte: String) in String(repeating: byte, count: 32) }
        let files = [
            "policy.yaml": """
            inside: [10.10.0.0/16, "fd10:10::/32"]
            classes:
              - name: employee
                when: { certificate: corporate, device: { status: in-use, kind: laptop, on-site: { within: 76d } } }
                access: [portal]
                cites: [visits]
              - name: due
                when: { certificate: corporate, device: { status: in-use, kind: laptop, on-site: { within: 90d } } }
                access: [portal]
                cites: [visits]
              - name: pool
                when: { certificate: corporate, device: { status: in-use, kind: pool, on-site: { within: 30d } } }
                access: [portal]
                cites: [pools]
            """,
            "systems.yaml": """
            systems:
              portal: { addresses: [10.10.0.90, "fd10:10::90"], services: [tcp/443] }
            """,
            "clauses.yaml": """
            clauses:
              visits: { title: Devices come back }
              pools: { title: Pool laptops come back sooner }
            """,
            "authorities.yaml": "authorities: { corporate: { digest: \(digest("ca")) } }",
        ]
        let (policy, diagnostics) = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: now)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }

    private static func device(
        _ id: String, _ kind: DeviceKind, daysAway: Int64?, status: DeviceStatus = .inUse,
        owner: String? = nil
    ) -> DeviceRecord {
        DeviceRecord(
            id: id, certificate: nil, owner: owner, kind: kind, status: status,
            lastOnSite: daysAway.map { now - .seconds($0 * 86_400) })
    }

    /// By the class that lets the kind stay away for longest; nobody is told of what is lost or has no such class.
    @Test func devicesAreDueOnSite() throws {
        let registers = Registers(
            devices: DeviceRegister([
                Self.device("laptop-1", .laptop, daysAway: 80, owner: "alice"),
                Self.device("laptop-2", .laptop, daysAway: nil),
                Self.device("laptop-3", .laptop, daysAway: 80, status: .lost),
                Self.device("phone-1", .personal, daysAway: 80),
                Self.device("pool-1", .pool, daysAway: 29),
            ]))
        let endings = try Self.policy().endings(registers)
        #expect(endings.map(\.name) == ["laptop-1", "pool-1"])
        #expect(endings.map(\.kind) == [.visitDue, .visitDue])
        #expect(endings.map { ($0.until - Self.now) / 86_400 } == [.seconds(10), .seconds(1)])
        #expect(endings.map(\.clauses) == [["visits"], ["pools"]])
        #expect(endings.map { $0.fields[.user] } == ["alice", nil])
        var notices = EndNotices(ahead: [.seconds(14 * 86_400)])
        #expect(
            notices.look(endings, at: Self.now).map(\.says) == [
                "the time that device laptop-1 may be away from the office with alice ends in 10 days, on \(endings[0].until)",
                "the time that device pool-1 may be away from the office ends in 24 hours, on \(endings[1].until)",
            ])
    }
}
