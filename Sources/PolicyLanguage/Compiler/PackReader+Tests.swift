import Evidence
import NetworkTypes
import Sessions

/// `tests/*.yaml`: what the pack expects of itself.
extension PackReader {
    private static let testKeys = [
        "name", "at", "session", "class", "reaches", "refused", "because", "until", "cites",
    ]

    func readTests(_ root: DocumentNode) {
        guard let file = MappingReader(root, "a test file", keys: ["tests"], log: log),
            let list = file.requiredNode("tests")
        else { return }
        for item in log.items(list) {
            if let mapping = MappingReader(item, "a test", keys: Self.testKeys, log: log) {
                readTest(mapping)
            }
        }
    }

    private func readTest(_ mapping: MappingReader) {
        let name = mapping.require("name", .freeName)
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
                refused: refused, because: because, until: until, cites: cites, location: name.range.start))
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
            let expected = "a system, or a packet such as 10.10.0.20:443/tcp or [fd10:10::20]:443/tcp"
            log.add(.wrongValue(expected: expected, found: quoted(text.value)), at: text.range)
            return nil
        }
    }
}
