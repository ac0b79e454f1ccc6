import ArgumentParser
import Evidence

extension UserCommand {
    /// `gatehouse user enrol NAME`
    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a one-time-code seed for a user, and print it this once.",
            discussion: """
                What is printed is the whole secret: give it to the person, and to nobody else. Authenticators take \
                the otpauth address, the letters typed in, or a picture of the QR code, which is drawn where this goes \
                to a terminal; --qr draws it into a file or a pipe too, as dark on light, --no-qr nowhere.

                The seed is kept sealed in the daemon's database and outranks the seed file. The daemon needs a key for \
                that, which is kept elsewhere: 32 random bytes in a file that only it can read, as 'seal-key' in its \
                configuration or as the systemd credential 'gatehouse-seal-key'. Without the key it does not start \
                again. Live sessions stay as they are.

                With --tenant it is the seed of one tenant's codes, which 'gatehouse step-up' takes: it is another \
                secret, and opens what belongs to that tenant and nothing else.
                """)

        @Argument(help: "The user name, as it is given to the VPN.")
        var user: String
        @Option(name: .long, help: "The tenant whose codes these are; the user's own when not said.")
        var tenant: String?
        @Option(
            name: .long,
            help: "What the authenticator shows beside the name. VPN when not said, and the tenant.")
        var issuer: String?
        @Flag(name: .long, help: "Put it in place of the seed that the user was given before.")
        var replace = false
        @Flag(
            inversion: .prefixedNo,
            help: "Draw a QR code. When neither is said: where this goes to a terminal, and not with --json.")
        var qr: Bool?
        @OptionGroup var options: ControlOptions

        func validate() throws {
            if qr == true, options.json {
                throw ValidationError("--json prints one document: --qr does not go with it.")
            }
        }

        func run() async throws {
            let arguments = ControlMessages.EnrolArguments(
                user: user, tenant: tenant, issuer: issuer ?? tenant.map { "VPN \($0)" } ?? "VPN",
                replaces: replace)
            let answer = try await options.ask(
                ControlOperations.enrol, arguments)
            let isTerminal = Terminal.isInteractive
            let drawing: EnrolmentText.Drawing? =
                qr ?? isTerminal ? isTerminal ? .blackOnWhite : .plain : nil
            try options.show(answer) { print(EnrolmentText.render($0, drawing)) }
        }
    }

    /// `gatehouse user unenrol NAME`
    struct Unenrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back the seed that 'enrol' gave.",
            discussion: "A seed of the user in the seed file counts again. Live sessions stay as they are.")

        @Argument(help: "The user name.")
        var user: String
        @Option(name: .long, help: "The tenant whose codes they are; the user's own when not said.")
        var tenant: String?
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let arguments = ControlMessages.UserArguments(user: user, tenant: tenant)
            let done = try await options.ask(ControlOperations.unenrol, arguments)
            try options.show(done) { _ in
                print("codes of that seed of '\(RegisterTables.cell(user))' are no good any more")
            }
        }
    }
}

/// A new seed for people. The secret is in all of it: it goes to whoever asked, and into no log.
enum EnrolmentText {
    /// How a QR code is drawn.
    enum Drawing {
        /// In these colours, whatever those of the terminal are: not every phone reads light on dark.
        case blackOnWhite
        /// Without colours, for what shows dark on light.
        case plain
    }

    /// - Parameter drawing: nil for no QR code.
    static func render(_ enrolment: ControlMessages.Enrolment, _ drawing: Drawing?) -> String {
        let picture = drawing.map { drawing in
            guard let code = QRCode(Array(enrolment.uri.utf8)) else {
                return "(the address is too long for a QR code: a shorter --issuer may help)\n\n"
            }
            return draw(code, drawing) + "\n"
        }
        return """
            \(picture ?? "")\(enrolment.uri)

            or typed in: \(groups(enrolment.secret))

            It is not shown again.
            """
    }

    /// Of four letters: people type them.
    private static func groups(_ secret: String) -> String {
        var groups: [Substring] = []
        var rest = secret[...]
        while !rest.isEmpty {
            groups.append(rest.prefix(4))
            rest = rest.dropFirst(4)
        }
        return groups.joined(separator: " ")
    }

    /// Two rows of modules to a line, since letters are about twice as high as wide; the quiet zone is a part of it.
    static func draw(_ code: QRCode, _ drawing: Drawing) -> String {
        let places = -QRCode.quietZone..<code.side + QRCode.quietZone
        // Black and white of the 256 colours, which themes of terminals leave alone.
        let (begin, end) = drawing == .plain ? ("", "") : ("\u{1B}[38;5;16;48;5;231m", "\u{1B}[0m")
        return stride(from: places.lowerBound, to: places.upperBound, by: 2).map { row in
            let blocks = places.map { column in
                switch (
                    code.isDark(row: row, column: column), code.isDark(row: row + 1, column: column)
                ) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            return begin + blocks.joined() + end + "\n"
        }.joined()
    }
}
