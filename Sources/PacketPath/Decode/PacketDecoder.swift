/// Reads a frame's headers: link, IP with its extension headers, and the ports or type that rules look at.
///
/// Any bytes are good input: the result says what was read and, when that is not all, why. Nothing is allocated,
/// locked, thrown or kept; the cost is some nanoseconds, and bounded by ``maximumExtensionHeaders``, three VLAN
/// tags and the number of attributes in an NFLOG message.
///
/// Checksums are not verified: a capture on the sending machine has them unfilled.
public enum PacketDecoder {
    /// The most IPv6 extension headers that are stepped over. RFC 8200 section 4.1 wants each kind once, and
    /// destination options twice: seven.
    public static let maximumExtensionHeaders = 8

    /// Decodes one frame.
    ///
    /// - Parameters:
    ///   - frame: The captured bytes; read only during the call.
    ///   - wireLength: The frame's length before the capture cut it; what is less than the captured bytes counts
    ///     as equal.
    @inlinable
    public static func decode(
        _ frame: UnsafeRawBufferPointer, link: LinkType, wireLength: Int
    ) -> DecodedPacket {
        var packet = DecodedPacket()
        unsafe packet.drop = decodeLink(PacketBytes(frame, wire: wireLength), link, into: &packet)
        return packet
    }

    /// Decodes one frame that was captured whole.
    public static func decode(_ frame: RawSpan, link: LinkType) -> DecodedPacket {
        unsafe frame.withUnsafeBytes { unsafe decode($0, link: link, wireLength: $0.count) }
    }

    /// Decodes one frame; without a wire length, one that was captured whole.
    public static func decode(_ frame: [UInt8], link: LinkType, wireLength: Int = 0) -> DecodedPacket {
        unsafe frame.withUnsafeBytes { unsafe decode($0, link: link, wireLength: wireLength) }
    }

    /// Decodes the packet that an ICMP error quotes; nil when `packet` is no such error.
    ///
    /// `frame` must be the frame that `packet` was decoded from; any other gives a wrong answer, but no read
    /// outside it. A quote is cut by nature (RFC 792 asks for eight bytes after the IP header, RFC 4443 for what
    /// fits): eight are enough, and TCP flags that were cut are zero. An error quoted in an error is not followed.
    public static func decodeQuote(
        of packet: DecodedPacket, in frame: UnsafeRawBufferPointer
    ) -> DecodedPacket? {
        guard packet.isICMPError else { return nil }
        var bytes = unsafe PacketBytes(frame, wire: PacketBytes.unknownWire)
        let start = Int(packet.quoteOffset)
        bytes.captured = min(bytes.captured, start + Int(packet.quoteLength))
        var quoted = DecodedPacket()
        quoted.drop = decodeAnyIP(bytes, at: start, isQuote: true, into: &quoted)
        quoted.quoteOffset = 0
        quoted.quoteLength = 0
        return quoted
    }

    /// Decodes the packet that an ICMP error quotes; nil when `packet` is no such error.
    public static func decodeQuote(of packet: DecodedPacket, in frame: [UInt8]) -> DecodedPacket? {
        unsafe frame.withUnsafeBytes { unsafe decodeQuote(of: packet, in: $0) }
    }
}
