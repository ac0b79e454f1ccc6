import Glibc
import NetworkTypes

/// An address and a port as the system's calls take them.
struct SocketAddress: Sendable, Hashable {
    let bytes: [UInt8]

    /// Nil when the text is no address.
    init?(_ text: String, port: UInt16) {
        guard let address = IPAddress(text) else { return nil }
        let family = address.family == .ipv4 ? AF_INET : AF_INET6
        // sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): family in the machine's order, port in the network's.
        var bytes: [UInt8] = unsafe withUnsafeBytes(of: sa_family_t(family)) { unsafe Array($0) }
        bytes += [UInt8(port >> 8), UInt8(port & 255)]
        switch address.family {
        case .ipv4: bytes += address.bytes + [UInt8](repeating: 0, count: 8)
        case .ipv6: bytes += [0, 0, 0, 0] + address.bytes + [0, 0, 0, 0]
        }
        self.bytes = bytes
    }

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }
}

/// A UDP socket that never waits. Belongs to the namespace of the thread that makes it.
final class Datagrams: Sendable {
    private let descriptor: Int32

    /// Bound to an address and a port, or to none. The address need not be the machine's own (IP_FREEBIND).
    init(_ family: AddressFamily, at local: SocketAddress? = nil) throws {
        descriptor = socket(
            family == .ipv4 ? AF_INET : AF_INET6,
            Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw LabError.system(operation: "socket", errno: errno) }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        unsafe setsockopt(descriptor, Int32(IPPROTO_IP), Self.freeBind, &on, size)
        guard let local else { return }
        // The bytes live through the call.
        let result = unsafe local.bytes.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        guard result == 0 else { throw LabError.system(operation: "bind", errno: errno) }
    }

    /// IP_FREEBIND of linux/in.h; it holds for IPv6 too (ip(7)).
    private static let freeBind: Int32 = 15

    deinit { close(descriptor) }

    /// Whether the packet left the socket.
    func send(_ payload: [UInt8], to peer: SocketAddress) -> Bool {
        // The bytes live through the call.
        unsafe peer.bytes.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe sendto(
                    descriptor, payload, payload.count, 0, $0.baseAddress, socklen_t(bytes.count))
                    == payload.count
            }
        }
    }

    /// The next packet that is there, cut to the buffer, and who sent it; nil when there is none. Errors that earlier
    /// packets met are passed over.
    func receive(into buffer: inout [UInt8]) -> (count: Int, from: SocketAddress)? {
        for _ in 0..<16 {
            var peer = [UInt8](repeating: 0, count: 28)
            var length = socklen_t(peer.count)
            let count = unsafe peer.withUnsafeMutableBytes { bytes in
                unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                    unsafe recvfrom(descriptor, &buffer, buffer.count, 0, $0.baseAddress, &length)
                }
            }
            if count >= 0 { return (count, SocketAddress(bytes: Array(peer.prefix(Int(length))))) }
            if errno == EAGAIN { return nil }
        }
        return nil
    }
}
