import ArgumentParser
import Evidence
import Sessions

enum UserFamily: RegisterFamily {
    static let kind = RegisterKind.user
    static let keyHelp = "The user name, as it is given to the VPN."
    static let listExample = "Example: gatehouse user list --group staff --lacks training"
    static let example = "alice groups=staff,finance-team manager=erin"
    static let newExample = "dave groups=staff steps=training"
    static let defaults: [String: [String]] = [:]
    static let removal =
        "The name stays on the register, and nothing is known of it: no group, no step, no date."

    struct Filters: RegisterFilters {
        @Option(name: .long, help: "In this group.")
        var group: String?
        @Option(
            name: .long, help: ArgumentHelp("Who have done this step. May be said again.", valueName: "step"))
        var has: [String] = []
        @Option(
            name: .long,
            help: ArgumentHelp("Who have not done this step. May be said again.", valueName: "step"))
        var lacks: [String] = []
        @Option(name: .long, help: "Whose manager this is.")
        var manager: String?
        @Option(
            name: .long,
            help: ArgumentHelp("Whose acknowledgement is so old, or missing.", valueName: "365d"))
        var acknowledgedBefore: Span?

        func filters() throws -> [RegisterFilter] {
            var filters = lacks.map { RegisterFilter.lacks("steps", $0) }
            filters += has.map { .has("steps", $0) }
            if let group { filters.append(.has("groups", group)) }
            if let manager { filters.append(.has("manager", manager)) }
            if let acknowledgedBefore {
                filters.append(.olderThan("acknowledged", acknowledgedBefore.duration))
            }
            return filters
        }
    }
}

/// `gatehouse user ...`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "The user register, and one-time codes.",
        subcommands: [
            ListLines<UserFamily>.self, ShowLine<UserFamily>.self, SetFields<UserFamily>.self,
            AddLine<UserFamily>.self, RemoveLine<UserFamily>.self, Done.self, Acknowledge.self, Enrol.self,
            Unenrol.self, ForgetCodes.self,
        ])

    struct Done: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "State that a user has done steps that rules ask for.",
            discussion: "'gatehouse user set NAME steps-=STEP' takes a step back.")

        @Argument(help: "The user name.")
        var user: String
        @Argument(help: "Steps as the rules name them: training, risk-assessment, agreement.")
        var steps: [String]
        @OptionGroup var options: ChangeOptions

        func validate() throws { _ = try statement() }

        func run() async throws { try await options.state(try statement()) }

        private func statement() throws -> RegisterStatement {
            let words = try steps.map { try RegisterAssignment("steps+=\($0)", .user) }
            return RegisterStatement(
                subject: RegisterSubject(.user, user), fields: [:], added: ["steps": words.flatMap(\.values)],
                requirement: .knownLine)
        }
    }

    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "State that a user has confirmed having read the procedures, now or then.")

        @Argument(help: "The user name.")
        var user: String
        @Option(name: .long, help: "When: 2026-11-20, or 2026-11-20T09:00:00Z. Now when not said.")
        var at: String?
        @OptionGroup var options: ChangeOptions

        func validate() throws { _ = try statement() }

        func run() async throws { try await options.state(try statement()) }

        private func statement() throws -> RegisterStatement {
            let word = "acknowledged=\(at ?? SystemClock().now().description)"
            return try RegisterStatement(
                RegisterSubject(.user, user), [RegisterAssignment(word, .user)], requirement: .knownLine)
        }
    }

    struct ForgetCodes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "forget-codes",
            abstract: "Forget the wrong codes that block a user, and which codes were used.",
            discussion: """
                For a clock that was wrong, or somebody who typed wrong codes in another's name. A code that was used \
                within the last minute or so could be used again.
                """)

        @Argument(help: "The user name.")
        var user: String
        @Option(name: .long, help: "The tenant whose codes they are; the user's own when not said.")
        var tenant: String?
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let arguments = ControlMessages.UserArguments(user: user, tenant: tenant)
            let done = try await options.ask(
                ControlOperations.forgetCodes, arguments)
            try options.show(done) { _ in
                print("the next right code of '\(RegisterTables.cell(user))' is accepted")
            }
        }
    }
}
