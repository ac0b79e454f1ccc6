/// The framing in front of the packet. Each function returns why the frame is dropped, or nil.
extension PacketDecoder {
    /// Ethernet apart from the rest: nearly every frame is of it, and the way through its decoder is short when it
    /// is in one piece.
    @inlinable @inline(__always)
    static func decodeFrame(
        _ bytes: PacketBytes, _ link: LinkType, into packet: inout DecodedPacket
    ) -> DropReason? {
        link == .ethernet
            ? decodeTyped(bytes, typeAt: 12, header: 14, into: &packet)
            : decodeLink(bytes, link, into: &packet)
    }

    @inlinable @inline(never)
    static func decodeLink(
        _ bytes: PacketBytes, _ link: LinkType, into packet: inout DecodedPacket
    ) -> DropReason? {
        switch link {
        case .ethernet: decodeTyped(bytes, typeAt: 12, header: 14, into: &packet)
        case .raw: decodeAnyIP(bytes, at: 0, isQuote: false, into: &packet)
        case .ipv4: decodeIPv4(bytes, at: 0, isQuote: false, into: &packet)
        case .ipv6: decodeIPv6(bytes, at: 0, isQuote: false, into: &packet)
        case .linuxCooked: decodeTyped(bytes, typeAt: 14, header: 16, into: &packet)
        case .linuxCooked2: decodeTyped(bytes, typeAt: 0, header: 20, into: &packet)
        case .nflogLittleEndian: decodeNFLOG(bytes, bigEndian: false, into: &packet)
        case .nflogBigEndian: decodeNFLOG(bytes, bigEndian: true, into: &packet)
        case .null: decodeLoopback(bytes, isNetworkOrder: false, into: &packet)
        case .loop: decodeLoopback(bytes, isNetworkOrder: true, into: &packet)
        case .unsupported: .unsupportedLinkType
        }
    }

    /// A header with an Ethernet type, and the VLAN tags after it.
    @inlinable @inline(__always)
    static func decodeTyped(
        _ bytes: PacketBytes, typeAt: Int, header: Int, into packet: inout DecodedPacket
    ) -> DropReason? {
        guard bytes.holds(header) else { return bytes.shortage(header) }
        let type = bytes.short(typeAt)
        if type == 0x0800 { return decodeIPv4(bytes, at: header, isQuote: false, into: &packet) }
        if type == 0x86dd { return decodeIPv6(bytes, at: header, isQuote: false, into: &packet) }
        return decodeTags(bytes, type, at: header, into: &packet)
    }

    /// VLAN tags: 802.1Q, 802.1ad, and 0x9100 of older QinQ. Each is 16 bits of tag and the next Ethernet type.
    @inlinable @inline(never)
    static func decodeTags(
        _ bytes: PacketBytes, _ first: UInt16, at start: Int, into packet: inout DecodedPacket
    ) -> DropReason? {
        var type = first
        var offset = start
        while type == 0x8100 || type == 0x88a8 || type == 0x9100 {
            if offset &- start == 12 { return .tooManyTags }
            guard bytes.holds(offset &+ 4) else { return bytes.shortage(offset &+ 4) }
            type = bytes.short(offset &+ 2)
            offset &+= 4
        }
        switch type {
        case 0x0800: return decodeIPv4(bytes, at: offset, isQuote: false, into: &packet)
        case 0x86dd: return decodeIPv6(bytes, at: offset, isQuote: false, into: &packet)
        default: return .notIP
        }
    }

    /// BSD loopback. IPv6 is 24, 28 or 30, by the BSD; IPv4 is 2 everywhere.
    @inlinable @inline(never)
    static func decodeLoopback(
        _ bytes: PacketBytes, isNetworkOrder: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        guard bytes.holds(4) else { return bytes.shortage(4) }
        var family = bytes.word(0)
        // The order of the capturing machine is not recorded; a family is a small number in the right one.
        if !isNetworkOrder && family > 0xffff { family = family.byteSwapped }
        switch family {
        case 2: return decodeIPv4(bytes, at: 4, isQuote: false, into: &packet)
        case 24, 28, 30: return decodeIPv6(bytes, at: 4, isQuote: false, into: &packet)
        default: return .notIP
        }
    }

    /// An nfnetlink_log message: family, version 0, group, then attributes of length, type and value, each padded
    /// to four bytes (linux/netfilter/nfnetlink_log.h). Attribute 9 is the packet.
    ///
    /// The kernel copies as much of a packet as the reader asked for, and neither the message nor the file tells
    /// how much that left out. So a packet may be longer than its attribute, and what lacks was not captured.
    @inlinable @inline(never)
    static func decodeNFLOG(
        _ bytes: PacketBytes, bigEndian: Bool, into packet: inout DecodedPacket
    ) -> DropReason? {
        guard bytes.holds(4) else { return bytes.shortage(4) }
        guard bytes.byte(1) == 0 else { return .badLinkHeader }
        let family = bytes.byte(0)
        guard family == 2 || family == 10 else { return .notIP }
        var offset = 4
        while offset < bytes.wire {
            guard bytes.holds(offset &+ 4) else { return bytes.shortage(offset &+ 4) }
            let length = Int(bigEndian ? bytes.short(offset) : bytes.short(offset).byteSwapped)
            let kind = bigEndian ? bytes.short(offset &+ 2) : bytes.short(offset &+ 2).byteSwapped
            guard length >= 4, offset &+ length <= bytes.wire else { return .badLinkHeader }
            // The top two bits flag nesting and byte order (linux/netlink.h).
            if kind & 0x3fff == 9 {
                var payload = bytes
                payload.close(at: offset &+ length)
                payload.wire = PacketBytes.unknownWire
                return family == 2
                    ? decodeIPv4(payload, at: offset &+ 4, isQuote: false, into: &packet)
                    : decodeIPv6(payload, at: offset &+ 4, isQuote: false, into: &packet)
            }
            offset &+= (length &+ 3) & ~3
        }
        return .badLinkHeader
    }
}
