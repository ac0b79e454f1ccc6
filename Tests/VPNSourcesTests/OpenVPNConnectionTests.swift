import Sessions
import Testing

@testable import VPNSources

@Suite struct OpenVPNConnectionTests {
    private static let greeting = Array(">INFO:OpenVPN Management Interface Version 5\r\n".utf8)

    private static func connection(password: Secret? = nil) -> OpenVPNConnection {
        OpenVPNConnection(source: "office", tunnel: "tunovpn", password: password)
    }

    private static func text(_ connection: OpenVPNConnection) -> String {
        String(decoding: connection.unsent, as: UTF8.self)
    }

    @Test func saysNothingBeforeTheGreeting() {
        var connection = Self.connection()
        #expect(connection.unsent.isEmpty && !connection.isAttached)
        let early = connection.poll()
        #expect(early.failure == nil && connection.unsent.isEmpty, "it could be taken for the password")
        let step = connection.receive(Self.greeting, now: Replay.now)
        #expect(step.failure == nil && connection.isAttached)
        #expect(Self.text(connection) == "version\npid\nhold release\nstatus 3\n")
    }

    @Test func saysHelloOnce() {
        var connection = Self.connection()
        _ = connection.receive(Self.greeting + Self.greeting, now: Replay.now)
        #expect(Self.text(connection) == "version\npid\nhold release\nstatus 3\n")
    }

    @Test func passwordComesFirst() {
        var connection = Self.connection(password: Secret("hunter2".utf8))
        _ = connection.receive(Array("ENTER PASSWORD:".utf8), now: Replay.now)
        #expect(Self.text(connection) == "hunter2\n")
        #expect(!connection.isAttached)
        _ = connection.receive(
            Array("SUCCESS: password is correct\r\n".utf8) + Self.greeting, now: Replay.now)
        #expect(Self.text(connection).hasPrefix("hunter2\nversion\n"))
    }

    /// A server that is broken or none: what it says is told a few times, then counted, and told again after a poll. Whatever
    /// names a client is told, however much of it there is: it is thrown out for it.
    @Test func problemsAreCountedWhereTheyAreMany() {
        var connection = Self.connection()
        _ = connection.receive(Self.greeting + Array("SUCCESS: pid=7\r\n".utf8), now: Replay.now)
        let problems = { (events: [SessionEvent]) in
            events.compactMap { event in if case .problem(_, let problem) = event { problem } else { nil } }
        }
        for _ in 0..<2 {
            let flood = connection.receive(
                Array(String(repeating: ">CLIENT:CONNECT,x\r\n", count: 5000).utf8), now: Replay.now)
            #expect(problems(flood.events).count == OpenVPNConnection.maximumProblems)
            let told = problems(connection.poll().events)
            #expect(
                told.map(\.message) == [
                    "\(5000 - OpenVPNConnection.maximumProblems) more lines that cannot be used"
                ])
            #expect(problems(connection.poll().events).isEmpty)
        }
        let clients = (0..<100).map { ">CLIENT:ADDRESS,\($0),nowhere,1\r\n" }.joined()
        let named = problems(connection.receive(Array(clients.utf8), now: Replay.now).events)
        #expect(named.compactMap(\.client).count == 100)
    }

    @Test func givesUpOnASilentServer() {
        var connection = Self.connection()
        _ = connection.receive(Self.greeting, now: Replay.now)
        for _ in 0..<3 {
            let failure = connection.polled()
            #expect(failure == nil)
        }
        let last = connection.polled()
        #expect(last == "the server has not answered 3 requests for its list of clients")
    }

    @Test(arguments: [
        "TITLE\tx\nEND\n", "ERROR: The 'status' command is not supported by the current daemon mode\n",
    ])
    func anAnswerCountsAfresh(_ answer: String) {
        var connection = Self.connection()
        _ = connection.receive(Self.greeting, now: Replay.now)
        for _ in 0..<10 {
            let failure = connection.polled()
            #expect(failure == nil)
            _ = connection.receive(Array(answer.utf8), now: Replay.now)
        }
    }

    /// A server that goes on talking and does not read must not fill our memory with refusals.
    @Test func givesUpOnAServerThatDoesNotRead() {
        var connection = Self.connection()
        var failure: String?
        var rounds = 0
        let spoiled = Array(">CLIENT:CONNECT,7,1\n>CLIENT:ENV,x\n>CLIENT:ENV,END\n".utf8)
        let many = Array(repeatElement(spoiled, count: 1_000).joined())
        while failure == nil, rounds < 100 {
            failure = connection.receive(many, now: Replay.now).failure
            rounds += 1
        }
        #expect(failure == "the server has stopped reading")
        #expect(connection.unsent.count < 5 << 20)
    }
}

extension OpenVPNConnection {
    fileprivate mutating func polled() -> String? { poll().failure }
}
