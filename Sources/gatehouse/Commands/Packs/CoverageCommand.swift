import ArgumentParser
import Coverage
import Foundation
import PolicyLanguage

/// `gatehouse coverage DIR`
struct CoverageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage",
        abstract: "Show what of the written policy the rules serve, clause by clause, and what tests try.",
        discussion: """
            For each clause of clauses.yaml: the rules and settings that cite it, the tests that cite it and \
            whether they pass, and, with --audit, when it was last enforced and how many records there are of it. Then what the tests leave \
            untried: classes that none ends in, conditions that none sees both hold and fail, grants that none \
            reaches or none is refused.

            --html makes one page for auditors that needs nothing else, to look at or to print on A4.

            Ends with 0 when every clause within reach has a rule and a passing test, 1 when one has not or the \
            pack has mistakes, 2 when it cannot be read or written.
            """)

    enum Form: String, EnumerableFlag {
        case text, json, html, csv

        static func visibility(for value: Self) -> ArgumentVisibility { value == .text ? .hidden : .default }

        static func help(for value: Self) -> ArgumentHelp? {
            switch value {
            case .text: "A summary."
            case .json: "One JSON document."
            case .html: "One page, for auditors."
            case .csv: "A line for each clause, for spreadsheets."
            }
        }
    }

    @Argument(help: "The pack's folder.")
    var directory: String
    @Flag(exclusivity: .exclusive)
    var form = Form.text
    @Option(name: .long, help: ArgumentHelp("Write it here, replacing what is there.", valueName: "file"))
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The folder of the daemon's state, or a copy of its audit record: when was each clause last enforced?",
            valueName: "folder"))
    var audit: String?

    func run() throws {
        let report = try report()
        let text =
            switch form {
            case .text: CoverageText.text(report)
            case .json: try report.json()
            case .html: CoveragePage(report).text
            case .csv: report.csv()
            }
        if let output {
            try write(text, to: output)
        } else {
            FileHandle.standardOutput.write(Data(text.utf8))
        }
        if !report.hasList {
            Terminal.complain("the pack has no clauses.yaml: which clauses are missing is not known")
        }
        if !report.isComplete { throw ExitCode(1) }
    }

    private func report() throws -> CoverageReport {
        let now = SystemClock().now()
        do {
            // Read once: the digest is of what was judged.
            let files = try PackDirectory(path: directory).files()
            let pack = RulePack(files, at: now)
            guard let policy = pack.policy else {
                print(pack.complaints)
                throw ExitCode(1)
            }
            return CoverageReport(
                policy, pack: CoveredPack(name: name, at: now, digest: PackDigest(files)),
                results: pack.tests, evidence: try audit.map(RecordedClauses.read))
        } catch let unreadable as PackUnreadable {
            Terminal.complain("\(unreadable)")
            throw ExitCode(2)
        }
    }

    /// What the folder is called, also where it was given as `.`.
    private var name: String { URL(fileURLWithPath: directory).standardizedFileURL.lastPathComponent }

    private func write(_ text: String, to path: String) throws {
        do {
            if FileManager.default.fileExists(atPath: path) {
                try FileReplacement.replace(path, with: Array(text.utf8))
            } else {
                try FileReplacement.create(path, with: Array(text.utf8))
            }
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }
}
