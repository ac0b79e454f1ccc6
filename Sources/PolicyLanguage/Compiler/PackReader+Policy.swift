import NetworkTypes
import Sessions

/// `systems.yaml` and `policy.yaml`.
extension PackReader {
    var conditions: ConditionReader { ConditionReader(names: names, log: log) }

    static let systemKeys = ["about", "addresses", "services", "needs", "label", "tenant"]
    static let labelKeys = ["about", "remote"]
    static let policyKeys = ["about", "inside", "tenants", "classes"] + settingKeys
    static let classKeys = ["name", "when", "access", "cites", "tell", "idle"]

    func readSystems(_ root: DocumentNode) {
        guard let file = MappingReader(root, "systems.yaml", keys: ["labels", "systems"], log: log) else {
            return
        }
        readLabels(file)
        for entry in file.pairs("systems") {
            guard let name = newName(entry, .system) else { continue }
            let isNew = define(.system, name)
            if let draft = system(entry.value, name), isNew { systems.append(draft) }
        }
    }

    private func system(_ node: DocumentNode, _ name: Located<String>) -> SystemDraft? {
        guard let mapping = MappingReader(node, "a system", keys: Self.systemKeys, log: log) else {
            return nil
        }
        let errorsBefore = log.errorCount
        let about = mapping.read("about", .text)?.value ?? ""
        let label = label(mapping)
        let addresses = addresses(mapping)
        let services = mapping.requireList("services", .service(), ifEmpty: "name a service").map(\.value)
        var reader = conditions
        reader.system = (name.value, label?.value)
        var needs = mapping.node("needs").map(reader.read) ?? []
        needs += label.map { self.needs(of: $0, name) } ?? []
        needs += [need(ofTenant: mapping)].compactMap(\.self)
        refuseUnregistered(needs, in: .system, name)
        for need in needs where need.isAboutBehaviour {
            log.add(.behaviourNeeded(name.value), at: need.behaviourRange)
        }
        let system = System(
            name: name.value, about: about, addresses: addresses.map(\.value), services: services,
            label: label?.value, needs: needs, location: name.range.start)
        return SystemDraft(
            system: system, name: name, addresses: addresses, label: label?.value,
            isWhole: log.errorCount == errorsBefore)
    }

    // MARK: Labels

    /// `labels: { official-sensitive: { remote: with-approval } }`: what remote sessions may do with systems of each label.
    private func readLabels(_ file: MappingReader) {
        guard file.has("labels") else { return }
        hasLabels = true
        guard let node = file.node("labels") else { return names.doubt(.label) }
        if case .mapping = node {} else { names.doubt(.label) }
        for entry in log.pairs(node) {
            guard let name = newName(entry, .label), define(.label, name),
                let label = MappingReader(entry.value, "a label", keys: Self.labelKeys, log: log)
            else { continue }
            _ = label.read("about", .text)
            let use: Located<RemoteUse>? = label.require("remote", .choice("what may be done from afar"))
            // What one that could not be read asks for is not known. The pack is not loaded anyway.
            labels[name.value] = use?.value ?? .withApproval
        }
    }

    private func label(_ mapping: MappingReader) -> Located<String>? {
        guard let label = mapping.read("label", .freeName) else { return nil }
        if hasLabels { names.check(.label, label, log: log) }
        return label
    }

    private func needs(of label: Located<String>, _ system: Located<String>) -> [Condition] {
        switch labels[label.value] {
        case nil, .freely: []
        case .withApproval:
            [
                Condition(
                    .approval(.system(name: system.value, label: label.value)), at: label.range.start)
            ]
        case .never: [Condition(.never(label: label.value), at: label.range.start)]
        }
    }

    /// Systems that a class names and that no remote session ever reaches.
    func warnOfUngrantable() {
        let granted = classes.reduce(into: Set<String>()) { names, policyClass in
            if case .systems(let systems) = policyClass.access { names.formUnion(systems) }
        }
        for draft in systems where granted.contains(draft.system.name) {
            guard let label = draft.label, labels[label] == .never else { continue }
            log.add(.ungrantable(draft.system.name, label: label), at: draft.name.range)
        }
    }

