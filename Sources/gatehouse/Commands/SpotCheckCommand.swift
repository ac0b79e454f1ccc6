import ArgumentParser

/// `gatehouse spot-check`
struct SpotCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spot-check",
        abstract: "Draw live sessions by lot, and show everything that is known about each.",
        discussion: """
            For whoever looks at a few sessions now and then, as the rules may ask for (audit: spot-checks). The seed is \
            printed: the same seed and the same sessions give the same draw. Sessions are put in the order of the SHA-256 \
            of seed, line feed and session, and the first are taken; --json has all that were drawn from.
            """)

    @Option(name: .long, help: "How many; what the rules say when not said.")
    var sample: Int?
    @Option(name: .long, help: "Draw by this seed, such as the date and a name; a random one when not said.")
    var seed: String?
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let answer = try await options.ask(
            ControlOperations.spotCheck, ControlMessages.SpotCheckArguments(seed: seed, sample: sample))
        try options.show(answer) { print(SpotCheckText.render($0)) }
    }
}

enum SpotCheckText {
    static func render(_ check: ControlMessages.SpotCheck) -> String {
        let sessions = check.from.count == 1 ? "1 open session" : "\(check.from.count) open sessions"
        var parts = [
            "\(check.drawn.count) of \(sessions) at \(check.at), seed \(RegisterTables.cell(check.seed))"
                + (check.asked.map { "; the rules ask for \($0)" } ?? "")
        ]
        for drawn in check.drawn {
            let device = drawn.device.map { " on \(RegisterTables.cell($0))" } ?? ""
            let scope = drawn.scope.isEmpty ? "nothing" : drawn.scope.joined(separator: " ")
            let facts = ControlMessages.EvidenceList(session: drawn.session, facts: drawn.facts)
            parts.append(
                "\(drawn.session) \(RegisterTables.cell(drawn.user))\(device): class \(drawn.class ?? "none"), reaches "
                    + "\(scope)\n" + EvidenceTable.render(facts))
        }
        return parts.joined(separator: "\n\n")
    }
}
