import Evidence
import Foundation
import PolicyLanguage
import RegisterImport

/// The repository's files that the tests read.
enum Folders {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    static let golden = tests.appending(path: "Golden")
    static let repository = tests.deletingLastPathComponent().deletingLastPathComponent()
}

/// One folder of `Golden`: a file to import, how, and what the register says before.
struct GoldenCase {
    let folder: URL
    private let options: [String: String]

    init(_ name: String) throws {
        folder = Folders.golden.appending(path: name)
        let text = try Self.text(folder.appending(path: "options.txt"))
        let pairs = text.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
        options = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
    }

    static func text(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }

    /// What somebody who imports the file is shown.
    func rendered() throws -> String {
        let log = DiagnosticLog()
        guard let mapping = try mapping(log) else { return DiagnosticRenderer.text(log.diagnostics) }
        do throws(ImportRefusal) {
            let bytes = try? Data(contentsOf: folder.appending(path: "input.csv"))
            let report = try ImportReport.read(Array(bytes ?? Data()), file: "input.csv", mapping: mapping)
            return ImportPlan(report, against: try now(mapping.kind), options: planOptions).text()
        } catch {
            return error.description
        }
    }

    private func mapping(_ log: DiagnosticLog) throws -> ImportMapping? {
        guard let path = options["mapping"] else {
            return options["register"].flatMap(RegisterKind.init).map(ImportMapping.init(ownNamesOf:))
        }
        let base = path.hasPrefix("rules/") ? Folders.repository : folder
        let text = try Self.text(base.appending(path: path))
        return ImportMapping.read(path: path, text: text, log: log)
    }

    private var planOptions: ImportPlan.Options {
        var result = ImportPlan.Options()
        if let missing = options["missing"].flatMap(ImportPlan.Missing.init) { result.missing = missing }
        return result
    }

    /// The register before, which is imported too.
    private func now(_ kind: RegisterKind) throws(ImportRefusal) -> RegisterLines {
        guard let bytes = try? Data(contentsOf: folder.appending(path: "now.csv")) else {
            return RegisterLines(kind, [:])
        }
        let report = try ImportReport.read(
            Array(bytes), file: "now.csv", mapping: ImportMapping(ownNamesOf: kind))
        guard report.problemCount == 0 else { fatalError("\(report.problems)") }
        var registers = Registers()
        for row in report.rows {
            do throws(RegisterProblem) {
                try registers.put(row.statement.subject, row.statement.fields)
            } catch {
                fatalError("\(error)")
            }
        }
        return RegisterLines(kind, of: registers)
    }
}
