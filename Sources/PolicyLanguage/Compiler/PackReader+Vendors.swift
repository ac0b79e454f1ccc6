import Sessions

/// `vendors/*.yaml`: one contract a file, and one class made of it.
extension PackReader {
    static let vendorCertificateKeys = ["authority", "organisation"]
    static let contractKeys = ["reference", "from", "until", "sponsor", "zone"]
    static let vendorKeys = [
        "vendor", "about", "certificate", "contract", "systems", "hours", "mfa", "warn-before", "cites",
        "tell", "idle",
    ]

    func readVendor(_ root: DocumentNode) {
        guard let file = MappingReader(root, "a vendor file", keys: Self.vendorKeys, log: log) else { return }
        let vendor = file.require("vendor", .freeName)
        _ = file.read("about", .text)
        let warnBefore = file.read("warn-before", .duration())?.value ?? .seconds(30 * 86_400)
        let errorsBefore = log.errorCount
        let contract = file.requiredNode("contract")
            .flatMap { self.contract($0, vendor: vendor?.value ?? "", warnBefore: warnBefore) }
        let conditions = certificate(file) + dates(file, contract) + limits(file)
        let systems = file.requiredNode("systems")
            .map { systemNames($0, key: "systems", ifEmpty: "a vendor reaches what it is contracted for") }
        let cites = citations(file)
        let tell = file.read("tell", .text)?.value
        let idle = idleTime(file)
        guard let vendor else { return }
        let isNew = define(.vendor, vendor)
        let name = "vendor:\(vendor.value)"
        if log.errorCount > errorsBefore { doubtfulClasses.insert(name) }
        _ = names.add(.policyClass, name, at: vendor.range.start)
        guard isNew, let systems, let contract else { return }
        vendors.append(
            PolicyClass(
                name: name, conditions: conditions, access: .systems(systems), cites: cites, tell: tell,
                contract: contract, idle: idle, location: vendor.range.start))
    }

    private func certificate(_ file: MappingReader) -> [Condition] {
        guard let node = file.requiredNode("certificate"),
            let mapping = MappingReader(
                node, "the certificate of a vendor", keys: Self.vendorCertificateKeys, log: log)
        else { return [] }
        let authorities = conditions.authorities(mapping, "authority", isRequired: true)
        let organisation = mapping.require("organisation", .freeName)
        return [
            authorities.map {
                Condition(.certificate(authorities: $0), at: mapping.keyRange("authority").start)
            },
            organisation.map {
                Condition(.organisation($0.value), at: mapping.keyRange("organisation").start)
            },
        ].compactMap(\.self)
    }

    private func dates(_ file: MappingReader, _ contract: Contract?) -> [Condition] {
        contract.map { [Condition(.contract($0), at: file.keyRange("contract").start)] } ?? []
    }

    private func limits(_ file: MappingReader) -> [Condition] {
        let hours = file.node("hours").flatMap(conditions.hours)
        let mfa = file.node("mfa").flatMap(conditions.mfa)
        return [
            hours.map { Condition(.hours($0), at: file.keyRange("hours").start) },
            mfa.map { Condition($0, at: file.keyRange("mfa").start) },
        ].compactMap(\.self)
    }

    private func contract(_ node: DocumentNode, vendor: String, warnBefore: Duration) -> Contract? {
        guard let mapping = MappingReader(node, "a contract", keys: Self.contractKeys, log: log) else {
            return nil
        }
        let reference = mapping.require("reference", .freeName)
        let sponsor = mapping.require("sponsor", .freeName)
        let clock = mapping.has("zone") ? mapping.node("zone").flatMap(conditions.zone) : .utc
        // With a zone that is no good, the dates are still worth reading.
        let from = mapping.require("from", Self.point { (clock ?? .utc).first($0) })
        let until = mapping.require("until", Self.point { (clock ?? .utc).first($0.adding(days: 1)) })
        guard let from, let until else { return nil }
        guard from.value < until.value else {
            let note = Diagnostic.Note("it begins at \(from.range.start)", at: from.range.start)
            log.add(.contractDates, at: until.range, notes: [note])
            return nil
        }
        guard let reference, let sponsor, clock != nil else { return nil }
        let contract = Contract(
            vendor: vendor, reference: reference.value, sponsor: sponsor.value, from: from.value,
            until: until.value, warnBefore: warnBefore)
        warn(contract, at: until.range)
        return contract
    }

    /// A date stands for an instant: the first of the contract, or the first after it. A full timestamp is itself.
    static func point(_ instant: @escaping (CivilDate) -> Instant) -> TextForm<Instant> {
        TextForm("a date such as 2026-04-01, or a time such as 2026-04-01T09:00:00Z", .dateOrTime) { text in
            TimeText.date(text).map(instant) ?? TimeText.timestamp(text)
        }
    }

    private func warn(_ contract: Contract, at range: SourceRange) {
        if contract.until <= now {
            log.add(.contractEnded(contract.vendor), at: range)
        } else if contract.until - contract.warnBefore <= now {
            let left = (contract.until - now).nanoseconds / 1_000_000_000
            log.add(.contractEndsSoon(contract.vendor, days: (left + 86_399) / 86_400), at: range)
        }
    }
}
