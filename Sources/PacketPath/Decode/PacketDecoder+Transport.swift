/// Ports, flags, and ICMP's type. Each function returns why the packet is dropped, or nil.
extension PacketDecoder {
    /// The transport header at `start`, which is not past the captured bytes.
    ///
    /// ICMP is read in its own family only. What is there is filled in before a header is found too short, so that
    /// a report of the drop can name it.
    @inlinable @inline(__always)
    static func decodeTransport(
        _ bytes: PacketBytes, at start: Int, isQuote: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        let kind = packet.ipProtocol
        if kind == 6 || kind == 17 {
            if bytes.holds(start &+ 4) {
                packet.sourcePort = bytes.short(start)
                packet.destinationPort = bytes.short(start &+ 2)
                packet.hasPorts = true
            }
            if kind == 17 { return need(8, bytes, start, packet) }
            if bytes.holds(start &+ 14) { packet.tcpFlags = bytes.byte(start &+ 13) }
            return need(isQuote ? 8 : 20, bytes, start, packet)
        }
        if kind == (packet.family == 4 ? 1 : 58) {
            return decodeICMP(bytes, at: start, into: &packet)
        }
        return nil
    }

    /// RFC 792 and RFC 4443: both have eight bytes before the quoted packet.
    @inlinable @inline(never)
    static func decodeICMP(
        _ bytes: PacketBytes, at start: Int, into packet: inout DecodedPacket
    ) -> DropReason? {
        if bytes.holds(start &+ 2) {
            packet.icmpType = bytes.byte(start)
            packet.icmpCode = bytes.byte(start &+ 1)
            packet.hasICMPType = true
        }
        if let short = need(8, bytes, start, packet) { return short }
        if isError(packet.icmpType, family: packet.family) {
            packet.quoteOffset = UInt32(truncatingIfNeeded: start &+ 8)
            packet.quoteLength = UInt32(truncatingIfNeeded: bytes.captured &- start &- 8)
        }
        return nil
    }

    /// The types that quote a packet: RFC 1122 section 3.2.2 lists ICMP's, RFC 4443 section 2.1 gives ICMPv6's
    /// errors the types below 128.
    @inlinable
    static func isError(_ type: UInt8, family: UInt8) -> Bool {
        guard family == 4 else { return type < 128 }
        switch type {
        case 3, 4, 5, 11, 12: return true
        default: return false
        }
    }

    @inlinable @inline(__always)
    static func need(
        _ length: Int, _ bytes: PacketBytes, _ start: Int, _ packet: DecodedPacket
    ) -> DropReason? {
        let end = start &+ length
        return bytes.holds(end) ? nil : endOfChain(bytes, end, packet)
    }
}
