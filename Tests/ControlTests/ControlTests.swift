import Control
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct ControlTests {
    @Test func answersACommand() async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let client = ControlClient(path: path, timeout: patience)
            let said = ["text": "line\nfeed \"quoted\" ☃"]
            #expect(try await client.call("echo", said, as: [String: String].self) == said)
            #expect(try await client.call("nothing", as: [String: String].self).isEmpty)
            await server.stop()
        }
    }

    @Test func tellsTheHandlerWhoAsks() async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let who = try await ControlClient(path: path, timeout: patience).call(
                "who", as: [String: String].self)
            #expect(who["uid"] == "\(geteuid())")
            #expect(who["pid"] == "\(getpid())")
            if geteuid() == 0 { #expect(who["name"] == "root") }
            await server.stop()
        }
    }

    @Test func namesPeers() {
        #expect(Peer(uid: 1000, pid: 7).description == "uid 1000 (uid 1000, pid 7)")
        #expect(Peer(uid: 0, pid: 7, userName: "root").description == "root (uid 0, pid 7)")
    }

    @Test func passesFailuresOn() async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let client = ControlClient(path: path, timeout: patience)
            let unknown = ControlFailure(id: "unknown-command", message: "no command 'fly'")
            await #expect(throws: ControlClientError.refused(unknown)) {
                try await client.call("fly", as: [String: String].self)
            }
            let wrong = ControlFailure(id: "bad-arguments", message: "arguments.text: expected String")
            await #expect(throws: ControlClientError.refused(wrong)) {
                try await client.call("echo", ["text": 1], as: [String: String].self)
            }
            await #expect(throws: ControlClientError.protocolViolation("result.text: expected Int")) {
                try await client.call("echo", ["text": "1"], as: [String: Int].self)
            }
            await server.stop()
        }
    }

    /// What is said to lines that are no request, and that the connection goes on after them.
    @Test(arguments: [
        ("", "bad-request"), ("{", "bad-request"), ("[]", "bad-request"), ("null", "bad-request"),
        ("{}", "bad-request"), (#"{"version":"1","command":"echo"}"#, "bad-request"),
        (#"{"version":1}"#, "bad-request"), (#"{"version":1,"command":7}"#, "bad-request"),
        (#"{"version":1,"command":"nothing"} {}"#, "bad-request"),
        (#"{"version":1.5,"command":"nothing"}"#, "bad-request"),
        (#"{"version":2,"command":"nothing"}"#, "version"),
        (#"{"version":0}"#, "version"),  // the version is looked at first: the rest may mean anything
        (#"{"version":1,"command":"echo","arguments":[]}"#, "bad-arguments"),
        (#"{"version":1,"command":""}"#, "unknown-command"),
        (String(repeating: "[", count: 100_000), "bad-request"),
        (String(repeating: #"{"version":"#, count: 10_000), "bad-request"),
    ])
    func refusesBadRequests(line: String, id: String) async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let client = try RawClient(path)
            client.send(line + "\n")
            let reply = await client.line()
            #expect(reply.contains(#""ok":false"#) && reply.contains(#""id":"\#(id)""#), "\(reply)")
            client.send(#"{"version":1,"command":"nothing"}"# + "\r\n")
            let answer = await client.line()
            #expect(answer == #"{"ok":true,"result":{}}"#)
            client.close()
            await server.stop()
        }
    }

    @Test func refusesBytesThatAreNoText() async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let client = try RawClient(path)
            client.send([0xff, 0x00, 0xfe, 0x0a])
            #expect(await client.line().contains("bad-request"))
            client.close()
            await server.stop()
        }
    }

    @Test func answersSeveralRequestsInOneWrite() async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let client = try RawClient(path)
            let requests = (0..<3).map {
                #"{"version":1,"command":"echo","arguments":{"n":"\#($0)"}}"# + "\n"
            }
            client.send(requests.joined())
            for number in 0..<3 {
                let answer = await client.line()
                #expect(answer == #"{"ok":true,"result":{"n":"\#(number)"}}"#)
            }
            client.close()
            await server.stop()
        }
    }

    @Test(arguments: [(63, true), (64, true), (65, false), (5000, false)])
    func boundsRequests(bytes: Int, isTaken: Bool) async throws {
        try await withSocketPath { path in
            var limits = patient
            limits.request = 64
            let server = try ControlServer(path: path, limits: limits, logger: quiet, handler: echo)
            let client = try RawClient(path)
            let request = #"{"version":1,"command":"nothing"}"#
            client.send(request + String(repeating: " ", count: bytes - 1 - request.utf8.count) + "\n")
            #expect(await client.line().contains(isTaken ? #""ok":true"# : "too-long"))
            client.close()
            await server.stop()
        }
    }

    @Test func theClientBoundsItsRequests() async throws {
        let long = ["text": String(repeating: "x", count: ControlProtocol.requestBytes)]
        let failure = ControlFailure(id: "too-long", message: "the request is too long to be sent")
        await #expect(throws: ControlClientError.refused(failure)) {
            try await ControlClient(path: "/nonexistent").call("echo", long, as: [String: String].self)
        }
    }

    @Test func carriesLongReplies() async throws {
        try await withSocketPath { path in
            let rows = (0..<20_000).map { "session \($0) " + String(repeating: "x", count: 80) }
            let server = try ControlServer(path: path, limits: patient, logger: quiet) { _, _ in
                .success(rows)
            }
            #expect(
                try await ControlClient(path: path, timeout: patience).call("sessions", as: [String].self)
                    == rows)
            await server.stop()
        }
    }

    @Test func dropsHalfALineAtTheEnd() async throws {
        try await withSocketPath { path in
            let calls = Counter()
            let server = try ControlServer(path: path, limits: patient, logger: quiet) { _, _ in
                calls.increment()
                return .done
            }
            let client = try RawClient(path)
            client.send(#"{"version":1,"command":"nothing"}"#)
            client.finish()
            #expect(await client.line().isEmpty)
            #expect(calls.value == 0)
            client.close()
            await server.stop()
        }
    }

    @Test(arguments: [(#"{"version":1,"#, "timed-out"), ("", "")])
    func closesIdleConnections(sent: String, said: String) async throws {
        try await withSocketPath { path in
            var limits = ControlServer.Limits()
            limits.idle = .milliseconds(20)
            let server = try ControlServer(path: path, limits: limits, logger: quiet, handler: echo)
            let client = try RawClient(path)
            client.send(sent)
            let line = await client.line()
            #expect(said.isEmpty ? line.isEmpty : line.contains(said))
            client.close()
            await server.stop()
        }
    }

    /// Every foreign uid is refused and logged, and its request reaches nobody.
    @Test(arguments: [Peer(uid: 4242, pid: 77, userName: "mallory"), nil])
    func refusesOthers(peer: Peer?) async throws {
        try await withSocketPath { path in
            let calls = Counter()
            let log = Log()
            let server = try ControlServer(
                path: path, logger: Logger(label: "test") { _ in log }, credentials: { _ in peer },
                handler: { _, _ in
                    calls.increment()
                    return .done
                })
            let failure = ControlFailure(
                id: "forbidden", message: "only root and gatehouse's own user may ask")
            await #expect(throws: ControlClientError.refused(failure)) {
                try await ControlClient(path: path, timeout: patience).call(
                    "nothing", as: [String: String].self)
            }
            await server.stop()
            #expect(calls.value == 0)
            #expect(log.lines == ["refused a control connection peer=\(peer?.description ?? "unknown")"])
        }
    }

    @Test(arguments: [0, geteuid()])
    func admitsRootAndItsOwnUser(uid: UInt32) async throws {
        try await withSocketPath { path in
            let server = try ControlServer(
                path: path, logger: quiet, credentials: { _ in Peer(uid: uid) }, handler: echo)
            let who = try await ControlClient(path: path, timeout: patience).call(
                "who", as: [String: String].self)
            #expect(who["uid"] == "\(uid)")
            await server.stop()
        }
    }

    @Test func answersManyAtOnce() async throws {
        try await withSocketPath { path in
            let server = try ControlServer(path: path, limits: patient, logger: quiet, handler: echo)
            let client = ControlClient(path: path, timeout: patience)
            let answers = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await client.call("echo", ["n": "\(number)"], as: [String: String].self)["n"]
                    }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(answers == Set((0..<40).map { "\($0)" }))
            await server.stop()
        }
    }

    @Test func boundsConnections() async throws {
        try await withSocketPath { path in
            var limits = patient
            limits.connections = 2
            let server = try ControlServer(path: path, limits: limits, logger: quiet, handler: echo)
            let first = try RawClient(path)
            let second = try RawClient(path)
            for client in [first, second] {
                client.send(#"{"version":1,"command":"nothing"}"# + "\n")
                #expect(await client.line().contains(#""ok":true"#))
            }
            let third = try RawClient(path)
            #expect(await third.line().contains("busy"))
            for client in [first, second, third] { client.close() }
            await server.stop()
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }

    func increment() { count.add(1, ordering: .releasing) }
}

/// Keeps what is logged at warning and above.
final class Log: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted()
        kept.withLock { $0.append((["\(event.message)"] + pairs).joined(separator: " ")) }
    }
}
