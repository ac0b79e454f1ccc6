import Evidence
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOSSL
import ServiceLifecycle
import Sessions
import SharedSignals
import Synchronization
import Testing

@testable import Portal

/// Polls over true TLS (RFC 8936), of a transmitter in memory with tokens of another JOSE library.
@Suite(.timeLimit(.minutes(30))) struct SignalPollerTests {
    /// Answers as it is told, one after the other, and then with nothing; remembers what it was asked.
    private final class Transmitter: Sendable {
        private let state: Mutex<(answers: [(status: Int, body: String)], asked: [String], heads: [String])>

        init(_ answers: [(status: Int, body: String)]) { state = Mutex((answers, [], [])) }

        var asked: [String] { state.withLock { $0.asked } }
        var heads: Set<String> { state.withLock { Set($0.heads) } }

        func answer(_ body: String, _ head: String) -> PortalAnswer {
            state.withLock { state in
                state.asked.append(body)
                state.heads.append(head)
                guard !state.answers.isEmpty else { return PortalAnswer(.ok, json: #"{"sets":{}}"#) }
                let next = state.answers.removeFirst()
                return PortalAnswer(.init(code: next.status), json: next.body)
            }
        }
    }

    private final class Sink: SignalSink {
        private let state = Mutex((taken: [String](), answers: [SignalOutcome]()))

        var taken: [String] { state.withLock { $0.taken } }
        func answer(_ outcomes: SignalOutcome...) { state.withLock { $0.answers = outcomes } }

        func take(_ signal: ReceivedSignal) async -> SignalOutcome {
            state.withLock { state in
                let answer = state.answers.isEmpty ? .taken : state.answers.removeFirst()
                if answer == .taken { state.taken.append(signal.token.id) }
                return answer
            }
        }
    }

    private static let secret = "poll-0123456789abcdef"

    /// Polls until so many requests have come, and returns them with what was taken.
    ///
    /// - Parameter look: looks at the poller then.
    private static func poll(
        _ answers: [(status: Int, body: String)], requests: Int, sink: Sink = Sink(),
        keys: FetchedKeys? = nil, look: (SignalPoller) -> Void = { _ in }
    ) async throws -> (asked: [String], taken: [String], log: String) {
        let tokens = try SignalFixtures()
        let authority = try TestAuthority()
        let credential = try authority.issue("localhost", .server)
        let transmitter = Transmitter(answers)
        let log = TestLog()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let context = try TLSFiles(
            certificate: credential.certificate, key: credential.key, clientAuthorities: []
        ).context()
        let listener = PortalListener(
            name: "transmitter", addresses: [.init(host: "127.0.0.1", port: 0)], limits: .init(),
            log: log.logger, tls: { context },
            responder: { request, _ in
                let head = request.headers[.authorization] ?? ""
                return .admitted {
                    var bytes: [UInt8] = []
                    do { for try await chunk in request.body { bytes += chunk.readableBytesView } } catch {}
                    return transmitter.answer(String(decoding: bytes, as: UTF8.self), head)
                }
            }, listening: { found.yield($0.port) })
        let host = ServiceGroup(
            configuration: .init(
                services: [.init(service: ListenerService(listener: listener))], logger: log.logger))
        let server = Task { try await host.run() }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        let peer =
            if let keys {
                SignalPeer(tokens.transmitter, keys: keys, pushToken: nil)
            } else {
                SignalPeer(tokens.transmitter, keys: try await KeySet.read(tokens.keys), pushToken: nil)
            }
        let poller = try SignalPoller(
            .init(
                url: "https://localhost:\(port)/poll", token: Array(secret.utf8), authorities: authority.file,
                pause: .milliseconds(20)), peer: peer, sink: sink, now: { tokens.now }, log: log.logger)
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: poller)], logger: log.logger))
        let polling = Task { try await group.run() }
        while transmitter.asked.count < requests { try await Task.sleep(for: .milliseconds(20)) }
        look(poller)
        await group.triggerGracefulShutdown()
        try await polling.value
        await host.triggerGracefulShutdown()
        try await server.value
        #expect(transmitter.heads == ["Bearer \(secret)"])
        #expect(!log.text.contains(secret))
        return (transmitter.asked, sink.taken, log.text)
    }

    private static let nothing = #"{"ack":[],"setErrs":{},"maxEvents":64,"returnImmediately":false}"#

    @Test func acknowledgesWhatIsTakenAndSaysWhatIsNot() async throws {
        let tokens = try SignalFixtures()
        let good = try #require(tokens.good["signed with ES256"])
        let bad = try #require(tokens.bad["another audience"])
        let (asked, taken, _) = try await Self.poll(
            [(200, #"{"sets":{"\#(tokens.id)":"\#(good)","other":"\#(bad)"},"moreAvailable":true}"#)],
            requests: 3)
        #expect(taken == [tokens.id])
        #expect(asked[0] == Self.nothing)
        #expect(
            asked[1] == #"{"ack":["\#(tokens.id)"],"setErrs":{"other":{"err":"invalid_audience","#
                + #""description":"the token is for another audience"}},"maxEvents":64,"#
                + #""returnImmediately":false}"#)
        #expect(asked[2] == Self.nothing, "said once")
    }

    @Test func whatCannotBeKeptIsNotAcknowledgedAndComesAgain() async throws {
        let tokens = try SignalFixtures()
        let body = #"{"sets":{"\#(tokens.id)":"\#(try #require(tokens.good["signed with ES256"]))"}}"#
        let sink = Sink()
        sink.answer(.notNow, .taken, .takenBefore)
        let (asked, taken, _) = try await Self.poll(
            [(200, body), (200, body), (200, body)], requests: 4, sink: sink)
        #expect(taken == [tokens.id])
        #expect(asked[1] == Self.nothing)
        #expect(asked[2].contains(tokens.id) && asked[3].contains(tokens.id))
    }

    /// Nothing is said of it, so it comes again; what else came with it is dealt with.
    @Test func aTokenWhoseKeyCannotBeFetchedWaitsAlone() async throws {
        let tokens = try SignalFixtures()
        let good = try #require(tokens.good["signed with ES256"])
        let keys = try await FetchedKeys.unreachable()
        let (asked, taken, _) = try await Self.poll(
            [(200, #"{"sets":{"\#(tokens.id)":"\#(good)","other":"no token"}}"#)], requests: 2, keys: keys)
        #expect(taken == [])
        #expect(asked[1].hasPrefix(#"{"ack":[],"setErrs":{"other":{"err":"invalid_request""#), "\(asked[1])")
        #expect(!asked[1].contains(tokens.id))
    }

    /// An answer that is lost takes no acknowledgement with it.
    @Test func acknowledgesAgainAfterAnError() async throws {
        let tokens = try SignalFixtures()
        let good = try #require(tokens.good["signed with ES256"])
        let (asked, _, log) = try await Self.poll(
            [
                (200, #"{"sets":{"\#(tokens.id)":"\#(good)"}}"#), (500, "{}"), (200, "no json"),
            ], requests: 4)
        #expect(asked[1].contains(tokens.id) && asked[2].contains(tokens.id) && asked[3].contains(tokens.id))
        #expect(log.contains("status 500"))
    }

    /// What doctor says of it: the last try, and how many before it.
    @Test func saysWhyTheTransmitterCannotBeAsked() async throws {
        let error = (status: 503, body: "{}")
        _ = try await Self.poll([error, error, error], requests: 2) {
            #expect($0.fault?.words == "status 503" && $0.fault?.failures ?? 0 > 0)
        }
        _ = try await Self.poll([error], requests: 3) { #expect($0.fault == nil) }
    }

    @Test func aTokenOfAnotherNameIsNotTaken() async throws {
        let tokens = try SignalFixtures()
        let good = try #require(tokens.good["signed with ES256"])
        let (asked, taken, _) = try await Self.poll(
            [(200, #"{"sets":{"another":"\#(good)"}}"#)], requests: 2)
        #expect(taken == [])
        #expect(asked[1].contains(#""setErrs":{"another":{"err":"invalid_request""#))
    }
}

/// The fixtures of the reader's tests.
struct SignalFixtures {
    let good: [String: String]
    let bad: [String: String]
    let keys: [UInt8]
    let transmitter: Transmitter
    let now: Instant
    /// The `jti` of most of them.
    let id = "756E69717565"

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "SharedSignalsTests/Fixtures/tokens.json")
        let root = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        func named(_ key: String) throws -> [String: String] {
            let items = try #require(root[key] as? [[String: String]])
            return Dictionary(items.map { ($0["name"] ?? "", $0["token"] ?? "") }, uniquingKeysWith: { $1 })
        }
        good = try named("good")
        bad = try named("bad")
        keys = Array(try JSONSerialization.data(withJSONObject: try #require(root["keys"])))
        now = Instant(secondsSince1970: Int64(try #require(root["now"] as? Int)))
        transmitter = Transmitter(
            name: "idp", issuer: try #require(root["issuer"] as? String),
            audience: try #require(root["audience"] as? String))
    }
}
