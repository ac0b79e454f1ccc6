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
                "unregistered", "lost", "scanning", "vendor:Northwind Support", "quarantine", "employee",
                "employee-without-code",
            ])
        #expect(policy.systems.map(\.name) == ["proxy", "dns", "crm", "finance", "portal"])
        #expect(policy.tests.count == 17)
        #expect(policy.idle == .seconds(1800))
        #expect(policy.registers.devices[id: "laptop-0003"]?.status == .lost)
        #expect(policy.registers.users["bob"]?.groups == ["staff", "finance-team"])
    }
}
