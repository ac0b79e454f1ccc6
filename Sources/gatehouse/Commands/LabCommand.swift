import ArgumentParser
import Foundation
import Lab

/// `gatehouse lab`
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract:
            "See it at work: a real gateway, VPN clients, a proxy and an internet, in network namespaces.",
        discussion: """
            Makes its own network, keys and certificates, starts OpenVPN, squid, web servers and this daemon, lets \
            clients in, tries who gets where, and removes it all. Needs root. Ends with 0 when everything was as \
            expected, 1 when something was not, 2 when it could not run.
            """)

    @Option(name: .long, help: "The folder of packs; the lab uses a copy of its 'default'.")
    var rules = "rules"
    @Flag(name: .long, help: "Leave it up afterwards, and say how to look around.")
    var keep = false
    @Flag(name: .long, help: "Remove what an earlier 'lab --keep', or a lab that crashed, left.")
    var clean = false
    @Flag(name: .long, help: "Print one JSON document at the end instead of the table.")
    var json = false

    func run() async throws {
        let options = Lab.Options(
            executablePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            rulesDirectory: rules, keep: keep, json: json, colour: Terminal.isInteractive, clean: clean)
        let status = await Lab.run(options)
        if status != 0 { throw ExitCode(status) }
    }
}
