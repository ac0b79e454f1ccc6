import FlowSpace
import Foundation
import Netfilter
import NetworkTypes
import RulesetCompiler
import Sessions

/// Rules that permit every session one and the same server, and what else people load for that.
struct Contestant: Sendable {
    let name: String
    let sessions: Int
    /// Packets of one round.
    var packets = 100_000
    /// Whether it looks where a packet goes to.
    var judgesDestinations = true
    /// Whether it refuses anything.
    var judges = true
    let load: @Sendable (Gateway, AddressFamily, Way) throws -> Void

    static let none = Contestant(name: "no rules", sessions: 0, judgesDestinations: false, judges: false) {
        _, _, _ in
        try shell(
            "nft 'add table inet peer; add chain inet peer forward { type filter hook forward priority 0; }'")
    }

    /// As the daemon does: the table, the guard behind it, and the guard's copy that belongs to its socket.
    static func gatehouse(_ sessions: Int) -> Contestant {
        Contestant(name: "gatehouse", sessions: sessions) { gateway, family, way in
            let ruleset = try Sample.ruleset(gateway, family, way, sessions: sessions)
            try gateway.backend.commit(Transaction(guarding: ruleset.layout))
            try gateway.backend.perform { try $0.hold(Transaction(holding: ruleset.layout)) }
            try gateway.backend.commit(Transaction(replacing: ruleset, at: Sample.now))
        }
    }

    static func withoutGuards(_ sessions: Int) -> Contestant {
        Contestant(name: "gatehouse, without its guards", sessions: sessions) { gateway, family, way in
            let ruleset = try Sample.ruleset(gateway, family, way, sessions: sessions)
            try gateway.backend.commit(Transaction(replacing: ruleset, at: Sample.now))
        }
    }

    static func ruleEach(_ sessions: Int) -> Contestant {
        Contestant(name: "one rule a session", sessions: sessions, packets: 20_000_000 / (sessions + 2000)) {
            _, family, way in
            let match = Match(family, way)
            let rules = (0..<sessions).map {
                "\(match.session) \(Sample.text($0, family)) \(match.server) accept"
            }
            try nft("policy drop;\n" + rules.joined(separator: "\n"))
        }
    }

    /// Packets of open connections pass without a further look, so that whoever is cut off keeps what is open.
    static func establishedFirst(_ sessions: Int) -> Contestant {
        Contestant(name: "ct established first", sessions: sessions) { gateway, family, way in
            let match = Match(family, .out)
            let elements = (0..<sessions).map { Sample.text($0, family) }.joined(separator: ", ")
            try nft(
                "policy drop; ct state established,related accept\n"
                    + "\(match.session) @sessions \(match.server) accept",
                sets:
                    "set sessions { type \(family == .ipv4 ? "ipv4_addr" : "ipv6_addr"); elements = { \(elements) } }"
            )
            // The packets have no checksum.
            try shell("sysctl -qw net.netfilter.nf_conntrack_checksum=0")
            // Every connection is opened, and answered.
            for warmed in [Way.out, .back] {
                try gateway.send(Frame(family: family, way: warmed, sessions: sessions), 12 * sessions)
            }
        }
    }

    /// The sources alone: where they go to is not looked at.
    static func ipset(_ sessions: Int) -> Contestant {
        Contestant(name: "iptables with ipset, sources only", sessions: sessions, judgesDestinations: false) {
            _, family, way in
            let four = family == .ipv4
            let lines = (0..<sessions).map { "add peer \(Sample.text($0, family))" }.joined(separator: "\n")
            try shell(
                "ipset restore",
                input: "create peer hash:ip family \(four ? "inet" : "inet6") maxelem 2000000\n\(lines)\n")
            let tables = four ? "iptables-legacy" : "ip6tables-legacy"
            try shell(
                "\(tables) -P FORWARD DROP; \(tables) -A FORWARD -m set --match-set peer \(way == .out ? "src" : "dst") -j ACCEPT"
            )
        }
    }

    private static func nft(_ rules: String, sets: String = "") throws {
        try shell(
            "nft -f -",
            input:
                "table inet peer {\n\(sets)\nchain forward { type filter hook forward priority 0;\n\(rules)\n}\n}\n"
        )
    }

    /// How a peer's rule names the two ends.
    private struct Match {
        let session: String
        let server: String

        init(_ family: AddressFamily, _ way: Way) {
            let ip = family == .ipv4 ? "ip" : "ip6"
            let there = Frame.server(family).map { "\($0)" } ?? ""
            session = "\(ip) \(way == .out ? "saddr" : "daddr")"
            server =
                way == .out
                ? "\(ip) daddr \(there) tcp dport \(Frame.port)"
                : "\(ip) saddr \(there) tcp sport \(Frame.port)"
        }
    }
}

enum Sample {
    static let now = Instant(secondsSince1970: 1_790_000_000)
    static let later = now + .seconds(86_400)
    private static let scopeCount: UInt32 = 64

    static func text(_ number: Int, _ family: AddressFamily) -> String {
        Frame.session(number, family).map { "\($0)" } ?? ""
    }

    static func layout(_ sessions: Int) -> RulesetLayout {
        RulesetLayout(tunnels: ["tun0", "tun1"], sessionCapacity: UInt32(max(131_072, sessions + 1)))
    }

    /// Sixty-four scopes, each with the server that is tried, eleven others and a network.
    static func ruleset(
        _ gateway: Gateway, _ family: AddressFamily, _ way: Way, sessions: Int
    ) throws -> Ruleset {
        var ruleset = Ruleset(layout: layout(sessions))
        for number in 1...scopeCount {
            guard let scope = ScopeNumber(rawValue: number) else { throw Mistake("scope \(number)") }
            ruleset.scopes[scope] = try space(of: number)
        }
        ruleset.sessions.reserveCapacity(sessions)
        for number in 0..<sessions {
            guard let key = key(number, family, way == .out ? gateway.tunnel : gateway.farTunnel) else {
                continue
            }
            ruleset.sessions[key] = element(number)
        }
        return ruleset
    }

    static func key(_ number: Int, _ family: AddressFamily, _ interface: UInt32) -> SessionKey? {
        Frame.session(number, family).map { SessionKey(interfaceIndex: interface, address: $0) }
    }

    static func element(_ number: Int) -> Ruleset.Element? {
        ScopeNumber(rawValue: 1 + UInt32(truncatingIfNeeded: number) % scopeCount)
            .map { Ruleset.Element(scope: $0, expires: later) }
    }

    private static func space(of scope: UInt32) throws -> FlowSpace {
        let servers = AddressFamily.allCases.compactMap(Frame.server)
        let others = (0..<11).flatMap {
            [IPAddress("10.10.\(scope).\($0)"), IPAddress("fd10::\(scope):\($0)")]
        }
        let networks = [
            ("10.20.\(scope).0", "10.20.\(scope).255"), ("fd20::\(scope):0", "fd20::\(scope):ff"),
        ]
        let ranges =
            (servers + others.compactMap(\.self)).map(AddressRange.init)
            + networks.compactMap { first, last in
                guard let first = IPAddress(first), let last = IPAddress(last) else { return nil }
                return AddressRange(first: first, last: last)
            }
        let tcp = IPProtocol.tcp.rawValue
        return FlowSpace(
            ranges.map { FlowBox(addresses: $0, protocols: tcp...tcp, ports: Frame.port...Frame.port) })
    }
}
