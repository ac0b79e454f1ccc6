import ArgumentParser
import Control
import PolicyDifference
import PolicyLanguage

/// `gatehouse apply NEW --change RFC-123`
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Put a pack in force under the reference of a request.",
        discussion: """
            The daemon checks the pack as 'check' does, works out the exact difference from the rules in force, and \
            records it with the reference, who you are and the time, on the disk, before anything changes. A pack that is \
            wrong changes nothing. What was applied comes back after a restart, whatever is in the configured folder.

            With --confirm-within the former rules come back by themselves unless somebody says 'gatehouse confirm' in \
            time, even when the daemon was killed in between. 'changes: { confirm-within: 10m }' in policy.yaml asks for \
            that always, and for no longer wait.

            Ends with 0 when it is in force, 1 when it was refused, 2 when it could not be tried.
            """)

    @Argument(help: "The folder of the pack.")
    var new: String
    @Option(name: .long, help: ArgumentHelp("The reference of the request.", valueName: "reference"))
    var change: String?
    @Option(
        name: .long,
        help: ArgumentHelp("Take it back unless it is confirmed within so long: 5m.", valueName: "time"))
    var confirmWithin: String?
    @Flag(name: .long, help: "Check it, say what it would do, and change nothing.")
    var dryRun = false
    @OptionGroup var options: ControlOptions

    func validate() throws {
        if change == nil, !dryRun { throw ValidationError("Name the request with --change.") }
    }

    func run() async throws {
        let requests = try SentPack.requests(new)
        try await SentPack.send(requests.parts, options)
        let applied = try await options.ask(
            ControlOperations.apply,
            ControlMessages.ApplyArguments(
                name: new, pieces: requests.pieces, batch: requests.batch, reference: change,
                confirmWithin: confirmWithin, isTrial: dryRun))
        try options.show(applied) { print(ChangeText.render($0)) }
    }
}

/// A pack on its way to the daemon.
enum SentPack {
    /// Says why a folder cannot be read, and ends.
    static func requests(_ directory: String) throws -> PackRequests {
        do {
            let pack = try PackDirectory(path: directory).files().map(PackFile.decode)
            let problems = pack.flatMap(\.1)
            guard problems.isEmpty else {
                print(DiagnosticRenderer.text(problems))
                throw ExitCode(1)
            }
            return PackRequests(pack.compactMap(\.0))
        } catch let unreadable as PackUnreadable {
            Terminal.complain("\(unreadable)")
            throw ExitCode(2)
        }
    }

    static func send(_ parts: [ControlMessages.PackPartArguments], _ options: ControlOptions) async throws {
        for part in parts { _ = try await options.ask(ControlOperations.packPart, part) }
    }
}
