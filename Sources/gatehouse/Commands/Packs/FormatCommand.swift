import ArgumentParser
import Foundation
import PolicyLanguage

/// `gatehouse fmt DIR|FILE...`
struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Format rule files.",
        discussion: """
            Two spaces a level, one blank line at most, one space where there are several, none at line ends. \
            Comments, paragraphs, the order of keys, quotes, and whether a collection is a block or a flow stay \
            as they are; a flow of plain values that passes column 120 is wrapped. What a file says does not \
            change: that is checked before it is replaced. Files with mistakes are left alone. Tables (.csv) \
            are not looked at.

            Prints the files that change. Ends with 0 when all is well, 1 when a file has mistakes or, with --check, \
            would change, 2 when one cannot be read or written.
            """)

    @Argument(help: "Packs' folders, and files. '-' formats standard input to standard output.")
    var paths: [String]
    @Flag(name: .long, help: "Change nothing; say which files would change.")
    var check = false
    @Flag(name: .long, help: "Change nothing; print what would change.")
    var diff = false

    func run() throws {
        var tally = Tally()
        for path in paths {
            for file in try files(at: path) { try format(file, &tally) }
        }
        if tally.unwritten { throw ExitCode(2) }
        if tally.mistaken || check && tally.changed { throw ExitCode(1) }
    }

    private struct Tally {
        var changed = false
        var mistaken = false
        var unwritten = false
    }

    private struct File {
        /// Where it is.
        let path: String
        let bytes: [UInt8]

        var isInput: Bool { path == "-" }
    }

    private func files(at path: String) throws -> [File] {
        if path == "-" {
            return [File(path: path, bytes: Array(FileHandle.standardInput.readDataToEndOfFile()))]
        }
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw failure("\(path): no such file")
        }
        guard isFolder.boolValue else {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw failure("\(path): cannot be read")
            }
            return [File(path: path, bytes: Array(data))]
        }
        do {
            let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
            let files = try PackDirectory(path: path).files().filter { !$0.path.hasSuffix(".csv") }
                .map { File(path: "\(folder)/\($0.path)", bytes: $0.bytes) }
            if files.isEmpty { throw failure("\(path): no rule files there") }
            return files
        } catch let unreadable as PackUnreadable {
            throw failure("\(unreadable)")
        }
    }

    private func failure(_ message: String) -> ExitCode {
        Terminal.complain(message)
        return ExitCode(2)
    }

    private func format(_ file: File, _ tally: inout Tally) throws {
        let (decoded, problems) = PackFile.decode(path: file.path, bytes: file.bytes)
        guard let decoded else {
            tally.mistaken = true
            return complain(DiagnosticRenderer.text(problems))
        }
        switch RuleFileFormatter.format(decoded) {
        case .mistaken(let diagnostics):
            tally.mistaken = true
            complain(DiagnosticRenderer.text(diagnostics))
        case .refused(let refusal):
            tally.mistaken = true
            complain("\(refusal)\n")
        case .formatted(let text):
            let isChanged = Array(text.utf8) != file.bytes
            tally.changed = tally.changed || isChanged
            if diff {
                print(UnifiedDifference.text(path: file.path, decoded.text, text), terminator: "")
            } else if file.isInput, !check {
                print(text, terminator: "")
            } else if isChanged {
                print(file.path)
            }
            guard isChanged, !check, !diff, !file.isInput else { return }
            do {
                try FileReplacement.replace(file.path, with: Array(text.utf8))
            } catch {
                Terminal.complain("\(error)")
                tally.unwritten = true
            }
        }
    }

    private func complain(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
