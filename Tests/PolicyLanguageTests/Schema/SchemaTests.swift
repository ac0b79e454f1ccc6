import Foundation
import FuzzProperties
import PolicyLanguage
import TestSupport
import Testing

/// Schemas and the checker tell the same of the same file, as far as one can see it in the file alone.
@Suite(.timeLimit(.minutes(30)))
struct SchemaTests {
    private static func validators() throws -> [RuleFileSchema: SchemaValidator] {
        Dictionary(
            uniqueKeysWithValues: try RuleFileSchema.allCases.map { ($0, try SchemaValidator($0.text)) })
    }

    /// Nil for what has no schema: tables, files of no pack, and what is no YAML.
    private static func instance(
        _ file: (path: String, bytes: [UInt8])
    ) -> (kind: RuleFileSchema, value: Instance)? {
        guard let kind = RuleFileSchema(path: file.path),
            let text = PackFile.decode(path: file.path, bytes: file.bytes).file,
            let root = DocumentReader.read(
                SourceText(path: text.path, text: text.text), log: DiagnosticLog())
        else { return nil }
        return (kind, Instance(root))
    }

    @Test func packsAreAccepted() throws {
        let validators = try Self.validators()
        var kinds: Set<RuleFileSchema> = []
        for pack in FormatPropertyTests.packs + [Mistake.folder.appending(path: "pack")] {
            for file in try Packs.bytes(in: pack) {
                guard let (kind, value) = Self.instance(file) else { continue }
                kinds.insert(kind)
                #expect(validators[kind]?.accepts(value) == true, "\(pack.lastPathComponent)/\(file.path)")
            }
        }
        #expect(kinds.count == RuleFileSchema.allCases.count)
    }

    /// Why no schema of one file sees what a diagnostic is about; nil where it can.
    private static func beyond(_ id: DiagnosticID) -> String? {
        switch id {
        case .emptyList, .missingKey, .reservedName, .unknownKey, .unknownSetting, .wrongType, .wrongValue:
            nil
        case .anchorsRefused, .badCharacter, .badCSV, .badYAML, .duplicateKey, .emptyFile, .fileTooLarge,
            .lineTooLong, .nestingTooDeep, .notUTF8, .severalDocuments, .tagsRefused:
            "it is in the text, before there is a value"
        case .missingFile, .undefinedAuthority, .undefinedClass, .undefinedClause, .undefinedDevice,
            .undefinedGroup, .undefinedLabel, .undefinedOffice, .undefinedSystem, .undefinedTenant,
            .ungrantable, .unknownFile, .unknownName, .unknownUser:
            "it takes other files"
        case .contractEnded, .contractEndsSoon, .reviewOverdue: "it takes the clock"
        case .contractDates, .hostBits, .insideTooWide, .opensInternet, .specialAddress:
            "it takes arithmetic of dates and addresses"
        case .unknownZone: "it takes the database of zones"
        case .accessWithoutCertificate, .andMore, .behaviourGains, .conflictingSystems, .duplicateName,
            .matchesEveryone, .overlappingSystems, .shadowedClass, .tooMany, .unregisteredWithAccess:
            "it is about several values together"
        }
    }

    /// Mistakes that a schema lets pass all the same, and why.
    private static let passed: [String: String] = [
        "audit-every-short": length, "audit-retention-short": length, "changes-confirm-short": length,
        "idle-too-long": length, "idle-too-short": length, "monitoring-retention-long": length,
        "when-behaviour-short": length, "when-mfa-century": length, "when-posture-lock-seconds": length,
        "test-session-posture-lock": length,
        "loan-dates": order, "system-address-range-backwards": order, "system-service-range-backwards": order,
        "when-hours-same": order,
        "authority-digest-short": digits, "device-digest": digits,
        "test-packet": "it may be the name of a system", "test-session-loan": "the session may say the rest",
        "file-list-key": "it is no JSON",
    ]
    private static let digits = "digits alone are a number, and lose the zeros before it"
    private static let length = "how long a duration is takes arithmetic"
    private static let order = "which of two comes first takes arithmetic"

