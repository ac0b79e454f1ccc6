import ArgumentParser

/// `gatehouse disconnect SESSION | --user NAME | --device ID`
struct Disconnect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cut now, and keep out until readmitted.",
        discussion: """
            The kernel forgets the sessions in one transaction, then the VPN server throws them out. A hold keeps them \
            from coming back, through reloads and restarts, until 'gatehouse readmit'.
            """)

    @OptionGroup var target: TargetOptions
    @Option(name: .long, help: "Why; the person is told.")
    var reason = ""
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let arguments = target.arguments(reason: reason)
        let done = try await options.ask(ControlOperations.disconnect, arguments)
        try options.show(done) { print(OrderText.render($0)) }
    }
}

/// `gatehouse readmit --user NAME | --device ID | SESSION`
struct Readmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lift the hold that 'disconnect' left.")

    @OptionGroup var target: TargetOptions
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let done = try await options.ask(
            ControlOperations.readmit, target.arguments(reason: ""))
        try options.show(done) { _ in print("readmitted") }
    }
}

/// Exactly one of a session, a user and a device.
struct TargetOptions: ParsableArguments {
    @Argument(help: "A session as 'gatehouse sessions' names it: office/21.")
    var session: String?
    @Option(name: .long, help: "Every session of this user.")
    var user: String?
    @Option(name: .long, help: "The device of this inventory id.")
    var device: String?

    func validate() throws {
        guard [session, user, device].compactMap(\.self).count == 1 else {
            throw ValidationError("Name one of: a session, --user, --device.")
        }
    }

    func arguments(reason: String) -> ControlMessages.DisconnectArguments {
        .init(session: session, user: user, device: device, reason: reason)
    }
}

/// `gatehouse reload`
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the rules anew: checked first, swapped whole.",
        discussion: """
            When they are wrong, every mistake is printed, and the old ones stay in force. Refused while a change waits \
            for its confirmation, and where the rules in force ask for a reference: 'gatehouse apply' then.
            """)

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let done = try await options.ask(
            ControlOperations.reload, ControlMessages.Nothing())
        try options.show(done) { done in
            for warning in done.warnings ?? [] { print(warning) }
            print("the new rules are in force; " + MoveText.render(done))
        }
    }
}

/// What an order did, for people.
enum OrderText {
    static func render(_ done: ControlMessages.OrderDone) -> String {
        switch done.cut.count {
        case 0: "nobody was cut"
        case 1: "cut: \(done.cut[0])"
        default: "cut \(done.cut.count) sessions: \(done.cut.joined(separator: " "))"
        }
    }
}
