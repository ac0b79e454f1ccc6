import ArgumentParser
import Evidence

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
        let done = try await options.ask("disconnect", arguments, as: ControlMessages.OrderDone.self)
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
            "readmit", target.arguments(reason: ""), as: ControlMessages.OrderDone.self)
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

/// `gatehouse device set-status ID STATUS`
struct Device: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change what the register says of a device.", subcommands: [SetStatus.self])

    struct SetStatus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-status",
            abstract: "Report a device lost, stolen, returned, retired, or in use again.",
            discussion: "The change is in force and on disk when this returns. It outranks the rule files.")

        @Argument(help: "The inventory id.")
        var device: String
        @Argument(help: "One of: \(DeviceStatus.allCases.map(\.rawValue).joined(separator: ", ")).")
        var status: DeviceStatus
        @Option(name: .long, help: "Why, for the record.")
        var reason = ""
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let arguments = ControlMessages.StatusArguments(
                device: device, status: status.rawValue, reason: reason)
            let done = try await options.ask(
                "device.set-status", arguments, as: ControlMessages.OrderDone.self)
            try options.show(done) { print(OrderText.render($0)) }
        }
    }
}

extension DeviceStatus: ExpressibleByArgument {}

/// `gatehouse user forget-codes NAME`
struct User: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Help a user whose one-time codes are refused.", subcommands: [ForgetCodes.self])

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
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let arguments = ControlMessages.UserArguments(user: user)
            let done = try await options.ask(
                "user.forget-codes", arguments, as: ControlMessages.OrderDone.self)
            try options.show(done) { _ in print("the next right code of '\(user)' is accepted") }
        }
    }
}

/// `gatehouse reload`
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the rules anew: checked first, swapped whole.",
        discussion: "When they are wrong, every mistake is printed, and the old ones stay in force.")

    @OptionGroup var options: ControlOptions

    func run() async throws {
        let done = try await options.ask(
            "reload", ControlMessages.Nothing(), as: ControlMessages.OrderDone.self)
        try options.show(done) { done in
            for warning in done.warnings ?? [] { print(warning) }
            print("the new rules are in force; " + OrderText.render(done))
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
