import ArgumentParser

extension UserCommand {
    /// `gatehouse user enrol NAME`
    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a one-time-code seed for a user, and print it this once.",
            discussion: """
                What is printed is the whole secret: give it to the person, and to nobody else. Authenticators take \
                the otpauth address, also as a QR code that another program makes of it, or the letters typed in.

                The seed is kept sealed in the daemon's database and outranks the seed file. The daemon needs a key for \
                that, which is kept elsewhere: 32 random bytes in a file that only it can read, as 'seal-key' in its \
                configuration or as the systemd credential 'gatehouse-seal-key'. Without the key it does not start \
                again. Live sessions stay as they are.
                """)

        @Argument(help: "The user name, as it is given to the VPN.")
        var user: String
        @Option(name: .long, help: "What the authenticator shows beside the name.")
        var issuer = "VPN"
        @Flag(name: .long, help: "Put it in place of the seed that the user was given before.")
        var replace = false
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let arguments = ControlMessages.EnrolArguments(user: user, issuer: issuer, replaces: replace)
            let answer = try await options.ask(
                "user.enrol", arguments, as: ControlMessages.Enrolment.self)
            try options.show(answer) { print(EnrolmentText.render($0)) }
        }
    }

    /// `gatehouse user unenrol NAME`
    struct Unenrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back the seed that 'enrol' gave.",
            discussion: "A seed of the user in the seed file counts again. Live sessions stay as they are.")

        @Argument(help: "The user name.")
        var user: String
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let arguments = ControlMessages.UserArguments(user: user)
            let done = try await options.ask("user.unenrol", arguments, as: ControlMessages.OrderDone.self)
            try options.show(done) { _ in
                print("codes of that seed of '\(RegisterTables.cell(user))' are no good any more")
            }
        }
    }
}

enum EnrolmentText {
    /// The letters in groups of four: people type them.
    static func render(_ enrolment: ControlMessages.Enrolment) -> String {
        var groups: [Substring] = []
        var rest = enrolment.secret[...]
        while !rest.isEmpty {
            groups.append(rest.prefix(4))
            rest = rest.dropFirst(4)
        }
        return """
            \(enrolment.uri)

            or typed in: \(groups.joined(separator: " "))

            It is not shown again.
            """
    }
}
