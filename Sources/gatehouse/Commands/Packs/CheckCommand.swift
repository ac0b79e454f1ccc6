import ArgumentParser
import Classification
import Evidence
import Foundation
import PolicyLanguage
import PolicyProof
import RegisterImport

/// `gatehouse check DIR...`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Check packs: every mistake with its place, their own tests, and what must hold for every session.",
        discussion: """
            A folder named 'imports' is one of mappings for 'gatehouse import', and is checked as that.

            Ends with 0 when all may be loaded, 1 when one may not, 2 when one cannot be read.
            """)

    @Argument(help: "The folders of packs.")
    var directories: [String]
    @Flag(name: .long, help: "Print one JSON document: an object for one folder, a list of them for several.")
    var json = false

    func run() throws {
        var reports: [Report] = []
        var unreadable = false
        for directory in directories {
            do {
                let report = try report(on: directory)
                reports.append(report)
                if !json { print(text(report)) }
            } catch let problem as PackUnreadable {
                Terminal.complain("\(problem)")
                unreadable = true
            }
        }
        if json, directories.count == 1, let report = reports.first {
            try Terminal.printJSON(report)
        } else if json {
            try Terminal.printJSON(reports)
        }
        if unreadable { throw ExitCode(2) }
        if !reports.allSatisfy(\.loadable) { throw ExitCode(1) }
    }

    private func text(_ report: Report) -> String {
        let name = directories.count == 1 ? "" : "\(report.directory): "
        return (report.complaints.isEmpty ? "" : report.complaints + "\n") + name + report.summary
    }

    private func report(on directory: String) throws -> Report {
        if URL(filePath: directory).lastPathComponent == "imports" {
            return Report(mappings: try ImportMappings.read(directory), in: directory)
        }
        return Report(try RulePack.read(directory, at: SystemClock().now()), in: directory)
    }
}

/// What a check found in one folder.
private struct Report: Encodable {
    struct Test: Encodable {
        var name: String
        var place: String
        var failures: [String]
    }

    let directory: String
    let loadable: Bool
    let diagnostics: [DiagnosticJSON.Record]
    var tests: [Test] = []
    var proofs: [ProofText.Record] = []
    /// Not told in JSON, which has all of it in parts.
    let complaints: String
    let summary: String

    private enum CodingKeys: CodingKey { case directory, loadable, diagnostics, tests, proofs }

    init(_ pack: RulePack, in directory: String) {
        self.directory = directory
        loadable = pack.loadable != nil
        diagnostics = pack.diagnostics.map(DiagnosticJSON.Record.init)
        tests = pack.tests.map {
            Test(name: $0.name, place: $0.location.description, failures: $0.failures)
        }
        proofs = pack.proofs.map(ProofText.record)
        complaints = pack.complaints
        summary = Self.summary(of: pack)
    }

    init(mappings: ImportMappings, in directory: String) {
        self.directory = directory
        loadable = mappings.diagnostics.isEmpty
        diagnostics = mappings.diagnostics.map(DiagnosticJSON.Record.init)
        complaints = mappings.diagnostics.isEmpty ? "" : DiagnosticRenderer.text(mappings.diagnostics)
        summary = "\(mappings.good) of \(mappings.count) mappings for imports can be used"
    }

    private static func summary(of pack: RulePack) -> String {
        guard let policy = pack.policy else { return "not loadable" }
        let tests = "\(pack.tests.count - pack.failedTests.count) of \(pack.tests.count) tests passed"
        return "\(policy.classes.count) classes, \(policy.systems.count) systems, "
            + "\(policy.registers.devices.count) devices; \(tests); \(proofs(of: pack))"
    }

    private static func proofs(of pack: RulePack) -> String {
        let held = pack.proofs.count(where: \.holds)
        let stated = pack.proofs.count { if case .notStated(_) = $0.outcome { false } else { true } }
        return "\(held) of \(stated) properties proved for every session"
    }
}

/// A folder of mappings.
private struct ImportMappings {
    private(set) var count = 0
    private(set) var good = 0
    private(set) var diagnostics: [Diagnostic] = []

    static func read(_ directory: String) throws -> Self {
        var mappings = Self()
        for file in try PackDirectory(path: directory).files() {
            let path = "\(directory)/\(file.path)"
            let (decoded, problems) = PackFile.decode(path: path, bytes: file.bytes)
            mappings.count += 1
            let log = DiagnosticLog()
            if let decoded, ImportMapping.read(path: path, text: decoded.text, log: log) != nil {
                mappings.good += 1
            }
            mappings.diagnostics += problems + log.diagnostics
        }
        return mappings
    }
}
