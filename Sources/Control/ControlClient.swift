package import ControlAPI
internal import Foundation
internal import Glibc

/// Why a request got no result.
package enum ControlClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Nobody listens at this path.
    case notRunning(path: String)
    case permissionDenied(path: String)
    case timedOut(after: Duration)
    /// What came back is no reply, or the connection ended without one.
    case protocolViolation(String)
    /// The daemon's answer.
    case refused(ControlFailure)
    case failed(String)

    package var description: String {
        switch self {
        case .notRunning(let path): "nobody answers at \(path): is the daemon running?"
        case .permissionDenied(let path):
            "no permission to use \(path): only root, the daemon's own user and members of its groups may"
        case .timedOut(let duration): "no answer within \(duration)"
        case .protocolViolation(let detail): "the daemon's answer makes no sense: \(detail)"
        case .refused(let failure): failure.description
        case .failed(let detail): "cannot ask the daemon: \(detail)"
        }
    }
}

/// Asks a running daemon one thing at a time, each over a connection of its own.
package struct ControlClient: Sendable {
    private let path: String
    private let timeout: Duration

    /// `timeout` is for the whole of a call.
    package init(path: String, timeout: Duration = .seconds(30)) {
        self.path = path
        self.timeout = timeout
    }

    /// Asks, and returns the result. Whether an order was carried out is unknown after `timedOut`, `protocolViolation` and
    /// `failed`.
    package func call<Arguments: Codable, Answer: Codable>(
        _ operation: TypedOperation<Arguments, Answer>, _ arguments: Arguments
    ) async throws(ControlClientError) -> Answer {
        let request: ControlRequest
        do {
            request = try ControlRequest(operation.row, arguments: arguments)
        } catch {
            throw .refused(error)
        }
        let reply = try await reply(to: request)
        do {
            return try reply.result()
        } catch {
            throw reply.failure == nil ? .protocolViolation(error.message) : .refused(error)
        }
    }

    /// Waits on a thread of its own, not of the cooperative pool. Cancelling the task does not end it; `timeout` does.
    private func reply(to request: ControlRequest) async throws(ControlClientError) -> ControlReply {
        let outcome = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(ControlClientError) {
                    continuation.resume(
                        returning: Result<_, ControlClientError>.success(try exchange(request)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try outcome.get()
    }

    private func exchange(_ request: ControlRequest) throws(ControlClientError) -> ControlReply {
        let deadline = ContinuousClock.now + timeout
        let bytes: [UInt8]
        do {
            bytes = try request.bytes()
        } catch {
            throw .refused(error)
        }
        guard request.body.count <= ControlProtocol.requestBytes else {
            throw .refused(ControlFailure(id: "too-long", message: "the request is too long to be sent"))
        }
        let stream = ClientStream(try connect(), deadline: deadline)
        let answer: [UInt8]
        do {
            // A server that refuses at once may be gone before it has read: what it said can still be read then.
            let sent = Result { () throws(ClientStream.Failure) in try stream.write(bytes) }
            if case .failure(.timedOut) = sent { try sent.get() }
            answer = try stream.readToEnd(limit: ControlProtocol.replyBytes)
        } catch {
            throw translated(error)
        }
        guard let reply = HTTPReply(answer).flatMap({ ControlReply(status: $0.status, body: $0.body) })
        else {
            throw .protocolViolation(
                answer.isEmpty ? "the connection ended without a reply" : "not a reply, or not all of it")
        }
        return reply
    }

    private func connect() throws(ControlClientError) -> FileDescriptor {
        do {
            return try UnixSocket.connect(to: path, timeout: timeout)
        } catch {
            switch error.code {
            case ENOENT, ECONNREFUSED: throw .notRunning(path: path)
            case EACCES, EPERM: throw .permissionDenied(path: path)
            case EAGAIN: throw .timedOut(after: timeout)
            default: throw .failed("\(error)")
            }
        }
    }

    private func translated(_ failure: ClientStream.Failure) -> ControlClientError {
        switch failure {
        case .timedOut: .timedOut(after: timeout)
        case .tooLong: .protocolViolation("the reply is too long")
        case .system(let error): .failed("\(error)")
        }
    }
}
