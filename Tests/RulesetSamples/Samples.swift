package import FlowSpace
package import NetworkTypes
package import RulesetCompiler
package import Sessions

/// Rulesets that several tests look at. All times are in 2026 and made up.
package enum Samples {
    package static let now = Instant(secondsSince1970: 1_790_000_000)

    package static let layout = RulesetLayout(
        tunnels: ["tun0", "tun1"], refusalLogGroup: 5, sessionCapacity: 1024)

    package static func scope(_ number: UInt32) throws -> ScopeNumber {
        try require(ScopeNumber(rawValue: number))
    }

    package static func address(_ text: String) throws -> IPAddress { try require(IPAddress(text)) }

    /// `10.10.0.20 tcp 8080`, `10.20.0.0-10.20.0.255 udp 5000-5999`, `fd10::1 gre`, `10.0.0.1 0-255`.
    package static func box(_ text: String) throws -> FlowBox {
        let words = text.split(separator: " ").map(String.init)
        let ends = words[0].split(separator: "-").map(String.init)
        let range = try require(AddressRange(first: address(ends[0]), last: address(ends[ends.count - 1])))
        let protocols = try numbers(words[1]) { IPProtocol($0)?.rawValue }
        let ports = words.count > 2 ? try numbers(words[2], UInt16.init) : .allPorts
        return FlowBox(addresses: range, protocols: protocols, ports: ports)
    }

    private static func numbers<Number: Comparable>(
        _ text: String, _ read: (String) -> Number?
    ) throws -> ClosedRange<Number> {
        let ends = text.split(separator: "-").map(String.init)
        return try require(read(ends[0]))...require(read(ends[ends.count - 1]))
    }

    package static func space(_ boxes: String...) throws -> FlowSpace { FlowSpace(try boxes.map(box)) }

    package static func key(_ index: UInt32, _ text: String) throws -> SessionKey {
        SessionKey(interfaceIndex: index, address: try address(text))
    }

    private static func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Missing() }
        return value
    }

    struct Missing: Error {}

    /// Every shape of a ruleset that the lowering tells apart.
    package static func rulesets() throws -> [(name: String, ruleset: Ruleset)] {
        [
            ("empty", Ruleset(layout: RulesetLayout(tunnels: []))),
            ("one-tunnel", Ruleset(layout: RulesetLayout(table: "office", tunnels: ["tun0"]))),
            ("two-scopes", try twoScopes()),
            ("everything", try everything()),
        ]
    }

    private static func twoScopes() throws -> Ruleset {
        Ruleset(
            layout: layout,
            scopes: [
                try scope(1): try space(
                    "10.10.0.20 tcp 8080", "10.10.0.53 udp 53", "fd10::20 tcp 8080", "10.10.0.20 icmp"),
                try scope(2): try space(
                    "10.20.0.0-10.20.255.255 tcp 443", "10.10.0.30 udp 5000-5999", "10.10.0.40 gre",
                    "fd20::-fd20::ffff tcp 443", "fd20::1 icmpv6"),
            ],
            sessions: [
                try key(7, "10.8.0.2"): Ruleset.Element(scope: try scope(1), expires: now + .seconds(3600)),
                try key(7, "fd08::2"): Ruleset.Element(
                    scope: try scope(1), expires: now + .milliseconds(90_500)),
                try key(8, "10.9.0.2"): Ruleset.Element(scope: try scope(2), expires: now + .seconds(60)),
                // Over already: not programmed.
                try key(8, "10.9.0.3"): Ruleset.Element(scope: try scope(2), expires: now),
            ])
    }

    /// A scope of all protocols, and one of nothing.
    private static func everything() throws -> Ruleset {
        Ruleset(
            layout: RulesetLayout(tunnels: ["tun0"]),
            scopes: [
                try scope(1): try space("10.0.0.0-10.255.255.255 0-255", "fd00::-fdff::ffff 0-255"),
                try scope(ScopeNumber.greatest): .empty,
            ])
    }
}
