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
        @usableFromInline static var icmpv6: UInt8 { 58 }
        /// A bit for each number that more than ports decides on: both ICMPs, whatever the family.
        @usableFromInline static var specialIPv4: UInt64 { 1 &<< 1 | 1 &<< 58 }
        /// And what ``isExtensionHeader(_:)`` tells.
        @usableFromInline static var specialIPv6: UInt64 {
            specialIPv4 | 1 &<< 0 | 1 &<< 43 | 1 &<< 44 | 1 &<< 60
        }
    }

    /// A packet is passed on as `inout` for its place alone, so that its 116 bytes are not copied: nothing here
    /// writes to it.
    @inlinable @inline(__always)
    static func verdict(on packet: inout JudgedPacket, by scope: ScopeReader?) -> Verdict {
        if let scope = unsafe scope, isPlain(&packet) { return unsafe plain(&packet, scope) }
        return unsafe uncommon(&packet, by: scope)
    }

    /// For a packet that its holder cannot lend.
    @inlinable @inline(__always)
    static func verdict(on packet: JudgedPacket, by scope: ScopeReader?) -> Verdict {
        var copy = packet
        return unsafe verdict(on: &copy, by: scope)
    }

    /// Whether destination, flags and flow decide alone. All that is uncommon, in two comparisons.
    @inlinable @inline(__always)
    static func isPlain(_ packet: inout JudgedPacket) -> Bool {
        let special: UInt64 = packet.isIPv6 ? Number.specialIPv6 : Number.specialIPv4
        let isSpecial = special &>> UInt64(packet.ipProtocol) & 1 != 0 && packet.ipProtocol < 64
        return packet.facts.rawValue & ~JudgedPacket.Facts.quotes.rawValue == 0 && !isSpecial
    }

    /// One search of the scope, whatever the way, so that its code is there once.
    @inlinable @inline(__always)
    static func plain(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Verdict {
        let isToward = packet.way == .toward
        if isToward, packet.ipProtocol == Number.tcp, packet.tcpFlags & TCPFlag.ack == 0,
            let reason = refusal(packet.tcpFlags, packet.facts)
        {
            return .denied(reason)
        }
        guard unsafe permits(&packet, scope) else { return .denied(.destination) }
        return isToward && packet.ipProtocol == Number.udp ? flowVerdict(packet.flow) : .permitted
    }

    /// Outward judged by destination; toward by source: what was permitted there, with both ends swapped.
    @inlinable @inline(__always)
    static func permits(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Bool {
        let isToward = packet.way == .toward
        let address = isToward ? packet.source : packet.destination
        let port = isToward ? packet.sourcePort : packet.destinationPort
        return unsafe scope.permits(isIPv6: packet.isIPv6, address, service(packet.ipProtocol, port))
    }

    /// Of TCP toward a session without ACK. Flags that are not there permit nothing.
    @inlinable
    static func refusal(_ flags: UInt8, _ facts: JudgedPacket.Facts) -> DenyReason? {
        if facts.contains(.noKind) { return .truncated }
        if flags & TCPFlag.syn != 0 { return .opening }
        return flags & TCPFlag.rst == 0 ? .noAnswer : nil
    }

    /// The packet path has no connection tracking. What the scope does not hold is refused whoever began;
    /// what it holds passes when it is said to be an answer, and without word of that nothing is said.
    @inlinable
    static func flowVerdict(_ flow: JudgedPacket.Flow) -> Verdict {
        switch flow {
        case .answered: return .permitted
        case .unknown: return .cannotTell(.flow)
        case .unsolicited: return .denied(.unsolicited)
        }
    }
}

@usableFromInline
enum TCPFlag {
    @usableFromInline static var syn: UInt8 { 0x02 }
    @usableFromInline static var rst: UInt8 { 0x04 }
    @usableFromInline static var ack: UInt8 { 0x10 }
}
