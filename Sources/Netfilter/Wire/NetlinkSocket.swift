import CLinux
import CNetfilter
import Glibc

/// One open socket to the kernel's netfilter. Not for more than one thread at a time.
///
/// Replies are there when `send` returns: nfnetlink works through a request within the sender's call. So nothing here
/// waits.
struct NetlinkSocket: ~Copyable {
    private let descriptor: Int32
    private var sendBufferBytes = 0
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    /// The failure of one system call.
    struct Failure: Error {
        var call: String
        var errno: Int32
    }

    init() throws(Failure) {
        descriptor = try Self.bound()
        // Both are comforts: the kernel's own words, and short refusals.
        _ = set(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        _ = set(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        // A batch that fails in every message answers every message.
        _ = set(SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    }

    /// A descriptor with a port number from the start: the kernel tells one without nothing of what others do.
    static func bound() throws(Failure) -> Int32 {
        let descriptor = socket(
            AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_NETFILTER)
        guard descriptor >= 0 else { throw Failure(call: "socket", errno: errno) }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        // The address is read before the call returns, and its size is that of the variable.
        let result = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe bind(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard result == 0 else {
            let failure = Failure(call: "bind", errno: errno)
            _ = close(descriptor)
            throw failure
        }
        return descriptor
    }

    deinit { _ = close(descriptor) }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Int32 {
        var value = value
        // The option is read before the call returns, and its size is that of the variable.
        return unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends one datagram. The send buffer grows with what it has to hold: a larger one is refused with EMSGSIZE.
    mutating func send(_ bytes: [UInt8]) throws(Failure) {
        let needed = bytes.count + 64 * 1024
        if needed > sendBufferBytes {
            _ = set(SOL_SOCKET, SO_SNDBUFFORCE, Int32(clamping: needed))
            sendBufferBytes = needed
        }
        while true {
            // The pointer lives for the call alone and the count is the array's. The socket is not bound to a peer:
            // without an address netlink sends to the kernel.
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, 0)
            }
            if sent == bytes.count { return }
            guard sent < 0, errno == EINTR else {
                throw Failure(call: "send", errno: sent < 0 ? errno : EMSGSIZE)
            }
        }
    }

    /// The next datagram that is there; nil when there is none. A copy: a slice of the buffer that lives on would make the
    /// next call copy all of it.
    mutating func receive() throws(Failure) -> ArraySlice<UInt8>? {
        while true {
            // The kernel writes at most the array's count, during the call.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_TRUNC))
            }
            if count >= 0 {
                guard count <= buffer.count else { throw Failure(call: "recv", errno: EMSGSIZE) }
                return Array(buffer[..<count])[...]
            }
            if errno == EAGAIN { return nil }
            guard errno == EINTR else { throw Failure(call: "recv", errno: errno) }
        }
    }

    /// The number that the kernel knows the socket by (`nlmsg_pid` of what it tells others of us); nil where it cannot be
    /// had.
    var port: UInt32? {
        var address = sockaddr_nl()
        var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
        // The kernel writes at most the size of the variable, during the call.
        let result = unsafe withUnsafeMutableBytes(of: &address) { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe getsockname(descriptor, $0.baseAddress, &length)
            }
        }
        return result == 0 && address.nl_pid != 0 ? address.nl_pid : nil
    }

    /// In the network namespace of the socket.
    func interfaceIndex(named name: String) -> UInt32? {
        let index = unsafe gh_interface_index(descriptor, name)
        return index == 0 ? nil : index
    }
}
