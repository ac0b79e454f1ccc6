package import PacketPath

/// What holds for the decoder whatever the bytes are.
///
/// The properties are one target's, so that the fuzzer (Tests/Fuzz) and the ordinary test of its kept corpus check the
/// same.
public enum DecodeProperties {
    /// Bytes of an input in front of the frame: the link type, and how many bytes of the frame the capture cut.
    public static let prefix = 3

    /// The input that has this frame.
    package static func input(_ frame: [UInt8], link: LinkType, cut: UInt16 = 0) -> [UInt8] {
        let index = LinkType.allCases.firstIndex(of: link) ?? 0
        return [UInt8(index), UInt8(cut >> 8), UInt8(truncatingIfNeeded: cut)] + frame
    }

    /// Decodes the frame of an input; returns what does not hold.
    public static func violation(in input: [UInt8]) -> String? {
        guard input.count >= prefix else { return nil }
        let link = LinkType.allCases[Int(input[0]) % LinkType.allCases.count]
        let frame = Array(input[prefix...])
        let wire = frame.count + Int(input[1]) << 8 + Int(input[2])
        // The array's own storage ends with the frame, or soon after: the sanitizer sees what reads further.
        let packet = PacketDecoder.decode(frame, link: link, wireLength: wire)
        let quote = PacketDecoder.decodeQuote(of: packet, in: frame)
        return violation(of: packet, frame.count) ?? violation(of: quote, in: packet)
            ?? difference(packet, quote, frame, link, wire)
    }

    private static func violation(of packet: DecodedPacket, _ count: Int) -> String? {
        switch packet.family {
        case 0 where packet.drop == nil: return "decoded, and of no family"
        case 0, 6: break
        case 4:
            if (packet.sourceHigh | packet.destinationHigh) != 0 { return "IPv4 with an address of 128 bits" }
            if (packet.sourceLow | packet.destinationLow) >> 32 != 0 {
                return "IPv4 with an address of 64 bits"
            }
        default: return "family \(packet.family)"
        }
        if packet.payloadLength > packet.length { return "payload longer than packet" }
        if packet.drop == nil && Int(packet.length) < (packet.family == 4 ? 20 : 40) { return "no header" }
        if packet.hasPorts && ![6, 17].contains(packet.ipProtocol) { return "ports without TCP or UDP" }
        if packet.hasPorts && packet.fragment == .later { return "ports in a later fragment" }
        if packet.tcpFlags != 0 && packet.ipProtocol != 6 { return "flags without TCP" }
        if packet.hasICMPType && ![1, 58].contains(packet.ipProtocol) { return "a type without ICMP" }
        guard packet.isICMPError else { return nil }
        if !packet.hasICMPType { return "an ICMP error without a type" }
        let end = Int(packet.quoteOffset) + Int(packet.quoteLength)
        return end > count ? "a quote that ends at \(end) of \(count)" : nil
    }

    private static func violation(of quote: DecodedPacket?, in packet: DecodedPacket) -> String? {
        guard let quote else { return packet.isICMPError ? "an error without a quote" : nil }
        if !packet.isICMPError { return "a quote without an error" }
        if quote.isICMPError { return "a quote in a quote" }
        return violation(of: quote, Int(packet.quoteLength)).map { "quoted: \($0)" }
    }

    /// What stands behind the frame in memory must not matter.
    private static func difference(
        _ packet: DecodedPacket, _ quote: DecodedPacket?, _ frame: [UInt8], _ link: LinkType, _ wire: Int
    ) -> String? {
        for filler: UInt8 in [0, 0xff] {
            let longer = frame + [UInt8](repeating: filler, count: 64)
            let isSame = unsafe longer.withUnsafeBytes { bytes in
                let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<frame.count])
                let other = unsafe PacketDecoder.decode(part, link: link, wireLength: wire)
                return unsafe other == packet && PacketDecoder.decodeQuote(of: other, in: part) == quote
            }
            if !isSame { return "depends on what follows the frame" }
        }
        return nil
    }
}
