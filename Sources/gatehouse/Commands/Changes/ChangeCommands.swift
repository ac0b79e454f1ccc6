import ArgumentParser
import Control
import Foundation

/// `gatehouse confirm REFERENCE`
struct ConfirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Keep the rules that an 'apply' put in force for a while.")

    @Argument(help: "The reference of the change that waits.")
    var reference: String
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let done = try await options.ask(
            ControlOperations.confirm, ControlMessages.ChangeArguments(reference: reference))
        try options.show(done) { _ in print("\(RegisterTables.cell(reference)) is confirmed") }
    }
}

/// `gatehouse revert [REFERENCE]`
struct RevertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Take back, at once, a change that waits for its confirmation.")

    @Argument(help: "The reference of the change; whichever waits when left out.")
    var reference: String?
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let reverted = try await options.ask(
            ControlOperations.revert, ControlMessages.ChangeArguments(reference: reference))
        try options.show(reverted) { reverted in
            let name = RegisterTables.cell(reverted.reference)
            print("\(name) is taken back, the former rules are in force; " + MoveText.render(reverted.done))
        }
    }
}

/// `gatehouse changes [REFERENCE]`
struct ChangesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes", abstract: "List the changes of the rules, and what became of them.",
        discussion: """
            With a reference: what it opened and closed too. The packs of the last 50 changes are kept whole; --former \
            and --in-force write one to a folder that is not there yet.
            """)

    @Argument(help: "One change, in full.")
    var reference: String?
    @Option(
        name: .long,
        help: ArgumentHelp("Write the rules that were in force before this change.", valueName: "folder"))
    var former: String?
    @Option(name: .long, help: ArgumentHelp("Write the rules in force.", valueName: "folder"))
    var inForce: String?
    @OptionGroup var options: ControlOptions

    func validate() throws {
        if former != nil, reference == nil { throw ValidationError("Say before which change.") }
    }

    func run() async throws {
        let list = try await options.ask(
            ControlOperations.changes, ControlMessages.ChangesArguments(reference: reference))
        if let reference, list.changes.isEmpty {
            Terminal.complain("no change '\(RegisterTables.cell(reference))'")
            throw ExitCode(1)
        }
        if let former {
            guard let digest = list.changes.last?.before else {
                Terminal.complain("no rules are known from before this change")
                throw ExitCode(1)
            }
            try await write(digest, to: former)
        }
        if let inForce { try await write(list.inForce, to: inForce) }
        if former == nil, inForce == nil {
            try options.show(list) { print(reference == nil ? ChangeText.table($0) : ChangeText.full($0)) }
        }
    }

    private func write(_ digest: String, to folder: String) async throws {
        let pack = try await options.ask(
            ControlOperations.pack, ControlMessages.PackArguments(digest: digest))
        do {
            let root = URL(fileURLWithPath: folder, isDirectory: true)
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: false)
            for file in pack.files {
                // They come from the daemon, which keeps what it was sent: nobody steps out of the folder with them.
                guard
                    file.path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isName)
                else { throw ValidationError("'\(RegisterTables.cell(file.path))' is no path of a pack.") }
                let place = root.appendingPathComponent(file.path)
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: place)
            }
        } catch let error as ValidationError {
            throw error
        } catch {
            Terminal.complain("cannot write \(folder): \(error.localizedDescription)")
            throw ExitCode(2)
        }
        if !options.json { print("\(pack.files.count) files written to \(folder)") }
    }

    private static func isName(_ part: Substring) -> Bool { !["", ".", ".."].contains(part) }
}
