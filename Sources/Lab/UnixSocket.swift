import Foundation
import Glibc

/// Sockets of this machine (unix(7)), streams but for one. Descriptors are the caller's to close.
enum UnixSocket {
    /// Connects, and waits for nothing but a place in the listener's queue.
    static func connect(to path: String) throws -> Int32 {
        try unsafe open(path) { unsafe Glibc.connect($0, $1, $2) }
    }

    /// Listens in place of whoever listened there before. Does not wait in `accept`.
    static func listen(at path: String) throws -> Int32 {
        _ = unsafe unlink(path)
        let descriptor = try unsafe open(path) { unsafe bind($0, $1, $2) }
        guard Glibc.listen(descriptor, 4) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            let error = errno
            close(descriptor)
            throw LabError.system(operation: "listen at \(path)", errno: error)
        }
        return descriptor
    }

    /// Takes datagrams in place of whoever took them there before.
    static func datagrams(at path: String) throws -> Int32 {
        _ = unsafe unlink(path)
        return try unsafe open(path, SOCK_DGRAM) { unsafe bind($0, $1, $2) }
    }

    private static func open(
        _ path: String, _ type: __socket_type = SOCK_STREAM,
        _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw LabError.system(operation: "open \(path)", errno: ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LabError.system(operation: "socket", errno: errno) }
        // The structure lives through the call.
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let error = errno
            close(descriptor)
            throw LabError.system(operation: "open \(path)", errno: error)
        }
        return descriptor
    }
}

/// One end of a stream, with what could not be written yet. Nothing waits. Belongs to one thread.
final class StreamEnd {
    let descriptor: Int32
    private var unsent: ArraySlice<UInt8> = []
    /// The other side has closed, or the stream is broken.
    private(set) var isOver = false

    /// Owns the descriptor from here on.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// The next who has connected; nil when there is none.
    convenience init?(from listener: Int32) {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        self.init(descriptor)
    }

    /// A child that was started between `accept` and the line above has it too: so it is shut for all of them.
    deinit {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    var hasUnsent: Bool { !unsent.isEmpty }

    /// What is there, at most so much; empty when there is nothing.
    func read(atMost count: Int = 1 << 16) -> [UInt8] {
        // The kernel writes at most the capacity, during the call.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let result = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if result == 0 || (result < 0 && errno != EAGAIN && errno != EINTR) { isOver = true }
            initialized = max(0, result)
        }
        return bytes
    }

    func write(_ bytes: some Sequence<UInt8>) {
        unsent += Array(bytes)
        flush()
    }

    /// Writes what fits of what is left.
    func flush() {
        while !unsent.isEmpty, !isOver {
            // The pointer lives for the call alone.
            let count = unsafe unsent.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                unsent = unsent.dropFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                isOver = true
            }
        }
        if unsent.isEmpty { unsent = [] }
    }

    /// What to wait for: something to read where that is wanted, and room where something is unsent.
    func waited(toRead: Bool) -> pollfd {
        let events = (toRead ? POLLIN : 0) | (hasUnsent ? POLLOUT : 0)
        return pollfd(fd: descriptor, events: Int16(events), revents: 0)
    }
}
