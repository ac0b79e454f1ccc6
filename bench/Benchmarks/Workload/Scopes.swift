package import PacketPath
package import Reference
package import Rivals

/// One grant of a scope: an exact destination, or a range of addresses with a range of ports.
package struct Grant {
    package var isIPv6: Bool
    package var first: UInt128
    package var last: UInt128
    package var ipProtocol: UInt8
    package var ports: ClosedRange<UInt16>

    package var box: ScopeBox {
        ScopeBox(isIPv6: isIPv6, addresses: first...last, protocols: ipProtocol...ipProtocol, ports: ports)
    }

    package var reference: reference_grant {
        reference_grant(
            first_high: UInt64(truncatingIfNeeded: first >> 64), first_low: UInt64(truncatingIfNeeded: first),
            last_high: UInt64(truncatingIfNeeded: last >> 64), last_low: UInt64(truncatingIfNeeded: last),
            first_service: UInt32(ipProtocol) << 16 | UInt32(ports.lowerBound),
            last_service: UInt32(ipProtocol) << 16 | UInt32(ports.upperBound), is_ipv6: isIPv6)
    }

    package var rule: rival_rule {
        rival_rule(
            first_address: UInt32(truncatingIfNeeded: first), last_address: UInt32(truncatingIfNeeded: last),
            first_port: ports.lowerBound, last_port: ports.upperBound, protocol: ipProtocol)
    }
}

/// Where a packet goes.
package struct Destination: BitwiseCopyable {
    package var address: UInt128
    package var ipProtocol: UInt8
    package var port: UInt16

    package var service: UInt32 { UInt32(ipProtocol) << 16 | UInt32(port) }
}

/// 64 scopes of 4 to 16 exact grants and 1 to 4 ranges of each family. Ranges do not overlap and are sorted.
package struct Scopes {
    package static let count = 64
    /// Of a packet in a hundred.
    package static let refusedPercent = 2

    package let grants: [[Grant]]
    /// By family, then by scope.
    private let byFamily: [[[Grant]]]

    package init() {
        var random = Random(5)
        let grants = (0..<Self.count).map { scope in
            [false, true].flatMap { Self.grants(scope, isIPv6: $0, &random) }
        }
        self.grants = grants
        byFamily = [false, true].map { isIPv6 in grants.map { $0.filter { $0.isIPv6 == isIPv6 } } }
    }

    private static func grants(_ scope: Int, isIPv6: Bool, _ random: inout Random) -> [Grant] {
        let base: UInt128 = isIPv6 ? 0xfd00_0000_0000_0099 << 64 : 0
        let exact = (0..<4 + scope % 13).map { number -> Grant in
            let host = UInt128(random.next() & 0xffff) << 5 | UInt128(number)
            let address = (isIPv6 ? base : 0xac10_0000) | host & 0xf_ffff
            let port: UInt16 = [443, 22, 53, 1433, 8080, 5432][random.below(6)]
            return Grant(
                isIPv6: isIPv6, first: address, last: address, ipProtocol: port == 53 ? 17 : 6,
                ports: port...port)
        }
        let ranges = (0..<1 + scope % 4).map { number -> Grant in
            let first =
                isIPv6
                ? base | UInt128(1 + number) << 32 : 0xc0a8_0000 | UInt128(number * 16 + scope % 8) << 8
            return Grant(
                isIPv6: isIPv6, first: first, last: first | 0xff, ipProtocol: number & 1 == 0 ? 6 : 17,
                ports: 1024...2047)
        }
        return exact + ranges
    }

    /// 78 of a hundred at exact grants, 20 in ranges, 2 refused.
    package func destination(_ scope: Int, isIPv6: Bool, _ random: inout Random) -> Destination {
        let own = byFamily[isIPv6 ? 1 : 0][scope]
        let chance = random.below(100)
        if chance < Self.refusedPercent { return Self.refused(isIPv6: isIPv6, random.next()) }
        let ranges = 1 + scope % 4
        let grant =
            chance < Self.refusedPercent + 20
            ? own[own.count - 1 - random.below(ranges)] : own[random.below(own.count - ranges)]
        let address = grant.first + UInt128(random.next()) % (grant.last - grant.first + 1)
        let ports = Int(grant.ports.upperBound - grant.ports.lowerBound) + 1
        return Destination(
            address: address, ipProtocol: grant.ipProtocol,
            port: grant.ports.lowerBound + UInt16(random.below(ports)))
    }

    /// Eight destinations that nobody may reach.
    package static func refused(isIPv6: Bool, _ choice: UInt64) -> Destination {
        let host = UInt128(choice & 7)
        return Destination(
            address: isIPv6 ? 0x2001_0db8 << 96 | host : 0xcb00_7100 | host, ipProtocol: 6, port: 443)
    }
}
