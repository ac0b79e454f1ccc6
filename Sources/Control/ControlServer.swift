package import ControlAPI
internal import Glibc
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

/// The administrators' socket: HTTP/1.1 for root, our own user, and members of the groups that have a role.
///
/// Every connection is asked who it is, by the kernel, before a byte of it is read. Neither a slow client nor many take a thread:
/// connections live on an event loop, handlers run on the cooperative pool, several at once. Beside the socket lies
/// `<path>.lock`, which stays.
package final class ControlServer: Sendable {
    /// Answers one request. A connection's next request comes only after the answer to the last.
    package typealias Handler = @Sendable (ControlRequest, Peer) async -> ControlReply

    package struct Limits: Sendable {
        /// Bytes of one body.
        package var request = ControlProtocol.requestBytes
        /// Bytes of one field of a head; a head has twice as many.
        var header = 16 << 10
        /// Connections at a time. A user who is neither root nor we has a quarter of them at most, all of these three.
        package var connections = 64
        /// The longest that a connection may take to send a request, counted from when it may, or to take a reply.
        package var idle = Duration.seconds(30)

        package init() {}
    }

    /// Who may ask.
    package struct Access: Sendable {
        /// The socket is 0600 where there are none, and 0666 where there are: who connects is asked by us then.
        package var groups: RoleGroups
        /// Our own.
        var user = geteuid()

        package init(groups: RoleGroups = .none) { self.groups = groups }

        package func isOwn(_ peer: Peer) -> Bool { peer.uid == 0 || peer.uid == user }

        /// Nil for strangers.
        package func role(of peer: Peer) -> Role? {
            isOwn(peer) ? .policyAdmin : groups.role(ofMemberOf: peer.groups + [peer.gid])
        }
    }

    private let listener: ControlListener

    /// Opens the socket, in a directory that exists, in place of one that a dead process left. It takes requests when
    /// this returns. `credentials` is asked of every connection by descriptor; tests pretend to be others with it.
    package init(
        path: String, operations: [ControlOperation], limits: Limits = Limits(), access: Access = Access(),
        logger: Logger, credentials: (@Sendable (Int32) -> Peer?)? = nil, handler: @escaping Handler
    ) throws(ControlServerError) {
        listener = try ControlListener(
            path: path, limits: limits, access: access, logger: logger,
            credentials: credentials ?? { Peer.of($0) }, operations: operations, handler: handler)
        listener.start()
    }

    /// Letting go of the server stops it too, without waiting.
    deinit { listener.raiseStop() }

    /// Removes the socket, closes connections that ask nothing, lets requests under way be answered, and returns when
    /// all that has happened. May be called again.
    package func stop() async {
        listener.raiseStop()
        await listener.ended()
    }
}
