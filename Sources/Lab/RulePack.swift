package import Foundation

/// The pack of rule files that the demonstration runs under: the shipped one, with the registers of this run's own
/// certificates and people in place of its example registers.
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

    /// Copies the pack into the site and writes the four files that know this run.
    ///
    /// The pack's own tests stay behind: they speak of the devices and vendors of its example registers.
    package func install(at site: Site, keys: Keys, contract: VendorContract) throws {
        try FileManager.default.copyItem(atPath: source, toPath: site.rules)
        try? FileManager.default.removeItem(atPath: "\(site.rules)/tests")
        try FileManager.default.createDirectory(
            atPath: "\(site.rules)/vendors", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try site.write(Self.authorities(keys), to: "rules/authorities.yaml")
        try site.write(Self.devices(keys), to: "rules/devices.yaml")
        try site.write(Self.users, to: "rules/users.yaml")
        try site.write(try impatientPolicy(), to: "rules/policy.yaml")
        try contract.write(at: site)
    }

    /// The pack's policy with the least idle time that there is in quarantine: nobody waits ten minutes for a row.
    private func impatientPolicy() throws -> String {
        let text = Wait.text("\(source)/policy.yaml")
        let written = "    idle: 10m\n"
        guard text.contains(written) else { throw LabError.noRulePack(path: "\(source): 'idle: 10m'") }
        return text.replacing(written, with: "    idle: \(Self.idleSeconds)s\n")
            .replacing("      \(Self.posture)\n", with: "")
    }

    /// Laptops of the lab report nothing: as the pack says, the line is taken out then.
    private static let posture = "posture: { antivirus: { within: 7d }, disk-encryption: on }"

    package static let idleSeconds = 10

    package static func authorities(_ keys: Keys) -> String {
        """
        authorities:
          corporate: { digest: \(DaemonFiles.quoted(keys.corporate.digest)) }
          third-party: { digest: \(DaemonFiles.quoted(keys.thirdParty.digest)) }

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

    /// All of them were trained, signed, and read the procedures.
    package static var users: String {
        let day = VendorContract.day(.now - 86_400)
        let said = "groups: [staff], steps: [training, agreement], acknowledged: \(day)"
        return "users:\n"
            + Person.allCases.filter(\.isStaff).map { "  \($0.rawValue): { \(said) }\n" }.joined()
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
