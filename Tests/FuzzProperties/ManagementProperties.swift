import NetworkTypes
import Sessions
import VPNSources

/// What holds for a management connection of OpenVPN whatever the server, or a client through it, says.
enum ManagementProperties {
    /// Longer texts in the password slot are looked for in what is printed; shorter ones stand there by chance.
    private static let leastSecret = 12

    static func violation(in input: [UInt8]) -> String? {
        let whole = Listening(input, pieces: max(1, input.count))
        // Byte by byte is slow: long inputs are cut in larger pieces.
        for size in input.count <= 512 ? [1, 7] : [61] {
            let other = Listening(input, pieces: size)
            if other.heard != whole.heard { return "otherwise in pieces of \(size) bytes" }
            if other.unsent != whole.unsent { return "other commands in pieces of \(size) bytes" }
        }
        var conversation = Conversation(input)
        conversation.play()
        return conversation.violation ?? leak(input, whole) ?? strayCommand(conversation.sent, input)
    }

    /// What came of the bytes when nobody answered.
    private struct Listening {
        var heard: [Heard] = []
        var unsent: [UInt8] = []
        var words: [String] = []

        init(_ input: [UInt8], pieces: Int) {
            var connection = OpenVPNConnection(
                source: "office", tunnel: "tunovpn", password: Secret("x".utf8))
            var rest = input[...]
            var events: [SessionEvent] = []
            while !rest.isEmpty {
                let step = connection.receive(rest.prefix(pieces), now: now)
                rest = rest.dropFirst(pieces)
                events += step.events
                if let failure = step.failure {
                    words.append(failure)
                    break
                }
            }
            // A connection that is given up is not asked what is left: how much of it was read is chance.
            if words.isEmpty { events += connection.finish(now: now) }
            unsent = connection.unsent
            heard = events.map(Heard.init)
            for case .problem(let text, _) in heard { words.append(text) }
        }
    }

    /// An event as a value that can be compared.
    private enum Heard: Hashable {
        case login(Session, isRenewal: Bool, key: UInt64, password: [UInt8], isToken: Bool)
        case established(Session)
        case ended(SessionID, Usage?)
        case snapshot(Int32, [SessionReport])
        case detached(String)
        case problem(String, SessionID?)

        init(_ event: SessionEvent) {
            switch event {
            case .login(let login):
                self = .login(
                    login.session, isRenewal: login.kind == .renewal, key: login.key,
                    password: login.password.withBytes { $0 }, isToken: login.isTokenRenewal)
            case .established(let session): self = .established(session)
            case .ended(let id, let usage): self = .ended(id, usage)
            case .snapshot(_, let process, let reports): self = .snapshot(process, reports)
            case .detached(_, let reason): self = .detached(reason)
            case .problem(_, let problem): self = .problem("\(problem)", problem.client)
            }
        }
    }

    private static let now = Instant(secondsSince1970: 1_795_212_000)

    /// The whole path of a session: every login is answered as soon as it is asked, and the table of sessions is kept.
    private struct Conversation {
        private let input: [UInt8]
        private var connection = OpenVPNConnection(source: "office", tunnel: "tunovpn", password: nil)
        private var table = SessionTable()
        private var admitted: Set<SessionID> = []
        private(set) var violation: String?
        private(set) var sent: [UInt8] = []

        init(_ input: [UInt8]) { self.input = input }

        mutating func play() {
            for line in input.split(separator: 0x0a, omittingEmptySubsequences: false) {
                let step = connection.receive(line + [0x0a], now: now)
                for event in step.events { take(event) }
                sent += connection.unsent
                connection.unsent = []
                if step.failure != nil || violation != nil { return }
            }
            for event in connection.finish(now: now) { take(event) }
            sent += connection.unsent
        }

        private mutating func take(_ event: SessionEvent) {
            for change in table.apply(event) {
                guard case .closed(let session, _) = change else { continue }
                admitted.remove(session.id)
            }
            if case .login(let login) = event { answer(login) }
            check()
        }

