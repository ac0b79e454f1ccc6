import ArgumentParser
import Evidence
import Sessions

enum ApprovalFamily: RegisterFamily {
    static let kind = RegisterKind.approval
    static let keyHelp = "The reference."
    static let listExample = "Example: gatehouse approval list --current --ends-within 14d"
    static let example = "A-2041 until=2026-12-04"
    static let newExample = "A-2043 kind=remote-working user=dave approver=erin from=2026-11-21"
    static let defaults: [String: [String]] = [:]
    static let removal = ""

    struct Filters: RegisterFilters {
        @Flag(name: .long, help: "Those that have begun and not ended.")
        var current = false
        @Option(name: .long, help: "For this user.")
        var user: String?
        @Option(name: .long, help: "Of this kind.")
        var kind: Approval.Kind?
        @Option(
            name: .long, help: ArgumentHelp("Those that end so soon and have not yet.", valueName: "14d"))
        var endsWithin: Span?

        func filters() throws -> [RegisterFilter] {
            var filters: [RegisterFilter] = current ? [.current] : []
            if let user { filters.append(.has("user", user)) }
            if let kind { filters.append(.has("kind", kind.rawValue)) }
            if let endsWithin { filters.append(.endsWithin(endsWithin.duration)) }
            return filters
        }
    }
}

extension Approval.Kind: ExpressibleByArgument {}

/// `gatehouse approval ...`
struct ApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval", abstract: "What somebody was allowed by name, by whom, and until when.",
        subcommands: [
            ListLines<ApprovalFamily>.self, ShowLine<ApprovalFamily>.self, Add.self, End.self,
            SetFields<ApprovalFamily>.self,
        ])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "State that somebody was allowed something.",
            discussion: """
                Travel needs --countries, system needs --systems or --labels, exception needs --name. All but \
                remote-working need --until.

                Example: gatehouse approval add travel alice --approver erin --countries FR,ES --until 2026-11-30
                """)

        @Argument(help: "What was allowed.")
        var kind: Approval.Kind
        @Argument(help: "The user name.")
        var user: String
        @Option(name: .long, help: "Who allowed it.")
        var approver: String
        @Option(name: .long, help: "Until when; of a date, all its day.")
        var until: String?
        @Option(
            name: .long, help: "From when: a date, or a time such as 2026-11-20T09:00:00Z. Now when not said."
        )
        var from: String?
        @Option(name: .long, help: ArgumentHelp("For travel.", valueName: "FR,DE"))
        var countries: String?
        @Option(name: .long, help: ArgumentHelp("For system: names of systems.", valueName: "payroll,crm"))
        var systems: String?
        @Option(name: .long, help: ArgumentHelp("For system: labels of systems.", valueName: "label,..."))
        var labels: String?
        @Option(name: .long, help: "For exception: what the rule calls it.")
        var name: String?
        @Option(name: .long, help: "What the approval is called; made up when not said.")
        var reference: String?
        @OptionGroup var options: ChangeOptions

        func validate() throws { _ = try statement("A-1", at: SystemClock().now()) }

        func run() async throws {
            let now = SystemClock().now()
            var called = reference
            if called == nil {
                let taken = Set(try await options.lines(of: .approval).map(\.key))
                called = References.free("approval", user, at: now, taken: taken)
            }
            try await options.state(try statement(called ?? "", at: now), tellsName: true)
        }

        func statement(_ reference: String, at now: Instant) throws -> RegisterStatement {
            let words = [
                "kind=\(kind.rawValue)", "user=\(user)", "approver=\(approver)",
                "from=\(from ?? now.description)", until.map { "until=\($0)" },
                countries.map { "countries=\($0)" }, systems.map { "systems=\($0)" },
                labels.map { "labels=\($0)" }, name.map { "exception=\($0)" },
            ].compactMap(\.self)
            return try RegisterStatement(
                RegisterSubject(.approval, reference), words.map { try RegisterAssignment($0, .approval) },
                requirement: .newLine)
        }
    }

    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End an approval now.",
            discussion: "One that has not begun is taken off the register; its history stays.")

        @Argument(help: "The reference.")
        var reference: String
        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let now = SystemClock().now()
            guard let line = try await options.lines(of: .approval, key: reference).first else { return }
            try await options.state(try Self.statement(line, at: now))
        }

        static func statement(_ line: RegisterTables.Line, at now: Instant) throws -> RegisterStatement {
            guard RegisterFilter.notEnded.matches(line, at: now) else {
                Terminal.complain("approval '\(RegisterTables.cell(line.key))' has ended already")
                throw ExitCode(1)
            }
            return RegisterFilter.current.matches(line, at: now)
                ? .ending(.approval, line, at: now) : .removal(of: RegisterSubject(.approval, line.key))
        }
    }
}
