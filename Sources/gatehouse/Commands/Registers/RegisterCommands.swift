import ArgumentParser
import Evidence
import Sessions

/// `gatehouse device list` and its like.
struct ListLines<Family: RegisterFamily>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        let fields = Family.kind.fields.map(\.name).joined(separator: ", ")
        return CommandConfiguration(
            commandName: "list", abstract: "List the \(Family.kind.rawValue)s of the register.",
            discussion: """
                Those are listed that every filter lets through. --where FIELD=VALUE takes lines that have this value, \
                or have it in their list; FIELD= takes lines that do not state the field. Fields: \
                \(Family.kind.keyName), \(fields).

                \(Family.listExample)
                """)
    }

    @Option(name: .customLong("where"), help: ArgumentHelp("May be said again.", valueName: "field=value"))
    var conditions: [String] = []
    @Flag(help: "Also lines of which something is stated, but not enough to be in force.")
    var unwhole = false
    @OptionGroup var own: Family.Filters
    @OptionGroup var options: ControlOptions

    func validate() throws { _ = try filters() }

    private func filters() throws -> [RegisterFilter] {
        try conditions.map { try RegisterFilter(where: $0, Family.kind) } + own.filters()
    }

    func run() async throws {
        let filters = try filters()
        let now = SystemClock().now()
        let lines = try await options.lines(of: Family.kind, withUnwhole: unwhole).filter {
            line in
            filters.allSatisfy { $0.matches(line, at: now) }
        }
        try options.show(ControlMessages.RegisterList(lines: lines)) { list in
            print(
                list.lines.isEmpty
                    ? "no such \(Family.kind.rawValue)" : RegisterTables.list(list.lines, Family.kind))
        }
    }
}

/// `gatehouse device show laptop-0001`
struct ShowLine<Family: RegisterFamily>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show",
            abstract: "Show one \(Family.kind.rawValue): every field, where it comes from, and its history.",
            discussion: """
                A field comes from the rule files, or was stated by somebody: then it says by whom, when, why, and what \
                the files said. FILES AGAIN in the history says since when the files have counted again, since they \
                came to say something else.
                """)
    }

    @Argument(help: ArgumentHelp(Family.keyHelp))
    var key: String
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let arguments = ControlMessages.RegisterSubjectArguments(kind: Family.kind.rawValue, key: key)
        let answer = try await options.ask(
            ControlOperations.registerHistory, arguments)
        try options.show(answer) { print(RegisterTables.show($0, Family.kind, key)) }
    }
}

/// `gatehouse device set laptop-0001 owner=bob`
struct SetFields<Family: RegisterFamily>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "set", abstract: "State fields of a \(Family.kind.rawValue).",
            discussion: """
                FIELD=VALUE states a value, of a list several: FIELD=A,B; FIELD+=A adds to a list, FIELD-=A takes out of \
                it. What is stated outranks the rule files until they say something new about the field.

                FIELD= says that the field is not stated any more, whatever the files say. --as-in-files FIELD takes \
                back what was stated, so that the files count.

                The change is in force and on disk when this returns, and every session that it moved is listed. All of \
                it is done or none. Fields: \(Family.kind.fields.map(\.name).joined(separator: ", ")).

                Example: gatehouse \(Family.kind.rawValue) set \(Family.example)
                """)
    }

    @Argument(help: ArgumentHelp(Family.keyHelp))
    var key: String
    @Argument(help: ArgumentHelp("What is to be stated.", valueName: "field=value"))
    var assignments: [String] = []
    @Option(
        name: .long, help: ArgumentHelp("Let the rule files count. May be said again.", valueName: "field"))
    var asInFiles: [String] = []
    @OptionGroup var options: ChangeOptions

    func validate() throws {
        if assignments.isEmpty, asInFiles.isEmpty { throw ValidationError("Say what is to be stated.") }
        _ = try statement()
    }

    func run() async throws { try await options.state(try statement()) }

    private func statement() throws -> RegisterStatement {
        try RegisterStatement(
            RegisterSubject(Family.kind, key), assignments.map { try RegisterAssignment($0, Family.kind) },
            asInFiles: asInFiles, requirement: .knownLine)
    }
}

/// `gatehouse device add laptop-0009 digest=...`
struct AddLine<Family: RegisterFamily>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        let defaults = Family.defaults.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined())" }
        let without = defaults.isEmpty ? "" : " Without other words: \(defaults.joined(separator: ", "))."
        return CommandConfiguration(
            commandName: "add", abstract: "Put a \(Family.kind.rawValue) on the register.",
            discussion: """
                Refused when it is there already, or when something is stated of it: 'set' changes that.\(without) \
                Fields: \
                \(Family.kind.fields.map(\.name).joined(separator: ", ")).

                Example: gatehouse \(Family.kind.rawValue) add \(Family.newExample)
                """)
    }

    @Argument(help: ArgumentHelp(Family.keyHelp))
    var key: String
    @Argument(help: ArgumentHelp("What is stated of it.", valueName: "field=value"))
    var assignments: [String]
    @OptionGroup var options: ChangeOptions

    func validate() throws { _ = try statement() }

    func run() async throws { try await options.state(try statement()) }

    private func statement() throws -> RegisterStatement {
        var statement = try RegisterStatement(
            RegisterSubject(Family.kind, key), assignments.map { try RegisterAssignment($0, Family.kind) },
            requirement: .newLine)
        statement.fields.merge(Family.defaults) { named, _ in named }
        return statement
    }
}

/// `gatehouse device remove laptop-0009`
struct RemoveLine<Family: RegisterFamily>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "remove", abstract: "Take a \(Family.kind.rawValue) off the register.",
            discussion: """
                Every field is stated as not stated any more, also those that the rule files state, until they say \
                something new. \(Family.removal) The history stays.
                """)
    }

    @Argument(help: ArgumentHelp(Family.keyHelp))
    var key: String
    @OptionGroup var options: ChangeOptions

    func run() async throws {
        try await options.state(.removal(of: RegisterSubject(Family.kind, key)))
    }
}

extension RegisterStatement {
    static func removal(of subject: RegisterSubject) -> RegisterStatement {
        let fields = Dictionary(uniqueKeysWithValues: subject.kind.fields.map { ($0.name, [String]()) })
        return RegisterStatement(subject: subject, fields: fields, requirement: .knownLine)
    }
}
