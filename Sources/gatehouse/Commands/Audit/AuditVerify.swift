import ArgumentParser
import Audit
import AuditLog
import Control
import Store

/// `gatehouse audit verify`
struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Say whether the record is as it was written, and name the first line that is not.",
        discussion: """
            Finds lines that were edited, added, repeated, moved or taken away, files that are missing or cut short, and \
            an end that is missing: how far the record goes is in the daemon's database, and the daemon is asked while it \
            runs. Whoever keeps the head that is printed, elsewhere, and gives it here with --head, notices a record that \
            was made anew as a whole, too.

            Ends with 0 when the record is whole, 1 when it is not, 2 when it cannot be read.
            """)

    @OptionGroup var place: AuditPlace
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            "Heads that were noted before, as this command prints them.", valueName: "number:hash"))
    var head: [String] = []
    @Option(name: .long, help: ArgumentHelp("The daemon's control socket.", valueName: "socket"))
    var control = "/run/gatehouse/control.sock"
    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let noted = try head.map { text in
            guard let head = AuditHead(text) else { throw ValidationError("'\(text)' is no head") }
            return head
        }
        let known = await knownHead()
        let segments = try place.segments()
        var verifier = ChainVerifier(known: noted + [known.head].compactMap(\.self))
        var progress = ReadingProgress()
        var broken: ChainBreak?
        for (index, segment) in segments.enumerated() where broken == nil {
            let isGrowing = known.isLive && index == segments.count - 1
            broken = verifier.read(
                segment.name, startingAt: segment.number, try place.read(segment), isGrowing: isGrowing)
            progress.show(index + 1, of: segments.count, Int(verifier.lines))
        }
        progress.end()
        let report = Report(verifier, broken ?? verifier.finish(), known)
        if json { try Terminal.printJSON(report) } else { print(report.text) }
        if !report.whole { throw ExitCode(1) }
    }

    struct Known {
        var head: AuditHead?
        /// Whether a daemon is writing.
        var isLive = false
        /// Why it is not known.
        var because: String?
    }

    /// How far the record goes by the database, or by the daemon that has it.
    private func knownHead() async -> Known {
        do throws(StoreError) {
            let kept = try Store.auditHead(inDirectory: place.state)
            return Known(head: kept.flatMap(AuditHead.init), because: "there is no database beside it")
        } catch {
            guard case .inUse = error else { return Known(because: "\(error)") }
            return await ask()
        }
    }

    private func ask() async -> Known {
        do throws(ControlClientError) {
            let answer: ControlMessages.AuditHeadAnswer = try await ControlClient(
                path: control, timeout: .seconds(10)
            ).call(ControlOperations.auditHead, ControlMessages.Nothing())
            return Known(head: answer.head.flatMap(AuditHead.init), isLive: true)
        } catch {
            return Known(isLive: true, because: "the daemon does not say: \(error)")
        }
    }

    struct Report: Codable {
        var whole: Bool
        var records: UInt64
        var files: Int
        var first: UInt64?
        var from: String
        var through: String
        /// Of the last good record: to be kept elsewhere.
        var head: String
        /// How far the record was known to go; nil where nobody knows.
        var known: String?
        /// Records that say that others could not be kept.
        var gaps: Int
        var problem: Problem?
        var notKnown: String?

        struct Problem: Codable {
            var file: String
            var line: Int
            var offset: Int
            var says: String
        }

        init(_ verifier: ChainVerifier, _ broken: ChainBreak?, _ source: Known) {
            whole = broken == nil
            records = verifier.lines
            files = verifier.files
            first = verifier.first?.number
            from = verifier.from
            through = verifier.through
            head = verifier.head.description
            known = source.head?.description
            gaps = verifier.gaps
            problem = broken.map {
                Problem(file: $0.file, line: $0.line, offset: $0.offset, says: "\($0.problem)")
            }
            notKnown = source.head == nil ? source.because ?? "nothing was noted" : nil
        }

        var text: String {
            let span = records == 0 ? "" : ", \(from) to \(through)"
            let count = "\(records) records in \(files) \(files == 1 ? "file" : "files")\(span)"
            var lines: [String] = []
            if let problem {
                let place =
                    problem.file.isEmpty ? "" : "\(problem.file):\(problem.line), byte \(problem.offset): "
                lines = ["BROKEN: \(place)\(problem.says)", "good before that: \(count)"]
            } else {
                lines = ["whole: \(count)"]
            }
            if gaps > 0 { lines.append("\(gaps) of them say that others are missing: --kind gap damage") }
            if let notKnown {
                lines.append("how far it goes is not known, so a missing end is not seen: \(notKnown)")
            }
            return (lines + ["head \(head)"]).joined(separator: "\n")
        }
    }
}
