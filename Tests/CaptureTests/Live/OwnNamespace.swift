import CLinux
import Foundation
import Glibc
import TestSupport
import Testing

/// Runs a body in a network namespace of its own, on a thread of its own: both are gone when it returns.
///
/// The thread is an executor's, so that what the body expects is the current test's.
func inOwnNamespace(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withTaskExecutorPreference(OwnThread()) {
        guard gh_unshare_network() == 0 else { throw SystemError(call: "unshare", number: errno) }
        try body()
    }
}

/// Runs each job on a thread that is made for it. A body that does not suspend is one job.
private final class OwnThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
    }
}

/// A tun interface `tun0` with the address 10.8.0.1/24, and nothing in the namespace that speaks by itself.
///
/// The kernel takes a packet all its way within the write: a capture has seen it when the write is done.
final class QuietTunnel: Sendable {
    private let descriptor: Int32

    static let setup = """
        sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tun0.rp_filter=0
        ip link set lo up
        ip addr add 10.8.0.1/24 dev tun0
        ip link set tun0 up
        """

    init() throws {
        descriptor = unsafe gh_open_tunnel("tun0")
        guard descriptor >= 0 else { throw SystemError(call: "open tun0", number: errno) }
        try shell(Self.setup)
    }

    deinit { _ = close(descriptor) }

    /// The interface receives a packet.
    func receive(_ packet: [UInt8]) throws {
        let count = unsafe packet.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        guard count == packet.count else { throw SystemError(call: "write", number: errno) }
    }
}

/// The machine sends UDP datagrams of one byte to port 9 of 10.8.0.3.
func sendDatagrams(_ count: Int) throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { _ = close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(9).bigEndian
    address.sin_addr.s_addr = UInt32(0x0a08_0003).bigEndian
    for _ in 0..<count {
        let sent = unsafe withUnsafeBytes(of: &address) {
            unsafe sendto(
                socket, "x", 1, 0, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t($0.count))
        }
        guard sent == 1 else { throw SystemError(call: "sendto", number: errno) }
    }
}
