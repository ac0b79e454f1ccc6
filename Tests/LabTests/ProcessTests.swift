import Glibc
import Lab
import NetworkTypes
import Testing

struct ProcessTests {
    private func output(_ status: Int32, _ said: String = "", _ complained: String = "") -> Command.Output {
        Command.Output(status: status, standardOutput: said, standardError: complained)
    }

    @Test(arguments: [
        (
            ["sh", "-c", "cat; echo no >&2; exit 3"], "in",
            Command.Output(status: 3, standardOutput: "in", standardError: "no\n")
        ),
        (["true"], "", Command.Output(status: 0, standardOutput: "", standardError: "")),
        (["sh", "-c", "kill -9 $$"], "", Command.Output(status: 137, standardOutput: "", standardError: "")),
    ])
    func commandsGiveBackWhatTheySaid(_ arguments: [String], _ input: String, _ output: Command.Output)
        async throws
    {
        #expect(try await Command(arguments).input(input).output() == output)
    }

    /// Longer than any pipe holds.
    @Test func muchOutputDoesNotHoldACommandUp() async throws {
        let said = try await Command(["head", "-c", "1000000", "/dev/zero"]).succeed()
        #expect(said.utf8.count == 1_000_000)
    }

    @Test func aCommandThatFailsIsAnErrorWithItsWords() async throws {
        await #expect(
            throws: LabError.commandFailed(command: "sh -c echo why >&2; exit 2", status: 2, output: "why")
        ) {
            try await Command(["sh", "-c", "echo why >&2; exit 2"]).succeed()
        }
    }

    @Test func aWaitThatIsOverSaysForWhatItWaited() async throws {
        await #expect(throws: LabError.timedOut(waitingFor: "the moon", log: "")) {
            try await Wait.until("the moon", within: .zero) { false }
        }
    }

    @Test(arguments: [
        ("12 345 running\n", Owner(process: 12, startTicks: 345)),
        ("12 345 kept\n", Owner(process: 12, startTicks: 345, isKept: true)), ("", nil), ("12 x kept", nil),
        ("12 345", nil),
    ])
    func ownersAreReadBack(_ text: String, _ owner: Owner?) {
        #expect(Owner(text: text) == owner)
        if let owner { #expect(Owner(text: owner.text) == owner) }
    }

    /// A command may be named like the end of its own field.
    @Test func theStartTimeIsFoundBehindAnyName() {
        let fields = (3...30).map(String.init).joined(separator: " ")
        #expect(Owner.ticks(ofStat: "7 (a) b) \(fields)") == 22)
        #expect(Owner.ticks(ofStat: "7 (a) 3 4") == nil)
    }

    @Test func aNumberThatPassedToAnotherProcessIsNobodysLab() {
        #expect(Owner.current.isAlive)
        #expect(!Owner(process: getpid(), startTicks: Owner.current.startTicks + 1).isAlive)
    }

    @Test(arguments: [
        (Int32(0), "crm answers 10.8.0.2\n", "", Probe.Finding.reached),
        (0, "portal answers 10.8.0.2\n", "", .odd("answered: portal answers 10.8.0.2\n")),
        (7, "", "curl: (7) Failed to connect", .refused("connection")), (28, "", "", .silent),
        (Command.timedOutStatus, "", "", .silent),
        (56, "", "curl: (56) reset", .odd("curl 56: curl: (56) reset")),
    ])
    func pagesAreJudgedByWhoAnswered(
        _ status: Int32, _ said: String, _ complained: String, _ finding: Probe.Finding
    ) {
        #expect(Probe.page(output(status, said, complained), of: "crm") == finding)
    }

    /// An odd finding is never what was expected: a broken probe must not pass for a refusal.
    @Test(arguments: [
        (Probe.Finding.reached, Row.Expectation.reached, true), (.refused(""), .refused, true),
        (.silent, .refused, true),
        (.reached, .refused, false), (.silent, .reached, false), (.odd(""), .refused, false),
        (.odd(""), .reached, false),
    ])
    func findingsMatchWhatWasExpected(_ finding: Probe.Finding, _ expected: Row.Expectation, _ matches: Bool)
    {
        #expect(finding.matches(expected) == matches)
    }

    @Test func aNameQuestionIsAnsweredByItsOwnReplyOnly() {
        let question = NameQuestion(name: "a.test")
        #expect(question.bytes.suffix(12) == [1, 97, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1])
        var reply = question.bytes
        #expect(!question.isAnswered(by: reply))  // an echo is a question still
        reply[2] |= 0x80
        #expect(question.isAnswered(by: reply))
        reply[0] ^= 1
        #expect(!question.isAnswered(by: reply))
        #expect(!question.isAnswered(by: []))
    }

    @Test func anEchoIsAnsweredByItsOwnReplyOnly() {
        let request = EchoRequest(.ipv4)
        #expect(EchoRequest.checksum(request.bytes) == 0)  // RFC 1071: over its own checksum, the sum is zero
        let header: [UInt8] = [0x45] + Array(repeating: 0, count: 19)
        #expect(!request.isAnswered(by: header + request.bytes))
        #expect(request.isAnswered(by: header + [0] + request.bytes.dropFirst()))
        #expect(EchoRequest(.ipv6).isAnswered(by: [129] + EchoRequest(.ipv6).bytes.dropFirst()))
        #expect(!EchoRequest(.ipv6).isAnswered(by: [1]))
        #expect(!request.isAnswered(by: []))
    }
}
