/// The IP header and what follows it up to the transport. Each function returns why the packet is dropped, or nil.
extension PacketDecoder {
    /// A packet whose family only its first four bits tell.
    @inlinable @inline(never)
    static func decodeAnyIP(
        _ bytes: PacketBytes, at start: Int, isQuote: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        guard bytes.holds(start &+ 1) else { return bytes.shortage(start &+ 1) }
        switch bytes.byte(start) &>> 4 {
        case 4: return decodeIPv4(bytes, at: start, isQuote: isQuote, into: &packet)
        case 6: return decodeIPv6(bytes, at: start, isQuote: isQuote, into: &packet)
        default: return .badVersion
        }
    }

    /// RFC 791 section 3.1.
    @inlinable @inline(__always)
    static func decodeIPv4(
        _ frame: PacketBytes, at start: Int, isQuote: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        var bytes = frame
        guard bytes.holds(start &+ 20) else { return bytes.shortage(start &+ 20) }
        let first = bytes.byte(start)
        guard first &>> 4 == 4 else { return .badVersion }
        let header = Int(first & 15) &* 4
        guard header >= 20 else { return .badHeaderLength }
        guard bytes.holds(start &+ header) else { return bytes.shortage(start &+ header) }
        let total = Int(bytes.short(start &+ 2))
        // A header that contradicts itself is not believed in the rest.
        guard total >= header else { return .badTotalLength }
        let fragment = bytes.short(start &+ 6) & 0x3fff
        packet.family = 4
        packet.hopLimit = bytes.byte(start &+ 8)
        packet.ipProtocol = bytes.byte(start &+ 9)
        if header != 20 { packet.traits = .options }
        packet.sourceLow = UInt64(bytes.word(start &+ 12))
        packet.destinationLow = UInt64(bytes.word(start &+ 16))
        if fragment != 0 { packet.fragment = fragment & 0x1fff == 0 ? .first : .later }
        packet.length = UInt32(truncatingIfNeeded: total)
        packet.payloadLength = UInt32(truncatingIfNeeded: total &- header)
        guard start &+ total <= bytes.wire else {
            return reportBadLength(bytes, at: start &+ header, isQuote: isQuote, into: &packet)
        }
        // Ethernet pads short frames: the packet ends where its header says.
        bytes.close(at: start &+ total)
        if packet.fragment == .later { return judgeLaterFragment(fragment & 0x1fff, packet.ipProtocol) }
        return decodeTransport(bytes, at: start &+ header, isQuote: isQuote, into: &packet)
    }

    /// RFC 8200 section 3.
    @inlinable @inline(__always)
    static func decodeIPv6(
        _ frame: PacketBytes, at start: Int, isQuote: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        var bytes = frame
        let body = start &+ 40
        guard bytes.holds(body) else { return bytes.shortage(body) }
        guard bytes.byte(start) &>> 4 == 6 else { return .badVersion }
        let payload = Int(bytes.short(start &+ 4))
        packet.family = 6
        packet.ipProtocol = bytes.byte(start &+ 6)
        packet.hopLimit = bytes.byte(start &+ 7)
        packet.sourceHigh = bytes.long(start &+ 8)
        packet.sourceLow = bytes.long(start &+ 16)
        packet.destinationHigh = bytes.long(start &+ 24)
        packet.destinationLow = bytes.long(start &+ 32)
        packet.length = UInt32(truncatingIfNeeded: payload &+ 40)
        packet.payloadLength = UInt32(truncatingIfNeeded: payload)
        guard body &+ payload <= bytes.wire else {
            return reportBadLength(bytes, at: body, isQuote: isQuote, into: &packet)
        }
        bytes.close(at: body &+ payload)
        if isExtension(packet.ipProtocol) {
            return decodeExtensions(bytes, at: body, isQuote: isQuote, into: &packet)
        }
        return decodeTransport(bytes, at: body, isQuote: isQuote, into: &packet)
    }

