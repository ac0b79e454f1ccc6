import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

/// A small pack, and sessions under it.
enum Pack {
    static let files = [
        "policy.yaml": """
        inside: [10.10.0.0/16, "fd10:10::/32"]
        classes:
          - name: lost
            when: { device: [lost] }
            access: none
            cites: [loss]
          - vendors
          - name: employee
            when: { certificate: corporate, device: in-use, mfa: { within: 12h } }
            access: [dns, crm, finance, mail]
            cites: [two-factors]
          - name: without-code
            when: { certificate: corporate, device: in-use }
            access: [dns]
        """,
        "systems.yaml": """
        systems:
          dns: { addresses: [10.10.0.53, "fd10:10::53"], services: [udp/53] }
          crm: { addresses: [10.10.0.20, "fd10:10::20"], services: [tcp/80, tcp/443, ping] }
          mail: { addresses: [10.10.4.0/24], services: [tcp/25, tcp/993, esp] }
          finance:
            addresses: [10.10.0.21, "fd10:10::21"]
            services: [tcp/443]
            needs: { mfa: { within: 1h } }
          ledger: { addresses: [10.10.0.22], services: [tcp/443] }
        """,
        "authorities.yaml": """
        authorities:
          corporate: { digest: 1111111111111111111111111111111111111111111111111111111111111111 }
          third-party: { digest: 2222222222222222222222222222222222222222222222222222222222222222 }
        """,
        "devices.yaml": """
        devices:
          - { id: laptop-1, digest: a000000000000000000000000000000000000000000000000000000000000001, \
        kind: laptop, status: in-use }
          - { id: laptop-2, digest: a000000000000000000000000000000000000000000000000000000000000002, \
        kind: laptop, status: lost }
          - { id: vendor-1, digest: a000000000000000000000000000000000000000000000000000000000000011, \
        kind: laptop, status: in-use }
        """,
        "vendors/northwind.yaml": """
        vendor: Northwind
        certificate: { authority: third-party, organisation: Northwind Ltd }
        contract: { reference: C-1, from: 2026-04-01, until: 2026-11-23, sponsor: head.of.finance, zone: UTC }
        systems: [finance, ledger]
        hours: { days: mon-sun, from: "08:00", to: "24:00", zone: UTC }
        mfa: { within: 72h }
        cites: [third-parties]
        """,
    ]

    static func policy() throws -> Policy {
        let (policy, diagnostics) = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: Recording.start)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }

    static func sessions(_ text: String, under policy: Policy) throws -> [RecordedSession] {
        let (sessions, diagnostics) = PolicyCompiler.recordedSessions(
            PackFile(path: "sessions.yaml", text: text), in: policy)
        return try #require(sessions, "\(DiagnosticRenderer.text(diagnostics))")
    }

    /// Alice has proved herself an hour less five minutes before the recording; Nadia's contract ends 14 hours into it.
    static let people = """
        sessions:
          - name: alice
            addresses: [10.8.0.2, "fd08:8::1002"]
            session: { certificate: corporate, device: laptop-1, user: alice, mfa: 55m }
          - name: nadia
            addresses: [10.8.0.3, "fd08:8::1003"]
            session:
              { certificate: third-party, organisation: Northwind Ltd, device: vendor-1, user: nadia, mfa: 10m }
          - name: thief
            addresses: [10.8.0.4]
            session: { certificate: corporate, device: laptop-2, user: bob, mfa: 1m }
        """
}
