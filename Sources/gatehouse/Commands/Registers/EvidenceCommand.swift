import ArgumentParser

/// `gatehouse evidence SESSION`
struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence",
        abstract: "Show everything that is known about a session: what was judged, each fact with its dates.",
        discussion: "What the rules make of it, 'gatehouse explain' says.")

    @Argument(help: "The session as 'gatehouse sessions' names it: office/21.")
    var session: String
    @Option(
        name: .long,
        help:
            "Only certificate, device, user, mfa, posture, approval, loan, place, behaviour or hold. May be said again."
    )
    var kind: [String] = []
    @OptionGroup var options: ControlOptions

    func run() async throws {
        var answer = try await options.ask(
            ControlOperations.evidence, ControlMessages.SessionArgument(session: session))
        if !kind.isEmpty { answer.facts.removeAll { !kind.contains($0.kind) } }
        try options.show(answer) { print(EvidenceTable.render($0)) }
    }
}

enum EvidenceTable {
    static func render(_ list: ControlMessages.EvidenceList) -> String {
        guard !list.facts.isEmpty else { return "nothing of this kind is known" }
        let rows = list.facts.map { fact in
            [
                fact.kind, RegisterTables.cell(fact.what), RegisterTables.cell(fact.value), fact.at ?? "-",
                fact.until ?? "-",
            ]
        }
        return Terminal.table(["KIND", "WHAT", "VALUE", "AT", "UNTIL"], rows)
    }
}
