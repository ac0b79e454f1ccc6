import Foundation
import Lab
import NetworkTypes
import Testing

struct RungTests {
    @Test func everyRungHasANameAndAPortOfItsOwn() {
        #expect(Set(Rung.all.map(\.id)).count == Rung.all.count)
        #expect(Set(Rung.all.map(\.port)).count == Rung.all.count)
        #expect(Rung.all.allSatisfy { $0.port > 5000 && $0.port < 6000 })
    }

    /// Two rungs on one field of one line would take each other away.
    @Test func noTwoRungsAreToldByTheSameField() {
        let fields = (Rung.told + [Rung.travel]).map(\.field)
        #expect(Set(fields).count == fields.count)
    }

    @Test func everyRungHasRowsInBothFamilies() {
        let rows = Scenario.rows.filter { $0.actor == .assessed }
        for rung in Rung.told + [Rung.travel] + Rung.placed {
            let families = rows.filter { $0.subject == .rung(rung) && $0.stage != .evidenceEnds }
                .compactMap(\.family)
            #expect(families.count == 2 && Set(families) == Set(AddressFamily.allCases))
        }
    }

    /// Whoever goes the whole way sees every placed rung hold somewhere and fail somewhere.
    @Test(arguments: Rung.placed)
    func everyPlacedRungHoldsSomewhereAndNotEverywhere(_ rung: Rung) {
        let places = Whereabouts.allCases.filter(rung.holds)
        #expect(!places.isEmpty && places.count < Whereabouts.allCases.count)
        #expect(!rung.holds(at: .nowhere))
    }

    /// A rung that held for every certificate would show nothing, and one that held for none.
    @Test(arguments: Rung.certified)
    func everyCertifiedRungIsReachedAndRefused(_ rung: Rung) {
        #expect(rung.holds(for: .housingLaptop))
        let rows = Scenario.rows(of: .certified).filter { $0.subject == .rung(rung) }
        #expect(Set(rows.map(\.actor)) == [.housing, .parks] && rows.count == 4)
        for row in rows {
            #expect(row.expected == (rung.holds(for: row.actor.device) ? .reached : .refused))
        }
        for stage in [Row.Stage.listOverdue, .listRenewed] {
            #expect(Scenario.rows(of: stage).filter { $0.subject == .rung(rung) }.count == 2)
        }
    }

    /// Of those that differ, each is refused by something that the other laptop's certificate says.
    @Test func theOtherLaptopIsRefusedWhateverItsCertificateSays() {
        let refused = Rung.certified.filter { !$0.holds(for: .parksLaptop) }
        #expect(refused.map(\.id) == ["certificate-subject", "certificate-email", "certificate-extension"])
        #expect(refused.allSatisfy { $0.needs.contains("authority: field") })
    }

    private static let now = Date(timeIntervalSince1970: 1_795_255_200)  // 2026-11-21T10:00:00Z

    /// A rung, a state, and what is told of it.
    struct Told: Sendable, CustomTestStringConvertible {
        var id: String
        var state: Rung.State
        var says: String
        var testDescription: String { "\(id) \(says)" }
    }

    static let told: [Told] = [
        Told(id: "device-status", state: .holds, says: "device laptop-0051 status=in-use"),
        Told(id: "device-status", state: .fails, says: "device laptop-0051 status=returned"),
        Told(
            id: "device-on-site", state: .holds, says: "device laptop-0051 last-on-site=2026-11-21T10:00:00Z"),
        // Ninety days before the end.
        Told(
            id: "device-on-site", state: .endsAt(now + 60),
            says: "device laptop-0051 last-on-site=2026-08-23T10:01:00Z"),
        Told(id: "device-loan", state: .endsAt(now + 60), says: "loan L-1 until=2026-11-21T10:01:00Z"),
        Told(id: "device-loan", state: .fails, says: "loan L-1 until=2026-11-21T09:00:00Z"),
        Told(id: "user-steps", state: .fails, says: "user lena steps=training"),
        Told(id: "posture-firewall", state: .holds, says: "firewall isOn(true)"),
        Told(id: "posture-firewall", state: .fails, says: "firewall isOn(false)"),
        Told(id: "posture-screen-lock", state: .fails, says: "screenLockMinutes number(30)"),
        Told(
            id: "posture-antivirus", state: .endsAt(now), says: "antivirus text(\"2026-11-20T10:00:00Z\")"),
        Told(id: "office", state: .holds, says: ""),
        Told(id: "certificate-email", state: .holds, says: ""),
    ]

    @Test(arguments: told)
    func whatIsTold(_ told: Told) throws {
        let rung = try #require(Rung.all.first { $0.id == told.id })
        let telling = Telling([rung], told.state, now: Self.now)
        let statements = telling.statements.map { statement in
            let fields = statement.fields.map { "\($0.key)=\($0.value.joined(separator: ","))" }
            return "\(statement.kind) \(statement.key) \(fields.joined(separator: " "))"
        }
        let items = telling.report.map { "\($0.key) \($0.value)" }
        #expect((statements + items).joined(separator: "; ") == told.says)
    }

    @Test func reportsAreWrittenAsTheControlProtocolHasThem() throws {
        let values: [Telling.Value] = [.text("x"), .isOn(true), .number(10)]
        #expect(String(decoding: try JSONEncoder().encode(values), as: UTF8.self) == #"["x",true,10]"#)
    }

    @Test func thePackHasASystemForEveryRung() {
        for rung in Rung.all {
            #expect(LabClasses.systems.contains("  \(rung.id):\n"))
            #expect(LabClasses.systems.contains("services: [tcp/\(rung.port)]\n    \(rung.needs)\n"))
        }
    }

    @Test func countriesAreRangesOfNumbers() {
        // 198.51.100.0 is ((198 * 256 + 51) * 256 + 100) * 256.
        #expect(Whereabouts.countries.contains("3325256704,3325256895,GB\n3325256896,3325256927,FR\n"))
    }

    @Test(arguments: [
        ("0\t0\toffice\t\n1\t7\t\tFailed to connect", [Probe.Finding.reached, .refused("connection")]),
        ("1\t28\t\ttimed out\n", [.odd("not tried"), .silent]),
        // Another machine answered.
        ("0\t0\tcountry-home\t\n1\t0\t\t\n", [.odd("answered: country-home answers "), .odd("answered: ")]),
        ("x\t0\toffice\t\n9\t0\toffice\t\n0\t0\n", [.odd("not tried"), .odd("not tried")]),
    ])
    func sweepsAreReadTransferByTransfer(_ text: String, _ findings: [Probe.Finding]) {
        #expect(Sweep.findings(text, of: ["office", "office"]) == findings)
    }
}