    @Test(arguments: Mistake.names) func mistakesAreRefused(name: String) async throws {
        await Task.yield()
        let mistake = try Mistake(named: name)
        let files = mistake.files.compactMap { path, bytes in bytes.map { (path: path, bytes: $0) } }
        let diagnostics = Packs.compile(try mistake.pack()).diagnostics
        let diagnostic = try #require(diagnostics.first)
        let refused = try files.contains { file in
            try Self.instance(file).map { try !SchemaValidator($0.kind.text).accepts($0.value) } ?? false
        }
        let hasSchema = RuleFileSchema(path: diagnostic.range.start.file) != nil
        let slug = String(name.dropLast(".txt".count))
        let expected = hasSchema && Self.beyond(diagnostic.id) == nil && Self.passed[slug] == nil
        let why: Comment = "\(mistake.why): \(diagnostic.message) [\(diagnostic.id)]"
        // A schema may refuse what the checker has another word for.
        if expected { #expect(refused, why) }
        if refused { #expect(diagnostics.hasErrors, why) }
        if Self.passed[slug] != nil { #expect(!refused, why) }
    }

    /// Any file of a pack with one thing changed: what the schema refuses the checker refuses, and what the checker
    /// refuses for its shape the schema does.
    @Test func changedFilesAreToldTheSame() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let validators = try Self.validators()
        let pack = Mistake.folder.appending(path: "pack")
        let files = try Packs.bytes(in: pack).filter { $0.path.hasSuffix(".yaml") }
        var (refusals, agreements) = (0, 0)
        let rounds = ProcessInfo.processInfo.environment["GATEHOUSE_ROUNDS"].flatMap { Int($0) } ?? 1000
        for round in 0..<rounds {
            await Task.yield()
            let index = Int.random(in: files.indices, using: &random)
            let path = files[index].path
            let text = String(decoding: files[index].bytes, as: UTF8.self)
            let root = try #require(
                DocumentReader.read(SourceText(path: path, text: text), log: DiagnosticLog()))
            var file = ChangedFile(root)
            file.change(by: &random)
            var changed = files
            changed[index].bytes = Array(file.text.utf8)
            let why: Comment = "seed \(seed), round \(round), \(path)\n\(file.text)"
            // Nothing in place of all of it is no file.
            guard let (kind, instance) = Self.instance(changed[index]) else { continue }
            let isAccepted = validators[kind]?.accepts(instance) == true
            let told = Packs.compile(changed).diagnostics.filter {
                $0.range.start.file == path && $0.severity == .error
            }
            if !isAccepted {
                refusals += 1
                #expect(!told.isEmpty, why)
            }
            for diagnostic in told where Self.isOfShape(diagnostic) {
                agreements += 1
                #expect(!isAccepted, "\(diagnostic.message), \(why)")
            }
        }
        #expect(refusals > rounds / 5 && agreements > rounds / 5, "\(refusals), \(agreements)")
    }

    /// Values may be wrong for more than their form; keys and types may not.
    private static func isOfShape(_ diagnostic: Diagnostic) -> Bool {
        [.unknownKey, .wrongType, .emptyList].contains(diagnostic.id)
            || diagnostic.id == .missingKey && !diagnostic.message.contains(" 'test-")
    }

    @Test func shippedSchemasAreThoseOfTheReader() throws {
        let folder = Packs.standard.deletingLastPathComponent().appending(path: ".schema")
        for kind in RuleFileSchema.allCases {
            let file = folder.appending(path: kind.fileName)
            if GoldenTests.isRegenerating { try Data(kind.text.utf8).write(to: file) }
            #expect(
                kind.text == String(decoding: try Data(contentsOf: file), as: UTF8.self),
                "gatehouse schema --output rules/.schema")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == Set(RuleFileSchema.allCases.map(\.fileName)))
    }

    @Test func packsNameTheirSchemas() throws {
        for pack in FormatPropertyTests.packs {
            for file in try Packs.bytes(in: pack) {
                guard let kind = RuleFileSchema(path: file.path) else { continue }
                let first = String(decoding: file.bytes, as: UTF8.self).prefix { $0 != "\n" }
                #expect(first == kind.editorLine, "\(pack.lastPathComponent)/\(file.path)")
            }
        }
    }

    @Test func filesOfNoPackHaveNoSchema() {
        for path in [
            "vendor.yaml", "tests.yaml", "policy.yml", "devices.csv", "vendors/a/b.yaml", "x/policy.yaml", "",
        ] {
            #expect(RuleFileSchema(path: path) == nil, "\(path)")
        }
        #expect(RuleFileSchema(path: "vendors/northwind.yaml") == .vendor)
        #expect(RuleFileSchema(path: "tests/staff.yaml") == .tests)
        #expect(RuleFileSchema(path: "loans.yaml") == .loans)
    }
}
