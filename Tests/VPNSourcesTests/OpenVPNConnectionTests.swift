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
