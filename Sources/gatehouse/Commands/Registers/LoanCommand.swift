import ArgumentParser
import Evidence
import Sessions

enum LoanFamily: RegisterFamily {
    static let kind = RegisterKind.loan
    static let keyHelp = "The reference."
    static let listExample = "Example: gatehouse loan list --open --device pool-01"
    static let example = "L-117 until=2026-11-27"
    static let newExample = "L-118 device=pool-02 user=bob from=2026-11-21"
    static let defaults: [String: [String]] = [:]
    static let removal = ""

    struct Filters: RegisterFilters {
        @Flag(name: .long, help: "Those that have not ended.")
        var open = false
        @Option(name: .long, help: "Of this device.")
        var device: String?
        @Option(name: .long, help: "To this user.")
        var user: String?

        func filters() throws -> [RegisterFilter] {
            var filters: [RegisterFilter] = open ? [.notEnded] : []
            if let device { filters.append(.has("device", device)) }
            if let user { filters.append(.has("user", user)) }
            return filters
        }
    }
}

/// `gatehouse loan ...`
struct LoanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loan", abstract: "Who has which device of the pool.",
        subcommands: [
            ListLines<LoanFamily>.self, ShowLine<LoanFamily>.self, Open.self, Return.self,
            SetFields<LoanFamily>.self,
        ])

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "State that a device was handed to a user.",
            discussion: """
                Refused, with the name of who has it, while the device is lent to somebody. Without --until the loan is \
                open until 'gatehouse loan return'.
                """)

        @Argument(help: "The inventory id.")
        var device: String
        @Argument(help: "The user name.")
        var user: String
        @Option(
            name: .long, help: "From when: a date, or a time such as 2026-11-20T09:00:00Z. Now when not said."
        )
        var from: String?
        @Option(name: .long, help: "Until when; of a date, all its day.")
        var until: String?
        @Option(name: .long, help: "What the loan is called; made up when not said.")
        var reference: String?
        @OptionGroup var options: ChangeOptions

        func validate() throws { _ = try statement("L-1", at: SystemClock().now()) }

        func run() async throws {
            let now = SystemClock().now()
            var name = reference
            if name == nil {
                let taken = Set(try await options.lines(of: .loan).map(\.key))
                name = References.free("loan", device, at: now, taken: taken)
            }
            try await options.state(try statement(name ?? "", at: now), tellsName: true)
        }

        func statement(_ reference: String, at now: Instant) throws -> RegisterStatement {
            var words = ["device=\(device)", "user=\(user)", "from=\(from ?? now.description)"]
            if let until { words.append("until=\(until)") }
            return try RegisterStatement(
                RegisterSubject(.loan, reference), words.map { try RegisterAssignment($0, .loan) },
                requirement: .freeDevice)
        }
    }

    struct Return: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "State that a device came back, now.")

        @Argument(help: "The inventory id.")
        var device: String
        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let now = SystemClock().now()
            let isCurrent = [RegisterFilter.has("device", device), .current]
            let lines = try await options.lines(of: .loan)
            guard
                let loan = lines.first(where: { line in isCurrent.allSatisfy { $0.matches(line, at: now) } })
            else {
                Terminal.complain("device '\(RegisterTables.cell(device))' is not on loan")
                throw ExitCode(1)
            }
            try await options.state(.ending(.loan, loan, at: now))
        }
    }
}

extension RegisterStatement {
    /// That a line which has begun ends now.
    static func ending(
        _ kind: RegisterKind, _ line: RegisterTables.Line, at now: Instant
    ) -> RegisterStatement {
        let from = line.fields["from"]?.first.flatMap(TimeText.timestamp) ?? now
        return RegisterStatement(
            subject: RegisterSubject(kind, line.key),
            fields: ["until": [References.end(at: now, from: from).description]], requirement: .knownLine)
    }
}
