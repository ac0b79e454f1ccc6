import Glibc

/// Where datagrams go: a socket of this machine, or an address and a port of UDP. Numbers only: a name would have to be
/// asked for.
package enum DatagramTarget: Sendable, Hashable {
    case unix(String)
    case udp(host: String, port: UInt16)

    /// Sends one datagram, from a socket made for it: nothing is kept of one that was bound anew meanwhile. Waits at most
    /// two seconds when the other side is that busy.
    func send(_ bytes: [UInt8]) throws(DeliveryFailure) {
        switch self {
        case .unix(let path): try Self.send(bytes, AF_UNIX, Self.unix(path), path)
        case .udp(let host, let port):
            if var address = Self.address4(host, port) {
                try unsafe Self.send(bytes, AF_INET, withUnsafeBytes(of: &address) { unsafe Array($0) }, host)
            } else if var address = Self.address6(host, port) {
                try unsafe Self.send(
                    bytes, AF_INET6, withUnsafeBytes(of: &address) { unsafe Array($0) }, host)
            } else {
                throw DeliveryFailure("\(host) is no address")
            }
        }
    }

    private static func send(
        _ bytes: [UInt8], _ family: Int32, _ address: [UInt8], _ name: String
    ) throws(DeliveryFailure) {
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("make a socket") }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        // The structure lives through the call.
        guard
            unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0
        else { throw failure("set up a socket") }
        // Both arrays live through the call, which keeps no pointer.
        let sent = unsafe address.withUnsafeBytes { raw in
            unsafe sendto(
                descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL),
                raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        guard sent == bytes.count else { throw failure("send to \(name)") }
    }

    /// As bytes: family, path, zero. An abstract name begins with `@`.
    private static func unix(_ path: String) -> [UInt8] {
        var family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let name = isAbstract ? [0] + path.utf8.dropFirst() : path.utf8 + [0]
        return unsafe withUnsafeBytes(of: &family) { unsafe Array($0) } + name
    }

    private static func address4(_ host: String, _ port: UInt16) -> sockaddr_in? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1 ? address : nil
    }

    private static func address6(_ host: String, _ port: UInt16) -> sockaddr_in6? {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        return unsafe inet_pton(AF_INET6, host, &address.sin6_addr) == 1 ? address : nil
    }

    private static func failure(_ operation: String) -> DeliveryFailure {
        DeliveryFailure("cannot \(operation): \(unsafe String(cString: strerror(errno)))")
    }
}