    /// Reads on in a packet that claims more bytes than the frame had, so that a report can say whose it is.
    @inlinable @inline(never)
    static func reportBadLength(
        _ bytes: PacketBytes, at start: Int, isQuote: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        if packet.family == 6 {
            _ = decodeExtensions(bytes, at: start, isQuote: isQuote, into: &packet)
        } else if packet.fragment != .later {
            _ = decodeTransport(bytes, at: start, isQuote: isQuote, into: &packet)
        }
        return .badTotalLength
    }

    /// The headers that are stepped over: hop-by-hop, routing, fragment, authentication, destination options.
    /// Mobility, HIP and the like end the chain, as they do for the kernel (`ipv6_ext_hdr`).
    @inlinable @inline(__always)
    static func isExtension(_ next: UInt8) -> Bool {
        switch next {
        case 0, 43, 44, 51, 60: true
        default: false
        }
    }

    /// RFC 8200 section 4, and RFC 4302 for the authentication header's unlike length. What is behind that header is
    /// stepped through for a routing header alone: rules read no protocol there, see ``DecodedPacket/ipProtocol``.
    @inlinable @inline(never)
    static func decodeExtensions(
        _ bytes: PacketBytes, at start: Int, isQuote: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        var offset = start
        var count = 0
        // From the first authentication header to the end; 0 without one. A routing header behind it counts still.
        var behind = 0
        while isExtension(packet.ipProtocol) {
            if count == maximumExtensionHeaders { return .tooManyExtensionHeaders }
            count &+= 1
            guard bytes.holds(offset &+ 8) else { return endOfChain(bytes, offset &+ 8, packet) }
            let kind = packet.ipProtocol
            let units = Int(bytes.byte(offset &+ 1))
            let length =
                switch kind {
                case 44: 8
                case 51: (units &+ 2) &* 4
                default: (units &+ 1) &* 8
                }
            guard bytes.holds(offset &+ length) else { return endOfChain(bytes, offset &+ length, packet) }
            packet.ipProtocol = bytes.byte(offset)
            if kind == 43 { packet.traits.insert(.routingHeader) }
            if kind == 51, behind == 0 { behind = bytes.wire &- offset }
            if kind == 44 {
                let place = bytes.short(offset &+ 2)
                // Three flag bits below the offset; the lowest says that more follow.
                let fragmentOffset = place &>> 3
                if fragmentOffset != 0 {
                    packet.fragment = .later
                    packet.payloadLength = UInt32(truncatingIfNeeded: bytes.wire &- offset &- 8)
                    if behind != 0 { packet.ipProtocol = 51 }
                    return judgeLaterFragment(fragmentOffset, packet.ipProtocol)
                }
                if place & 1 != 0 { packet.fragment = .first }
            }
            offset &+= length
            packet.payloadLength = UInt32(truncatingIfNeeded: bytes.wire &- offset)
        }
        if behind != 0 {
            packet.ipProtocol = 51
            packet.payloadLength = UInt32(truncatingIfNeeded: behind)
            return nil
        }
        return decodeTransport(bytes, at: offset, isQuote: isQuote, into: &packet)
    }

    /// A first fragment must hold the whole header chain (RFC 7112), else its ports pass a filter unseen.
    @inlinable @inline(__always)
    static func endOfChain(_ bytes: PacketBytes, _ end: Int, _ packet: DecodedPacket) -> DropReason {
        packet.fragment == .first && end > bytes.wire ? .shortFirstFragment : bytes.shortage(end)
    }

    /// A TCP fragment at offset 8 would overwrite the flags that the first one was admitted for (RFC 1858
    /// section 4.2). Other later fragments have nothing to judge.
    @inlinable @inline(__always)
    static func judgeLaterFragment(_ offset: UInt16, _ ipProtocol: UInt8) -> DropReason? {
        offset == 1 && ipProtocol == 6 ? .shortFirstFragment : nil
    }
}
