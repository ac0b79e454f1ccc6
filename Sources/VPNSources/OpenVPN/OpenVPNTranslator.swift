import NetworkTypes
package import Sessions

/// Gives the messages of one management connection their meaning: session events, and the commands that follow at
/// once. One translator serves one connection; after a loss, start with a new one and a snapshot.
///
/// Pure: it neither writes nor reads a clock. A login that cannot be understood is refused here, since the client waits
/// for somebody to answer; every other doubt about a client goes out as a problem that names it.
package struct OpenVPNTranslator: Sendable {
    package struct Output: Sendable {
        package var events: [SessionEvent] = []
        package var commands: [ManagementCommand] = []
    }

    /// What a server's words about a client contradict. The text holds no secrets.
    struct Contradiction: Error {
        var reason: String
    }

    private struct Client {
        /// Questions that nobody has answered yet. Two at once are possible: a client that restarts behind the same
        /// port negotiates a second key while the first is being asked about.
        var pending: Set<UInt64> = []
        /// What ADDRESS lines said, before the client was in.
        var learned: Set<IPAddress> = []
        var isEstablished = false
    }

    /// A client asks one question for each negotiation; more than this unanswered is no client's behaviour.
    private static let maximumPending = 8
    static let denial = "The gateway could not read this login. Call the help desk."

    let source: String
    let tunnel: String
    /// The server's process id; nil until it has said it.
    package private(set) var serverProcess: Int32?
    private var clients: [UInt64: Client] = [:]
    private var hasGreeted = false

    /// - Parameter tunnel: the interface that the server must be using. Another one means that the socket belongs to
    ///   another server than the rules were written for.
    package init(source: String, tunnel: String) {
        self.source = source
        self.tunnel = tunnel
    }

    /// - Parameter now: the start of a session that has not begun: a CONNECT carries no time.
    package mutating func translate(_ message: ManagementMessage, now: Instant) -> Output {
        switch message.content {
        case .client(let header, let variables): block(header, variables, message.line, now)
        case .spoiled(let header, let reason): spoiled(header, reason, message.line)
        case .address(let client, let text, let isPrimary):
            isPrimary ? address(client, text, message.line) : Output()
        case .process(let process): confirm(process, message.line)
        case .status(let table): snapshot(table, message.line)
        case .info(let text): greeting(text)
        case .hold: Output(commands: [.holdRelease])
        case .failure(let text): refused(text, message.line)
        case .problem(let text): problem(message.line, text)
        case .byteCount, .notify, .state, .log, .passwordPrompt, .success, .version: Output()
        }
    }

    /// The command for an answer, or nil when the question is no longer pending: answered, withdrawn by the client's
    /// end, or asked by another run of the server. Asking twice gives nil the second time.
    ///
    /// Options that cannot be written make it a refusal: a client that came in without a setting it was meant to get
    /// would be worse off than one that is told.
    package mutating func answer(_ login: Login, _ answer: LoginAnswer) -> ManagementCommand? {
        let client = login.session.id.client
        guard login.session.id == id(client), clients[client]?.pending.remove(login.key) != nil else {
            return nil
        }
        switch answer {
        case .admit(let push):
            guard let options = try? push.map({ text throws(PushOption.Mistake) in try PushOption(text) })
            else {
                return .deny(
                    client: client, key: login.key, log: "an option for this client cannot be pushed",
                    tell: "The gateway could not prepare this connection. Call the help desk.")
            }
            return .admit(client: client, key: login.key, push: options)
        case .refuse(let log, let tell):
            return .deny(client: client, key: login.key, log: log, tell: tell)
        }
    }

    /// The command that throws a client out, or nil when it belongs to another run of the server or another source.
    package func disconnect(_ session: SessionID, _ mode: DisconnectMode) -> ManagementCommand? {
        session == id(session.client) ? .kill(client: session.client, mode) : nil
    }

    func id(_ client: UInt64) -> SessionID? {
        serverProcess.map { SessionID(source: source, serverProcess: $0, client: client) }
    }

    func problem(_ line: Int, _ text: String, client: UInt64? = nil) -> Output {
        let found = SourceProblem(line: line, message: text, client: client.flatMap(id))
        return Output(events: [.problem(source: source, found)])
    }

    /// A server that is held, or that is starting again after a signal, has no list of clients yet and says so: that
    /// is its ordinary life. The next poll brings the list.
    private func refused(_ text: String, _ line: Int) -> Output {
        if text.utf8.starts(with: "The 'status' command is not supported".utf8) { return Output() }
        return problem(line, "the server refused a command: \(text.excerpt())")
    }

    /// The server speaks once it has accepted us: the password, if any, is right and nobody else has the seat.
    /// Commands sent earlier would be taken for the password.
    private mutating func greeting(_ text: String) -> Output {
        guard !hasGreeted else { return Output() }
        hasGreeted = true
        return Output(commands: [.version, .process, .holdRelease, .status])
    }
}

// MARK: Clients

extension OpenVPNTranslator {
    private mutating func block(
        _ header: ClientHeader, _ variables: ClientVariables, _ line: Int, _ now: Instant
    ) -> Output {
        do throws(Contradiction) {
            // A client that never came in ends with an empty block: its header is all there is.
            if header.kind != .disconnect || !variables.isEmpty { try check(variables) }
            switch header.kind {
            case .connect: return Output(events: [.login(try login(.initial, header, variables, now))])
            case .renewal: return Output(events: [.login(try login(.renewal, header, variables, now))])
            case .established: return Output(events: [.established(try established(header, variables, now))])
            case .disconnect: return ended(header, variables, line)
            // Nothing here asks for a challenge's response, so none is waited for.
            case .challengeResponse: return Output()
            }
        } catch {
            return refuse(header, error.reason, line)
        }
    }

