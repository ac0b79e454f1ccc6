package import Foundation

/// The pack of rule files that the demonstration runs under: the shipped one, with the registers of this run's own
/// certificates and people in place of its example registers, and ``LabClasses`` besides.
package struct RulePack: Sendable {
    package let source: String

    package init(source: String) { self.source = source }

    /// `directory` itself when it is a pack, or the pack named `default` in it.
    package static func find(in directory: String) throws -> Self {
        for candidate in [directory, "\(directory)/default"]
        where FileManager.default.fileExists(atPath: "\(candidate)/policy.yaml") {
            return Self(source: candidate)
        }
        throw LabError.noRulePack(path: directory)
    }

    /// Copies the pack into the site and writes the files that know this run.
    ///
    /// The pack's own tests stay behind: they speak of the devices and vendors of its example registers.
    package func install(at site: Site, keys: Keys, contract: VendorContract) throws {
        try FileManager.default.copyItem(atPath: source, toPath: site.rules)
        for name in ["tests", "approvals.csv"] {
            try? FileManager.default.removeItem(atPath: "\(site.rules)/\(name)")
        }
        try FileManager.default.createDirectory(
            atPath: "\(site.rules)/vendors", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try site.write(Self.authorities(keys, lists: site.lists), to: "rules/authorities.yaml")
        try site.write(Self.devices(keys), to: "rules/devices.yaml")
        try site.write(Self.users(acknowledged: .now), to: "rules/users.yaml")
        try site.write(LabClasses.loans, to: "rules/loans.yaml")
        try site.write(LabClasses.approvals, to: "rules/approvals.yaml")
        try site.write(Whereabouts.offices, to: "rules/offices.yaml")
        try site.write(try policy(), to: "rules/policy.yaml")
        try site.write(try systems(), to: "rules/systems.yaml")
        try site.write(try properties(), to: "rules/properties.yaml")
        try contract.write(at: site)
    }

    /// The pack's policy with the lab's classes, and with the least idle time that there is in quarantine: nobody waits
    /// ten minutes for a row.
    private func policy() throws -> String {
        let shutOut = "  # Handed back, or written off"
        return try file(
            "policy.yaml",
            replacing: [
                "    idle: 10m\n": "    idle: \(Self.idleSeconds)s\n",
                "  - vendors\n": LabClasses.classes + "  - vendors\n",
                shutOut: LabClasses.ladder + shutOut,
                "\nclasses:\n": "\n\(LabClasses.tenants)classes:\n",
                "monitoring: { flows: off, cites: [monitoring] }\n": LabClasses.monitoring,
            ])
    }

    private func systems() throws -> String {
        let finance = "    addresses: [10.10.0.21, \"fd10:10::21\"]\n    services: [tcp/80, tcp/443"
        return try file(
            "systems.yaml",
            replacing: [
                "\nsystems:\n": "\nsystems:\n" + LabClasses.systems,
                finance: finance + ", udp/\(Beacons.allowedPort)",
            ])
    }

    private func properties() throws -> String {
        try file("properties.yaml", replacing: ["without-mfa: [portal]\n": LabClasses.withoutCode])
    }

    /// Writes the site's rules once more, with a class of employees that does not reach finance. Returns their folder.
    package static func withoutFinance(at site: Site) throws -> String {
        let name = "rules-without-finance"
        try FileManager.default.copyItem(atPath: site.rules, toPath: site.path(name))
        let given = "access: [proxy, dns, crm, finance, payroll,"
        let policy = Wait.text("\(site.rules)/policy.yaml")
        guard policy.contains(given) else { throw LabError.noRulePack(path: site.rules) }
        try site.write(
            policy.replacing(given, with: "access: [proxy, dns, crm, payroll,"), to: "\(name)/policy.yaml")
        return site.path(name)
    }

    private func file(_ name: String, replacing parts: [String: String]) throws -> String {
        try parts.reduce(Wait.text("\(source)/\(name)")) { text, part in
            guard text.contains(part.key) else {
                throw LabError.noRulePack(path: "\(source)/\(name): \(part.key.debugDescription)")
            }
            return text.replacing(part.key, with: part.value)
        }
    }

    package static let idleSeconds = 10

    /// What the shipped rules cite where they say what people are alerted of.
    static let incidentClause = "malware"

    package static func authorities(_ keys: Keys, lists: String) -> String {
        let certificate = keys.field.certificatePEM.split(separator: "\n").map { "      \($0)\n" }.joined()
        return """
            authorities:
              corporate: { digest: \(DaemonFiles.quoted(keys.corporate.digest)) }
              third-party: { digest: \(DaemonFiles.quoted(keys.thirdParty.digest)) }
              \(LabClasses.authority):
                chain: required
                crl: \(DaemonFiles.quoted(lists))
                certificate: |
            \(certificate)
            """
    }

    package static func devices(_ keys: Keys) -> String {
        let lines = Device.allCases.filter(\.isRegistered).map { device in
            let owner = device.owner.map { "owner: \($0.rawValue), " } ?? ""
            return "  - { id: \(device.rawValue), digest: \(DaemonFiles.quoted(keys.digest(device))), "
                + "\(owner)kind: laptop, status: in-use }\n"
        }
        return "devices:\n" + lines.joined()
    }

    /// The staff is trained and has signed, as the shipped rules ask.
    package static func users(acknowledged: Date) -> String {
        "users:\n"
            + Person.allCases.filter { !$0.groups.isEmpty }.map { person in
                let done = "steps: [training, agreement], acknowledged: \(VendorContract.day(acknowledged))"
                return "  \(person.rawValue): { groups: [\(person.groups.joined(separator: ", "))]"
                    + (person.isStaff ? ", \(done) }\n" : " }\n")
            }.joined()
    }
}

/// The vendor's contract, which ends while the vendor is connected.
package struct VendorContract: Sendable {
    package var from: Date
    /// The instant at which it ends; nil for one that outlives the lab by far.
    package var until: Date?

    package init(from: Date, until: Date?) {
        self.from = from
        self.until = until
    }

    package var text: String {
        """
        vendor: Northwind Support
        contract:
          reference: NW-1042
          from: \(Self.day(from))
          until: \(until.map(Self.timestamp) ?? Self.day(from.addingTimeInterval(366 * 86400)))
          sponsor: head.of.finance
        certificate: { authority: third-party, organisation: \(Keys.vendorOrganisation) }
        systems: [finance]
        mfa: { within: 8h }
        cites: [third-parties]

        """
    }

    package func write(at site: Site) throws { try site.write(text, to: "rules/vendors/northwind.yaml") }

    /// A day in UTC, as RFC 3339 writes it.
    package static func day(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }

    /// RFC 3339 in UTC, whole seconds.
    package static func timestamp(_ date: Date) -> String { date.formatted(.iso8601) }
}
