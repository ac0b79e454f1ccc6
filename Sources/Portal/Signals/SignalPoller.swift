internal import AsyncHTTPClient
internal import Evidence
internal import HTTPTypes
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import ServiceLifecycle
package import Sessions
internal import SharedSignals
internal import Synchronization

/// Asks a transmitter for security event tokens over HTTPS (RFC 8936), and acknowledges those that are on the disk.
///
/// What a token's acknowledgement did not reach, the transmitter sends again; it counts once. Requests may be answered
/// late (long polling), and are asked anew when nothing comes for a minute and a half. After an error the pause doubles,
/// up to a minute.
package final class SignalPoller: Service {
    package struct Settings: Sendable {
        package var url: String
        /// What the transmitter knows this gateway by: never logged.
        package var token: [UInt8]
        /// The authorities of the transmitter's certificate, in PEM; nil for those of the system.
        package var authorities: String?
        /// Between an answer without events and the next request.
        package var pause: Duration

        package init(url: String, token: [UInt8], authorities: String? = nil, pause: Duration = .seconds(15))
        {
            self.url = url
            self.token = token
            self.authorities = authorities
            self.pause = pause
        }
    }

    private let settings: Settings
    package let peer: SignalPeer
    private let sink: any SignalSink
    private let now: @Sendable () -> Instant
    private let log: Logger
    private let tls: TLSConfiguration
    private let lastFault = Mutex<Fault?>(nil)

    /// Why the transmitter cannot be asked.
    package struct Fault: Sendable, Hashable {
        package var words: String
        /// In a row.
        package var failures: Int
    }

    /// Nil while it answers, and before the first try has ended.
    package var fault: Fault? { lastFault.withLock { $0 } }

    /// Tokens in one answer.
    private static let maximum = 64
    private static let patience: TimeAmount = .seconds(90)
    private static let firstPause: Duration = .seconds(1)
    private static let longestPause: Duration = .seconds(60)

    /// Throws when the file of authorities is no good.
    package init(
        _ settings: Settings, peer: SignalPeer, sink: any SignalSink,
        now: @escaping @Sendable () -> Instant, log: Logger
    ) throws(PortalProblem) {
        self.settings = settings
        self.peer = peer
        self.sink = sink
        self.now = now
        self.log = log
        tls = try TLSConfiguration.client(authorities: settings.authorities)
    }

    package func run() async throws {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(10))
        configuration.httpVersion = .http1Only
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration)
        await poll(client)
        try? await client.shutdown()
    }

    private func poll(_ client: HTTPClient) async {
        var request = PollRequest(maximum: Self.maximum, returnsImmediately: false)
        var failures = 0
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            var pause: Duration?
            do {
                let asked = request
                let answer = try await cancelWhenGracefulShutdown { try await self.ask(client, asked) }
                if failures > 0 { log.notice("signals: \(peer.transmitter.name) answers again") }
                failures = 0
                lastFault.withLock { $0 = nil }
                request.acknowledged = []
                request.refused = [:]
                let isWhole = await take(answer, &request)
                let hasNews = !request.acknowledged.isEmpty || !request.refused.isEmpty
                if !isWhole {
                    pause = Self.longestPause / 12
                } else if !hasNews, !answer.hasMore {
                    pause = settings.pause
                }
            } catch {
                if Task.isShuttingDownGracefully || Task.isCancelled { return }
                // What was to be acknowledged stays so.
                let words = words(error)
                if failures == 0 { log.error("signals: \(peer.transmitter.name) cannot be asked: \(words)") }
                pause = min(Self.firstPause * (1 << min(failures, 6)), Self.longestPause)
                failures += 1
                lastFault.withLock { [failures] in $0 = Fault(words: words, failures: failures) }
            }
            guard let pause else { continue }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
    }

    private struct Unreadable: Error {
        var words: String
    }

    /// Nothing of what was sent or answered.
    private func words(_ error: any Error) -> String {
        (error as? Unreadable)?.words ?? (error as? HTTPClientError)?.shortDescription ?? "no connection"
    }

    private func ask(_ client: HTTPClient, _ request: PollRequest) async throws -> PollAnswer {
        var message = HTTPClientRequest(url: settings.url)
        message.method = .POST
        message.headers = [
            "content-type": "application/json", "accept": "application/json",
            "authorization": "Bearer \(String(decoding: settings.token, as: UTF8.self))",
        ]
        message.body = .bytes(ByteBuffer(string: request.json))
        let answer = try await client.execute(message, timeout: Self.patience)
        guard answer.status == .ok else { throw Unreadable(words: "status \(answer.status.code)") }
        let body = try await answer.body.collect(upTo: PollAnswer.limit)
        guard let read = PollAnswer(Array(body.readableBytesView)) else {
            throw Unreadable(words: "an answer that cannot be read")
        }
        return read
    }

    /// Takes the tokens of an answer in their order. False when one must come again.
    private func take(_ answer: PollAnswer, _ next: inout PollRequest) async -> Bool {
        var isWhole = true
        for (id, token) in answer.tokens {
            switch await peer.read(token, at: now()) {
            case .signal(let signal) where signal.token.id == id:
                switch await sink.take(signal) {
                case .taken, .takenBefore: next.acknowledged.append(id)
                case .notNow: return false
                }
            case .signal: refuse(id, .noTokenID, &next)
            case .refused(let problem): refuse(id, problem, &next)
            // That one of them cannot be read now keeps none of the others waiting.
            case .notNow: isWhole = false
            }
        }
        return isWhole
    }

    private func refuse(_ id: String, _ problem: TokenProblem, _ next: inout PollRequest) {
        log.notice("signals: a token of \(peer.transmitter.name) is refused: \(problem.description)")
        next.refused[id] = problem
    }
}
