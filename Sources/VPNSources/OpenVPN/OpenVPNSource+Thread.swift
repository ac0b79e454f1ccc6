import Foundation
import Logging
import Sessions
import Synchronization

/// What the source's own thread does: connect, serve, wait, again.
extension OpenVPNSource {
    /// Waits between attempts: from a tenth of a second, doubled each time, to five seconds.
    private static let firstWait = Duration.milliseconds(100)
    private static let longestWait = Duration.seconds(5)

    private struct End: Error {
        var reason: String
        /// The server had accepted us, so this is a loss and not one more failed attempt.
        var wasAttached: Bool
    }

    private var isStopping: Bool { state.withLock(\.isStopping) }

    func run() {
        var wait = Self.firstWait
        var isDown = false
        while !isStopping {
            let end = serve()
            if end.wasAttached { wait = Self.firstWait }
            // One notice for one outage, however many attempts fail in it.
            if !isStopping, end.wasAttached || !isDown {
                log(.warning, "detached: \(end.reason)")
                continuation.yield(.detached(source: configuration.name, reason: end.reason))
            }
            isDown = true
            pause(wait)
            wait = min(wait * 2, Self.longestWait)
        }
        continuation.finish()
    }

    private func pause(_ time: Duration) {
        let end = ContinuousClock.now + time
        while !isStopping, ContinuousClock.now < end {
            alarm.bell.wait(atMost: end - .now)
            alarm.hush()
        }
    }

    /// One connection from its beginning to its end.
    private func serve() -> End {
        do {
            let password = try readPassword()
            let socket = try LocalSocket(connectingTo: configuration.socketPath)
            state.withLock {
                $0.connection = OpenVPNConnection(
                    source: configuration.name, tunnel: configuration.tunnel, password: password)
            }
            defer { state.withLock { $0.connection = nil } }
            return exchange(socket)
        } catch {
            return End(reason: "\(error)", wasAttached: false)
        }
    }

    private func exchange(_ socket: borrowing LocalSocket) -> End {
        var reason = "stopped"
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var due = ContinuousClock.now + configuration.greetingTimeout
        var isAttached = false
        do {
            while !isStopping {
                let hasUnsent = state.withLock { $0.connection?.unsent.isEmpty == false }
                socket.wait(orFor: alarm.bell, toWrite: hasUnsent, atMost: due - .now)
                alarm.hush()
                try receive(socket, &buffer)
                if !isAttached, state.withLock({ $0.connection?.isAttached == true }) {
                    isAttached = true
                    due = .now + configuration.pollInterval
                    log(.info, "attached")
                }
                if ContinuousClock.now >= due {
                    try poll(isAttached)
                    due = .now + configuration.pollInterval
                }
                try flush(socket)
            }
        } catch {
            reason = "\(error)"
        }
        return End(reason: reason, wasAttached: isAttached)
    }

    private func poll(_ isAttached: Bool) throws {
        guard isAttached else {
            throw Failure(description: "no greeting: another management client may hold the server")
        }
        try apply { connection in connection.poll() }
    }

    private func receive(_ socket: borrowing LocalSocket, _ buffer: inout [UInt8]) throws {
        switch try socket.read(into: &buffer) {
        case .wouldBlock: return
        case .bytes(let count):
            let bytes = buffer[..<count]
            try apply { [configuration] connection in connection.receive(bytes, now: configuration.now()) }
        case .ended:
            try apply { [configuration] connection in
                OpenVPNConnection.Step(
                    events: connection.finish(now: configuration.now()),
                    failure: "the server closed the connection")
            }
        }
    }

    private func apply(_ body: (inout OpenVPNConnection) -> OpenVPNConnection.Step) throws {
        let step = state.withLock { state -> OpenVPNConnection.Step in
            guard var connection = state.connection.take() else { return OpenVPNConnection.Step() }
            defer { state.connection = connection }
            return body(&connection)
        }
        for event in step.events {
            if case .problem(_, let problem) = event { log(.warning, "\(problem)", problem.client) }
            continuation.yield(event)
        }
        if let failure = step.failure { throw Failure(description: failure) }
    }

    private func flush(_ socket: borrowing LocalSocket) throws {
        let bytes = state.withLock { $0.connection?.unsent ?? [] }
        guard !bytes.isEmpty, case .bytes(let count) = try socket.write(bytes) else { return }
        // Others only append, so what was sent is still in front.
        state.withLock { $0.connection?.unsent.removeFirst(count) }
    }

    private func readPassword() throws -> Secret? {
        guard let path = configuration.passwordFile else { return nil }
        guard let contents = FileManager.default.contents(atPath: path) else {
            throw Failure(description: "the management password's file \(path) cannot be read")
        }
        let line = contents.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return Secret(line)
    }

    private struct Failure: Error, CustomStringConvertible {
        var description: String
    }
}
