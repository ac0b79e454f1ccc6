import Glibc
import NetworkTypes
import TestSupport

/// A TCP socket that listens on all addresses of one family in the calling thread's network namespace.
final class ListeningSocket: Sendable {
    private let descriptor: Int32

    init(family: AddressFamily, port: UInt16) throws {
        descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(call: "socket", number: errno) }
        guard family == .ipv4 ? Self.bind4(descriptor, port) : Self.bind6(descriptor, port),
            listen(descriptor, 16) == 0
        else { throw SystemError(call: "bind", number: errno) }
    }

    deinit { _ = close(descriptor) }

    /// The address is a variable of the call, and its size is that of its type.
    private static func bind4(_ descriptor: Int32, _ port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bind(
                descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        } == 0
    }

    private static func bind6(_ descriptor: Int32, _ port: UInt16) -> Bool {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        return unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bind(
                descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        } == 0
    }
}
