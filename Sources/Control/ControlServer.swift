package import Logging

/// Why the control socket cannot be opened.
package enum ControlServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another process has this socket.
    case running(path: String)
    /// Something that is no socket has the socket's name.
    case notASocket(path: String)
    case failed(String)

    package var description: String {
        switch self {
        case .running(let path): "another gatehouse is running (it has \(path))"
        case .notASocket(let path): "\(path) is there and is no socket"
        case .failed(let detail): "cannot open the control socket: \(detail)"
        }
    }
}

/// The administrator's socket: takes requests from root and from our own user, and from nobody else.
///
/// The socket has mode 0600 and every connection is asked who it is besides. Each connection has a thread of its own,
/// so neither a slow client nor many take a thread of the cooperative pool; handlers run on that pool, several at
/// once. Beside the socket lies `<path>.lock`, which stays.
package final class ControlServer: Sendable {
    /// Answers one request. A connection sends its next request only after the answer to the last.
    package typealias Handler = @Sendable (ControlRequest, Peer) async -> ControlReply

    package struct Limits: Sendable {
        /// Bytes of one request line.
        package var request = ControlProtocol.requestBytes
        /// Connections at a time; one more is told `busy`.
        package var connections = 64
        /// The longest that a connection may take to send a request, counted from when it may, or to take a reply.
        package var idle = Duration.seconds(30)

        package init() {}
    }

    private let listener: ControlListener

    /// Opens the socket, in a directory that exists, in place of one that a dead process left. It takes requests when
    /// this returns. `credentials` is asked of every connection by descriptor; tests pretend to be others with it.
    package init(
        path: String, limits: Limits = Limits(), logger: Logger,
        credentials: (@Sendable (Int32) -> Peer?)? = nil, handler: @escaping Handler
    ) throws(ControlServerError) {
        listener = try ControlListener(
            path: path, limits: limits, logger: logger, credentials: credentials ?? { Peer.of($0) },
            handler: handler)
        listener.start()
    }

    /// Letting go of the server stops it too, without waiting.
    deinit { listener.stop.raise() }

    /// Removes the socket, closes connections that ask nothing, lets requests under way be answered, and returns when
    /// all that has happened. May be called again.
    package func stop() async {
        listener.stop.raise()
        await listener.ended()
    }
}
