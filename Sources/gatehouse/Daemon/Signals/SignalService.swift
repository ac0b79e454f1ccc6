import Foundation
import Logging
import Portal
import ServiceLifecycle
import Sessions
import SharedSignals

/// The transmitters of the configuration, with their secrets read once and their keys read again while it runs.
struct SignalService: Service {
    private let configuration: SignalConfiguration
    private let peers: [SignalPeer]
    private let server: SignalServer?
    private let pollers: [SignalPoller]
    private let renewals: [SignalKeyRenewal]
    private let log: Logger

    /// Throws ``StartProblem`` for a file that cannot be used.
    ///
    /// - Parameter state: the daemon's folder of state, where keys are kept that were fetched.
    init(_ configuration: SignalConfiguration, state: String, sink: any SignalSink, log: Logger) async throws
    {
        self.configuration = configuration
        self.log = log
        var peers: [SignalPeer] = []
        var pollers: [SignalPoller] = []
        var renewals: [SignalKeyRenewal] = []
        let now: @Sendable () -> Instant = { SystemClock().now() }
        do {
            for known in configuration.peers {
                let push = try known.pushToken.map(Self.secret)
                let peer: SignalPeer
                switch known.keys {
                case .file(let path):
                    peer = SignalPeer(known.transmitter, keys: try await Self.keys(path), pushToken: push)
                case .fetched(let url, let authorities, let every):
                    let file = KeptKeys(of: known.transmitter.name, from: url, in: state)
                    let keys = try await FetchedKeys(
                        .init(url: url, authorities: authorities, interval: every),
                        of: known.transmitter.name,
                        kept: file.bytes, log: log, keep: { try file.keep($0) })
                    peer = SignalPeer(known.transmitter, keys: keys, pushToken: push)
                    renewals.append(SignalKeyRenewal(keys))
                }
                peers.append(peer)
                guard let poll = known.poll else { continue }
                pollers.append(
                    try SignalPoller(
                        .init(
                            url: poll.url, token: try Self.secret(poll.token), authorities: poll.authorities,
                            pause: poll.every), peer: peer, sink: sink, now: now, log: log))
            }
            server = try configuration.files.map { files in
                try SignalServer(
                    addresses: configuration.listen, files: files, peers: peers, sink: sink, now: now,
                    log: log)
            }
        } catch let unreadable as PackUnreadable {
            throw StartProblem("\(unreadable)", isMistake: true)
        } catch let problem as PortalProblem {
            throw StartProblem("shared-signals: \(problem)", isMistake: true)
        }
        self.peers = peers
        self.pollers = pollers
        self.renewals = renewals
    }

    /// How each transmitter is heard.
    var summaries: [ControlMessages.TransmitterSummary] {
        let polls = Dictionary(
            pollers.map { ($0.peer.transmitter.name, $0.fault) }, uniquingKeysWith: { first, _ in first })
        return peers.map { peer in
            let poll = polls[peer.transmitter.name].flatMap(\.self)
            return .init(
                name: peer.transmitter.name, hasKeys: peer.hasKeys, keysFault: peer.keysFault,
                pollFault: poll?.words, pollFailures: poll?.failures ?? 0)
        }
    }

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            if let server { group.addTask { try await server.run() } }
            for poller in pollers { group.addTask { try await poller.run() } }
            for renewal in renewals { group.addTask { try await renewal.run() } }
            group.addTask { await refreshKeys() }
        }
    }

    /// Keys are exchanged by writing the file anew. One that is no good leaves those of before.
    private func refreshKeys() async {
        var last: [String: Data] = [:]
        let files = zip(configuration.peers, peers).compactMap { known, peer in
            if case .file(let path) = known.keys { (path, peer) } else { nil }
        }
        for (path, _) in files { last[path] = FileManager.default.contents(atPath: path) }
        while !Task.isShuttingDownGracefully {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.look) }
            for (path, peer) in files {
                let bytes = FileManager.default.contents(atPath: path)
                guard bytes != last[path] else { continue }
                last[path] = bytes
                do {
                    peer.replaceKeys(try await Self.keys(path))
                    log.notice("signals: the keys of \(peer.transmitter.name) were read anew")
                } catch {
                    log.error("signals: the keys of before stay: \(error)")
                }
            }
        }
    }

    private static let look: Duration = .seconds(5)

    private static func keys(_ path: String) async throws -> KeySet {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PackUnreadable(path: path, reason: "cannot be read")
        }
        do {
            return try await KeySet.read(Array(data))
        } catch {
            throw PackUnreadable(path: path, reason: "\(error)")
        }
    }

    /// One line, long enough not to be guessed.
    private static func secret(_ path: String) throws -> [UInt8] {
        var bytes = try PrivateFile.read(path, limit: 4096)
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        let isPlain = bytes.allSatisfy { (0x21...0x7E).contains($0) }
        guard bytes.count >= 16, isPlain else {
            throw PackUnreadable(path: path, reason: "expected one line of 16 letters and digits or more")
        }
        return bytes
    }
}
