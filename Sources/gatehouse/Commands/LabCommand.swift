import ArgumentParser
import Foundation
import Lab
import Sessions

/// `gatehouse lab`
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract:
            "See it at work: a real gateway, VPN clients, a proxy and an internet, in network namespaces.",
        discussion: """
            Makes its own network, keys and certificates, starts OpenVPN, squid, web servers and this daemon, lets \
            clients in, tries who gets where, and removes it all. Needs root, and gatehouse-hand-over beside this \
            program. Ends with 0 when everything was as expected, 1 when something was not, 2 when it could not run.

            With --cuts, laptops with downloads in both families are reported lost instead, so many times, and the \
            time from the start of 'device set-status' to the last forwarded byte is told. 200 take about ten minutes.

            With --signals, sessions with such downloads are revoked instead by tokens that the 'jose' tool signs and curl \
            pushes, and the time from the push to its answer, and to the last forwarded byte, is told.

            With --faults, everything in turn that can go wrong on a gateway, while permitted and refused packets flow: \
            what passed that must not, what was lost, and how long until all was right again. Under three minutes; needs \
            strace. With --soak, faults by lot for so long, and what the daemon uses meanwhile: descriptors, and how its \
            memory grows. --only restricts either to some of the faults: with none that kills the daemon, a soak is \
            about one process.

            Faults: \(Fault.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @Option(name: .long, help: "The folder of packs; the lab uses a copy of its 'default'.")
    var rules = "rules"
    @Flag(name: .long, help: "Leave it up afterwards, and say how to look around.")
    var keep = false
    @Flag(name: .long, help: "Remove what an earlier 'lab --keep', or a lab that crashed, left.")
    var clean = false
    @Flag(name: .long, help: "Print one JSON document at the end instead of the table.")
    var json = false

    @Option(name: .long, help: "Report so many laptops lost instead, and tell how long each took.")
    var cuts: Int?
    @Option(
        name: .long, help: "Revoke so many sessions by signed tokens instead, and tell how long each took.")
    var signals: Int?
    @Flag(
        name: .long,
        help: "Let things go wrong instead, and tell what passed, what was lost, and for how long.")
    var faults = false
    @Option(name: .long, help: ArgumentHelp("Only these of the faults.", valueName: "name,..."))
    var only: String?
    @Option(name: .long, help: "Let things go wrong by lot for so long instead, such as 1h.")
    var soak: String?
    @Option(name: .long, help: "The lot's seed.")
    var seed: UInt64 = 1

    func validate() throws {
        _ = try chosenFaults
        _ = try soakTime
        if let signals, !(1...10_000).contains(signals) {
            throw ValidationError("--signals: from 1 to 10000.")
        }
        if let cuts, !(1...10_000).contains(cuts) { throw ValidationError("--cuts: from 1 to 10000.") }
    }

    private var chosenFaults: [Fault] {
        get throws {
            guard let only else { return faults ? Fault.allCases : [] }
            return try only.split(separator: ",").map { name in
                guard let fault = Fault(rawValue: String(name)) else {
                    throw ValidationError(
                        "--only: no fault '\(name)'; there are "
                            + Fault.allCases.map(\.rawValue).joined(separator: ", "))
                }
                return fault
            }
        }
    }

    private var soakTime: Duration? {
        get throws {
            guard let soak else { return nil }
            guard let time = TimeText.duration(soak), time > .zero else {
                throw ValidationError("--soak: a time such as 90s, 30m or 1h.")
            }
            return time
        }
    }

    func run() async throws {
        let options = Lab.Options(
            executablePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            rulesDirectory: rules, keep: keep, json: json, colour: Terminal.isInteractive, clean: clean,
            cuts: cuts, signals: signals, faults: try chosenFaults, soak: try soakTime, seed: seed)
        let status = await Lab.run(options)
        if status != 0 { throw ExitCode(status) }
    }
}
