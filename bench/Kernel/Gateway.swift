import CLinux
import CTraffic
import Foundation
import Glibc
import Netfilter
import NetworkTypes
import RulesetCompiler

/// A gateway in a network namespace of its own: `tun0` and `lan0` take packets in, and `tun1` and `sink0` swallow what is
/// sent to them.
///
/// The calling thread is in the namespace that was made or entered last: all of this is for one thread.
final class Gateway {
    private let namespace: Int32
    /// Of the VPN, the side that packets of sessions come from.
    let tunnel: UInt32
    /// The side that answers come from.
    let lan: UInt32
    /// The tunnel that answers go to.
    let farTunnel: UInt32
    /// Keep the interfaces able to take packets in.
    private let links: [Int32]
    let backend: Kernel

    static let setUp = """
        ip link set lo up
        ip link add tun0 address \(Frame.gateway) type veth peer name tun0_
        ip link add lan0 address \(Frame.gateway) type veth peer name lan0_
        ip link add tun1 type ifb && ip link add sink0 type ifb
        sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        for i in tun0 tun0_ lan0 lan0_ tun1 sink0; do
            sysctl -qw net.ipv4.conf.$i.rp_filter=0 net.ipv6.conf.$i.accept_dad=0 net.ipv6.conf.$i.router_solicitations=0
            ip link set $i up
        done
        sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        ip addr add 10.0.0.1/32 dev lo && ip -6 addr add fd00::1/128 dev lo nodad
        # By a next hop, or there would be a neighbour for each session, as no tunnel has.
        ip route add 10.64.0.0/10 via 10.255.255.254 dev tun1 onlink
        ip -6 route add fd08::/64 via fe80::2 dev tun1
        ip route add 10.10.0.0/16 dev sink0 && ip -6 route add fd10::/64 dev sink0
        """

    init() throws {
        guard gh_unshare_network() == 0 else { throw Mistake("unshare: \(errno)") }
        namespace = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard namespace >= 0 else { throw Mistake("namespace: \(errno)") }
        try shell(Self.setUp)
        tunnel = unsafe if_nametoindex("tun0")
        lan = unsafe if_nametoindex("lan0")
        farTunnel = unsafe if_nametoindex("tun1")
        links = [traffic_open_interface(tunnel), traffic_open_interface(lan)]
        guard !links.contains(-1) else { throw Mistake("bpf link: \(errno)") }
        backend = Kernel()
    }

    deinit {
        for descriptor in links + [namespace] { close(descriptor) }
    }

    func enter() { precondition(gh_enter_network_namespace(namespace) == 0, "setns: \(errno)") }

    /// Packets that have left by the interface that swallows them.
    func arrived(_ way: Way) throws -> Int {
        let text = try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8)
        let name = way == .out ? "sink0:" : "tun1:"
        let fields = text.split(separator: "\n").map { $0.split(separator: " ") }.first {
            $0.first == name[...]
        }
        guard let count = fields.flatMap({ $0.dropFirst(2).first }).flatMap({ Int($0) }) else {
            throw Mistake("no counter of \(name)")
        }
        return count
    }
}

/// From a session to a server, or back.
enum Way: CaseIterable { case out, back }

/// The kernel's rules, in the namespace of the thread that makes this, called from a thread that waits.
struct Kernel {
    let backend = NetlinkRulesetBackend()

    @discardableResult func commit(_ transaction: Transaction) throws -> CommitReceipt {
        try perform { try $0.commit(transaction) }
    }

    /// On the netlink thread itself, so that a change of threads is no part of what is measured.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (isolated NetlinkRulesetBackend) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        Task { [backend] in await answer.give { try await backend.perform(body) } }
        return try answer.wait()
    }

    private final class Answer<Value: Sendable>: @unchecked Sendable {
        // Written before the signal, read after it.
        private var result: Result<Value, any Error>?
        private let done = DispatchSemaphore(value: 0)

        func give(_ body: () async throws -> Value) async {
            do { result = .success(try await body()) } catch { result = .failure(error) }
            done.signal()
        }

        func wait() throws -> Value {
            done.wait()
            guard let result else { throw Mistake("no answer") }
            return try result.get()
        }
    }
}

extension NetlinkRulesetBackend {
    fileprivate func perform<Value: Sendable>(
        _ body: @Sendable (isolated NetlinkRulesetBackend) throws -> Value
    ) rethrows -> Value { try body(self) }
}

/// In the calling thread's network namespace; what it prints, or a mistake with that.
@discardableResult func shell(_ command: String, input: String? = nil) throws -> String {
    var line = "set -e; { \(command)\n} 2>&1"
    var file: String?
    if let input {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "gatehouse-bench-\(getpid())-\(input.utf8.count)"
        ).path
        try input.write(toFile: path, atomically: false, encoding: .utf8)
        line = "{ \(command)\n} 2>&1 < \(path)"
        file = path
    }
    defer { if let file { try? FileManager.default.removeItem(atPath: file) } }
    guard let pipe = unsafe popen(line, "re") else { throw Mistake("popen: \(errno)") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = unsafe fread(&buffer, 1, buffer.count, pipe)
        if count == 0 { break }
        output += buffer[..<count]
    }
    let text = String(decoding: output, as: UTF8.self)
    guard unsafe pclose(pipe) == 0 else { throw Mistake("\(command.prefix(120)): \(text.prefix(400))") }
    return text
}
