import NetworkTypes
package import PacketPath

/// A decoded frame as one line of text: number, source, destination, protocol, source port, destination port,
/// fragment (`-`, `first`, `later`), and why it was dropped, with tabs between.
///
/// What is not known, or not there, is empty.
package enum FrameLine {
    /// Appends the line and its newline to `text`, as UTF-8.
    package static func append(_ packet: DecodedPacket, number: Int, to text: inout [UInt8]) {
        append(UInt64(clamping: number), to: &text)
        text.append(tab)
        appendAddress(packet.source, to: &text)
        text.append(tab)
        appendAddress(packet.destination, to: &text)
        text.append(tab)
        if packet.family != 0 {
            text += IPProtocol(rawValue: packet.ipProtocol).description.utf8
        }
        text.append(tab)
        if packet.hasPorts { append(UInt64(packet.sourcePort), to: &text) }
        text.append(tab)
        if packet.hasPorts { append(UInt64(packet.destinationPort), to: &text) }
        text.append(tab)
        text += name(of: packet.fragment).utf8
        text.append(tab)
        if let drop = packet.drop { text += drop.description.utf8 }
        text.append(UInt8(ascii: "\n"))
    }

    private static let tab = UInt8(ascii: "\t")

    private static func name(of fragment: DecodedPacket.Fragment) -> String {
        switch fragment {
        case .none: "-"
        case .first: "first"
        case .later: "later"
        }
    }

    /// IPv4 without the strings that `description` makes: this runs for every frame of long captures.
    private static func appendAddress(_ address: IPAddress?, to text: inout [UInt8]) {
        guard let address else { return }
        guard address.family == .ipv4 else {
            text += address.description.utf8
            return
        }
        for shift in [24, 16, 8, 0] {
            append(UInt64(truncatingIfNeeded: address.bits >> UInt128(shift)) & 0xff, to: &text)
            if shift != 0 { text.append(UInt8(ascii: ".")) }
        }
    }

    private static func append(_ number: UInt64, to text: inout [UInt8]) {
        var digits = number
        let start = text.count
        repeat {
            text.append(UInt8(ascii: "0") + UInt8(digits % 10))
            digits /= 10
        } while digits != 0
        text[start...].reverse()
    }
}
