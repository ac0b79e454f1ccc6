import ArgumentParser
import Sessions

/// `gatehouse step-up SESSION [--tenant NAME]`
struct StepUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step-up",
        abstract: "Prove a one-time code in a live session, and say what it reaches then.",
        discussion: """
            For a session that needs a fresher code than it was opened with, or one of a tenant's own. The code is read \
            from standard input and is not shown; it is no argument, which others could see. It counts as at a login: \
            once, and wrong ones are counted against its owner.

            Ends with 0 when the code was accepted, whatever the session reaches, and 1 when it was not.
            """)

    @Argument(help: "The session as 'gatehouse sessions' names it: office/21.")
    var session: String
    @Option(name: .long, help: "The tenant whose code it is; the user's own when not said.")
    var tenant: String?
    @OptionGroup var options: ControlOptions

    func run() async throws {
        guard let code = CodePrompt.read("one-time code: "), !code.isEmpty else {
            Terminal.complain("no code was given")
            throw ExitCode(1)
        }
        let arguments = ControlMessages.StepUpArguments(
            session: session, tenant: tenant, code: ControlMessages.Code(code))
        let answer = try await options.ask(ControlOperations.stepUp, arguments)
        try options.show(answer) { print(StepUpText.render($0)) }
    }
}

/// What a session reaches after a code, for people.
enum StepUpText {
    static func render(_ answer: ControlMessages.SteppedUp) -> String {
        var lines = ["accepted; session \(answer.session) is in class \(answer.class ?? "none")"]
        lines += answer.grants.map { grant in
            "reaches \(grant.system)" + (grant.until.map { " until \($0)" } ?? "")
        }
        for withheld in answer.withheld {
            lines.append("withheld \(withheld.system):")
            lines += withheld.conditions.map(ExplanationText.condition)
        }
        if let until = answer.until { lines.append("decided anew at \(until)") }
        return lines.joined(separator: "\n")
    }
}
