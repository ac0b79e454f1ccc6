/// `tenants:` of `policy.yaml`, which systems refer to: read before them.
extension PackReader {
    static let tenantKeys = ["about", "organisation", "mfa", "cites"]

    func readTenants(_ root: DocumentNode) {
        // What else is there, and whether it may be, is for whoever reads all of the file.
        guard case .mapping(let entries, _) = root else { return }
        guard let node = entries.first(where: { $0.key == "tenants" })?.value else {
            // A few will do: a file of very many keys that are not known is another file.
            let unknown = entries.lazy.filter { !Self.policyKeys.contains($0.key) }.prefix(20)
            if unknown.contains(where: { NearestName.find($0.key, among: Self.policyKeys) == "tenants" }) {
                names.doubt(.tenant)
            }
            return
        }
        if case .mapping = node {} else { names.doubt(.tenant) }
        guard !node.isEmpty else { return }
        var organisations: [String: SourceLocation] = [:]
        for entry in log.pairs(node) {
            guard let name = newName(entry, .tenant), define(.tenant, name),
                let tenant = tenant(entry.value, name, &organisations)
            else { continue }
            names.keep(tenant)
            tenants.append(tenant)
        }
    }

    private func tenant(
        _ node: DocumentNode, _ name: Located<String>, _ organisations: inout [String: SourceLocation]
    ) -> Tenant? {
        guard let mapping = MappingReader(node, "a tenant", keys: Self.tenantKeys, log: log) else {
            return nil
        }
        let about = mapping.read("about", .text)
        let organisation = mapping.require("organisation", .freeName)
        let within = mapping.requiredNode("mfa").flatMap { conditions.age($0, "mfa") }
        let cites = citations(mapping)
        if let organisation {
            if let first = organisations[organisation.value] {
                let note = Diagnostic.Note("first given at \(first)", at: first)
                log.add(
                    .duplicateName("organisation", organisation.value), at: organisation.range, notes: [note])
            } else {
                organisations[organisation.value] = organisation.range.start
            }
        }
        guard let organisation, let within else { return nil }
        return Tenant(
            name: name.value, about: about?.value ?? "", organisation: organisation.value, mfaWithin: within,
            serving: Settings.Serving(cites: cites, at: name.range.start))
    }

    /// `tenant: boston` of a system: one more need.
    func need(ofTenant system: MappingReader) -> Condition? {
        guard let name = system.read("tenant", .freeName), names.check(.tenant, name, log: log) else {
            return nil
        }
        return Condition(.tenant(names.tenant(name.value)), at: name.range.start)
    }
}
