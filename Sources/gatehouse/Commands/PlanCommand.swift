import ArgumentParser
import PolicyDifference
import PolicyLanguage

/// `gatehouse plan NEW`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a pack would open, close and move.",
        discussion: """
            Compares what two packs mean, packet by packet, and not their text: what opens (+) and closes (-) for each \
            class and system with a packet as the proof, which conditions, contracts, hours and registers are \
            otherwise, and which of the packs' own test sessions move.

            Ends with 0 when both mean the same, 1 when they do not, 2 when one cannot be read or is wrong.
            """)

    @Argument(help: "The folder of the pack that is looked at.")
    var new: String
    @Option(
        name: .long, help: ArgumentHelp("The folder of the pack that it is compared with.", valueName: "old"))
    var against: String
    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let (old, wanted) = (try loadable(against), try loadable(new))
        let difference = PolicyDifference(from: old, to: wanted)
        var judge = MovementJudge(from: old, to: wanted, difference)
        let plan = PlanDocument(difference, tests: judge.movementsOfTests(), old: against, new: new)
        if json { try Terminal.printJSON(plan) } else { print(PlanText.text(plan)) }
        if !plan.isEmpty { throw ExitCode(1) }
    }

    private func loadable(_ directory: String) throws -> Policy {
        let pack = try readPack(directory)
        guard let policy = pack.loadable else {
            print(pack.complaints)
            throw ExitCode(2)
        }
        return policy
    }
}
