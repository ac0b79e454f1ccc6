import Evidence
import NetworkTypes
import Sessions

/// `tests/*.yaml`: what the pack expects of itself.
extension PackReader {
    /// What a test expects of a session, beside its name and the session.
    static let expectationKeys = ["at", "class", "reaches", "refused", "because", "until", "cites"]
    static let testKeys = ["name", "session"] + expectationKeys

    static let lineKeys = ["as", "with"] + expectationKeys
    static let settingTestKeys = ["name", "setting", "is", "cites"]

    func readTests(_ root: DocumentNode) {
        guard let file = MappingReader(root, "a test file", keys: ["tests"], log: log),
            let list = file.requiredNode("tests")
        else { return }
        for item in log.items(list) {
            if item.has("setting") {
                readSettingTest(item)
            } else if item.has("each") {
                readTable(item)
            } else if let mapping = MappingReader(item, "a test", keys: Self.testKeys, log: log) {
                readTest(mapping, name: mapping.require("name", .freeName))
            }
        }
    }

    /// - Parameter cites: on top of those of the mapping.
    private func readTest(_ mapping: MappingReader, name: Located<String>?, cites more: [String] = []) {
        let at = mapping.require("at", .timestamp())
        let session = mapping.requiredNode("session").flatMap(SessionReader(names: names, log: log).read)
        let expected = expectedClass(mapping)
        let reaches = targets(mapping, "reaches")
        let refused = targets(mapping, "refused")
        let because = mapping.read("because", .text)?.value
        let until = mapping.read("until", .timestamp())?.value
        let cites = citations(mapping)
        guard let name, define(.test, name), let at, let session else { return }
        tests.append(
            PolicyTest(
                name: name.value, at: at.value, session: session, expectedClass: expected, reaches: reaches,
                refused: refused, because: because, until: until,
                cites: more + cites.filter { !more.contains($0) }, location: name.range.start))
    }

    private func expectedClass(_ mapping: MappingReader) -> String?? {
        guard let name = mapping.read("class", .freeName) else { return nil }
        if name.value == "none" { return .some(nil) }
        names.check(.policyClass, name, log: log)
        return name.value
    }

    private func targets(_ mapping: MappingReader, _ key: String) -> [PolicyTest.Target] {
        (mapping.list(key, .freeName) ?? []).compactMap { text in
            // No name of a system has a slash, and every packet has one.
            guard text.value.contains("/") else {
                names.check(.system, text, log: log)
                return .system(text.value)
            }
            if let destination = Destination(parsing: text.value) { return .destination(destination) }
            let expected = Self.expectedTarget
            log.add(.wrongValue(expected: expected, found: quoted(text.value)), at: text.range)
            return nil
        }
    }

    static let expectedTarget = "a system, or a packet such as 10.10.0.20:443/tcp or [fd10:10::20]:443/tcp"

    // MARK: Tables

    /// In values that are read, those in common once for every line.
    private static let tableLimit = 1_000_000

    /// One test for each line of a table. A line says what it is `as`, which keys of the session it lays over those of
    /// the table, and what it expects; what it does not expect itself, the table does.
    private func readTable(_ node: DocumentNode) {
        guard let table = MappingReader(node, "a table of tests", keys: Self.testKeys + ["each"], log: log)
        else { return }
        let reported = log.mark
        let name = table.require("name", .freeName)
        let cites = citations(table)
        // Also what every line has otherwise is read.
        if let session = table.node("session") { _ = SessionReader(names: names, log: log).read(session) }
        _ = (expectedClass(table), targets(table, "reaches"), targets(table, "refused"))
        _ = (table.read("at", .timestamp()), table.read("until", .timestamp()), table.read("because", .text))
        guard let list = table.requiredNode("each") else { return }
        if case .sequence(let items, let range) = list, items.isEmpty {
            log.add(.emptyList("each", instead: "describe a session, or leave the table out"), at: range)
        }
        let common = node.entries.filter { Self.testKeys.contains($0.key) }
        let lines = log.items(list)
        guard lines.count * common.reduce(1, { $0 + $1.value.size }) <= Self.tableLimit else {
            return log.add(.tooManyLines, at: table.keyRange("each"))
        }
        // What no line has is missed once, at the table.
        let lacks = { (key: String, own: String) in !node.has(key) && !lines.contains { $0.has(own) } }
        let place = lacks("at", "at") || lacks("session", "with") ? table.range : nil
        for line in lines { readLine(line, of: common, name, cites, missingAt: place) }
        // Every line reads what the table has in common.
        log.dropRepeats(since: reported)
    }

