import ArgumentParser
import Netfilter
import PolicyLanguage
import RulesetCompiler

/// `gatehouse guard`
struct GuardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard",
        abstract: "Refuse everything from tunnels and to them that the daemon's rules do not pass.",
        discussion: """
            Puts the table 'inet gatehouse-guard' in force, in place of one that is there. It needs no daemon and stays \
            when a daemon stops. The daemon puts it too, when it starts; what this is for is the time before.

            With --print, writes it as a file that 'nft -f' loads, for the time before gatehouse itself can run. There \
            an interface name may end in '*': 'tun*' are all that begin so.

            Needs CAP_NET_ADMIN, or nothing with --print.
            """)

    @Option(name: .long, help: "The daemon's configuration: its sources name the tunnels.")
    var config = "/etc/gatehouse/gatehouse.yaml"
    @Option(
        name: .long, help: "A tunnel interface, instead of those of the configuration; may be said again.")
    var tunnel: [String] = []
    @Flag(
        name: .customLong("print"), help: "Write the file to standard output, and change nothing.")
    var isPrinted = false

    func validate() throws {
        for name in tunnel where Self.pattern(name) == nil {
            throw ValidationError("'\(name)' is no interface name of at most 15 characters")
        }
    }

    func run() async throws {
        do {
            let layout = RulesetLayout(tunnels: try tunnels())
            if isPrinted { return print(Self.file(of: layout.tunnels), terminator: "") }
            _ = try await NetlinkRulesetBackend().commit(Transaction(guarding: layout))
        } catch let problem as StartProblem {
            Terminal.complain("\(problem)")
            throw ExitCode(problem.isMistake ? 1 : 2)
        } catch let failure as CommitFailure {
            Terminal.complain("the kernel does not take the guard (is CAP_NET_ADMIN there?): \(failure)")
            throw ExitCode(2)
        }
    }

    private func tunnels() throws -> [String] {
        tunnel.isEmpty ? try DaemonConfiguration.load(config).sources.map(\.tunnel) : tunnel
    }

    /// A name, with `*` at its end or not; in all no longer than a name, as `nft` will have it.
    private static func pattern(_ text: String) -> String? {
        guard text.utf8.count <= 15 else { return nil }
        return TextForm<String>.interfaceName.parse(text.hasSuffix("*") ? String(text.dropLast()) : text)
    }

    static func file(of tunnels: [String]) -> String {
        """
        #!/usr/sbin/nft -f
        # What comes from these interfaces or goes to them is dropped, unless the daemon's own table has passed it:
        # \(tunnels.joined(separator: " "))
        #
        # Written by 'gatehouse guard --print'. It may be loaded at any time and again, also while the daemon runs.

        \(Transaction(guarding: RulesetLayout(tunnels: tunnels)).tableText)
        """
    }
}
