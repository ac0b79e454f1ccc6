extension DecodedPacket {
    @inline(__always)
    var sourceBits: UInt128 { UInt128(sourceHigh) &<< 64 | UInt128(sourceLow) }
    @inline(__always)
    var destinationBits: UInt128 { UInt128(destinationHigh) &<< 64 | UInt128(destinationLow) }
}

extension JudgedPacket {
    /// What the verdict on a decoded packet depends on.
    ///
    /// - Parameters:
    ///   - packet: Decoded to its end: without a ``DecodedPacket/drop``.
    ///   - frame: The bytes that it was decoded from; read for the packet that an ICMP error quotes.
    ///   - way: Which end is the session.
    init(_ packet: DecodedPacket, in frame: UnsafeRawBufferPointer, way: Way) {
        self.init(
            way: way, isIPv6: packet.family == 6, ipProtocol: packet.ipProtocol, source: packet.sourceBits,
            destination: packet.destinationBits)
        tcpFlags = packet.tcpFlags
        hopLimit = packet.hopLimit
        facts = Self.facts(of: packet, way)
        if packet.hasPorts {
            sourcePort = packet.sourcePort
            destinationPort = packet.destinationPort
        }
        if packet.hasICMPType {
            icmpType = packet.icmpType
            sourcePort = UInt16(packet.icmpType) &<< 8 | UInt16(packet.icmpCode)
        }
        if packet.isICMPError, let quoted = unsafe Quoted(packet, in: frame, way) {
            self.quoted = quoted
            facts.insert(.quotes)
        }
    }

    private static func facts(of packet: DecodedPacket, _ way: Way) -> Facts {
        var facts: Facts = []
        if packet.traits.contains(.options) { facts.insert(.options) }
        if packet.traits.contains(.routingHeader) { facts.insert(.routingHeader) }
        if packet.fragment != .none { facts.insert(.fragment) }
        if packet.fragment == .later || packet.payloadLength < (way == .outward ? 4 : 2) {
            facts.insert(.noPorts)
        }
        let hasKind =
            switch packet.ipProtocol {
            case 6: packet.hasPorts
            case 1, 58: packet.hasICMPType
            default: true
            }
        if !hasKind { facts.insert(.noKind) }
        return facts
    }
}

extension JudgedPacket.Quoted {
    /// Nil when the quoted packet was cut off before the port that is asked for, its source's outward and its
    /// destination's toward a session, or lies outside the frame.
    ///
    /// Every read is below `quoteOffset + needed`, which the guard holds against the frame's end.
    fileprivate init?(_ packet: DecodedPacket, in frame: UnsafeRawBufferPointer, _ way: JudgedPacket.Way) {
        let header = packet.family == 6 ? 40 : 20
        let needed = header + (way == .outward ? 2 : 4)
        let start = Int(packet.quoteOffset)
        guard Int(packet.quoteLength) >= needed, start + needed <= frame.count else { return nil }
        let bytes = unsafe PacketBytes(frame, wire: frame.count)
        self.init()
        firstByte = bytes.byte(start)
        if packet.family == 6 {
            ipProtocol = bytes.byte(start + 6)
            source = UInt128(bytes.long(start + 8)) << 64 | UInt128(bytes.long(start + 16))
            destination = UInt128(bytes.long(start + 24)) << 64 | UInt128(bytes.long(start + 32))
        } else {
            ipProtocol = bytes.byte(start + 9)
            source = UInt128(bytes.word(start + 12))
            destination = UInt128(bytes.word(start + 16))
        }
        icmpType = bytes.byte(start + header)
        sourcePort = bytes.short(start + header)
        if way == .toward { destinationPort = bytes.short(start + header + 2) }
    }
}
