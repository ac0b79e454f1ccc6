import Glibc
import Synchronization

/// A bound Unix socket that takes datagrams, as a service manager has one.
package final class DatagramSocket: Sendable {
    /// As the environment names it: with `@` for a name that no file system has.
    package let path: String
    private let descriptor: Int32
    private let taken = Mutex<[String]>([])

    package init(_ path: String) throws {
        self.path = path
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SystemError(call: "socket", number: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let bytes = isAbstract ? [0] + path.utf8.dropFirst() : path.utf8 + [0]
        // The bytes fit, or copying traps; the address lives through the call.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = unsafe withUnsafeBytes(of: &address) { raw in
            unsafe bind(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
        }
        guard result == 0 else { throw SystemError(call: "bind", number: errno) }
        // Whoever it is that sends.
        if !isAbstract { _ = unsafe chmod(path, 0o666) }
    }

    deinit { _ = close(descriptor) }

    /// Every datagram that has come, oldest first, those of earlier calls included.
    package var all: [String] {
        taken.withLock { taken in
            while true {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = unsafe buffer.withUnsafeMutableBytes {
                    unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
                }
                guard count >= 0 else { return taken }
                taken.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }
    }

    /// The lines of all datagrams.
    package var lines: [String] { all.flatMap { $0.split(separator: "\n").map(String.init) } }

    /// Waits until so many lines are this one; false when that takes too long.
    package func hears(_ line: String, times: Int = 1, within patience: Duration = .seconds(300)) async
        -> Bool
    {
        let deadline = ContinuousClock.now + patience
        while lines.count(where: { $0 == line }) < times {
            if ContinuousClock.now > deadline || Task.isCancelled { return false }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return true
    }
}
