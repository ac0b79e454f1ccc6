import Foundation
import Glibc
import Synchronization

/// Stands between the daemon and the VPN server's management socket, and lets the connection do what connections do
/// when a server is broken or is not what it says: closes it, hangs, floods.
///
/// One connection at a time, as OpenVPN has it.
final class Relay: Sendable {
    enum Manner: Sendable {
        case forwards
        /// Takes nothing and gives nothing; what was said stays in the sockets.
        case hangs
        /// Closes what is open, and nobody listens.
        case refuses
    }

    private struct State {
        var manner = Manner.forwards
        /// What the thread does.
        var obeyed = Manner.forwards
        var flood: Flood?
        var flooded = 0
        var isOver = false
    }

    private let path: String
    private let server: String
    private let state = Mutex(State())
    /// The server must have been silent for so long before something is said in its place: never within its words.
    private static let silence: UInt64 = 50_000_000

    private init(path: String, server: String) {
        self.path = path
        self.server = server
    }

    /// From here on somebody listens at `path`; the server's socket is connected to when somebody comes.
    static func start(at path: String, before server: String) throws -> Relay {
        let relay = Relay(path: path, server: server)
        let listener = try UnixSocket.listen(at: path)
        Thread.detachNewThread { relay.run(listener) }
        return relay
    }

    func end() { state.withLock { $0.isOver = true } }

    /// The manner that its thread has taken on: what was under way before is over.
    var obeyed: Manner { state.withLock(\.obeyed) }

    func set(_ manner: Manner) { state.withLock { $0.manner = manner } }

    /// Says all that in the server's place, and then goes on. A daemon that gives up meanwhile hears the rest when it
    /// is back.
    func begin(_ flood: Flood) {
        state.withLock { state in
            state.flood = flood
            state.flooded = 0
        }
    }

    /// What was said of the last flood, in bytes, and whether it goes on.
    var progress: (bytes: Int, isOn: Bool) { state.withLock { ($0.flooded, $0.flood != nil) } }

    // MARK: The thread

    private struct Connection {
        let daemon: StreamEnd
        let server: StreamEnd
        var heardAt = Stream.now
    }

    private func run(_ first: Int32) {
        var listener: Int32? = first
        var connection: Connection?
        while !state.withLock(\.isOver) {
            let manner = state.withLock { state in
                state.obeyed = state.manner
                return state.manner
            }
            switch manner {
            case .hangs: usleep(5_000)
            case .refuses:
                connection = nil
                stopListening(&listener)
                usleep(5_000)
            case .forwards:
                if listener == nil { listener = try? UnixSocket.listen(at: path) }
                if connection == nil { connection = listener.flatMap(accept) }
                guard var now = connection else {
                    wait([pollfd(fd: listener ?? -1, events: Int16(POLLIN), revents: 0)])
                    continue
                }
                connection = forward(&now) ? now : nil
            }
        }
        stopListening(&listener)
    }

    private func stopListening(_ listener: inout Int32?) {
        guard let descriptor = listener else { return }
        close(descriptor)
        _ = unsafe unlink(path)
        listener = nil
    }

    /// A server that is not there is one that closes at once.
    private func accept(_ listener: Int32) -> Connection? {
        guard let daemon = StreamEnd(from: listener), let server = try? UnixSocket.connect(to: server) else {
            return nil
        }
        return Connection(daemon: daemon, server: StreamEnd(server))
    }

    /// False when it is over.
    private func forward(_ connection: inout Connection) -> Bool {
        let (daemon, server) = (connection.daemon, connection.server)
        daemon.flush()
        server.flush()
        let isFlooding = flood(connection)
        if !isFlooding {
            if !daemon.hasUnsent {
                let words = server.read()
                if !words.isEmpty { connection.heardAt = Stream.now }
                daemon.write(words)
            }
            if !server.hasUnsent { server.write(daemon.read()) }
        }
        if daemon.isOver || (server.isOver && !daemon.hasUnsent) { return false }
        wait([
            daemon.waited(toRead: !isFlooding && !server.hasUnsent),
            server.waited(toRead: !isFlooding && !daemon.hasUnsent),
        ])
        return true
    }

    /// Whether the daemon hears something else than the server now.
    private func flood(_ connection: Connection) -> Bool {
        let daemon = connection.daemon
        return state.withLock { state in
            guard state.flood != nil, Stream.now - connection.heardAt > Self.silence else { return false }
            while !daemon.hasUnsent, !daemon.isOver {
                guard let chunk = state.flood?.next() else {
                    state.flood = nil
                    return false
                }
                daemon.write(chunk)
                state.flooded += chunk.count
            }
            return true
        }
    }

    /// For a hundredth of a second at most: somebody may have told us something else.
    private func wait(_ descriptors: [pollfd]) {
        var descriptors = descriptors
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), 10)
    }
}
