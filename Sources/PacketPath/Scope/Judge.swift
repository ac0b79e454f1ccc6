/// The verdict on one packet of a session: what the ruleset does, said once more in code of its own.
///
/// Nothing here is derived from the ruleset nor it from this, so that each can find the other wrong. The
/// order of the questions is the ruleset's, except that a missing scope is told first: the verdict is the
/// same, the reason better.
///
/// A fragment that has its ports is judged by them: the kernel judges the whole datagram, which begins with
/// this fragment. One that has none is judged when every port of its protocol at that address gets the same
/// verdict, and is otherwise left open (``Doubt/fragment``). Permitted then means: nothing in the scope
/// forbids it. Whether the datagram has options the first fragment alone says, and is refused for them
/// itself.
@usableFromInline
enum Judge {
    @usableFromInline
    enum Number {
        @usableFromInline static var icmp: UInt8 { 1 }
        @usableFromInline static var tcp: UInt8 { 6 }
        @usableFromInline static var udp: UInt8 { 17 }
        @usableFromInline static var authentication: UInt8 { 51 }
        @usableFromInline static var icmpv6: UInt8 { 58 }
    }

    @inlinable @inline(__always)
    static func verdict(on packet: JudgedPacket, by scope: ScopeReader?) -> Verdict {
        if packet.facts.contains(.ofGateway), let verdict = ofGateway(packet) { return verdict }
        guard let scope = unsafe scope else { return .denied(.noScope) }
        switch packet.way {
        case .outward: return unsafe outward(packet, scope)
        case .toward: return unsafe toward(packet, scope)
        }
    }

    @inlinable @inline(__always)
    static func outward(_ packet: JudgedPacket, _ scope: ScopeReader) -> Verdict {
        // All that is uncommon, in one comparison.
        if !packet.facts.isDisjoint(with: [.betweenTunnels, .fragment, .options, .routingHeader, .noPorts])
            || packet.isIPv6, let verdict = unsafe uncommonOutward(packet, scope)
        {
            return verdict
        }
        if packet.ipProtocol == Number.icmp || packet.ipProtocol == Number.icmpv6 {
            return unsafe icmp(packet, scope)
        }
        return unsafe there(packet, scope)
    }

    @inlinable @inline(__always)
    static func toward(_ packet: JudgedPacket, _ scope: ScopeReader) -> Verdict {
        if !packet.facts.isDisjoint(with: [.fragment, .noPorts, .noKind]) || packet.isIPv6,
            let verdict = unsafe uncommonToward(packet, scope)
        {
            return verdict
        }
        switch packet.ipProtocol {
        case Number.tcp: return unsafe tcpToward(packet, scope)
        case Number.udp: return unsafe udpToward(packet, scope)
        case Number.icmp, Number.icmpv6: return unsafe icmp(packet, scope)
        default: return unsafe back(packet, scope)
        }
    }

    @inlinable @inline(__always)
    static func tcpToward(_ packet: JudgedPacket, _ scope: ScopeReader) -> Verdict {
        // Flags that are not there match neither rule, and the scope alone is asked.
        if !packet.facts.contains(.noKind) {
            if packet.tcpFlags & (TCPFlag.syn | TCPFlag.ack) == TCPFlag.syn { return .denied(.opening) }
            if packet.tcpFlags & (TCPFlag.ack | TCPFlag.rst) == 0 { return .denied(.noAnswer) }
        }
        return unsafe back(packet, scope)
    }

    /// The packet path has no connection tracking. What the scope does not hold is refused whoever began;
    /// what it holds passes when it is said to be an answer, and without word of that nothing is said.
    @inlinable @inline(__always)
    static func udpToward(_ packet: JudgedPacket, _ scope: ScopeReader) -> Verdict {
        let verdict = unsafe back(packet, scope)
        guard verdict == .permitted else { return verdict }
        return flowVerdict(packet.flow)
    }

    @inlinable
    static func flowVerdict(_ flow: JudgedPacket.Flow) -> Verdict {
        switch flow {
        case .answered: return .permitted
        case .unknown: return .cannotTell(.flow)
        case .unsolicited: return .denied(.unsolicited)
        }
    }

    /// Judged by destination.
    @inlinable @inline(__always)
    static func there(_ packet: JudgedPacket, _ scope: ScopeReader) -> Verdict {
        let wanted = service(packet.ipProtocol, packet.destinationPort)
        let permits = unsafe scope.permits(isIPv6: packet.isIPv6, packet.destination, wanted)
        return permits ? .permitted : .denied(.destination)
    }

    /// Judged by source: what was permitted there, with both ends swapped.
    @inlinable @inline(__always)
    static func back(_ packet: JudgedPacket, _ scope: ScopeReader) -> Verdict {
        let wanted = service(packet.ipProtocol, packet.sourcePort)
        let permits = unsafe scope.permits(isIPv6: packet.isIPv6, packet.source, wanted)
        return permits ? .permitted : .denied(.destination)
    }
}

@usableFromInline
enum TCPFlag {
    @usableFromInline static var syn: UInt8 { 0x02 }
    @usableFromInline static var rst: UInt8 { 0x04 }
    @usableFromInline static var ack: UInt8 { 0x10 }
}
