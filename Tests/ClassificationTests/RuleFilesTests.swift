import Classification
import Foundation
import Sessions
import Testing

@testable import PolicyLanguage

/// The reference of the rule language says what the readers do: its examples compile, and no key is missing.
struct RuleFilesTests {
    /// Saturday, 21 November 2026, 10:00 UTC.
    private static let now = Instant(secondsSince1970: 1_795_255_200)

    private static let base = [
        "policy.yaml": """
        inside: [10.10.0.0/16, "fd10:10::/32"]
        tenants:
          boston: { organisation: Boston Borough Council, mfa: { within: 8h } }
        classes:
          - { name: lost, when: { device: [lost, stolen] }, access: none }
          - vendors
          - { name: staff, when: { certificate: corporate, device: in-use, mfa: { within: 12h } }, access: [proxy, crm] }
        """,
        "systems.yaml": """
        systems:
          proxy: { addresses: [10.10.0.80], services: [tcp/3128] }
          dns: { addresses: [10.10.0.53], services: [udp/53] }
          crm: { addresses: [10.10.0.20], services: [tcp/443], label: official }
        """,
        "authorities.yaml": """
        authorities:
          corporate: { digest: 1111111111111111111111111111111111111111111111111111111111111111 }
          third-party: { digest: 2222222222222222222222222222222222222222222222222222222222222222 }
        """,
        "devices.yaml": """
        devices:
          laptop-0001: { digest: a000000000000000000000000000000000000000000000000000000000000001, kind: laptop, status: in-use }
          pool-01: { digest: a000000000000000000000000000000000000000000000000000000000000002, kind: pool, status: in-use }
        """,
        "users.yaml": """
        users:
          alice: { groups: [staff] }
          bob: { groups: [staff] }
        """,
        "vendors/northwind.yaml": """
        vendor: Northwind
        certificate: { authority: third-party, organisation: Northwind Ltd }
        contract: { reference: C-1042, from: 2026-04-01, until: 2028-03-31, sponsor: head.of.finance }
        systems: [crm]
        """,
        "offices.yaml": """
        offices:
          town-hall: 192.0.2.0/28
        """,
    ]

    /// The base with an example laid over it: a key at the left margin takes the place of the same key.
    private static func pack(with example: RuleFilesPage.Example) -> [PackFile] {
        var files = base
        var parts = parts(of: files[example.path] ?? "")
        for (key, lines) in Self.parts(of: example.text) {
            if let index = parts.firstIndex(where: { $0.key == key }) {
                parts[index].lines = lines
            } else {
                parts.append((key, lines))
            }
        }
        files[example.path] = parts.flatMap(\.lines).joined(separator: "\n") + "\n"
        return files.map { PackFile(path: $0.key, text: $0.value) }
    }

    private static func parts(of text: String) -> [(key: Substring, lines: [Substring])] {
        var parts: [(key: Substring, lines: [Substring])] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if !line.hasPrefix(" "), let colon = line.firstIndex(of: ":") {
                parts.append((line[..<colon], []))
            }
            parts[parts.count - 1].lines.append(line)
        }
        return parts
    }

    @Test func everyExampleCompilesAndPasses() throws {
        let page = try RuleFilesPage()
        #expect(page.examples.count > 50)
        #expect(page.unnamed == [])
        for example in page.examples {
            let (policy, diagnostics) = PolicyCompiler.compile(Self.pack(with: example), now: Self.now)
            #expect(DiagnosticRenderer.text(diagnostics) == "", "\(example)")
            let failed = policy.map(PolicyTestRunner.run)?.filter { !$0.passed } ?? []
            #expect(failed.map { [$0.name] + $0.failures } == [], "\(example)")
        }
    }

    /// Mappings with the same keys that are called the same.
    private struct Mapping: Hashable, CustomStringConvertible {
        let what: String
        let keys: Set<String>

        var description: String { "\(what): \(keys.sorted().joined(separator: ", "))" }
    }

    /// What the readers take apart when they read some packs, and which of the keys are written there.
    private static func mappings(in packs: [[PackFile]]) -> [Mapping: Set<String>] {
        var found: [Mapping: Set<String>] = [:]
        for pack in packs {
            let reader = PackReader(now: now)
            reader.log.onMapping = { what, keys, written in
                let what = what.filter { $0 != "'" }.lowercased()
                found[Mapping(what: what, keys: Set(keys)), default: []].formUnion(written)
            }
            reader.read(pack)
        }
        return found
    }

    /// Where a line is the value of its name, the name is no key of it.
    private static let names: Set<String> = ["id", "name", "reference"]

    @Test func everyKeyIsInTheReferenceAndInAnExample() throws {
        let page = try RuleFilesPage()
        let found = Self.mappings(in: page.examples.map(Self.pack))
        #expect(found.count > 50)
        var used: [String: Set<String>] = [:]
        for (mapping, written) in found {
            // Many things have an age: one section tells of all.
            let title = mapping.keys == ["within"] ? "an age" : mapping.what
            let section = page.sections.first { section in
                let isOfIt = section.title == title || section.title.hasPrefix(title + ",")
                let rest = section.keys.subtracting(mapping.keys)
                return isOfIt && mapping.keys.isSubset(of: section.keys) && rest.isSubset(of: Self.names)
            }
            #expect(section != nil, "no section '\(title)' has just the keys of \(mapping)")
            if let section { used[section.title, default: []].formUnion(written) }
        }
        for section in page.sections where !section.keys.isEmpty && section.title != "overview" {
            let never = section.keys.subtracting(used[section.title] ?? [])
            #expect(never.isEmpty, "'\(section.title)' has no example of \(never.sorted())")
        }
    }

    /// What no example has would go unseen above: every kind of mapping that the readers' source names is one of them.
    @Test func everyReaderIsHeard() throws {
        let page = try RuleFilesPage()
        let heard = Set(Self.mappings(in: page.examples.map(Self.pack)).keys.map(\.what))
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/PolicyLanguage/Compiler")
        // Neither is part of a pack.
        let others: Set = ["a session file", "a file of sessions", "a recorded session"]
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let source = String(decoding: try Data(contentsOf: folder.appending(path: file)), as: UTF8.self)
            for call in source.split(separator: "MappingReader(").dropFirst() {
                guard let comma = call.firstIndex(of: ","), let quote = call[comma...].firstIndex(of: "\""),
                    call[comma..<quote].allSatisfy({ $0 == "," || $0.isWhitespace })
                else { continue }
                let what = call[call.index(after: quote)...].prefix { $0 != "\"" }
                if what.contains("\\") || others.contains(String(what)) { continue }
                count += 1
                let name = what.filter { $0 != "'" }.lowercased()
                #expect(heard.contains(name), "\(file): no example has \(what)")
            }
        }
        #expect(count > 35, "\(count) were found in the source")
    }
}
