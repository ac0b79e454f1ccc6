import Evidence

/// JSON Schemas of the files of a pack, for editors: keys, types, words and forms of text, as they are typed.
///
/// A schema sees one file, so it refuses less than `gatehouse check` does, and never anything that the check lets pass.
package enum RuleFileSchema: String, Sendable, CaseIterable {
    case policy, systems, authorities, offices, clauses, devices, users, loans, approvals, properties, vendor
    case tests

    /// The kind of a file of a pack; nil for tables, which have no schema.
    package init?(path: String) {
        let parts = path.split(separator: "/")
        guard path.hasSuffix(".yaml"), let first = parts.first else { return nil }
        switch (parts.count, first) {
        case (1, _): self.init(rawValue: String(first.dropLast(".yaml".count)))
        case (2, "vendors"): self = .vendor
        case (2, "tests"): self = .tests
        default: return nil
        }
        if parts.count == 1, [.vendor, .tests].contains(self) { return nil }
    }

    /// Which files it is for.
    package var files: String {
        switch self {
        case .vendor: "vendors/*.yaml"
        case .tests: "tests/*.yaml"
        default: "\(rawValue).yaml"
        }
    }

    /// What the schema's own file is called.
    package var fileName: String { "\(rawValue).json" }

    /// The line by which editors find the schema of a file, in a folder beside the pack's own.
    package var editorLine: String {
        let up = files.contains("/") ? "../.." : ".."
        return "# yaml-language-server: $schema=\(up)/.schema/\(fileName)"
    }

    /// The schema, as a JSON text.
    package var text: String {
        let head = Schema([
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
            "title": .string("gatehouse: \(files)"),
            "$comment": .string("Made by 'gatehouse schema': do not edit."),
        ])
        let members = head.members + root.members + definitions
        return JSONValue.object(members).text
    }

    private var root: Schema {
        switch self {
        case .policy: Self.policyFile
        case .systems: Self.systemsFile
        case .authorities: Self.authoritiesFile
        case .offices: Self.officesFile
        case .clauses: Self.clausesFile
        case .devices: Self.register(.device)
        case .users: Self.register(.user)
        case .loans: Self.register(.loan)
        case .approvals: Self.register(.approval)
        case .properties: Self.propertiesFile
        case .vendor: Self.vendorFile
        case .tests: Self.testsFile
        }
    }

    private var definitions: [JSONValue.Member] {
        guard self == .tests else { return [] }
        let session = JSONValue.Member(key: "session", value: Self.session.value)
        return [JSONValue.Member(key: "$defs", value: .object([session]))]
    }
}
