import ArgumentParser
import CLinux
import Control
import Enforcement
import Evidence
import Foundation
import Logging
import Netfilter
import PolicyLanguage
import RulesetCompiler
import ServiceLifecycle
import Sessions
import Store
import VPNSources

/// `gatehouse run --config FILE`
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the daemon.",
        discussion: """
            Needs CAP_NET_ADMIN. SIGHUP or 'gatehouse reload' loads the rules anew. When it stops, what is in force \
            stays, until the leases run out. It begins with the pack that was applied last, if one was ('gatehouse \
            apply'), else with the configured folder.
            """)

    @Option(name: .long, help: "The daemon's configuration.")
    var config = "/etc/gatehouse/gatehouse.yaml"
    @Option(name: .long, help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    @Flag(name: .long, help: "Begin with the configured folder of rules, whatever pack was applied.")
    var fromFolder = false

    func run() async throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError("no log level '\(logLevel)'")
        }
        // A burst is worked on by whichever thread is free, and would leave a hole in the arena of each.
        _ = gh_use_one_arena()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var log = Logger(label: "gatehouse")
        log.logLevel = level
        do {
            try await Daemon(
                configuration: DaemonConfiguration.load(config), log: log, startsFromFolder: fromFolder
            ).run()
        } catch let problem as StartProblem {
            Terminal.complain("\(problem)")
            throw ExitCode(problem.isMistake ? 1 : 2)
        }
    }
}

extension DaemonConfiguration {
    /// The configuration, or a ``StartProblem`` that says everything that is wrong with it.
    static func load(_ path: String) throws -> DaemonConfiguration {
        do {
            let (configuration, diagnostics) = try read(path)
            guard let configuration else {
                throw StartProblem(DiagnosticRenderer.text(diagnostics), isMistake: true)
            }
            return configuration
        } catch let unreadable as PackUnreadable {
            throw StartProblem("\(unreadable)")
        }
    }
}

/// Why the daemon did not start. Nothing in the kernel was changed, but that the guard may be there.
struct StartProblem: Error, CustomStringConvertible {
    var description: String
    /// Something that an administrator wrote is wrong, rather than something that the machine lacks.
    var isMistake: Bool

    init(_ description: String, isMistake: Bool = false) {
        self.description = description
        self.isMistake = isMistake
    }
}
