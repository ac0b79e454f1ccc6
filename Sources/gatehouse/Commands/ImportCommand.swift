import ArgumentParser
import Control
import ControlAPI
import Evidence
import Foundation
import PolicyLanguage
import RegisterImport

/// `gatehouse import FILE`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring a register up to date with what an MDM or a spreadsheet exports.",
        discussion: """
            The file is a table: a header, and a line for each device, user, loan or approval. A mapping says which \
            column says what; without one the columns are called what the fields are called. What fits is stated at \
            once or not at all, is on disk when this returns, and outranks the rule files. Every row that does not fit \
            is named with its place. Look first with --dry-run.

            Empty cells say nothing. A file never takes back that a device is lost or stolen, unless --bring-back says \
            so. When much would change at once, or much of the file does not fit, nothing is done without --yes. When \
            somebody else changes the registers while this is worked out, it is worked out anew, three times at most.

            Ends with 0 when every row fits, 1 when some did not or nothing was done, 2 when it could not be tried.
            """)

    @Argument(help: "The table: UTF-8, or UTF-16 with a byte order mark. '-' for standard input.")
    var file: String
    @Option(
        name: .long,
        help:
            "One of: \(RegisterKind.allCases.map(\.rawValue).joined(separator: ", ")). A mapping says it too."
    )
    var register: RegisterKind?
    @Option(name: .long, help: ArgumentHelp("Which column says what.", valueName: "file.yaml"))
    var mapping: String?
    @Flag(name: .long, help: "Say what would change, and which sessions would move. Change nothing.")
    var dryRun = false
    @Flag(name: .long, help: "Go on although much would change at once.")
    var yes = false
    @Option(name: .long, help: "What to do with lines that the file does not have: report, retire or ignore.")
    var missing = ImportPlan.Missing.report
    @Flag(name: .long, help: "Let the file say that lost and stolen devices are something else now.")
    var bringBack = false
    @Option(name: .long, help: "Why, for the record.")
    var reason = ""
    @OptionGroup var options: ControlOptions

    func validate() throws {
        if register == nil, mapping == nil {
            throw ValidationError("Name the register with --register, or a mapping with --mapping.")
        }
    }

    func run() async throws {
        let report = try readReport()
        for replans in 0...Self.replans {
            let list = try await options.ask(
                ControlOperations.registerList,
                ControlMessages.RegisterListArguments(kind: report.kind.rawValue, withUnwhole: true))
            let plan = plan(report, against: list)
            let isHeld = !plan.cautions.isEmpty && !yes
            let done: ControlMessages.OrderDone?
            do {
                done = isHeld && !dryRun ? nil : try await state(plan, ifRevision: list.revision)
            } catch let failure as ControlFailure {
                if failure.id == ControlMessages.registersMoved { continue }
                Terminal.complain(failure.message)
                throw ExitCode(1)
            }
            let answer = Answer(plan: plan.summary, isDryRun: dryRun, replans: replans, done: done)
            try options.show(answer) { _ in
                print(plan.text(), terminator: "")
                print("\n\(ImportText.outcome(plan, done, isDryRun: dryRun, replans: replans))")
            }
            if isHeld, !dryRun { Terminal.complain("nothing was done: look at the figures, then say --yes") }
            if plan.misfitCount > 0 || isHeld { throw ExitCode(1) }
            return
        }
        Terminal.complain(
            "nothing was stated: the registers changed each of \(Self.replans + 1) times that this was worked out; "
                + "import again")
        throw ExitCode(1)
    }

    /// How often it is worked out anew when the registers change meanwhile. More would hide that somebody else writes all
    /// the time.
    private static let replans = 3

    private struct Answer: Encodable {
        var plan: ImportPlan.Summary
        var isDryRun: Bool
        /// How often the plan was made anew, since the registers had changed.
        var replans: Int
        /// Nil when nothing was asked of the daemon.
        var done: ControlMessages.OrderDone?
    }

    // MARK: The file

    private func readReport() throws -> ImportReport {
        let mapping = try readMapping()
        let name = file == "-" ? "standard input" : file
        let bytes = try read(file, limit: ImportLimits().bytes)
        do throws(ImportRefusal) {
            return try ImportReport.read(bytes, file: name, mapping: mapping)
        } catch {
            print(error.description, terminator: "")
            throw ExitCode(1)
        }
    }

    private func readMapping() throws -> ImportMapping {
        guard let path = mapping else { return ImportMapping(ownNamesOf: register ?? .device) }
        let log = DiagnosticLog()
        let bytes = try read(path, limit: DocumentReader.sizeLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            Terminal.complain("\(path): the mapping is not UTF-8")
            throw ExitCode(1)
        }
        guard let mapping = ImportMapping.read(path: path, text: text, log: log) else {
            print(DiagnosticRenderer.text(log.diagnostics), terminator: "")
            throw ExitCode(1)
        }
        if let register, register != mapping.kind {
            throw ValidationError(
                "\(path) is about the \(mapping.kind.rawValue) register, not \(register.rawValue).")
        }
        return mapping
    }

    /// A byte more than the limit at most: whoever looks at them refuses those.
    private func read(_ path: String, limit: Int) throws -> [UInt8] {
        do {
            let handle =
                path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            var bytes: [UInt8] = []
            while bytes.count <= limit, let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
                bytes += chunk
            }
            return Array(bytes.prefix(limit + 1))
        } catch {
            Terminal.complain("cannot read \(path): \(error.localizedDescription)")
            throw ExitCode(2)
        }
    }

    // MARK: The daemon

    private func plan(_ report: ImportReport, against list: ControlMessages.RegisterList) -> ImportPlan {
        let lines = Dictionary(list.lines.map { ($0.key, $0.fields) }) { first, _ in first }
        var planOptions = ImportPlan.Options()
        planOptions.missing = missing
        planOptions.bringsBack = bringBack
        return ImportPlan(report, against: RegisterLines(report.kind, lines), options: planOptions)
    }

    /// Nil when there is nothing to state. Throws the daemon's refusal as a `ControlFailure`.
    private func state(
        _ plan: ImportPlan, ifRevision revision: String?
    ) async throws -> ControlMessages.OrderDone? {
        let statements = plan.statements
        guard !statements.isEmpty else { return nil }
        let requests = try RegisterRequests(
            statements, reason: reason.isEmpty ? "import of \(file)" : reason, dryRun: dryRun,
            ifRevision: revision)
        for part in requests.parts {
            _ = try await options.ask(ControlOperations.statePart, part)
        }
        return try await options.put(ControlOperations.state, requests.last)
    }
}