    private func addresses(_ mapping: MappingReader) -> [Located<AddressRange>] {
        guard let node = mapping.requiredNode("addresses") else { return [] }
        guard case .sequence(let items, let range) = node else {
            return [log.readAddresses(node)].compactMap(\.self)
        }
        if items.isEmpty { log.add(.emptyList("addresses", instead: "name an address"), at: range) }
        return items.compactMap(log.readAddresses)
    }

    func readPolicy(_ root: DocumentNode) {
        guard let file = MappingReader(root, "policy.yaml", keys: Self.policyKeys, log: log) else { return }
        about = file.read("about", .text)?.value ?? ""
        _ = file.node("tenants")
        readSettings(file)
        readInside(file)
        guard let list = file.requiredNode("classes") else { return }
        for item in log.items(list) { readClass(item) }
    }

    private func readInside(_ file: MappingReader) {
        guard let node = file.requiredNode("inside") else { return }
        var items = [node]
        if case .sequence(let list, let range) = node {
            items = list
            if list.isEmpty { log.add(.emptyList("inside", instead: "name a network"), at: range) }
        }
        inside = items.compactMap(log.readPrefix)
        insideIsKnown = inside.count == items.count && !inside.isEmpty
    }

    private func readClass(_ node: DocumentNode) {
        if case .scalar("vendors", _, let range) = node { return markVendors(range) }
        guard let mapping = MappingReader(node, "a class", keys: Self.classKeys, log: log) else { return }
        let name = mapping.requiredNode("name").flatMap { newName($0, .policyClass) }
        // Whoever names a class that has no name, or a list of them, may mean this one.
        if name == nil { names.doubt(.policyClass) }
        let errorsBefore = log.errorCount
        let when = mapping.node("when").map(conditions.read) ?? []
        if log.errorCount > errorsBefore, let name { doubtfulClasses.insert(name.value) }
        let access = mapping.requiredNode("access").map(access)
        let cites = citations(mapping)
        let tell = mapping.read("tell", .text)?.value
        let idle = idleTime(mapping)
        guard let name else { return }
        if access != PolicyClass.Access.none { refuseUnregistered(when, in: .policyClass, name) }
        guard define(.policyClass, name), let access else { return }
        classes.append(
            PolicyClass(
                name: name.value, conditions: when, access: access, cites: cites, tell: tell,
                idle: idle, location: name.range.start))
    }

    private func markVendors(_ range: SourceRange) {
        if vendorsIndex == nil {
            vendorsIndex = classes.count
        } else {
            log.add(.duplicateName("place", "vendors"), at: range)
        }
    }

    private func access(_ node: DocumentNode) -> PolicyClass.Access {
        if case .scalar("none", _, _) = node { return .none }
        return .systems(systemNames(node, key: "access", ifEmpty: "write 'access: none'"))
    }

    /// The systems that are named and defined, each once, in the order of the file.
    func systemNames(_ node: DocumentNode, key: String, ifEmpty instead: String) -> [String] {
        if case .sequence(let items, let range) = node, items.isEmpty {
            log.add(.emptyList(key, instead: instead), at: range)
        }
        var seen: Set<String> = []
        return log.readList(node, .freeName).compactMap { name in
            names.check(.system, name, log: log) && seen.insert(name.value).inserted ? name.value : nil
        }
    }

    /// Whoever is not registered is unknown, and unknown never gains: it may be asked for only to refuse.
    private func refuseUnregistered(
        _ conditions: [Condition], in kind: PackNames.Kind, _ name: Located<String>
    ) {
        for condition in conditions where condition.test == .unregistered {
            let range = SourceRange(start: condition.location, length: "device".count)
            log.add(.unregisteredWithAccess(kind.rawValue, name.value), at: range)
            if kind == .policyClass { doubtfulClasses.insert(name.value) }
        }
    }
}

/// What may be done from afar with a system, as its label says.
enum RemoteUse: String, CaseIterable {
    case freely
    /// By those who have an approval for the system or its label.
    case withApproval = "with-approval"
    case never
}
