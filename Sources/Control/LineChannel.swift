/// Lines over a socket, with a limit of size and of time. Used by one thread, which it blocks.
struct LineChannel {
    enum Failure: Error {
        /// The other side closed; in the middle of a line, or between two.
        case closed(inLine: Bool)
        case tooLong
        case timedOut(inLine: Bool)
        /// A stop was asked for while no whole line was there.
        case stopped
        case system(SystemError)
    }

    private let socket: FileDescriptor
    private let stop: StopSignal?
    private var buffer: [UInt8] = []

    init(_ socket: FileDescriptor, stop: StopSignal? = nil) {
        self.socket = socket
        self.stop = stop
    }

    /// The next line without its line feed. The deadline is for the whole line: one byte now and then does not keep a
    /// connection. `limit` counts the line feed.
    mutating func readLine(limit: Int, deadline: ContinuousClock.Instant) throws(Failure) -> [UInt8] {
        var searched = 0
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0a) {
                guard end < limit else { throw .tooLong }
                defer { buffer.removeSubrange(...end) }
                return Array(buffer[..<end])
            }
            guard buffer.count < limit else { throw .tooLong }
            searched = buffer.count
            try fill(deadline)
        }
    }

    /// Sends all of it. Not ended by a stop: what was done should be told.
    func write(_ bytes: some Sequence<UInt8>, deadline: ContinuousClock.Instant) throws(Failure) {
        let bytes = Array(bytes)
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: .write, stop: nil, deadline)
            do {
                rest = rest.dropFirst(try UnixSocket.send(rest, to: socket))
            } catch {
                throw .system(error)
            }
        }
    }

    private mutating func fill(_ deadline: ContinuousClock.Instant) throws(Failure) {
        try wait(for: .read, stop: stop, deadline)
        let received: [UInt8]?
        do {
            received = try UnixSocket.receive(socket)
        } catch {
            throw .system(error)
        }
        guard let bytes = received else { return }
        guard !bytes.isEmpty else { throw .closed(inLine: !buffer.isEmpty) }
        buffer += bytes
    }

    private enum Direction { case read, write }

    private func wait(
        for direction: Direction, stop: StopSignal?, _ deadline: ContinuousClock.Instant
    ) throws(Failure) {
        let readiness: UnixSocket.Readiness
        do {
            readiness = try UnixSocket.wait(
                for: direction == .read ? UnixSocket.readable : UnixSocket.writable, on: socket, stop: stop,
                until: deadline)
        } catch {
            throw .system(error)
        }
        switch readiness {
        case .ready: return
        case .stopped: throw .stopped
        case .timedOut: throw .timedOut(inLine: !buffer.isEmpty)
        }
    }
}