/// What an import came to, for people.
enum ImportText {
    static func outcome(
        _ plan: ImportPlan, _ done: ControlMessages.OrderDone?, isDryRun: Bool, replans: Int
    ) -> String {
        let times = replans == 1 ? "once" : "\(replans) times"
        let anew =
            replans == 0 ? "" : "worked out anew \(times), since the registers had changed meanwhile\n"
        guard let done else {
            return anew + (plan.statements.isEmpty ? "nothing to state" : "nothing was stated")
        }
        let count = plan.statements.count
        let lines = "\(count) line\(count == 1 ? "" : "s")"
        let moved = sessions((done.moved ?? []).map(\.session), isDryRun ? "would move" : "moved")
        let cut = sessions(done.cut, isDryRun ? "would be cut" : "cut")
        return anew
            + (isDryRun
                ? "a dry run: \(lines) would be stated; \(moved), \(cut)"
                : "stated \(lines); \(moved), \(cut)")
    }

    private static func sessions(_ ids: [String], _ what: String) -> String {
        guard !ids.isEmpty else { return "no session \(what)" }
        let shown = ids.prefix(20).joined(separator: " ") + (ids.count > 20 ? " ..." : "")
        return "\(ids.count) session\(ids.count == 1 ? "" : "s") \(what): \(shown)"
    }
}

extension RegisterKind: ExpressibleByArgument {}
extension ImportPlan.Missing: ExpressibleByArgument {}