    private mutating func spoiled(_ header: ClientHeader, _ reason: String, _ line: Int) -> Output {
        guard header.kind == .disconnect, let id = id(header.client) else {
            return refuse(header, reason, line)
        }
        // The header is sound, and to believe in an end takes access away: only the accounts are lost.
        clients[header.client] = nil
        return Output(events: [.ended(id, nil)] + problem(line, reason).events)
    }

    /// The problem for a block that cannot be used and, where a client waits for an answer, the refusal.
    private mutating func refuse(_ header: ClientHeader, _ reason: String, _ line: Int) -> Output {
        let text = ">CLIENT:\(header.kind.rawValue) of client \(header.client): \(reason)"
        // A doubtful end or response is no reason to cut: it need not be about this client at all.
        guard header.kind != .disconnect, header.kind != .challengeResponse else {
            return problem(line, text)
        }
        var output = problem(line, text, client: header.client)
        guard let key = header.key else { return output }
        clients[header.client]?.pending.remove(key)
        output.commands = [.deny(client: header.client, key: key, log: reason, tell: Self.denial)]
        return output
    }

    private mutating func login(
        _ kind: Login.Kind, _ header: ClientHeader, _ variables: ClientVariables, _ now: Instant
    ) throws(Contradiction) -> Login {
        guard let key = header.key else { throw Contradiction(reason: "no key") }
        var known = clients[header.client] ?? Client()
        if kind == .initial, known.isEstablished {
            throw Contradiction(reason: "the client is in already, and asks to come in")
        }
        guard !known.pending.contains(key), known.pending.count < Self.maximumPending else {
            throw Contradiction(reason: "the same question is asked again, or too many are open")
        }
        let session = try session(
            header.client, variables, phase: kind == .initial ? .before : .during, now: now)
        let password = variables.password ?? Secret([])
        let vouched = variables["session_state"] == "Authenticated" && Self.isToken(password)
        known.pending.insert(key)
        clients[header.client] = known
        return Login(kind: kind, session: session, key: key, password: password, isTokenRenewal: vouched)
    }

    /// OpenVPN judges a password with this beginning as its own token and says so in `session_state`
    /// (`add_session_token_env` in auth_token.c). Both must be there: the state alone speaks of any password.
    private static func isToken(_ password: Secret) -> Bool {
        password.withBytes { $0.starts(with: "SESS_ID_AT_".utf8) }
    }

    private mutating func established(
        _ header: ClientHeader, _ variables: ClientVariables, _ now: Instant
    ) throws(Contradiction) -> Session {
        var known = clients[header.client] ?? Client()
        guard !known.isEstablished else { throw Contradiction(reason: "the client is in already") }
        guard variables["time_unix"] != nil else { throw Contradiction(reason: "no time_unix") }
        let session = try session(header.client, variables, phase: .during, now: now)
        guard !session.addresses.isEmpty else { throw Contradiction(reason: "no address") }
        guard Set(session.addresses) == known.learned else {
            throw Contradiction(reason: "the addresses differ from those of the ADDRESS lines")
        }
        known.isEstablished = true
        clients[header.client] = known
        return session
    }

    private mutating func ended(_ header: ClientHeader, _ variables: ClientVariables, _ line: Int) -> Output {
        guard let id = id(header.client) else { return Output() }
        clients[header.client] = nil
        guard variables["time_duration"] != nil else { return Output(events: [.ended(id, nil)]) }
        guard let usage = Self.usage(variables) else {
            return Output(
                events: [.ended(id, nil)] + problem(line, "the accounts of a session are no numbers").events)
        }
        return Output(events: [.ended(id, usage)])
    }

    private static func usage(_ variables: ClientVariables) -> Usage? {
        let number = { (name: String) in variables[name]?[...].number(as: UInt64.self) }
        guard let received = number("bytes_received"), let sent = number("bytes_sent"),
            let seconds = number("time_duration").flatMap(Int64.init(exactly:))
        else { return nil }
        return Usage(octetsFromClient: received, octetsToClient: sent, duration: .seconds(seconds))
    }

    private mutating func address(_ client: UInt64, _ text: String, _ line: Int) -> Output {
        guard let address = IPAddress(text) else {
            return problem(
                line, "client \(client) has an address that is none: '\(text.excerpt())'", client: client)
        }
        var known = clients[client] ?? Client()
        if known.isEstablished, !known.learned.contains(address) {
            return problem(line, "client \(client) got another address after it came in", client: client)
        }
        known.learned.insert(address)
        guard known.learned.count <= 2 else {
            return problem(
                line, "client \(client) has more addresses than one of each family", client: client)
        }
        clients[client] = known
        return Output()
    }
}

// MARK: The server

extension OpenVPNTranslator {
    /// The block must come from the server that we attached to, on the interface that the rules are about.
    private mutating func check(_ variables: ClientVariables) throws(Contradiction) {
        guard
            let process = variables["daemon_pid"]?[...].number(as: UInt32.self).flatMap(Int32.init(exactly:))
        else { throw Contradiction(reason: "no daemon_pid") }
        // A notice can overtake the reply to `pid`: then the notice says it first, and the reply must agree.
        if serverProcess == nil { serverProcess = process }
        guard serverProcess == process else { throw Contradiction(reason: "daemon_pid is another process") }
        guard variables["dev"] == tunnel else {
            throw Contradiction(reason: "dev is '\((variables["dev"] ?? "").excerpt())', not '\(tunnel)'")
        }
    }

    private mutating func confirm(_ process: Int32, _ line: Int) -> Output {
        defer { serverProcess = process }
        guard let known = serverProcess, known != process else { return Output() }
        return problem(line, "the server is process \(process), and called itself \(known)")
    }
}