    private func readLine(
        _ node: DocumentNode, of table: [DocumentNode.Entry], _ name: Located<String>?, _ cites: [String],
        missingAt place: SourceRange?
    ) {
        guard let line = MappingReader(node, "a line of a table", keys: Self.lineKeys, log: log) else {
            return
        }
        let own = line.require("as", .freeName)
        let session = session(table.first { $0.key == "session" }, with: line.node("with"))
        var entries = node.entries.filter { Self.expectationKeys.contains($0.key) }
        entries += table.filter { entry in
            // Those of the table are counted once, and in any case.
            !["name", "session", "cites"].contains(entry.key) && !entries.contains { $0.key == entry.key }
        }
        guard
            let test = MappingReader(
                .mapping(entries + [session].compactMap(\.self), place ?? node.range), "a test",
                keys: Self.testKeys,
                log: log)
        else { return }
        let full = own.flatMap { own in
            name.map { Located("\($0.value): \(own.value)", at: own.range) }
        }
        readTest(test, name: full, cites: cites)
    }

    /// The session of a table with some of its keys put in place, whole, or taken away where they are `none`.
    private func session(
        _ common: DocumentNode.Entry?, with own: DocumentNode?
    ) -> DocumentNode.Entry? {
        guard let own else { return common }
        let laid = log.pairs(own)
        _ = MappingReader(.mapping(laid, own.range), "a session", keys: SessionReader.keys, log: log)
        let taken = Set(laid.map(\.key))
        let kept = (common?.value.entries ?? []).filter { !taken.contains($0.key) }
        let added = laid.filter { entry in
            if case .scalar("none", _, _) = entry.value { false } else { true }
        }
        return DocumentNode.Entry(
            key: "session", keyRange: common?.keyRange ?? own.range,
            value: .mapping(kept + added, own.range))
    }

    // MARK: Settings

    /// `{ name: .., setting: monitoring.flows, is: off }`
    private func readSettingTest(_ node: DocumentNode) {
        guard let mapping = MappingReader(node, "a test of a setting", keys: Self.settingTestKeys, log: log)
        else { return }
        let name = mapping.require("name", .freeName)
        let setting = mapping.requiredNode("setting").flatMap(settingName)
        let expected = setting.flatMap { setting in
            mapping.requiredNode("is").map { words($0, of: setting) }
        }
        let cites = citations(mapping)
        guard let name, define(.test, name), let setting, let expected else { return }
        settingTests.append(
            SettingTest(
                name: name.value, setting: setting, expected: expected, cites: cites,
                location: name.range.start))
    }

    private func settingName(_ node: DocumentNode) -> Setting? {
        guard let text = log.read(node, .freeName) else { return nil }
        if let setting = Setting(rawValue: text.value) { return setting }
        let known = Dictionary(
            uniqueKeysWithValues: Setting.allCases.map { ($0.rawValue, SourceLocation?.none) })
        log.addUnknown(.unknownSetting(text.value), text.value, at: text.range, among: known)
        return nil
    }

    private func words(_ node: DocumentNode, of setting: Setting) -> [String] {
        if case .scalar("none", _, _) = node { return [] }
        return Set(log.readList(node, setting.form).map(\.value)).sorted()
    }
}

extension DocumentNode {
    /// Those of a mapping.
    fileprivate var entries: [Entry] {
        if case .mapping(let entries, _) = self { entries } else { [] }
    }

    fileprivate func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// How many values it is made of.
    fileprivate var size: Int {
        switch self {
        case .scalar: 1
        case .sequence(let items, _): items.reduce(1) { $0 + $1.size }
        case .mapping(let entries, _): entries.reduce(1) { $0 + $1.value.size }
        }
    }
}
