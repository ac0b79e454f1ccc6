internal import AsyncHTTPClient
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
package import SharedSignals
internal import Synchronization

/// The key set that a transmitter publishes (its `jwks_uri`), fetched over HTTPS and kept.
///
/// A good answer replaces what was known, whole; anything else changes nothing. One request at most is under way,
/// and the next begins ``Settings/minimum`` after the last at the soonest, whoever asks for it.
package actor FetchedKeys {
    package struct Settings: Sendable {
        /// `https://` alone: whoever can change these keys can say anything of anybody.
        package var url: String
        /// The authorities of its certificate, in PEM; nil for those of the system.
        package var authorities: String?
        /// Between a good answer and the next request.
        package var interval: Duration
        /// Between the beginnings of two requests, however many tokens ask for keys that are not known.
        package var minimum: Duration = .seconds(10)
        /// For the whole of an answer.
        package var patience: Duration = .seconds(10)

        package init(url: String, authorities: String? = nil, interval: Duration = .seconds(3600)) {
            self.url = url
            self.authorities = authorities
            self.interval = interval
        }
    }

    package enum Outcome: Sendable, Hashable {
        /// What is known is what is published, now or ``Settings/minimum`` ago.
        case current
        /// It could not be fetched: what is published is not known.
        case unknown
    }

    nonisolated let settings: Settings
    private nonisolated let current: Mutex<KeySet>
    private nonisolated let lastFault = Mutex<String?>(nil)
    private let name: String
    private let keep: @Sendable ([UInt8]) throws -> Void
    private let log: Logger
    private let tls: TLSConfiguration
    private var underWay: Task<Outcome, Never>?
    private var last: (began: ContinuousClock.Instant, outcome: Outcome)?
    /// What was kept last, so that nothing is written that is there already.
    private var bytes: [UInt8]

    /// Throws when the file of authorities is no good.
    ///
    /// - Parameters:
    ///   - name: the transmitter's, for the log.
    ///   - kept: what `keep` was given last, also before a restart; no keys are known where it is no key set.
    ///   - keep: called with the bytes of every key set that is another than before.
    package init(
        _ settings: Settings, of name: String, kept: [UInt8]?, log: Logger,
        keep: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws(PortalProblem) {
        self.settings = settings
        self.name = name
        self.keep = keep
        self.log = log
        tls = try TLSConfiguration.client(authorities: settings.authorities)
        bytes = kept ?? []
        let keys = try? await KeySet.read(bytes)
        if kept != nil, keys == nil {
            log.error("signals: the keys of \(name) that were kept cannot be read, and are fetched anew")
        }
        current = Mutex(keys ?? .none)
    }

    package nonisolated var keys: KeySet { current.withLock { $0 } }

    /// Why they could not be fetched when that was last tried.
    nonisolated var fault: String? { lastFault.withLock { $0 } }

    /// Fetches them, unless that was done a moment ago.
    @discardableResult
    package func renew() async -> Outcome {
        if let underWay { return await underWay.value }
        let now = ContinuousClock.now
        if let last, now - last.began < settings.minimum { return last.outcome }
        let task = Task { await fetch(at: now) }
        underWay = task
        return await task.value
    }

    private func fetch(at now: ContinuousClock.Instant) async -> Outcome {
        var outcome = Outcome.unknown
        do {
            let bytes = try await Self.get(settings, tls)
            do throws(KeySetProblem) {
                let keys = try await KeySet.read(bytes)
                take(keys, bytes)
                lastFault.withLock { $0 = nil }
                outcome = .current
            } catch {
                throw Unusable(words: "\(error)")
            }
        } catch {
            let words = Self.words(error)
            lastFault.withLock { $0 = words }
            // Once, and not at every request of the same trouble.
            if last?.outcome != .unknown {
                let rest = keys.isEmpty ? "no token of it can be taken" : "those of before stay"
                log.error("signals: the keys of \(name) cannot be fetched, and \(rest): \(words)")
            }
        }
        last = (now, outcome)
        underWay = nil
        return outcome
    }

    private func take(_ keys: KeySet, _ bytes: [UInt8]) {
        if last?.outcome == .unknown { log.notice("signals: the keys of \(name) can be fetched again") }
        guard bytes != self.bytes || self.keys.isEmpty else { return }
        current.withLock { $0 = keys }
        self.bytes = bytes
        log.notice("signals: the keys of \(name) were fetched, and are others than before")
        do {
            try keep(bytes)
        } catch {
            log.error("signals: the keys of \(name) count, and cannot be kept: \(error)")
        }
    }

    private struct Unusable: Error {
        var words: String
    }

    private static func words(_ error: any Error) -> String {
        (error as? Unusable)?.words ?? (error as? HTTPClientError)?.shortDescription ?? "no connection"
    }

    /// The whole answer within the patience, however slowly it drips.
    private static func get(_ settings: Settings, _ tls: TLSConfiguration) async throws -> [UInt8] {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: TimeAmount(settings.patience))
        configuration.httpVersion = .http1Only
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration)
        let result = await withTaskGroup(of: Result<[UInt8], any Error>.self) { group in
            group.addTask {
                do {
                    return .success(try await body(client, settings))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: settings.patience)
                return .failure(Unusable(words: "no answer in time"))
            }
            let first = await group.next() ?? .failure(Unusable(words: "no answer"))
            group.cancelAll()
            return first
        }
        try? await client.shutdown()
        return try result.get()
    }

    private static func body(_ client: HTTPClient, _ settings: Settings) async throws -> [UInt8] {
        var message = HTTPClientRequest(url: settings.url)
        message.headers = ["accept": "application/jwk-set+json, application/json"]
        let answer = try await client.execute(message, timeout: TimeAmount(settings.patience))
        guard answer.status == .ok else { throw Unusable(words: "status \(answer.status.code)") }
        do {
            return Array(try await answer.body.collect(upTo: KeySet.byteLimit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Unusable(words: "more than \(KeySet.byteLimit) bytes")
        }
    }
}

extension TLSConfiguration {
    /// Of a client that believes these authorities, of a file in PEM, or those of the system.
    static func client(authorities path: String?) throws(PortalProblem) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        guard let path else { return tls }
        guard let roots = try? NIOSSLCertificate.fromPEMFile(path), !roots.isEmpty else {
            throw PortalProblem(path: path, reason: "no certificate in PEM that can be read")
        }
        tls.trustRoots = .certificates(roots)
        return tls
    }
}
