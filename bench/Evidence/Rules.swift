import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// The rules that the measurements go by.
enum Rules {
    static let now = Instant(secondsSince1970: 1_795_212_000)

    static let authority = String(repeating: "c", count: 64)

    /// The digest of a device's certificate, by its number.
    static func digest(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "a" + String(repeating: "0", count: 63 - digits.count) + digits
    }

    private static let head = """
        inside: [10.10.0.0/16, "fd10:10::/32"]
        """

    private static let systems = """
        systems:
          crm: { addresses: [10.10.0.20, "fd10:10::20"], services: [tcp/443] }
          files: { addresses: [10.10.0.21, "fd10:10::21"], services: [tcp/445] }
          portal: { addresses: [10.10.0.90, "fd10:10::90"], services: [tcp/443] }
        """

    /// A class that looks at every kind of condition before it matches, behind four that are passed over.
    static let everything = """
        \(head)
        classes:
          - { name: unregistered, when: { device: unregistered }, access: none }
          - { name: lost, when: { device: [lost, stolen] }, access: none }
          - { name: abroad, when: { country: [KP, IR, RU] }, access: none }
          - { name: office, when: { office: any }, access: none }
          - name: employee
            when:
              certificate: { authority: corporate, subject: { OU: Revenues }, email: "*@council.example" }
              device: { status: in-use, kind: [laptop, pool], managed: true, organisation: Council,
                        loan: this-user, on-site: { within: 90d } }
              posture: { antivirus: { within: 24h }, patches: { within: 30d }, disk-encryption: on, firewall: on,
                         screen-lock: { at-most: 15m } }
              mfa: { within: 12h }
              hours: { days: mon-sun, from: "00:00", to: "24:00", zone: Europe/London }
              user: { organisation: Council, steps: [training, agreement], acknowledged: { within: 180d } }
              group: staff
              approval: [remote-working, { exception: no-token }]
              country: [GB]
            access: [crm, files, portal]
        """

    /// What a small site has: two classes, posture for the second.
    static let plain = """
        \(head)
        classes:
          - { name: lost, when: { device: [lost, stolen] }, access: none }
          - name: employee
            when: { certificate: corporate, device: in-use, group: staff, posture: { firewall: { within: 365d } } }
            access: [crm, files, portal]
          - name: bare
            when: { certificate: corporate, device: in-use, group: staff }
            access: [portal]
        """

    /// The same, but everybody reaches something else.
    static let wider = """
        \(head)
        classes:
          - { name: lost, when: { device: [lost, stolen] }, access: none }
          - name: employee
            when: { certificate: corporate, device: in-use, group: staff, posture: { firewall: { within: 365d } } }
            access: [crm, files]
          - name: bare
            when: { certificate: corporate, device: in-use, group: staff }
            access: [files, portal]
        """

    /// A class for each of four teams, which reach different things: of the scope that all had, three quarters leave.
    static let split = """
        \(head)
        classes:
          - { name: lost, when: { device: [lost, stolen] }, access: none }
          - name: employee
            when: { certificate: corporate, device: in-use, group: staff, posture: { firewall: { within: 365d } } }
            access: [crm, files, portal]
          - { name: red, when: { certificate: corporate, group: team-0 }, access: [portal] }
          - { name: green, when: { certificate: corporate, group: team-1 }, access: [portal, crm] }
          - { name: blue, when: { certificate: corporate, group: team-2 }, access: [portal, files] }
          - { name: bare, when: { certificate: corporate, group: staff }, access: [crm, files] }
        """

    static func compile(_ policy: String, devices: Int) throws -> Policy {
        let table = (0..<devices).map {
            "laptop-\($0),\(digest($0)),person-\($0),laptop,in-use,true,Council,2026-11-20"
        }
        let users = (0..<devices).map {
            "person-\($0),staff;team-\($0 % 4),Council,training;agreement,2026-11-01"
        }
        let files = [
            "policy.yaml": policy, "systems.yaml": systems,
            "authorities.yaml": "authorities: { corporate: { digest: \(authority) } }",
            "offices.yaml": "offices: { hall: [203.0.113.0/24] }",
            "devices.csv": (["id,digest,owner,kind,status,managed,organisation,last-on-site"] + table)
                .joined(separator: "\n"),
            "users.csv": (["name,groups,organisation,steps,acknowledged"] + users).joined(separator: "\n"),
        ]
        let (compiled, diagnostics) = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: now)
        guard let compiled else { throw Mistake(text: DiagnosticRenderer.text(diagnostics)) }
        return compiled
    }

    static func session(under policy: Policy) throws -> SessionDescription {
        let text = """
            session:
              certificate: { authority: corporate, subject: { OU: Revenues }, email: alice@council.example }
              device: laptop-0
              user: person-0
              loans: [ { until: 2027-01-01 } ]
              approvals: [ { kind: remote-working }, { kind: exception, exception: no-token, until: 2027-01-01 } ]
              mfa: 5m
              posture: { antivirus: 2h, patches: 3d, disk-encryption: on, firewall: on, screen-lock: 10m, seen: 1h }
              outer: 198.51.100.7
              country: GB
            """
        let (session, _, diagnostics) = PolicyCompiler.session(
            PackFile(path: "session.yaml", text: text), in: policy)
        guard let session else { throw Mistake(text: DiagnosticRenderer.text(diagnostics)) }
        return session
    }
}

struct Mistake: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}
