package import Sessions

/// Everything about one management connection but its socket: bytes in, events and bytes out.
///
/// Pure, so that the whole protocol runs in a test without a socket, a clock or a thread.
package struct OpenVPNConnection: Sendable {
    /// What the caller does next.
    package struct Step: Sendable {
        package var events: [SessionEvent] = []
        /// Why the connection must be given up; nil to go on.
        package var failure: String?
    }

    /// More than this unsent means that the server has stopped reading.
    private static let maximumUnsent = 4 << 20
    /// Polls without an answer after which the server is taken for hung.
    private static let maximumUnanswered = 3

    /// Problems of no client in particular that are told between two polls. A server that is broken, or is none, has
    /// thousands a second; a log that is full tells nobody anything.
    static let maximumProblems = 16

    /// Bytes for the server that have not been sent; the caller removes what it has sent.
    package var unsent: [UInt8] = []
    /// The server has accepted us.
    package private(set) var isAttached = false
    private var lines = ManagementLineReader()
    private var decoder = ManagementDecoder()
    private var translator: OpenVPNTranslator
    private var password: Secret?
    private var unanswered = 0
    /// Since the last poll.
    private var problems = 0

    package init(source: String, tunnel: String, password: Secret?) {
        translator = OpenVPNTranslator(source: source, tunnel: tunnel)
        self.password = password
    }

    /// Takes bytes from the server, wherever they are cut.
    package mutating func receive(_ bytes: some Sequence<UInt8>, now: Instant) -> Step {
        var step = Step()
        for line in lines.read(bytes) {
            for message in decoder.decode(line) {
                take(message, now, &step)
                if step.failure != nil { return step }
            }
        }
        return step
    }

    /// What is left to say when the server has closed the connection.
    package mutating func finish(now: Instant) -> [SessionEvent] {
        var step = Step()
        let last = lines.finish().flatMap { decoder.decode($0) }
        for message in last + decoder.finish(line: lines.lineCount) { take(message, now, &step) }
        tellOfProblems(&step)
        return step.events
    }

    /// Asks for the list of clients.
    package mutating func poll() -> Step {
        guard isAttached else { return Step() }
        guard unanswered < Self.maximumUnanswered else {
            return Step(failure: "the server has not answered \(unanswered) requests for its list of clients")
        }
        unanswered += 1
        var step = queue([.status])
        tellOfProblems(&step)
        return step
    }

    /// Queues an answer. False when the question is no longer pending: nothing is sent then.
    package mutating func answer(_ login: Login, _ answer: LoginAnswer) -> Bool {
        guard let command = translator.answer(login, answer) else { return false }
        _ = queue([command])
        return true
    }

    /// Queues a disconnection. False when the session belongs to another run of the server.
    package mutating func disconnect(_ session: SessionID, _ mode: DisconnectMode) -> Bool {
        guard let command = translator.disconnect(session, mode) else { return false }
        _ = queue([command])
        return true
    }

    private mutating func take(_ message: ManagementMessage, _ now: Instant, _ step: inout Step) {
        switch message.content {
        case .passwordPrompt:
            // Asked again means that it was wrong; OpenVPN gives three tries, and we have one password.
            step.failure = givePassword()
        case .status, .failure:
            // A server that refuses is not hung: before it is up it has no list.
            unanswered = 0
        case .info:
            isAttached = true
        default:
            break
        }
        let output = translator.translate(message, now: now)
        step.events += output.events.filter { isToBeTold($0) }
        step.failure = step.failure ?? queue(output.commands).failure
    }

    /// Whatever names a client has a consequence, and is always told.
    private mutating func isToBeTold(_ event: SessionEvent) -> Bool {
        guard case .problem(_, let problem) = event, problem.client == nil else { return true }
        problems += 1
        return problems <= Self.maximumProblems
    }

    /// Says how many were left out, and begins to count anew.
    private mutating func tellOfProblems(_ step: inout Step) {
        defer { problems = 0 }
        guard problems > Self.maximumProblems else { return }
        let text = "\(problems - Self.maximumProblems) more lines that cannot be used"
        step.events += translator.problem(lines.lineCount, text).events
    }

    private mutating func givePassword() -> String? {
        guard let given = password else {
            return "the server asks for a management password that we do not have"
        }
        password = nil
        return queue([.password(given)]).failure
    }

    private mutating func queue(_ commands: [ManagementCommand]) -> Step {
        for command in commands { unsent += command.bytes }
        return Step(failure: unsent.count > Self.maximumUnsent ? "the server has stopped reading" : nil)
    }
}
