import Foundation
package import Logging
package import Sessions
import Synchronization

/// The sessions of one OpenVPN server, through the Unix socket of its management interface.
///
/// The server needs `management PATH unix` and `management-client-auth`. It takes one management client at a time; a
/// second one connects and hears nothing, so a greeting that does not come ends the attempt. OpenVPN makes the socket
/// for everybody to write (0777): it belongs in a directory of mode 0700.
///
/// All reading and writing is done on a thread of the source's own, which blocks in `poll(2)`: nothing here ever waits
/// on Swift's cooperative threads. `answer` and `disconnect` queue and return.
package final class OpenVPNSource: SessionGate {
    package struct Configuration: Sendable {
        /// The name of the source, in session names and logs.
        package var name: String
        package var socketPath: String
        /// The tunnel interface that the server must be using.
        package var tunnel: String
        /// The file with the management password in its first line; nil when the socket has none. It is read at every
        /// attempt, so that it can be changed.
        package var passwordFile: String?
        /// How often the list of clients is asked for. A client that moves to another outer address, and one that
        /// vanishes without a word, show nowhere else. 100 ms at least.
        package var pollInterval: Duration
        /// How long the server may take to greet before the attempt is given up.
        package var greetingTimeout: Duration
        package var logger: Logger
        /// The wall clock. It dates sessions that have not begun.
        package var now: @Sendable () -> Instant

        package init(
            name: String, socketPath: String, tunnel: String, passwordFile: String? = nil,
            pollInterval: Duration = .seconds(5), greetingTimeout: Duration = .seconds(10), logger: Logger,
            now: @escaping @Sendable () -> Instant
        ) {
            self.name = name
            self.socketPath = socketPath
            self.tunnel = tunnel
            self.passwordFile = passwordFile
            self.pollInterval = max(pollInterval, .milliseconds(100))
            self.greetingTimeout = greetingTimeout
            self.logger = logger
            self.now = now
        }
    }

    struct State {
        /// Nil while there is no connection.
        var connection: OpenVPNConnection?
        var isStarted = false
        var isStopping = false
    }

    /// What the server tells, in its order, without bound: an event that is dropped would be a client that nobody
    /// answers or an address that nobody withdraws. For one reader. It ends after `stop`.
    package let events: AsyncStream<SessionEvent>

    let configuration: Configuration
    let continuation: AsyncStream<SessionEvent>.Continuation
    let state = Mutex(State())
    /// Rung when there is something to send, or to stop for.
    let alarm: Alarm

    /// Throws only when the process has no file descriptors left; the server need not be there yet.
    package init(_ configuration: Configuration) throws {
        self.configuration = configuration
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
        alarm = try Alarm()
    }

    /// Begins to connect. A second call does nothing.
    package func start() {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted && !state.isStopping
        }
        guard isFirst else { return }
        let thread = Thread { self.run() }
        thread.name = "openvpn-\(configuration.name)".excerpt(limit: 15)
        thread.start()
    }

    /// Closes the connection and ends `events`; what is queued may be lost. There is no new start.
    package func stop() {
        let wasStarted = state.withLock { state in
            state.isStopping = true
            return state.isStarted
        }
        if wasStarted { alarm.ring() } else { continuation.finish() }
    }

    /// Sends the answer if its question is still open, and drops it if not: OpenVPN would apply a late answer to
    /// nothing at best.
    package func answer(_ login: Login, _ answer: LoginAnswer) async {
        let isQueued = state.withLock { $0.connection?.answer(login, answer) ?? false }
        if isQueued {
            alarm.ring()
        } else {
            log(.notice, "answer dropped: its question is no longer open", login.session.id)
        }
    }

    package func disconnect(_ session: SessionID, _ mode: DisconnectMode) async {
        let isQueued = state.withLock { $0.connection?.disconnect(session, mode) ?? false }
        if isQueued {
            alarm.ring()
        } else {
            log(.notice, "disconnection dropped: the server is not the one of this session", session)
        }
    }

    func log(_ level: Logger.Level, _ text: String, _ session: SessionID? = nil) {
        var metadata: Logger.Metadata = ["source": "\(configuration.name)"]
        if let session { metadata["session"] = "\(session)" }
        configuration.logger.log(level: level, "\(text)", metadata: metadata)
    }
}