        private mutating func answer(_ login: Login) {
            let admits = login.session.id.client % 3 != 2
            let answer: LoginAnswer =
                admits
                ? .admit(
                    push: login.key % 2 == 0 ? [] : ["route 10.0.0.0 255.0.0.0", login.session.commonName])
                : .refuse(log: login.session.commonName, tell: login.session.userName)
            // What the server withdrew in the same line is no longer pending.
            guard connection.answer(login, answer) else {
                violation = "a question that was just asked is not pending"
                return
            }
            if connection.answer(login, answer) { violation = "a question is answered twice" }
            if admits {
                for change in table.admit(login) {
                    guard case .closed(let session, _) = change else { continue }
                    admitted.remove(session.id)
                }
                if login.kind == .initial { admitted.insert(login.session.id) }
            } else {
                table.refuse(login)
            }
        }

        private mutating func check() {
            let open = table.open
            var holders: Set<IPAddress> = []
            for session in open {
                if !admitted.contains(session.id) { violation = "\(session.id) is open and was not admitted" }
                for address in session.addresses where !holders.insert(address).inserted {
                    violation = "two open sessions have \(address)"
                }
                if session.addresses.isEmpty { violation = "\(session.id) is open without an address" }
            }
        }
    }

    /// A password that stands once in the bytes stands in no words for people and in no command.
    private static func leak(_ input: [UInt8], _ listening: Listening) -> String? {
        let prefix = Array(">CLIENT:ENV,password=".utf8)
        for line in input.split(separator: 0x0a) where line.starts(with: prefix) {
            let secret = Array(line.dropFirst(prefix.count).filter { $0 != 0x0d })
            guard secret.count >= leastSecret, input.ranges(of: secret).count == 1 else { continue }
            if listening.words.contains(where: { Array($0.utf8).firstRange(of: secret) != nil })
                || listening.unsent.firstRange(of: secret) != nil
            {
                return "a password is told"
            }
        }
        return nil
    }

    /// Whatever a client calls itself: what goes to the server are lines of these commands, whole, short, and about
    /// clients that the server named.
    private static func strayCommand(_ sent: [UInt8], _ input: [UInt8]) -> String? {
        guard let text = String(validating: sent, as: UTF8.self) else { return "a command that is no UTF-8" }
        guard text.isEmpty || text.hasSuffix("\n") else { return "a command without an end" }
        let named = clients(in: input)
        var inBlock = false
        for line in text.utf8.split(separator: 0x0a).map({ String(Substring($0)) }) {
            if line.utf8.count > 767 { return "a command of \(line.utf8.count) bytes" }
            if line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
                return "a control character in a command"
            }
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            switch words.first {
            case "version", "pid", "status", "hold", "state", "bytecount": inBlock = false
            case "push" where inBlock, "END" where inBlock: break
            case "client-auth", "client-auth-nt", "client-deny", "client-kill":
                inBlock = words[0] == "client-auth"
                guard words.count > 1, let client = UInt64(words[1]), named.contains(client) else {
                    return "a command about a client that the server did not name"
                }
            default: return "a command that is none: \(words.first ?? "")"
            }
        }
        return nil
    }

    /// Clients that some line names as a notice would, by plain search.
    private static func clients(in input: [UInt8]) -> Set<UInt64> {
        var found: Set<UInt64> = []
        let prefix = Array(">CLIENT:".utf8)
        for line in input.split(separator: 0x0a) {
            // The prompt for the password ends a line without a line feed.
            guard let start = line.firstRange(of: prefix) else { continue }
            let fields = line[start.upperBound...].split(
                separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            guard fields.count > 1 else { continue }
            let digits = fields[1].prefix { (0x30...0x39).contains($0) }
            if let client = UInt64(String(decoding: digits, as: UTF8.self)) { found.insert(client) }
        }
        return found
    }
}
