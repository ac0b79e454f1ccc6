import Foundation
import Glibc
import Logging
import Synchronization

/// One connection to the server, on a thread of its own.
struct ControlConnection: Sendable {
    let listener: ControlListener
    let socket: FileDescriptor

    /// Answers requests until the client is done, too slow, or no longer wanted.
    func serve() {
        guard let peer = admittedPeer() else {
            return refuse(
                ControlFailure(id: "forbidden", message: "only root and gatehouse's own user may ask"))
        }
        var channel = LineChannel(socket, stop: listener.stop)
        do throws(LineChannel.Failure) {
            while true {
                let line = try channel.readLine(limit: listener.limits.request, deadline: deadline())
                let reply = reply(to: Data(line), from: peer)
                try channel.write(reply.encoded, deadline: deadline())
            }
        } catch {
            end(error, peer)
        }
    }

    /// Says why and closes. Does not wait for a client that does not listen: one line fits into an empty socket.
    func refuse(_ failure: ControlFailure) {
        let now = ContinuousClock.now + .milliseconds(10)
        try? LineChannel(socket).write(ControlReply.failure(failure).encoded, deadline: now)
    }

    /// Whoever cannot be told apart from a stranger is one.
    private func admittedPeer() -> Peer? {
        let peer = listener.credentials(socket.number)
        if let peer, peer.uid == 0 || peer.uid == geteuid() { return peer }
        let name = peer.map { "\($0)" } ?? "unknown"
        listener.logger.warning("refused a control connection", metadata: ["peer": "\(name)"])
        return nil
    }

    private func reply(to line: Data, from peer: Peer) -> ControlReply {
        do throws(ControlFailure) {
            return handle(try ControlRequest(line: line), from: peer)
        } catch {
            listener.logger.debug("bad control request", metadata: ["peer": "\(peer)", "error": "\(error)"])
            return .failure(error)
        }
    }

    /// Blocks this thread, which is not of the pool, until the handler's task has an answer.
    private func handle(_ request: ControlRequest, from peer: Peer) -> ControlReply {
        let answer = Answer()
        let handler = listener.handler
        Task { answer.give(await handler(request, peer)) }
        return answer.take()
    }

    private func end(_ failure: LineChannel.Failure, _ peer: Peer) {
        switch failure {
        case .tooLong:
            let limit = listener.limits.request
            refuse(ControlFailure(id: "too-long", message: "a request has at most \(limit) bytes"))
        case .timedOut(inLine: true):
            refuse(ControlFailure(id: "timed-out", message: "the request did not end in time"))
        case .stopped: refuse(ControlFailure(id: "stopping", message: "gatehouse is stopping"))
        case .closed(inLine: true), .system:
            listener.logger.debug(
                "lost a control connection", metadata: ["peer": "\(peer)", "why": "\(failure)"])
        case .closed(inLine: false), .timedOut(inLine: false): break
        }
    }

    private func deadline() -> ContinuousClock.Instant { ContinuousClock.now + listener.limits.idle }
}

/// Hands one reply from a task to a waiting thread.
private final class Answer: Sendable {
    private let reply = Mutex<ControlReply?>(nil)
    private let given = DispatchSemaphore(value: 0)

    func give(_ value: ControlReply) {
        reply.withLock { $0 = value }
        given.signal()
    }

    func take() -> ControlReply {
        given.wait()
        return reply.withLock { $0 } ?? .failure(ControlFailure(id: "internal", message: "no answer"))
    }
}
