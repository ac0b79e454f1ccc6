package import NetworkTypes

/// A ping: an ICMP echo request (RFC 792, RFC 4443 section 4.1).
package struct EchoRequest: Question {
    private static let marks: [UInt8] = [0x67, 0x68, 0x00, 0x01]
    private let family: AddressFamily
    package let bytes: [UInt8]

    package init(_ family: AddressFamily) {
        self.family = family
        let payload = Array("gatehouse lab".utf8)
        switch family {
        case .ipv4:
            let sum = Self.checksum([8, 0, 0, 0] + Self.marks + payload)
            bytes = [8, 0, UInt8(sum >> 8), UInt8(sum & 255)] + Self.marks + payload
        case .ipv6:
            // The kernel fills in ICMPv6 checksums, since they cover its choice of source address (RFC 3542, 3.1).
            bytes = [128, 0, 0, 0] + Self.marks + payload
        }
    }

    /// A raw IPv4 socket hands over the IP header too (raw(7)), a raw IPv6 socket does not.
    package func isAnswered(by reply: [UInt8]) -> Bool {
        switch family {
        case .ipv4:
            let start = Int((reply.first ?? 0) & 15) * 4
            return reply.count >= start + 8 && reply[start] == 0
                && Array(reply[(start + 4)..<(start + 8)]) == Self.marks
        case .ipv6: return reply.count >= 8 && reply[0] == 129 && Array(reply[4..<8]) == Self.marks
        }
    }

    /// The internet checksum (RFC 1071).
    package static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte) }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return ~UInt16(sum)
    }
}
