import ArgumentParser
import Control
import ControlAPI
import PolicyDifference
import PolicyLanguage
import Replay
import Sessions

/// `gatehouse plan NEW`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a pack would open, close and move.",
        discussion: """
            Compares what two packs mean, packet by packet, and not their text: what opens (+) and closes (-) for each \
            class and system with a packet as the proof, which conditions, contracts, hours and registers are \
            otherwise, and which of the packs' own test sessions move.

            With --live, against the rules in force: the daemon says which of the sessions that are there now would \
            change class or reach something else, and which of their open connections would be cut. Nothing is \
            changed. The kernel tracks datagrams of sessions and not their TCP, which is judged without memory: so \
            the daemon looks at the tunnels for two seconds, or as long as --watch says, and names the connections in \
            which the client sent something meanwhile.

            With --traffic: what a recording has that one of the packs allows and the other does not, by session and \
            destination, with packets. Read 'gatehouse replay --help' for captures and the sessions file.

            Ends with 0 when both mean the same, 1 when they do not, 2 when one cannot be read or is wrong.
            """)

    @Argument(help: "The folder of the pack that is looked at.")
    var new: String
    @Option(
        name: .long, help: ArgumentHelp("The folder of the pack that it is compared with.", valueName: "old"))
    var against: String?
    @Flag(name: .long, help: "Compare with the rules in force, and look at the live sessions.")
    var live = false
    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --live: for how long packets are looked at, from 0s to 30s (2s when not said).",
            valueName: "duration"))
    var watch: String?
    @Option(name: .long, help: ArgumentHelp("Recorded traffic: a capture file.", valueName: "capture"))
    var traffic: String?
    @Option(name: .long, help: "A file that describes the sessions of the recording.")
    var sessions: String?
    @Option(
        name: .long, help: "Judge all frames as if seen at this time, such as 2026-11-23T10:00:00Z.")
    var at: String?
    @OptionGroup var options: ControlOptions

    func validate() throws {
        if traffic != nil, live {
            throw ValidationError("Recorded traffic is judged by two packs: --against.")
        }
        guard (traffic == nil) == (sessions == nil), at == nil || traffic != nil else {
            throw ValidationError("Recorded traffic takes both: --traffic and --sessions.")
        }
        if let at, TimeText.timestamp(at) == nil {
            throw ValidationError("--at: expected a time with its offset, such as 2026-11-23T10:00:00Z")
        }
        if let watch {
            guard live, let time = TimeText.duration(watch), time <= .seconds(30) else {
                throw ValidationError("--watch: with --live, and a duration of 30s at most")
            }
        }
        guard (against != nil) != live else {
            throw ValidationError("Say what to compare it with: --against or --live.")
        }
    }

    func run() async throws {
        let isEmpty = if let against { try compare(with: against) } else { try await look() }
        if !isEmpty { throw ExitCode(1) }
    }

    // MARK: Another pack

    private func compare(with folder: String) throws -> Bool {
        let (old, wanted) = (try loadable(folder), try loadable(new))
        let plan = PlanDocument(from: old, to: wanted, old: folder, new: new)
        if let traffic, let sessions {
            let difference = try judge(traffic, sessions, from: old, to: wanted)
            try options.show(TrafficAnswer(plan: plan, traffic: difference)) { answer in
                print(PlanText.text(answer.plan) + "\n")
                answer.traffic.write { print($0) }
            }
            return plan.isEmpty && difference.isEmpty
        }
        try options.show(plan) { print(PlanText.text($0)) }
        return plan.isEmpty
    }

    private struct TrafficAnswer: Encodable {
        var plan: PlanDocument
        var traffic: TrafficDifference
    }

    private func judge(
        _ capture: String, _ sessions: String, from old: Policy, to new: Policy
    ) throws -> TrafficDifference {
        let recorded = (
            old: try RecordedTraffic.sessions(sessions, under: old),
            new: try RecordedTraffic.sessions(sessions, under: new)
        )
        let file = try RecordedTraffic.open(capture)
        var random = SystemRandomNumberGenerator()
        var comparison = try TrafficComparison(
            recorded, from: old, to: new,
            settings: Replayer.Settings(
                key: (random.next(), random.next()), at: at.flatMap(TimeText.timestamp)))
        let failure = try RecordedTraffic.read(file) { try comparison.process($0) }
        let difference = comparison.difference()
        if let failure {
            Terminal.complain("\(capture): \(failure)")
            difference.write { print($0) }
            throw ExitCode(2)
        }
        return difference
    }

    private func loadable(_ directory: String) throws -> Policy {
        let pack = try readPack(directory)
        guard let policy = pack.loadable else {
            print(pack.complaints)
            throw ExitCode(2)
        }
        return policy
    }

    // MARK: Live sessions

    private func look() async throws -> Bool {
        let requests = try SentPack.requests(new)
        try await SentPack.send(requests.parts, options)
        let arguments = ControlMessages.PlanArguments(
            name: new, pieces: requests.pieces, batch: requests.batch,
            watchMilliseconds: watch.flatMap(TimeText.duration).map { Int($0.milliseconds) })
        do {
            let answer = try await options.put(
                ControlOperations.plan, arguments)
            try options.show(answer) { print(LivePlanText.render($0)) }
            return answer.plan.isEmpty && answer.moved.isEmpty
        } catch let failure as ControlFailure {
            Terminal.complain(failure.message)
            throw ExitCode(2)
        }
    }
}

/// What happens to live sessions, for people.
enum LivePlanText {
    /// So many connections of a session are written out; `--json` has them all.
    private static let mostConnections = 20

    static func render(_ answer: ControlMessages.LivePlanAnswer) -> String {
        var lines = [PlanText.text(answer.plan), ""]
        lines.append("live sessions: \(answer.moved.count) of \(answer.sessions) affected")
        for moved in answer.moved { lines += session(moved) }
        if answer.watchedMilliseconds > 0 {
            lines.append(
                "connections are those that the kernel tracks, and those in which something was sent within "
                    + "\(answer.watchedMilliseconds) ms")
        }
        if let reason = answer.connectionsUnknown {
            lines.append("open connections are not all known: \(reason)")
        }
        return lines.joined(separator: "\n")
    }

    private static func session(_ moved: ControlMessages.LiveMovement) -> [String] {
        let record = moved.movement
        let place =
            record.isCut
            ? "\(record.from ?? "none") to \(record.to ?? "none"), CUT"
            : record.from == record.to
                ? "stays in \(record.to ?? "none")" : "\(record.from ?? "none") to \(record.to ?? "none")"
        let device = moved.device.map { " on \(RegisterTables.cell($0))" } ?? ""
        var lines = ["\(record.name) \(RegisterTables.cell(moved.user))\(device): \(place)"]
        lines += PlanText.packets(record.opens, "+") + PlanText.packets(record.closes, "-")
        for connection in moved.cut.prefix(mostConnections) {
            lines.append("  cuts \(connection.source) to \(connection.destination)")
        }
        if moved.cut.count > mostConnections {
            lines.append("  cuts \(moved.cut.count - mostConnections) connections more")
        }
        return lines
    }
}
