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
                "unregistered", "lost", "vendor:Northwind Support", "employee", "employee-without-code",
            ])
        #expect(policy.systems.map(\.name) == ["proxy", "dns", "crm", "finance", "portal"])
        #expect(policy.tests.count == 13)
        #expect(policy.devices[id: "laptop-0003"]?.status == .lost)
        #expect(policy.users.groups(of: "bob") == ["staff", "finance-team"])
    }

    /// What stands in comments for an administrator to switch on is right as it stands.
    @Test func examplesInCommentsCompile() throws {
        let file = try #require(try Packs.bytes(in: Packs.standard).first { $0.path == "policy.yaml" })
        var text = String(decoding: file.bytes, as: UTF8.self).replacing("# idle: 30m", with: "idle: 30m")
        let end = try #require(text.range(of: "  - vendors\n")?.lowerBound)
        let start = try #require(text.range(of: "  # - name: scanning")?.lowerBound)
        let examples = text[start..<end].split(separator: "\n").filter { line in
            ["  # - ", "  #   "].contains { line.hasPrefix($0) }
        }
        let scanning = examples.prefix(5)
        let quarantine = examples.suffix(3)
        let uncommented = { (lines: ArraySlice<Substring>) in
            lines.map { "  " + $0.dropFirst(4) + "\n" }.joined()
        }
        let employee = try #require(text.range(of: "  # Staff on a council laptop")?.lowerBound)
        text.insert(contentsOf: uncommented(quarantine), at: employee)
        text.insert(contentsOf: uncommented(scanning), at: start)
        let result = try Packs.standard(replacing: ["policy.yaml": text])
        #expect(
            result.diagnostics.map(\.id) == [.shadowedClass],
            "one example or the other: \(DiagnosticRenderer.text(result.diagnostics))")
        let policy = try #require(result.policy)
        #expect(policy.idle == .seconds(1800))
        #expect(policy.policyClass(named: "scanning")?.access == PolicyClass.Access.none)
        #expect(policy.policyClass(named: "quarantine")?.access == .systems(["portal"]))
    }
}
