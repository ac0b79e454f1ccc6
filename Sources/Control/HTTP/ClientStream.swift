internal import Glibc

/// A request and its reply over a socket of our own, with a limit of time for the whole. Used by one thread, which it blocks.
struct ClientStream {
    enum Failure: Error {
        case timedOut
        case tooLong
        case system(SystemError)
    }

    private let socket: FileDescriptor
    private let deadline: ContinuousClock.Instant

    init(_ socket: FileDescriptor, deadline: ContinuousClock.Instant) {
        self.socket = socket
        self.deadline = deadline
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: UnixSocket.writable)
            do {
                rest = rest.dropFirst(try UnixSocket.send(rest, to: socket))
            } catch {
                throw .system(error)
            }
        }
    }

    /// What comes until the other side closes. One that is gone with bytes of ours unread has closed too.
    func readToEnd(limit: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            try wait(for: UnixSocket.readable)
            do {
                guard let more = try UnixSocket.receive(socket) else { continue }
                if more.isEmpty { return bytes }
                bytes += more
            } catch {
                guard error.code == ECONNRESET else { throw .system(error) }
                return bytes
            }
            guard bytes.count <= limit else { throw .tooLong }
        }
    }

    private func wait(for events: Int32) throws(Failure) {
        do {
            if case .ready = try UnixSocket.wait(for: events, on: socket, stop: nil, until: deadline) {
                return
            }
        } catch {
            throw .system(error)
        }
        throw .timedOut
    }
}
