import Evidence
import Foundation
import PolicyLanguage
import Testing

/// The pack that comes with the program.
struct DefaultPackTests {
    @Test func compilesWithoutAWord() throws {
        let result = Packs.compile(try Packs.bytes(in: Packs.standard))
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        let policy = try #require(result.policy)
        #expect(
            policy.classes.map(\.name) == [
                "unregistered", "lost", "out-of-service", "own-device", "scanning",
                "vendor:Northwind Support", "quarantine", "employee",
                "employee-abroad", "pool-laptop", "to-be-put-right", "employee-without-code",
            ])
        #expect(
            policy.systems.map(\.name) == [
                "proxy", "dns", "crm", "finance", "payroll", "printers", "updates", "portal",
            ])
        #expect(policy.offices.map(\.name) == ["town-hall", "depot"])
        #expect(policy.tests.count == 34)
        #expect(policy.idle == .seconds(1800))
        #expect(policy.registers.devices[id: "laptop-0003"]?.status == .lost)
        #expect(policy.registers.users["bob"]?.groups == ["staff", "finance-team"])
        #expect(policy.registers.loans["L-117"]?.device == "pool-01")
        #expect(policy.registers.approvals.all.map(\.kind) == [.system, .travel])
    }
}
