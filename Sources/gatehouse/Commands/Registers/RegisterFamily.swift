import ArgumentParser
import Evidence
import Sessions

/// What the commands of one register have of their own; the rest is the same for all.
protocol RegisterFamily {
    associatedtype Filters: RegisterFilters
    static var kind: RegisterKind { get }
    /// How help calls the key.
    static var keyHelp: String { get }
    /// A line of help on listing.
    static var listExample: String { get }
    /// A key and assignments, for help on `set` and on `add`.
    static var example: String { get }
    static var newExample: String { get }
    /// Fields of a new line that are not named.
    static var defaults: [String: [String]] { get }
    /// What follows from taking a line away, for help.
    static var removal: String { get }
}

/// Options of `list` that only one register has.
protocol RegisterFilters: ParsableArguments {
    func filters() throws -> [RegisterFilter]
}

/// How every command that changes something says why, and is tried first.
struct ChangeOptions: ParsableArguments {
    @Option(name: .long, help: "Why, for the record.")
    var reason = ""
    @Flag(name: .long, help: "Say which sessions would move, and change nothing.")
    var dryRun = false
    @OptionGroup var control: ControlOptions

    /// States it, or says what would be; prints what moved, after the line's name where that is news.
    func state(_ statement: RegisterStatement, tellsName: Bool = false) async throws {
        let arguments = ControlMessages.RegisterStateArguments(
            statements: [.init(statement)], reason: reason, dryRun: dryRun)
        var done = try await control.ask(ControlOperations.state, arguments)
        if tellsName { done.reference = statement.subject.key }
        try control.show(done) { print(MoveText.render($0)) }
    }

    func lines(of kind: RegisterKind, key: String? = nil) async throws -> [RegisterTables.Line] {
        try await control.lines(of: kind, key: key)
    }
}

extension ControlOptions {
    func lines(
        of kind: RegisterKind, key: String? = nil, withUnwhole: Bool = false
    ) async throws -> [RegisterTables.Line] {
        let arguments = ControlMessages.RegisterListArguments(
            kind: kind.rawValue, key: key, withUnwhole: withUnwhole)
        return try await ask(
            ControlOperations.registerList, arguments
        ).lines
    }
}

/// A duration such as `90d` on the command line.
struct Span: ExpressibleByArgument, Hashable {
    var duration: Duration

    init?(argument: String) {
        guard let duration = TimeText.duration(argument) else { return nil }
        self.duration = duration
    }
}
