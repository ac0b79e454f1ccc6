/// `properties.yaml`: what must hold for every session.
extension PackReader {
    static let propertiesKeys = ["without-mfa", "personal-data", "one-family", "must-never"]
    static let mustNeverKeys = ["class", "when", "reach", "because", "cites"]

    func readProperties(_ root: DocumentNode) {
        guard let file = MappingReader(root, "properties.yaml", keys: Self.propertiesKeys, log: log) else {
            return
        }
        // Too many classes is all there is to say of a pack then; each pattern would be held against all of them.
        guard classes.count <= Self.classLimit else { return }
        labelsOfSystems = Set(systems.compactMap(\.label))
        properties = Properties(
            withoutMFA: file.list("without-mfa", .freeName).map { Set($0.filter(isSystem).map(\.value)) },
            personalData: systemsOrLabels(file, "personal-data") ?? [],
            oneFamily: Set((file.list("one-family", .freeName) ?? []).filter(isSystem).map(\.value)),
            mustNever: mustNever(file))
    }

    /// Each is proved for every session, and holds for classes that are looked for among all.
    private static let mustNeverLimit = 1000

    private func mustNever(_ file: MappingReader) -> [MustNever] {
        guard let items = file.node("must-never").map(log.items) else { return [] }
        guard items.count <= Self.mustNeverLimit else {
            reportTooMany("properties", Self.mustNeverLimit, items[Self.mustNeverLimit].range.start)
            return []
        }
        return items.compactMap(mustNever)
    }

    private func isSystem(_ name: Located<String>) -> Bool { names.check(.system, name, log: log) }

    /// Nil when the key is not there.
    private func systemsOrLabels(_ mapping: MappingReader, _ key: String) -> Set<String>? {
        mapping.list(key, .freeName).map { list in
            Set(list.filter { isLabel($0.value) || isSystem($0) }.map(\.value))
        }
    }

    private func isLabel(_ name: String) -> Bool {
        names.has(.label, name) || names.isUnsure(.label) || labelsOfSystems.contains(name)
    }

    private func mustNever(_ node: DocumentNode) -> MustNever? {
        guard let mapping = MappingReader(node, "a property", keys: Self.mustNeverKeys, log: log) else {
            return nil
        }
        let errorsBefore = log.errorCount
        let policyClass = mapping.read("class", .classPattern)
        let when = mapping.node("when").map(conditions.read) ?? []
        let reach = reach(mapping)
        _ = mapping.read("because", .text)
        let cites = citations(mapping)
        if let policyClass, !names.isUnsure(.policyClass),
            !names.all(.policyClass).keys.contains(where: { policyClass.value.matches($0) })
        {
            log.add(.patternWithoutClass(policyClass.value.description), at: policyClass.range)
        }
        guard log.errorCount == errorsBefore else { return nil }
        return MustNever(
            policyClass: policyClass?.value, conditions: when, reach: reach, cites: cites,
            location: mapping.range.start)
    }

    /// Nil for any system: `reach: any`.
    private func reach(_ mapping: MappingReader) -> Set<String>? {
        if case .scalar("any", _, _)? = mapping.requiredNode("reach") { return nil }
        return systemsOrLabels(mapping, "reach")
    }
}

extension TextForm where Value == TextPattern {
    static var classPattern: Self {
        Self(
            "the name of a class, in which one * may stand for any characters",
            .patternOrNumber("^[^*]*\\*?[^*]*$")
        ) {
            TextPattern($0)
        }
    }
}
