import Glibc

/// A system call that failed.
struct SystemCallFailure: Error, CustomStringConvertible {
    var call: String
    var code: Int32

    /// Takes `errno` as the last call left it: make it right after the call.
    static func last(_ call: String) -> SystemCallFailure { SystemCallFailure(call: call, code: errno) }

    var description: String {
        let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return "\(call): \(text)"
    }
}

/// A file descriptor that is closed when its owner goes. All calls are non-blocking.
struct LocalSocket: ~Copyable {
    private let descriptor: Int32

    /// What a read or write came to.
    enum Outcome: Equatable {
        case bytes(Int)
        /// Nothing can be done now; wait for readiness.
        case wouldBlock
        /// The other side has closed.
        case ended
    }

    deinit { close(descriptor) }

    /// Connects to a listening Unix socket. Throws at once when its queue is full: the server takes one at a time.
    init(connectingTo path: String) throws(SystemCallFailure) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw .last("socket") }
        guard var address = Self.address(path) else {
            throw SystemCallFailure(call: "connect", code: ENAMETOOLONG)
        }
        // The structure outlives the call, which reads exactly its size and keeps no pointer.
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe connect(descriptor, rebound, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .last("connect to \(path)") }
    }

    /// Nil when the path does not fit with its terminator (108 bytes, unix(7)).
    static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count, !bytes.contains(0) else { return false }
            unsafe room.copyBytes(from: bytes)
            return true
        }
        return fits ? address : nil
    }

    fileprivate init(adopting descriptor: Int32) { self.descriptor = descriptor }

    /// Fills at most all of `buffer`, from its start.
    func read(into buffer: inout [UInt8]) throws(SystemCallFailure) -> Outcome {
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return .bytes(count) }
        if count == 0 { return .ended }
        guard [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) else { throw .last("recv") }
        return .wouldBlock
    }

    /// Writes what fits of `bytes`. A closed peer is an error here, never a signal.
    func write(_ bytes: [UInt8]) throws(SystemCallFailure) -> Outcome {
        let count = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if count >= 0 { return .bytes(count) }
        guard [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) else { throw .last("send") }
        return .wouldBlock
    }

    /// Blocks the calling thread until this socket can be read (or written, if asked), `other` can be read, or the
    /// time is over.
    func wait(orFor other: borrowing LocalSocket, toWrite: Bool, atMost time: Duration) {
        let events = Int16(POLLIN) | (toWrite ? Int16(POLLOUT) : 0)
        var waiting = [
            pollfd(fd: descriptor, events: events, revents: 0),
            pollfd(fd: other.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&waiting, 2, Self.milliseconds(time))
    }

    /// Blocks the calling thread until this socket can be read or the time is over.
    func wait(atMost time: Duration) {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&waiting, 1, Self.milliseconds(time))
    }

    /// Rounded up: a wait that ends a little early would spin. At most a day.
    private static func milliseconds(_ time: Duration) -> Int32 {
        let bounded = min(max(time, .zero), .seconds(86_400))
        return Int32((bounded / .milliseconds(1)).rounded(.up))
    }
}

/// Wakes a thread that waits for a socket.
struct Alarm: ~Copyable {
    /// Readable once the alarm has been rung.
    let bell: LocalSocket
    private let hammer: LocalSocket

    /// Throws when the process has no file descriptors left.
    init() throws(SystemCallFailure) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .last("socketpair") }
        bell = LocalSocket(adopting: ends[0])
        hammer = LocalSocket(adopting: ends[1])
    }

    func ring() {
        // When the socket is full the bell is ringing already; nothing else can fail while both ends are ours.
        _ = try? hammer.write([0])
    }

    func hush() {
        var bytes = [UInt8](repeating: 0, count: 256)
        _ = try? bell.read(into: &bytes)
    }
}
