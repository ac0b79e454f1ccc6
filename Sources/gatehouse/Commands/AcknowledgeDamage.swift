import ArgumentParser

/// `gatehouse acknowledge-damage`
struct AcknowledgeDamage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge-damage",
        abstract: "Let people in again after the daemon has lost its records.",
        discussion: """
            A database that is found damaged is set aside, and nobody is let in: who was held out, which devices were \
            reported lost and which codes were used is forgotten. Restore the database, or give the orders again that \
            count, and only then run this. Who ran it is recorded.
            """)

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let done = try await options.ask(
            ControlOperations.acknowledgeDamage, ControlMessages.Nothing())
        try options.show(done) { _ in print("people are let in again") }
    }
}
