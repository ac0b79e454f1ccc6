import Evidence
import Foundation
import HTTPTypes
import HummingbirdCore
import ServiceLifecycle
import Sessions
import SharedSignals
import Synchronization
import Testing

@testable import Portal

/// Key sets over true TLS, of a transmitter in memory, and tokens of another JOSE library.
@Suite(.timeLimit(.minutes(30))) struct FetchedKeysTests {
    /// Answers with the next of what it is told, and with the last of it from then on.
    private final class Publisher: Sendable {
        private let state: Mutex<(answers: [(status: Int, body: String)], asked: Int)>

        init(_ answers: [(status: Int, body: String)]) { state = Mutex((answers, 0)) }

        var asked: Int { state.withLock { $0.asked } }

        func answer() -> PortalAnswer {
            state.withLock { state in
                state.asked += 1
                let next = state.answers[0]
                if state.answers.count > 1 { state.answers.removeFirst() }
                return PortalAnswer(
                    .init(code: next.status), json: next.body, headers: [.location: "https://localhost/"])
            }
        }
    }

    private final class Kept: Sendable {
        private let state = Mutex<[[UInt8]]>([])
        var all: [[UInt8]] { state.withLock { $0 } }
        func keep(_ bytes: [UInt8]) { state.withLock { $0.append(bytes) } }
    }

    private struct Site {
        let url: String
        let authority: String
        let publisher: Publisher
        let kept = Kept()
        let log = TestLog()

        func keys(
            kept before: [UInt8]? = nil, authority other: String? = nil, minimum: Duration = .zero,
            patience: Duration = .seconds(300), keep: (@Sendable ([UInt8]) throws -> Void)? = nil
        ) async throws -> FetchedKeys {
            var settings = FetchedKeys.Settings(url: url, authorities: other ?? authority)
            settings.minimum = minimum
            settings.patience = patience
            return try await FetchedKeys(
                settings, of: "idp", kept: before, log: log.logger,
                keep: keep ?? { [kept] in kept.keep($0) })
        }
    }

    private static func with(
        _ answers: [(status: Int, body: String)], isSilent: Bool = false, _ body: (Site) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let credential = try authority.issue("localhost", .server)
        let publisher = Publisher(answers)
        let context = try TLSFiles(
            certificate: credential.certificate, key: credential.key, clientAuthorities: []
        ).context()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let listener = PortalListener(
            name: "transmitter", addresses: [.init(host: "127.0.0.1", port: 0)], limits: .init(),
            log: TestLog().logger, tls: { context },
            responder: { _, _ in
                .admitted {
                    let answer = publisher.answer()
                    if isSilent {
                        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(3600)) }
                    }
                    return answer
                }
            }, listening: { found.yield($0.port) })
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: ListenerService(listener: listener))], logger: TestLog().logger))
        let server = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        let site = Site(
            url: "https://localhost:\(port)/jwks.json", authority: authority.file, publisher: publisher)
        var failure: (any Error)?
        do {
            try await body(site)
        } catch {
            failure = error
        }
        await group.triggerGracefulShutdown()
        try await server.value
        if let failure { throw failure }
    }

    /// All keys, and all but the one that most tokens are signed with.
    private static func sets(_ tokens: SignalFixtures) throws -> (all: String, without: String) {
        let root = try #require(try JSONSerialization.jsonObject(with: Data(tokens.keys)) as? [String: Any])
        let keys = try #require(root["keys"] as? [[String: Any]])
        let rest = keys.filter { $0["crv"] as? String != "P-256" }
        #expect(rest.count < keys.count && !rest.isEmpty)
        let less = try JSONSerialization.data(withJSONObject: ["keys": rest])
        return (String(decoding: tokens.keys, as: UTF8.self), String(decoding: less, as: UTF8.self))
    }

    private static func read(_ tokens: SignalFixtures, _ keys: FetchedKeys) async throws -> String {
        let peer = SignalPeer(tokens.transmitter, keys: keys, pushToken: nil)
        let token = try #require(tokens.good["signed with ES256"])
        switch await peer.read(Array(token.utf8), at: tokens.now) {
        case .signal(let signal): return signal.token.id
        case .refused(let problem): return "\(problem)"
        case .notNow: return "not now"
        }
    }

    @Test func aTokenOfAKeyThatIsNotKnownHasThemFetched() async throws {
        let tokens = try SignalFixtures()
        let sets = try Self.sets(tokens)
        try await Self.with([(200, sets.without), (200, sets.all)]) { site in
            let keys = try await site.keys()
            #expect(await keys.renew() == .current)
            #expect(site.publisher.asked == 1)
            #expect(try await Self.read(tokens, keys) == tokens.id)
            #expect(try await Self.read(tokens, keys) == tokens.id, "known now")
            #expect(site.publisher.asked == 2)
            #expect(site.kept.all == [Array(sets.without.utf8), Array(sets.all.utf8)])
        }
    }

    /// Whoever has a transmitter's secret cannot have its server asked at every token.
    @Test func theyAreFetchedOnceInAWhileAndByOneRequest() async throws {
        let tokens = try SignalFixtures()
        let sets = try Self.sets(tokens)
        try await Self.with([(200, sets.without)]) { site in
            let keys = try await site.keys(minimum: .seconds(3600))
            let read = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await Self.read(tokens, keys) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(read == ["unknownKey"])
            #expect(await keys.renew() == .current)
            #expect(site.publisher.asked == 1)
            #expect(site.kept.all.count == 1)
        }
    }

    private static let badAnswers: [(String, Int, String)] = [
        ("an error", 500, "{}"), ("not there", 404, ""), ("elsewhere", 302, ""), ("no content", 204, ""),
        ("no JSON", 200, "<html></html>"), ("nothing", 200, ""), ("no keys", 200, "{}"),
        ("an empty set", 200, #"{"keys":[]}"#), ("cut short", 200, #"{"keys":[{"kty":"EC","#),
        ("a shared secret", 200, #"{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}"#),
        ("too long", 200, #"{"keys":[],"x":""# + String(repeating: "x", count: 70_000) + #""}"#),
    ]

    @Test(arguments: FetchedKeysTests.badAnswers)
    func aBadAnswerChangesNothing(_ what: String, _ status: Int, _ body: String) async throws {
        let tokens = try SignalFixtures()
        try await Self.with([(status, body)]) { site in
            let keys = try await site.keys(kept: tokens.keys)
            #expect(keys.fault == nil, "nobody has tried")
            #expect(await keys.renew() == .unknown)
            #expect(await keys.renew() == .unknown)
            #expect(try await Self.read(tokens, keys) == tokens.id)
            #expect(site.kept.all.isEmpty)
            let peer = SignalPeer(tokens.transmitter, keys: keys, pushToken: nil)
            #expect(peer.hasKeys && peer.keysFault != nil)
            let said = site.log.text.split(separator: "\n").filter { $0.contains("cannot be fetched") }
            #expect(said.count == 1 && said.allSatisfy { $0.contains("those of before stay") }, "\(said)")
        }
    }

    /// A refusal would be for ever, and the token a good one.
    @Test func whatCannotBeReadForLackOfKeysIsNotRefused() async throws {
        let tokens = try SignalFixtures()
        let sets = try Self.sets(tokens)
        for kept in [nil, Array(sets.without.utf8), Array("no keys".utf8)] {
            try await Self.with([(503, ""), (200, sets.all)]) { site in
                let keys = try await site.keys(kept: kept)
                #expect(try await Self.read(tokens, keys) == "not now")
                #expect(try await Self.read(tokens, keys) == tokens.id)
                #expect(site.log.text.contains("can be fetched again"))
            }
        }
    }

    @Test func anotherAuthoritysServerIsNotBelieved() async throws {
        let tokens = try SignalFixtures()
        let sets = try Self.sets(tokens)
        try await Self.with([(200, sets.all)]) { site in
            let other = try TestAuthority("Other")
            // The client tries anew for as long as it has.
            let keys = try await site.keys(authority: other.file, patience: .seconds(2))
            #expect(await keys.renew() == .unknown)
            #expect(site.publisher.asked == 0 && keys.keys.isEmpty)
            let peer = SignalPeer(tokens.transmitter, keys: keys, pushToken: nil)
            #expect(!peer.hasKeys && peer.keysFault != nil)
        }
        await #expect(throws: PortalProblem.self) {
            try await FetchedKeys(
                .init(url: "https://localhost/", authorities: "/nowhere.pem"), of: "idp", kept: nil,
                log: TestLog().logger, keep: { _ in })
        }
    }

    @Test func aSilentServerIsNotWaitedFor() async throws {
        let tokens = try SignalFixtures()
        try await Self.with([(200, "{}")], isSilent: true) { site in
            let keys = try await site.keys(kept: tokens.keys, patience: .milliseconds(200))
            #expect(await keys.renew() == .unknown)
            #expect(try await Self.read(tokens, keys) == tokens.id)
        }
    }

    /// What cannot be kept counts until the next start.
    @Test func aFullDiskStopsNobody() async throws {
        let tokens = try SignalFixtures()
        let sets = try Self.sets(tokens)
        struct Full: Error {}
        try await Self.with([(200, sets.all)]) { site in
            let keys = try await site.keys(keep: { _ in throw Full() })
            #expect(try await Self.read(tokens, keys) == tokens.id)
            #expect(site.log.text.contains("cannot be kept"))
        }
    }

    /// The service asks at its start, and ends when it is told.
    @Test func theServiceFetchesAtTheStart() async throws {
        let tokens = try SignalFixtures()
        let sets = try Self.sets(tokens)
        try await Self.with([(200, sets.all)]) { site in
            let keys = try await site.keys()
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: SignalKeyRenewal(keys))], logger: site.log.logger))
            let running = Task { try await group.run() }
            while site.kept.all.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(!keys.keys.isEmpty)
        }
    }
}

extension FetchedKeys {
    /// Nobody listens there (RFC 863's port), and nothing was kept.
    static func unreachable() async throws -> FetchedKeys {
        var settings = Settings(url: "https://127.0.0.1:9/jwks.json")
        settings.patience = .seconds(1)
        settings.minimum = .seconds(3600)
        return try await FetchedKeys(settings, of: "idp", kept: nil, log: TestLog().logger, keep: { _ in })
    }
}

/// To be shut down and not cancelled: a connection that comes at that moment would have no owner, which NIO does not bear.
struct ListenerService: Service {
    let listener: PortalListener

    func run() async throws { await listener.run() }
}
