import Evidence
import PolicyLanguage
import Sessions
import Testing

/// Small packs, and what is proved of them.
enum Packs {
    static let now = Instant(secondsSince1970: 1_795_212_000)

    static let systems = """
        labels: { open: { remote: freely }, sensitive: { remote: with-approval } }
        systems:
          crm: { addresses: [10.10.0.20, "fd10:10::20"], services: [tcp/443], label: open }
          hr: { addresses: [10.10.0.21, "fd10:10::21"], services: [tcp/443], label: sensitive }
          dns: { addresses: [10.10.0.53, "fd10:10::53"], services: [udp/53], label: open }
          portal: { addresses: [10.10.0.90, "fd10:10::90"], services: [tcp/443], label: open }
          db: { addresses: [10.10.0.30, "fd10:10::30"], services: [tcp/5432], needs: { mfa: { within: 1h } }, label: open }
        """

    static let vendor = """
        vendor: Civica
        certificate: { authority: third-party, organisation: Civica UK }
        contract: { reference: C-1, from: 2026-01-01, until: 2027-12-31, sponsor: head }
        systems: [db]
        hours: { days: mon-fri, from: "08:00", to: "18:00", zone: Europe/London }
        mfa: { within: 8h }
        """

    static let users = """
        users:
          alice: { groups: [staff], steps: [training], organisation: Council }
          bob: { groups: [guests] }
        """

    static func compile(
        _ classes: String, properties: String? = nil, vendors: [String] = [], systems: String = systems
    ) -> (policy: Policy?, diagnostics: [Diagnostic]) {
        var files = [
            "policy.yaml": "inside: [10.10.0.0/16, \"fd10:10::/32\"]\nclasses:\n\(classes)",
            "systems.yaml": systems, "users.yaml": users,
            "offices.yaml": "offices: { hall: [192.0.2.0/28] }",
            "authorities.yaml": """
            authorities:
              corporate: { digest: \(String(repeating: "c", count: 64)) }
              third-party: { digest: \(String(repeating: "d", count: 64)) }
            """,
        ]
        if let properties { files["properties.yaml"] = properties }
        for (index, vendor) in vendors.enumerated() { files["vendors/v\(index).yaml"] = vendor }
        return PolicyCompiler.compile(files.map { PackFile(path: $0.key, text: $0.value) }, now: now)
    }

    static func policy(
        _ classes: String, properties: String? = nil, vendors: [String] = [], systems: String = systems
    ) throws -> Policy {
        let (policy, diagnostics) = compile(
            classes, properties: properties, vendors: vendors, systems: systems)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }
}
