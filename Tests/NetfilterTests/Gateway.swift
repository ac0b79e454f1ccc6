import CLinux
import Foundation
import Glibc
import Netfilter
import RulesetCompiler
import RulesetSamples
import TestSupport
import Testing

/// A gateway in a network namespace of its own, whose three interfaces are ours to write packets into and to read
/// them from: `tun0` and `tun1` toward sessions, `lan0` toward servers.
///
/// The kernel takes a packet all its way within the write, so what comes out is there when the write is done: nothing
/// here waits. The namespace goes with the thread and the descriptors.
final class Gateway: Sendable {
    let backend: NetlinkRulesetBackend
    let tunnels: [TunnelDevice]
    let lan: TunnelDevice
    private let thread: NamespaceThread

    static let setup = """
        sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        ip link set lo up
        for i in tun0 tun1 lan0; do
            sysctl -qw net.ipv4.conf.$i.rp_filter=0 net.ipv6.conf.$i.accept_dad=0 net.ipv6.conf.$i.router_solicitations=0
            ip link set $i mtu 1400 up
        done
        sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000
        ip addr add 10.8.0.1/24 dev tun0 && ip -6 addr add fd08::1/64 dev tun0 nodad
        ip addr add 10.9.0.1/24 dev tun1 && ip -6 addr add fd09::1/64 dev tun1 nodad
        ip addr add 10.10.0.1/16 dev lan0 && ip -6 addr add fd10::1/48 dev lan0 nodad
        """

    /// A bare one has its interfaces and no addresses. Any other has the guard too, so that every packet that a test sees
    /// passing has passed it.
    init(isBare: Bool = false, hasDestroy: Bool? = nil) async throws {
        let thread = NamespaceThread()
        self.thread = thread
        let (backend, devices) = try await thread.run {
            guard gh_unshare_network() == 0 else { throw SystemError(call: "unshare", number: errno) }
            let devices = try ["tun0", "tun1", "lan0"].map(TunnelDevice.init)
            if !isBare { try shell(Self.setup) }
            return (NetlinkRulesetBackend(hasDestroy: hasDestroy), devices)
        }
        self.backend = backend
        tunnels = Array(devices[0...1])
        lan = devices[2]
        if !isBare { _ = try await backend.commit(Transaction(guarding: Samples.layout)) }
    }

    /// Packets that the guard has dropped.
    func guardDrops() async throws -> Int? {
        let chain = try await run("nft list chain inet \(Samples.layout.guardTable) refuse")
        return chain.firstMatch(of: /packets ([0-9]+)/).flatMap { Int($0.1) }
    }

    /// Runs a shell command in the namespace; throws with its words when it fails.
    @discardableResult func run(_ command: String, input: String = "") async throws -> String {
        try await thread.run { try shell(command, input: input) }
    }

    /// Runs a body on the namespace's thread: sockets made in it belong there.
    func inside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await thread.run(body)
    }

    /// What `nft` reads of our table, without what changes by itself.
    func listing(_ table: String = "gatehouse") async throws -> String {
        try await run("nft list table inet \(table)")
            .replacing(/\ expires [0-9dhms]+/, with: "")
            .replacing(/packets [0-9]+ bytes [0-9]+/, with: "packets 0 bytes 0")
    }
}

/// One end of a tun interface. Reads and writes are single system calls on a descriptor that stays open.
final class TunnelDevice: Sendable {
    private let descriptor: Int32

    init(_ name: String) throws {
        descriptor = unsafe gh_open_tunnel(name)
        guard descriptor >= 0 else { throw SystemError(call: "open \(name)", number: errno) }
    }

    deinit { _ = close(descriptor) }

    func write(_ packet: [UInt8]) throws { try write(packet[...]) }

    func write(_ packet: ArraySlice<UInt8>) throws {
        let count = unsafe packet.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == packet.count else { throw SystemError(call: "write", number: errno) }
    }

    /// The next packet that has come out, into the start of the buffer; its length, or -1 when there is none.
    func read(into buffer: inout [UInt8]) -> Int {
        unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    }

    /// Whether a packet comes out within a time.
    func waitForPacket(milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // One entry, for the call alone.
        return unsafe poll(&request, 1, milliseconds) > 0
    }

    /// Every packet that has come out.
    func read() -> [[UInt8]] {
        var packets: [[UInt8]] = []
        while true {
            var buffer = [UInt8](repeating: 0, count: 2048)
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return packets }
            packets.append(Array(buffer[..<count]))
        }
    }
}

/// A thread that may change its network namespace, since nobody else runs on it.
final class NamespaceThread: Sendable {
    private let queue = NamespaceQueue()

    init() {
        let queue = queue
        Thread { while let job = queue.next() { job() } }.start()
    }

    deinit { queue.add(nil) }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.add { continuation.resume(with: Result(catching: body)) }
        }
    }
}

/// `jobs` is touched under `condition` alone; nil ends the thread.
private final class NamespaceQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [(() -> Void)?] = []

    func add(_ job: (() -> Void)?) {
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func next() -> (() -> Void)? {
        condition.withLock {
            while jobs.isEmpty { condition.wait() }
            return jobs.removeFirst()
        }
    }
}
