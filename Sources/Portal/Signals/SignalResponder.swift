internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Sessions
internal import SharedSignals
internal import Synchronization

/// Answers requests that push security event tokens (RFC 8935).
///
/// A request is believed, counted and measured by its head; only then is its body read, and only once its signature is
/// good is what it says looked at. Nothing of a token that is refused is logged but its transmitter and the reason.
struct SignalResponder: Sendable {
    static let path = "/signals/v1/events"
    static let contentType = "application/secevent+jwt"

    struct Limits: Sendable {
        /// Bytes of a body.
        var body = 65_536
        /// Of one transmitter.
        var peerRate = (perSecond: 500.0, burst: 5000)
        /// Requests of one address that nobody is believed by.
        var strangerRate = (perSecond: 1.0, burst: 30)
    }

    private enum RateKey: Hashable {
        case peer(String)
        case stranger(PeerAddress)
    }

    private final class Rates: Sendable {
        let peers: Mutex<RateLimiter<RateKey>>
        let strangers: Mutex<RateLimiter<RateKey>>
        let started = ContinuousClock.now

        init(_ limits: Limits) {
            peers = Mutex(RateLimiter(perSecond: limits.peerRate.perSecond, burst: limits.peerRate.burst))
            strangers = Mutex(
                RateLimiter(perSecond: limits.strangerRate.perSecond, burst: limits.strangerRate.burst))
        }
    }

    private let peers: [String: SignalPeer]
    private let ring: APIKeyRing
    private let sink: any SignalSink
    private let limits: Limits
    private let now: @Sendable () -> Instant
    private let log: Logger
    private let rates: Rates

    init(
        peers: [SignalPeer], sink: any SignalSink, limits: Limits = Limits(),
        now: @escaping @Sendable () -> Instant, log: Logger
    ) {
        self.peers = Dictionary(peers.map { ($0.transmitter.name, $0) }) { first, _ in first }
        ring = APIKeyRing(
            peers.compactMap { peer in
                peer.pushDigest.flatMap { APIKey(name: peer.transmitter.name, digest: $0) }
            })
        self.sink = sink
        self.limits = limits
        self.now = now
        self.log = log
        rates = Rates(limits)
    }

    func admit(_ request: Request, _ visitor: Visitor) async -> PortalChannel.Admission {
        guard request.uri.path == Self.path else {
            return .refused(Self.error(.notFound, .invalidRequest, "there is nothing here"))
        }
        guard request.method == .post else {
            return .refused(
                Self.error(.methodNotAllowed, .invalidRequest, "events are posted", [.allow: "POST"]))
        }
        guard let peer = peer(of: request) else {
            if let wait = wait(rates.strangers, .stranger(visitor.address)) { return .refused(wait) }
            return .refused(
                Self.error(
                    .unauthorized, .authenticationFailed, "the transmitter is not known",
                    [.wwwAuthenticate: "Bearer"]))
        }
        if let wait = wait(rates.peers, .peer(peer.transmitter.name)) { return .refused(wait) }
        let type = request.headers[.contentType].map { $0.prefix { $0 != ";" && $0 != " " }.lowercased() }
        guard type == Self.contentType else {
            return .refused(
                Self.error(
                    .unsupportedMediaType, .invalidRequest, "expected content-type: \(Self.contentType)"))
        }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.body {
            return .refused(refusal(.tooLarge, peer))
        }
        return .admitted { await answer(request, peer) }
    }

    /// By the bearer token alone: every one that is known is compared, and every byte of it.
    private func peer(of request: Request) -> SignalPeer? {
        guard let field = request.headers[.authorization] else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 4096 else {
            return nil
        }
        return ring.key(presented: parts[1].utf8).flatMap { peers[$0.name] }
    }

    private func wait(_ limiter: borrowing Mutex<RateLimiter<RateKey>>, _ key: RateKey) -> PortalAnswer? {
        let elapsed = (ContinuousClock.now - rates.started).nanoseconds
        guard let nanoseconds = limiter.withLock({ $0.wait(key, at: elapsed) }) else { return nil }
        return Self.error(
            .tooManyRequests, .accessDenied, "too many requests",
            [.retryAfter: "\(nanoseconds / 1_000_000_000 + 1)"])
    }

    private func answer(_ request: Request, _ peer: SignalPeer) async -> PortalAnswer {
        var bytes: [UInt8] = []
        do {
            for try await chunk in request.body {
                guard bytes.count + chunk.readableBytes <= limits.body else {
                    return refusal(.tooLarge, peer).closing()
                }
                bytes += chunk.readableBytesView
            }
        } catch {
            return Self.error(.badRequest, .invalidRequest, "the body did not arrive").closing()
        }
        switch await peer.read(bytes, at: now()) {
        case .signal(let signal):
            switch await sink.take(signal) {
            case .taken, .takenBefore: return PortalAnswer(.accepted, json: "")
            case .notNow: return Self.notNow("5")
            }
        case .refused(let problem): return refusal(problem, peer)
        case .notNow: return Self.notNow("30")
        }
    }

    private static func notNow(_ seconds: String) -> PortalAnswer {
        error(.serviceUnavailable, .invalidRequest, "the gateway cannot take it now", [.retryAfter: seconds])
    }

    /// RFC 8935 section 2.3: 400, whatever is wrong with the token.
    private func refusal(_ problem: TokenProblem, _ peer: SignalPeer) -> PortalAnswer {
        log.notice("signals: a token of \(peer.transmitter.name) is refused: \(problem.description)")
        let status: HTTPResponse.Status = problem == .tooLarge ? .contentTooLarge : .badRequest
        return PortalAnswer(status, json: problem.json + "\n", headers: [.contentLanguage: "en"])
    }

    private static func error(
        _ status: HTTPResponse.Status, _ code: TokenProblem.Code, _ description: String,
        _ headers: HTTPFields = [:]
    ) -> PortalAnswer {
        var headers = headers
        headers[.contentLanguage] = "en"
        return PortalAnswer(status, json: TokenProblem.json(code, description) + "\n", headers: headers)
    }
}
