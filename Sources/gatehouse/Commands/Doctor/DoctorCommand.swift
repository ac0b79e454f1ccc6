import ArgumentParser
import Control
import Diagnosis
import Foundation
import PolicyLanguage
import Sessions

/// `gatehouse doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at everything that the gateway needs, and say what is wrong and what to do.",
        discussion: """
            Looks at the kernel's tables (ours, and what other programs' do to packets of sessions), the machine, the \
            files, the rules and the VPN servers. Changes nothing. To be run on the gateway, as root; without a daemon \
            everything that can be seen from outside is still looked at.

            Exit codes: 0 no problem, 1 at least one problem, 2 could not look at all. Warnings, and what is not known, do \
            not change it.
            """)

    @Option(name: .long, help: "The daemon's configuration.")
    var config = "/etc/gatehouse/gatehouse.yaml"

    @Option(
        name: .long,
        help: ArgumentHelp("How long to wait for each answer of the daemon.", valueName: "seconds"))
    var patience = 30

    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let look = GatewayLook(try readConfiguration(), patience: .seconds(patience))
        let findings = await look.findings(at: SystemClock().now())
        if json {
            try Terminal.printJSON(DoctorReport(findings, at: SystemClock().now()))
        } else {
            print(FindingText.render(findings, isColoured: Terminal.isInteractive))
        }
        if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
    }

    private func readConfiguration() throws -> DaemonConfiguration {
        do {
            let (configuration, diagnostics) = try DaemonConfiguration.read(config)
            if let configuration { return configuration }
            Terminal.complain(DiagnosticRenderer.text(diagnostics))
        } catch let unreadable as PackUnreadable {
            Terminal.complain("\(unreadable)")
        }
        throw ExitCode(2)
    }
}

/// The findings for scripts.
struct DoctorReport: Codable, Equatable {
    var at: String
    var problems: Int
    var warnings: Int
    var unknown: Int
    /// In the order in which they were looked at.
    var checks: [Line]

    struct Line: Codable, Equatable {
        /// `foreign.drop`; stays the same from version to version.
        var id: String
        /// Which of several things that the check looks at.
        var subject: String?
        /// `ok`, `warning`, `problem` or `unknown`.
        var state: String
        var says: String
        var why: String?
        var remedy: String?
    }

    init(_ findings: [Finding], at now: Instant) {
        at = now.description
        problems = findings.count { $0.level == .problem }
        warnings = findings.count { $0.level == .warning }
        unknown = findings.count { $0.level == .unknown }
        checks = findings.map { finding in
            Line(
                id: finding.check.rawValue, subject: finding.subject, state: finding.level.rawValue,
                says: finding.says, why: finding.why, remedy: finding.remedy)
        }
    }
}
