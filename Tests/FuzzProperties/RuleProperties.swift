import Classification
import Evidence
import FlowSpace
import NetworkTypes
import PolicyLanguage
import Sessions
import Synchronization

/// What holds for packs of rules whatever their files say.
///
/// A whole pack is one input: a line `=== PATH` begins a file, and what stands before the first is `policy.yaml`.
enum RuleProperties {
    private static let now = Instant(secondsSince1970: 1_795_255_200)
    /// The validator of schemas is slow, and so is formatting twice what was formatted.
    private static let longestShownTwice = 2_048

    static func violation(in input: [UInt8]) -> String? {
        let files = pack(input)
        let (policy, diagnostics) = PolicyCompiler.compile(files, now: now)
        if (policy == nil) != diagnostics.hasErrors {
            return "a policy with errors, or neither policy nor error"
        }
        if diagnostics != diagnostics.sortedByPlace() { return "diagnostics out of order" }
        if PolicyCompiler.compile(files.reversed(), now: now).diagnostics != diagnostics {
            return "otherwise with the files in another order"
        }
        if let violation = violation(of: diagnostics, in: files) { return violation }
        for file in files where file.path.hasSuffix(".yaml") && file.text.utf8.count <= longestShownTwice {
            if let violation = formatViolation(file) ?? schemaViolation(file, diagnostics) {
                return violation
            }
        }
        return policy.flatMap { violation(of: $0, files) }
    }

    /// The input that has these files.
    static func input(_ files: [(path: String, bytes: [UInt8])]) -> [UInt8] {
        Array(files.map { Array("=== \($0.path)\n".utf8) + $0.bytes }.joined(separator: [0x0a]))
    }

    private static func pack(_ input: [UInt8]) -> [PackFile] {
        var path = "policy.yaml"
        var text: [UInt8] = []
        var files: [(path: String, bytes: [UInt8])] = []
        for line in input.split(separator: 0x0a, omittingEmptySubsequences: false) {
            if line.starts(with: "=== ".utf8), let next = String(validating: line.dropFirst(4), as: UTF8.self)
            {
                if !text.isEmpty { files.append((path, Array(text.dropLast()))) }
                (path, text) = (next, [])
            } else {
                text += line + [0x0a]
            }
        }
        files.append((path, Array(text.dropLast())))
        // No folder has two files of one name, nor one without.
        var seen: Set<[UInt8]> = []
        return files.filter { !$0.path.isEmpty && seen.insert(Array($0.path.utf8)).inserted }
            .map { PackFile(path: $0.path, bytes: $0.bytes) }
    }

    /// Every place is in a file of the pack, and every word can be shown.
    private static func violation(of diagnostics: [Diagnostic], in files: [PackFile]) -> String? {
        let sources = Dictionary(
            files.map { ($0.path, SourceText(path: $0.path, text: $0.text)) },
            uniquingKeysWith: { first, _ in first })
        for diagnostic in diagnostics {
            let place = diagnostic.range.start
            if diagnostic.message.isEmpty || diagnostic.message.contains("\n") { return "words of no line" }
            guard let source = sources[place.file] else {
                // What is missing is named where it should be.
                if diagnostic.id == .missingFile { continue }
                return "\(place) is in no file"
            }
            // What is no UTF-8 is no text here; its place counts the text before.
            if files.contains(where: { $0.path == place.file && $0.problem != nil }) { continue }
            let width = source.line(place.line).count
            guard (1...source.lines.count).contains(place.line), (1...width + 1).contains(place.column),
                place.column + diagnostic.range.length - 1 <= max(width, place.column)
            else { return "\(place) is not in the file" }
        }
        return DiagnosticRenderer.text(diagnostics).contains("\u{1B}") ? "an escape in words for people" : nil
    }

    private static func formatViolation(_ file: PackFile) -> String? {
        guard case .formatted(let text) = RuleFileFormatter.format(file) else { return nil }
        let again = RuleFileFormatter.format(PackFile(path: file.path, text: text))
        return again == .formatted(text) ? nil : "formatted twice it is another"
    }

    private static let validators = Mutex<[RuleFileSchema: SchemaValidator]>([:])

    /// What the schema refuses the checker refuses, and what the checker refuses for its shape the schema does.
    private static func schemaViolation(_ file: PackFile, _ diagnostics: [Diagnostic]) -> String? {
        guard let kind = RuleFileSchema(path: file.path), file.problem == nil,
            let root = DocumentReader.read(SourceText(path: file.path, text: file.text), log: DiagnosticLog())
        else { return nil }
        let isAccepted = validators.withLock { validators in
            let validator = validators[kind] ?? (try? SchemaValidator(kind.text))
            validators[kind] = validator
            return validator?.accepts(Instance(root)) ?? false
        }
        let told = diagnostics.filter { $0.range.start.file == file.path && $0.severity == .error }
        if !isAccepted && told.isEmpty { return "the schema refuses \(file.path), and the checker does not" }
        let isOfShape = told.contains { [.unknownKey, .wrongType, .emptyList].contains($0.id) }
        return isAccepted && isOfShape
            ? "the checker refuses the shape of \(file.path), and the schema does not" : nil
    }

    private static func violation(of policy: Policy, _ files: [PackFile]) -> String? {
        let inside = FlowSpace(policy.inside.map { FlowBox(addresses: $0.range, protocols: 0 ... .max) })
        for system in policy.systems where !system.space.isSubset(of: inside) || system.space.isEmpty {
            return "system \(system.name) is empty, or not inside"
        }
        for one in policy.classes {
            guard case .systems(let names) = one.access else { continue }
            if names.isEmpty || !names.allSatisfy({ policy.system(named: $0) != nil }) {
                return "class \(one.name) reaches a system that there is not"
            }
        }
        if Set(policy.classes.map(\.name)).count != policy.classes.count { return "two classes of one name" }
        // The pack's own tests end, and end alike.
        if PolicyTestRunner.run(policy) != PolicyTestRunner.run(policy) { return "tests have two results" }
        for file in files where file.problem == nil {
            let recorded = PolicyCompiler.recordedSessions(file, in: policy)
            if (recorded.sessions == nil) != recorded.diagnostics.hasErrors { return "sessions with errors" }
            let one = PolicyCompiler.session(file, in: policy)
            if one.session != nil, one.diagnostics.hasErrors { return "a session with errors" }
        }
        return nil
    }
}
