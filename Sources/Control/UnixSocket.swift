import CLinux
import Glibc
import Synchronization

/// A system call that failed.
struct SystemError: Error, Sendable, CustomStringConvertible {
    let operation: String
    let code: Int32

    /// Reads `errno`: make it before anything else can change that.
    init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    var description: String { "\(operation): \(unsafe String(cString: strerror(code)))" }
}

/// A file descriptor that is closed when nobody holds it any more: no thread can use a number that has passed to
/// another file.
final class FileDescriptor: Sendable {
    let number: Int32
    private let isOwned = Atomic(true)

    init(owning number: Int32) { self.number = number }

    deinit { if isOwned.load(ordering: .acquiring) { close(number) } }

    /// Hands the number to another owner, who closes it.
    func release() -> Int32 {
        // Pairs with the acquiring load of the end.
        isOwned.store(false, ordering: .releasing)
        return number
    }
}

/// Says stop to every thread that waits, now and later: a pipe with a byte in it that nobody reads.
final class StopSignal: Sendable {
    private let reading: FileDescriptor
    private let writing: FileDescriptor

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        // The array has room for the two numbers that pipe writes.
        guard unsafe pipe(&ends) == 0 else { throw SystemError("pipe") }
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    }

    /// May be called again.
    func raise() {
        var byte: UInt8 = 0
        // A full pipe would not take it, and is readable already.
        _ = unsafe write(writing.number, &byte, 1)
    }

    var descriptor: Int32 { reading.number }
}

/// The calls on Unix sockets that take C pointers. Each pointer is to a local value and used by the call alone.
enum UnixSocket {
    enum Readiness { case ready, stopped, timedOut }

    static let readable = Int32(POLLIN)
    static let writable = Int32(POLLOUT)

    /// Waits until a descriptor can be read or written without blocking, or has failed. A stop comes first.
    static func wait(
        for events: Int32, on descriptor: FileDescriptor, stop: StopSignal?,
        until deadline: ContinuousClock.Instant
    ) throws(SystemError) -> Readiness {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero { return .timedOut }
            // Rounded up: a wait of half a millisecond must not become a loop without waiting.
            let milliseconds = Int32(min(left, .seconds(3600)) / .milliseconds(1)) + 1
            var polled = [
                pollfd(fd: stop?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor.number, events: Int16(events), revents: 0),
            ]
            let count = unsafe poll(&polled, 2, milliseconds)
            if count < 0, errno != EINTR { throw SystemError("poll") }
            if count > 0 { return polled[0].revents != 0 ? .stopped : .ready }
        }
    }

    /// A listening socket under `path`, in place of whatever socket has that name.
    ///
    /// It is made under another name, and nobody can connect before `listen`, so there is no moment at which others
    /// may connect or at which the name is missing. Two processes that do this at once must be kept apart by a lock.
    static func listen(at path: String, mode: mode_t) throws(SystemError) -> FileDescriptor {
        let draft = path + ".new"
        if unsafe unlink(draft) != 0, errno != ENOENT { throw SystemError("unlink \(draft)") }
        let socket = try make(flags: Int32(SOCK_NONBLOCK.rawValue))
        guard try unsafe withAddress(draft, { unsafe bind(socket.number, $0, $1) }) == 0 else {
            throw SystemError("bind \(draft)")
        }
        guard unsafe chmod(draft, mode) == 0 else { throw SystemError("chmod \(draft)") }
        guard Glibc.listen(socket.number, 64) == 0 else { throw SystemError("listen \(draft)") }
        guard unsafe rename(draft, path) == 0 else { throw SystemError("rename \(draft)") }
        return socket
    }

    /// Connects, blocking for no longer than `timeout` while the other side's queue is full.
    static func connect(to path: String, timeout: Duration) throws(SystemError) -> FileDescriptor {
        let socket = try make(flags: 0)
        try limitSending(socket, to: timeout)
        let result = try unsafe withAddress(path) { unsafe Glibc.connect(socket.number, $0, $1) }
        guard result == 0 else { throw SystemError("connect \(path)") }
        return socket
    }

    static func accept(_ listener: FileDescriptor) throws(SystemError) -> FileDescriptor {
        let number = Glibc.accept(listener.number, nil, nil)
        guard number >= 0 else { throw SystemError("accept") }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return FileDescriptor(owning: number)
    }

    /// What is there to be read, at most 64 KiB; empty at the end of the stream, nil when there is nothing yet.
    static func receive(_ socket: FileDescriptor) throws(SystemError) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(socket.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
        guard count >= 0 else {
            if errno == EAGAIN || errno == EINTR { return nil }
            throw SystemError("recv")
        }
        return Array(buffer[..<count])
    }

    /// Sends what fits without blocking; returns how many bytes that were.
    static func send(_ bytes: ArraySlice<UInt8>, to socket: FileDescriptor) throws(SystemError) -> Int {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(socket.number, $0.baseAddress, $0.count, flags)
        }
        guard count >= 0 else {
            if errno == EAGAIN || errno == EINTR { return 0 }
            throw SystemError("send")
        }
        return count
    }

    /// A socket for datagrams, which waits so long while the other side's queue is full.
    static func datagram(patience: Duration) throws(SystemError) -> FileDescriptor {
        let socket = try make(SOCK_DGRAM, flags: 0)
        try limitSending(socket, to: patience)
        return socket
    }

    /// Sends one datagram. A path that begins with `@` is a name that no file system has (unix(7), abstract).
    static func send(
        _ bytes: [UInt8], from socket: FileDescriptor, to path: String
    ) throws(SystemError) {
        let count = try unsafe withAddress(path, mayBeAbstract: true) { address, length in
            Int32(
                truncatingIfNeeded: unsafe bytes.withUnsafeBytes {
                    unsafe sendto(
                        socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), address, length)
                })
        }
        guard count == bytes.count else { throw SystemError("sendto \(path)") }
    }

    private static func limitSending(
        _ socket: FileDescriptor, to patience: Duration
    ) throws(SystemError) {
        let (seconds, attoseconds) = patience.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let length = socklen_t(MemoryLayout<timeval>.size)
        guard unsafe setsockopt(socket.number, SOL_SOCKET, SO_SNDTIMEO, &limit, length) == 0 else {
            throw SystemError("setsockopt")
        }
    }

    private static func make(
        _ kind: __socket_type = SOCK_STREAM, flags: Int32
    ) throws(SystemError) -> FileDescriptor {
        let type = Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw SystemError("socket") }
        return FileDescriptor(owning: number)
    }

    private static func withAddress(
        _ path: String, mayBeAbstract: Bool = false, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = mayBeAbstract && path.hasPrefix("@")
        let bytes = isAbstract ? [0] + path.utf8.dropFirst() : Array(path.utf8)
        // One byte is left for the NUL that ends the path.
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), bytes.contains(0) == isAbstract
        else {
            throw SystemError("socket path \(path)", code: ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // An abstract name is as long as it is said to be, zeros included.
        let length = socklen_t(
            isAbstract
                ? MemoryLayout<sa_family_t>.size + bytes.count : MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }
}

/// A lock that lasts as long as the process that holds it, however that ends.
struct ProcessLock: Sendable {
    private let file: FileDescriptor

    /// Returns nil when another has the lock. The file stays for good: to remove it would let two lock two files of
    /// one name.
    init?(path: String) throws(SystemError) {
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw SystemError("open \(path)") }
        file = FileDescriptor(owning: number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { return nil }
            throw SystemError("flock \(path)")
        }
    }

    /// Gives the lock up before the process ends.
    func release() { _ = flock(file.number, LOCK_UN) }
}
