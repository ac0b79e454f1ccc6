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
    private let log: Logger

    /// Throws ``StartProblem`` for a file that cannot be used.
    init(_ configuration: SignalConfiguration, sink: any SignalSink, log: Logger) async throws {
        self.configuration = configuration
        self.log = log
        var peers: [SignalPeer] = []
        var pollers: [SignalPoller] = []
        let now: @Sendable () -> Instant = { SystemClock().now() }
        do {
            for known in configuration.peers {
                let peer = SignalPeer(
                    known.transmitter, keys: try await Self.keys(known.keys),
                    pushToken: try known.pushToken.map(Self.secret))
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
    }

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            if let server { group.addTask { try await server.run() } }
            for poller in pollers { group.addTask { try await poller.run() } }
            group.addTask { await refreshKeys() }
        }
    }

    /// Keys are exchanged by writing the file anew. One that is no good leaves those of before.
    private func refreshKeys() async {
        var last: [String: Data] = [:]
        for peer in configuration.peers { last[peer.keys] = FileManager.default.contents(atPath: peer.keys) }
        while !Task.isShuttingDownGracefully {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.look) }
            for (known, peer) in zip(configuration.peers, peers) {
                let bytes = FileManager.default.contents(atPath: known.keys)
                guard bytes != last[known.keys] else { continue }
                last[known.keys] = bytes
                do {
                    peer.replaceKeys(try await Self.keys(known.keys))
                    log.notice("signals: the keys of \(known.transmitter.name) were read anew")
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
