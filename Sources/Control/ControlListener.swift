import Foundation
import Glibc
import Logging
import Synchronization

/// What the server's threads share: it lives until the last of them has ended.
final class ControlListener: Sendable {
    let stop: StopSignal
    let limits: ControlServer.Limits
    let logger: Logger
    let credentials: @Sendable (Int32) -> Peer?
    let handler: ControlServer.Handler
    private let path: String
    private let socket: FileDescriptor
    private let state = Mutex(State())
    /// Held until the last thread has ended.
    private let lock: ProcessLock

    private struct State {
        /// Threads that have not ended, the accepting one included.
        var threads = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    init(
        path: String, limits: ControlServer.Limits, logger: Logger,
        credentials: @escaping @Sendable (Int32) -> Peer?, handler: @escaping ControlServer.Handler
    ) throws(ControlServerError) {
        do {
            guard let lock = try ProcessLock(path: path + ".lock") else {
                throw ControlServerError.running(path: path)
            }
            guard Self.isFreeOrSocket(path) else { throw ControlServerError.notASocket(path: path) }
            self.lock = lock
            stop = try StopSignal()
            socket = try UnixSocket.listen(at: path)
        } catch let error as ControlServerError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
        self.path = path
        self.limits = limits
        self.logger = logger
        self.credentials = credentials
        self.handler = handler
    }

    private static func isFreeOrSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFSOCK
    }

    func start() { inThread { self.acceptUntilStopped() } }

    /// Returns when the last thread has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.threads > 0 { state.waiting.append(continuation) }
                return state.threads == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func inThread(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.threads += 1 }
        Thread.detachNewThread {
            body()
            let waiting = self.state.withLock { state in
                state.threads -= 1
                guard state.threads == 0 else { return [CheckedContinuation<Void, Never>]() }
                self.lock.release()
                return exchange(&state.waiting, with: [])
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private func acceptUntilStopped() {
        while true {
            do {
                let deadline = ContinuousClock.now + .seconds(3600)
                switch try UnixSocket.wait(for: UnixSocket.readable, on: socket, stop: stop, until: deadline)
                {
                case .ready: admit(try UnixSocket.accept(socket))
                case .timedOut: continue
                case .stopped:
                    // We hold the lock, so what has the name is ours.
                    _ = unsafe unlink(path)
                    return
                }
            } catch {
                if error.code == EAGAIN || error.code == ECONNABORTED || error.code == EINTR { continue }
                logger.error("cannot take a control connection", metadata: ["error": "\(error)"])
                pause()
            }
        }
    }

    /// Out of descriptors or memory, say: the connection stays in the queue, and trying again at once would spin.
    private func pause() {
        let deadline = ContinuousClock.now + .milliseconds(100)
        _ = try? UnixSocket.wait(for: 0, on: socket, stop: stop, until: deadline)
    }

    private func admit(_ socket: FileDescriptor) {
        let connection = ControlConnection(listener: self, socket: socket)
        // One thread is the accepting one, which alone starts others: the count can only fall meanwhile.
        if state.withLock({ $0.threads }) > limits.connections {
            logger.warning("too many control connections", metadata: ["limit": "\(limits.connections)"])
            connection.refuse(ControlFailure(id: "busy", message: "too many connections; try again"))
        } else {
            inThread { connection.serve() }
        }
    }
}

private func exchange<Value>(_ value: inout Value, with new: Value) -> Value {
    let old = value
    value = new
    return old
}
