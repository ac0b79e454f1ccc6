import BenchFigures
import CLinux
import CTraffic
import Foundation
import Glibc
import NetworkTypes
import RulesetCompiler

/// One TCP connection from end to end: a client behind `tun0`, a server behind `lan0`, each in a namespace of its own, the
/// gateway between them. Everything on one processor, so that what the gateway costs is what the connection loses.
enum StreamPart {
    static func run(_ options: Options, _ report: Report) throws {
        _ = traffic_pin(0)
        for family in AddressFamily.allCases {
            for way in Way.allCases {
                let series = try race(family, way, rounds: options.isQuick ? 5 : 15)
                report.add(series, part: "streams.\(way)", family: "\(family)", unit: "ns a KiB")
                if let none = series.first, series.count > 1 {
                    report.bound(
                        "streams.\(way).\(family).100000-over-no-rules", series[1].speed(against: none),
                        .atLeast, 0.93)
                }
            }
        }
    }

    private static func race(_ family: AddressFamily, _ way: Way, rounds: Int) throws -> [Series] {
        let contestants: [Contestant] = [.none, .gatehouse(100_000), .establishedFirst(100_000)]
        let stands = try contestants.map { try Stand($0, family) }
        var series = contestants.map { Series(name: $0.name, sessions: $0.sessions) }
        for round in 0..<rounds {
            for turn in stands.indices {
                let index = (turn + round) % stands.count
                series[index].rounds.append(try stands[index].nanosecondsPerKibibyte(way))
            }
        }
        return series
    }
}

/// A gateway between two ends that are there, and a connection between them.
private final class Stand {
    private let gateway: Gateway
    private let ends: [Int32]
    private var connection: [Int32] = []

    init(_ contestant: Contestant, _ family: AddressFamily) throws {
        let gateway = try Gateway()
        self.gateway = gateway
        try contestant.load(gateway, family, .out)
        // What is swallowed elsewhere goes to the two ends here.
        try shell(
            """
            ip addr add 10.0.0.1/32 dev tun0 && ip -6 addr add fe80::1/64 dev tun0 nodad
            ip addr add 10.0.0.1/32 dev lan0 && ip -6 addr add fe80::1/64 dev lan0 nodad
            ip route replace 10.64.0.0/10 dev tun0 && ip -6 route replace fd08::/64 dev tun0
            ip route replace 10.10.0.0/16 dev lan0 && ip -6 route replace fd10::/64 dev lan0
            """)
        let addresses = [Frame.session(0, family), Frame.server(family)].compactMap { $0.map { "\($0)" } }
        ends = try zip(["tun0_", "lan0_"], addresses).map { try Self.end(gateway, $0, $1, family) }
        let listener = try Self.inside(ends[1]) { unsafe traffic_listen(addresses[1], Frame.port) }
        let client = try Self.inside(ends[0]) { unsafe traffic_connect(addresses[1], Frame.port) }
        connection = [client, accept(listener, nil, nil)]
        close(listener)
        guard !connection.contains(-1) else { throw Mistake("\(contestant.name): no connection: \(errno)") }
    }

    deinit {
        for descriptor in connection + ends { close(descriptor) }
    }

    /// A namespace with the interface's other half in it.
    private static func end(
        _ gateway: Gateway, _ interface: String, _ address: String, _ family: AddressFamily
    ) throws -> Int32 {
        guard gh_unshare_network() == 0 else { throw Mistake("unshare: \(errno)") }
        let namespace = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        gateway.enter()
        try shell("ip link set \(interface) netns /proc/\(getpid())/fd/\(namespace)")
        guard gh_enter_network_namespace(namespace) == 0 else { throw Mistake("setns: \(errno)") }
        let (prefix, version) = family == .ipv4 ? (32, "") : (128, "-6")
        try shell(
            """
            sysctl -qw net.ipv6.conf.all.accept_dad=0
            ip link set lo up && ip link set \(interface) up
            ip \(version) addr add \(address)/\(prefix) dev \(interface) \(family == .ipv6 ? "nodad" : "")
            ip \(version) route add default via \(family == .ipv4 ? "10.0.0.1" : "fe80::1") dev \(interface) onlink
            """)
        return namespace
    }

    private static func inside(_ namespace: Int32, _ body: () -> Int32) throws -> Int32 {
        guard gh_enter_network_namespace(namespace) == 0 else { throw Mistake("setns: \(errno)") }
        let descriptor = body()
        guard descriptor >= 0 else { throw Mistake("socket: \(errno)") }
        return descriptor
    }

    func nanosecondsPerKibibyte(_ way: Way) throws -> Double {
        let size = 64 << 20
        let (from, to) = way == .out ? (connection[0], connection[1]) : (connection[1], connection[0])
        guard traffic_stream(from, to, 4 << 20) == 0 else { throw Mistake("stream: \(errno)") }
        let seconds = try Time.of {
            guard traffic_stream(from, to, size) == 0 else { throw Mistake("stream: \(errno)") }
        }
        return seconds * 1e9 / Double(size >> 10)
    }
}
