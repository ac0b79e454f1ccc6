import Evidence
import Foundation
import ServiceLifecycle
import Sessions
import SharedSignals
import Synchronization
import Testing

@testable import Portal

/// Pushes over true TLS (RFC 8935), with tokens of another JOSE library.
@Suite(.timeLimit(.minutes(30))) struct SignalServerTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let type = "application/secevent+jwt"
    private static let path = "/signals/v1/events"

    private final class Sink: SignalSink {
        private let state = Mutex((taken: [ReceivedSignal](), answer: SignalOutcome.taken))

        var taken: [ReceivedSignal] { state.withLock { $0.taken } }
        func answer(_ outcome: SignalOutcome) { state.withLock { $0.answer = outcome } }

        func take(_ signal: ReceivedSignal) async -> SignalOutcome {
            state.withLock { state in
                if state.answer == .taken { state.taken.append(signal) }
                return state.answer
            }
        }
    }

    private static func run(
        keys: FetchedKeys? = nil,
        _ body: (TestClient, SignalFixtures, Sink, TestLog) async throws -> Void
    ) async throws {
        let tokens = try SignalFixtures()
        let authority = try TestAuthority()
        let credential = try authority.issue("localhost", .server)
        let sink = Sink()
        let log = TestLog()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let push = Array(secret.utf8)
        let peer =
            if let keys {
                SignalPeer(tokens.transmitter, keys: keys, pushToken: push)
            } else {
                SignalPeer(tokens.transmitter, keys: try await KeySet.read(tokens.keys), pushToken: push)
            }
        let server = try SignalServer(
            addresses: [.init(host: "127.0.0.1", port: 0)],
            files: TLSFiles(
                certificate: credential.certificate, key: credential.key, clientAuthorities: []),
            peers: [peer], sink: sink, now: { tokens.now }, log: log.logger,
            listening: { found.yield($0.port) })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: log.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            var failure: (any Error)?
            do {
                try await body(
                    try await TestClient(port: port, authority: authority.file), tokens, sink, log)
            } catch {
                failure = error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            if let failure { throw failure }
        }
    }

    @Test func aGoodTokenIsTakenAndAnsweredWithNothing() async throws {
        try await Self.run { client, tokens, sink, _ in
            let token = try #require(tokens.good["signed with ES256"])
            for outcome in [SignalOutcome.taken, .takenBefore] {
                sink.answer(outcome)
                let answer = try await client.post(token, to: Self.path, key: Self.secret, type: Self.type)
                #expect(answer.status == 202 && answer.body.isEmpty)
            }
            #expect(sink.taken.map(\.transmitter) == ["idp"])
            sink.answer(.notNow)
            let later = try await client.post(token, to: Self.path, key: Self.secret, type: Self.type)
            #expect(later.status == 503 && later.headers["retry-after"] == "5")
        }
    }

    /// A refusal would be for ever.
    @Test func aTokenWhoseKeyCannotBeFetchedIsAskedForAgain() async throws {
        try await Self.run(keys: .unreachable()) { client, tokens, sink, _ in
            let token = try #require(tokens.good["signed with ES256"])
            let answer = try await client.post(token, to: Self.path, key: Self.secret, type: Self.type)
            #expect(answer.status == 503 && answer.headers["retry-after"] == "30")
            let other = try await client.post("no token", to: Self.path, key: Self.secret, type: Self.type)
            #expect(other.status == 400 && sink.taken.isEmpty)
        }
    }

    @Test func badTokensAreRefusedWithTheCodesOfTheStandardAndNothingOfThemIsLogged() async throws {
        try await Self.run { client, tokens, sink, log in
            for (name, token) in tokens.bad where !["huge", "a line feed behind"].contains(name) {
                let answer = try await client.post(token, to: Self.path, key: Self.secret, type: Self.type)
                #expect(answer.status == 400, "\(name)")
                #expect(answer.body.hasPrefix("{\"err\":\""), "\(name)")
                #expect(answer.headers["content-language"] == "en")
                let claims = token.split(separator: ".").dropFirst().first ?? ""
                #expect(claims.count < 16 || !log.text.contains(claims), "\(name)")
            }
            #expect(sink.taken.isEmpty)
            #expect(!log.text.contains(Self.secret))
        }
    }

    private static let heads: [(String, String, String?, String?, Int, String)] = [
        ("wrong key", path, "0123456789abcdef0123456789abcdeX", type, 401, "authentication_failed"),
        ("no key", path, nil, type, 401, "authentication_failed"),
        ("other type", path, secret, "application/jwt", 415, "invalid_request"),
        ("no type", path, secret, nil, 415, "invalid_request"),
        ("other path", "/posture/v1/reports", secret, type, 404, "invalid_request"),
    ]

    @Test(arguments: SignalServerTests.heads)
    func headsAreJudgedFirst(
        _ what: String, _ path: String, _ key: String?, _ type: String?, _ status: Int, _ code: String
    ) async throws {
        try await Self.run { client, tokens, sink, _ in
            let token = try #require(tokens.good["signed with ES256"])
            let answer = try await client.post(token, to: path, key: key, type: type)
            #expect(answer.status == status, "\(what)")
            #expect(answer.body.contains("\"err\":\"\(code)\""), "\(what)")
            #expect(sink.taken.isEmpty)
        }
    }

    @Test func aBodyThatIsTooLargeIsRefusedByItsHead() async throws {
        try await Self.run { client, _, sink, _ in
            let answer = try await client.post(
                String(repeating: "A", count: 65_537), to: Self.path, key: Self.secret, type: Self.type)
            #expect(answer.status == 413 && answer.body.contains("invalid_request"))
            #expect(sink.taken.isEmpty)
        }
    }
}
