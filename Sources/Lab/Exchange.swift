import Glibc
package import NetworkTypes

/// A packet out of a namespace and the answer to it, or the refusal.
package struct Exchange: Sendable {
    package enum Transport: Sendable {
        case udp(port: UInt16)
        case icmp
    }

    private let address: String
    private let family: AddressFamily
    private let transport: Transport
    private static let patience = timeval(tv_sec: 2, tv_usec: 0)

    package init(with address: String, _ family: AddressFamily, by transport: Transport) {
        self.address = address
        self.family = family
        self.transport = transport
    }

    /// Asks, and waits up to two seconds. The socket is connected, so that an ICMP refusal comes back as an error of
    /// the socket (udp(7), raw(7)).
    package func ask(_ question: some Question, from space: Network.Space) async throws -> Probe.Finding {
        try await space.inside {
            let descriptor = try connected()
            defer { close(descriptor) }
            let bytes = question.bytes
            guard unsafe send(descriptor, bytes, bytes.count, 0) == bytes.count else {
                return Self.failed(errno)
            }
            // A raw socket is shown every ICMP packet of the namespace; the bound is for a namespace full of them.
            for _ in 0..<100 {
                var reply = [UInt8](repeating: 0, count: 512)
                let count = unsafe recv(descriptor, &reply, reply.count, 0)
                if count < 0 { return Self.failed(errno) }
                if question.isAnswered(by: Array(reply.prefix(count))) { return .reached }
            }
            return .odd("answers, but not to the question")
        }
    }

    /// What a failed call on the socket says of the packet.
    package static func failed(_ error: Int32) -> Probe.Finding {
        switch error {
        case EAGAIN: .silent
        case ECONNREFUSED: .refused("port")
        case EHOSTUNREACH: .refused("host prohibited")
        case EACCES: .refused("prohibited")
        case ENETUNREACH: .refused("no route")
        default: .odd("error \(error)")
        }
    }

    private func connected() throws -> Int32 {
        let (kind, ipProtocol, port) = socketParameters
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = kind
        unsafe hints.ai_protocol = ipProtocol
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, port, &hints, &list) == 0, let found = unsafe list?.pointee else {
            throw LabError.system(operation: "read address \(address)", errno: EINVAL)
        }
        defer { unsafe freeaddrinfo(list) }
        let descriptor = unsafe socket(found.ai_family, kind | Int32(SOCK_CLOEXEC.rawValue), ipProtocol)
        guard descriptor >= 0 else { throw LabError.system(operation: "socket", errno: errno) }
        var patience = Self.patience
        guard
            unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0,
            unsafe connect(descriptor, found.ai_addr, found.ai_addrlen) == 0
        else {
            defer { close(descriptor) }
            throw LabError.system(operation: "connect to \(address)", errno: errno)
        }
        return descriptor
    }

    private var socketParameters: (kind: Int32, ipProtocol: Int32, port: String?) {
        switch (transport, family) {
        case (.udp(let port), _): (Int32(SOCK_DGRAM.rawValue), Int32(IPPROTO_UDP), String(port))
        case (.icmp, .ipv4): (Int32(SOCK_RAW.rawValue), Int32(IPPROTO_ICMP), nil)
        case (.icmp, .ipv6): (Int32(SOCK_RAW.rawValue), Int32(IPPROTO_ICMPV6), nil)
        }
    }
}
