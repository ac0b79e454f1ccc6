import Foundation
import Logging
import NetworkTypes
import Sessions
import Synchronization
import Testing

@testable import VPNSources

/// Everything that is logged, for tests that ask what is not.
private final class LogRecord: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock(\.self) }

    struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }

    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }
}

@Suite(.timeLimit(.minutes(30))) struct OpenVPNSourceTests {
    private static func source(
        _ server: FakeManagementServer, passwordFile: String? = nil, poll: Duration = .seconds(3600),
        greeting: Duration = .seconds(1800), record: LogRecord = LogRecord()
    ) throws -> OpenVPNSource {
        try OpenVPNSource(
            OpenVPNSource.Configuration(
                name: "office", socketPath: server.socketPath, tunnel: "tunovpn", passwordFile: passwordFile,
                pollInterval: poll, greetingTimeout: greeting, logger: record.logger, now: { Replay.now }))
    }

    private static let row = "CLIENT_LIST\tlaptop\t198.51.100.10:1\t10.8.0.2\t\t1795212224\talice\t7\r\n"

    @Test func attachesAndReports() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server)
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let peer = try listener.accept()
            try peer.greet(process: 14851, rows: Self.row)
            try peer.expectEnd()
        }
        source.start()
        source.start()
        var events = source.events.makeAsyncIterator()
        let first = try #require(await events.next())
        guard case .snapshot("office", 14851, let reports) = first else {
            Issue.record("not a list: \(summary(first))")
            return
        }
        #expect(reports.map(\.id.client) == [7])
        source.stop()
        try await script.end()
        let last = await events.next()
        #expect(last == nil, "nothing is lost when we end it ourselves")
    }

    @Test func answersAndDisconnects() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server)
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let peer = try listener.accept()
            try peer.greet(process: 14851)
            try peer.send(Block.connect().text)
            try peer.expect("client-auth 7 1\npush \"route 10.77.0.0 255.255.255.0\"\nEND\n")
            try peer.send(Block.connect(8).text)
            try peer.expect("client-deny 8 1 \"no device\" \"Call the \\\"desk\\\".\"\n")
            try peer.expect("client-kill 7\n")
            try peer.expect("client-kill 7 HALT\n")
        }
        source.start()
        var logins: [Login] = []
        for await event in source.events {
            guard case .login(let login) = event else { continue }
            logins.append(login)
            if logins.count == 1 {
                await source.answer(login, .admit(push: ["route 10.77.0.0 255.255.255.0"]))
                await source.answer(login, .refuse(log: "late", tell: "late"))
            } else {
                await source.answer(login, .refuse(log: "no device", tell: "Call the \"desk\"."))
                await source.disconnect(logins[0].session.id, .restart)
                await source.disconnect(logins[0].session.id, .halt)
                break
            }
        }
        try await script.end()
        source.stop()
        #expect(logins.map(\.session.id.client) == [7, 8])
    }

    @Test func comesBackAfterALoss() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server)
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let first = try listener.accept()
            try first.greet(process: 14851)
            try first.send(Block.connect().text)
            // Cut within a block: the client that asked is named, and nobody gets in.
            try first.send(">CLIENT:CONNECT,9,1\r\n>CLIENT:ENV,username=a")
            first.close()
            let second = try listener.accept()
            try second.greet(process: 99)
            try second.expectEnd()
        }
        source.start()
        var seen: [String] = []
        var stale: Login?
        for await event in source.events {
            switch event {
            case .snapshot(_, let process, _): seen.append("list \(process)")
            case .login(let login):
                seen.append("login \(login.session.id.client)")
                stale = login
            case .problem(_, let problem): seen.append("problem \(problem.client?.client ?? 0)")
            case .detached(_, let reason): seen.append("detached: \(reason)")
            default: seen.append(summary(event))
            }
            if seen.last == "list 99" { break }
        }
        #expect(
            seen == [
                "list 14851", "login 7", "problem 9", "detached: the server closed the connection", "list 99",
            ])
        // The question was asked on a connection that is gone: an answer to it must not reach the new server.
        let login = try #require(stale)
        await source.answer(login, .admit(push: []))
        await source.disconnect(login.session.id, .halt)
        #expect(source.state.withLock { $0.connection?.unsent } == [])
        source.stop()
        try await script.end()
    }

    @Test func oneNoticeForOneOutage() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server)
        source.start()
        var events = source.events.makeAsyncIterator()
        let first = try #require(await events.next())
        guard case .detached("office", let reason) = first else {
            Issue.record("not an outage: \(summary(first))")
            return
        }
        #expect(reason.hasPrefix("connect to "))
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            try listener.accept().close()
            let peer = try listener.accept()
            try peer.greet(process: 1)
            try peer.expectEnd()
        }
        let second = try #require(await events.next())
        #expect(summary(second) == "snapshot office 1 []", "the attempts in between are one outage")
        source.stop()
        try await script.end()
    }

    @Test func givesThePassword() async throws {
        let server = try FakeManagementServer()
        let file = server.folder + "/password"
        try Data("hunter2\nnot this\n".utf8).write(to: URL(filePath: file))
        let record = LogRecord()
        let source = try Self.source(server, passwordFile: file, record: record)
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let peer = try listener.accept()
            try peer.send("ENTER PASS")
            try peer.send("WORD:")
            try peer.expect("hunter2\n")
            try peer.send("SUCCESS: password is correct\r\n")
            try peer.greet(process: 14851)
            try peer.send(Block.connect().with(["password": "typed-in-secret"]).text)
            try peer.send(Block.connect(8).with(["password": "typed-in-secret", "dev": "x"]).text)
            try peer.expect("client-deny 8 1 \"dev is 'x', not 'tunovpn'\" \"\(OpenVPNTranslator.denial)\"\n")
        }
        source.start()
        var kinds: [String] = []
        for await event in source.events {
            kinds.append(String(summary(event).prefix(7)))
            if kinds.count == 3 { break }
        }
        #expect(kinds == ["snapsho", "login i", "problem"])
        try await script.end()
        source.stop()
        #expect(!record.all.isEmpty)
        #expect(
            !record.all.contains { $0.contains("hunter2") || $0.contains("typed-in-secret") }, "\(record.all)"
        )
    }

    @Test func wrongPasswordIsGivenOnce() async throws {
        let server = try FakeManagementServer()
        let file = server.folder + "/password"
        try Data("wrong".utf8).write(to: URL(filePath: file))
        let source = try Self.source(server, passwordFile: file)
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let peer = try listener.accept()
            try peer.send("ENTER PASSWORD:")
            try peer.expect("wrong\n")
            try peer.send("ERROR: bad password\r\nENTER PASSWORD:")
            try peer.expectEnd()
        }
        source.start()
        let reason = await firstOutage(source)
        #expect(reason == "the server asks for a management password that we do not have")
        try await script.end()
        source.stop()
    }

    @Test func noPasswordToGive() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server)
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let peer = try listener.accept()
            try peer.send("ENTER PASSWORD:")
            try peer.expectEnd()
        }
        source.start()
        #expect(await firstOutage(source) == "the server asks for a management password that we do not have")
        try await script.end()
        source.stop()
        let missing = try Self.source(server, passwordFile: server.folder + "/none")
        missing.start()
        #expect(await firstOutage(missing)?.hasSuffix("/none cannot be read") == true)
        missing.stop()
    }

    private func firstOutage(_ source: OpenVPNSource) async -> String? {
        for await event in source.events {
            if case .detached(_, let reason) = event { return reason }
        }
        return nil
    }

    @Test func aSeatThatIsTakenGivesNoGreeting() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server, greeting: .milliseconds(50))
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            try listener.accept().expectEnd()
        }
        source.start()
        #expect(await firstOutage(source) == "no greeting: another management client may hold the server")
        try await script.end()
        source.stop()
    }

    @Test func pollsAndGivesUpOnASilentServer() async throws {
        let server = try FakeManagementServer()
        let source = try Self.source(server, poll: .milliseconds(300))
        let listener = try server.listen()
        let script = FakeManagementServer.run(listener) { listener in
            let peer = try listener.accept()
            try peer.greet(process: 1)
            try peer.expect("status 3\n")
            try peer.list(Self.row)
            // Three at least: one more when our list was slow to come.
            try peer.expect("status 3\nstatus 3\nstatus 3\n")
            try peer.expectEnd(orRepeated: "status 3\n")
        }
        source.start()
        var seen: [String] = []
        for await event in source.events {
            if case .snapshot(_, _, let reports) = event { seen.append("list of \(reports.count)") }
            if case .detached(_, let reason) = event {
                seen.append(reason)
                break
            }
        }
        #expect(
            seen == [
                "list of 0", "list of 1", "the server has not answered 3 requests for its list of clients",
            ])
        try await script.end()
        source.stop()
    }

    @Test func stopsBeforeItStarts() async throws {
        let source = try Self.source(try FakeManagementServer())
        source.stop()
        source.start()
        var events = source.events.makeAsyncIterator()
        let first = await events.next()
        #expect(first == nil)
    }

    @Test func pathsThatDoNotFit() {
        #expect(LocalSocket.address(String(repeating: "x", count: 107)) != nil)
        #expect(LocalSocket.address(String(repeating: "x", count: 108)) == nil)
        #expect(LocalSocket.address("a\u{0}b") == nil)
    }
}
