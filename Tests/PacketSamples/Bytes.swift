/// Pieces of frames, to be put one after the other.
package enum Bytes {
    /// Bytes written in hexadecimal, with spaces wherever they help.
    package static func hex(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue).map(UInt8.init)
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    package static func short(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    package static func word(_ value: Int) -> [UInt8] { short(value >> 16) + short(value) }

    /// An Ethernet header, with VLAN tags of the given Ethernet types.
    package static func ethernet(tags: [Int] = [], _ type: Int) -> [UInt8] {
        hex("02 00 00 00 00 02  02 00 00 00 00 01") + tags.flatMap { short($0) + short(7) } + short(type)
    }

    /// An IPv4 packet from 10.8.0.3 to 203.0.113.80.
    ///
    /// `fragment` is the flags and offset field; `total` overrides the total length; the options are padded by the
    /// caller.
    package static func ipv4(
        _ kind: Int, fragment: Int = 0, options: [UInt8] = [], total: Int? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        let header = 20 + options.count
        return [0x40 | UInt8(header / 4), 0] + short(total ?? header + payload.count)
            + short(0x1234) + short(fragment) + [64, UInt8(kind), 0, 0]
            + [10, 8, 0, 3, 203, 0, 113, 80] + options + payload
    }

    /// An IPv6 packet from fd08:8::1001 to 2001:db8:113::80.
    package static func ipv6(_ next: Int, length: Int? = nil, _ payload: [UInt8]) -> [UInt8] {
        [0x60, 0, 0, 0] + short(length ?? payload.count) + [UInt8(next), 64]
            + hex("fd08 0008 0000 0000 0000 0000 0000 1001  2001 0db8 0113 0000 0000 0000 0000 0080")
            + payload
    }

    /// A hop-by-hop or destination options header of `units` + 1 times eight bytes, all padding.
    package static func options(next: Int, units: Int = 0) -> [UInt8] {
        [UInt8(next), UInt8(units), 1, UInt8(4 + units * 8)] + [UInt8](repeating: 0, count: 4 + units * 8)
    }

    /// A routing header of type 4 (segment routing) with one segment.
    package static func routing(next: Int) -> [UInt8] {
        [UInt8(next), 2, 4, 0, 0, 0, 0, 0] + hex("2001 0db8 0113 0000 0000 0000 0000 0080")
    }

    /// An IPv6 fragment header; the offset is in units of eight bytes.
    package static func fragment(next: Int, offset: Int, more: Bool) -> [UInt8] {
        [UInt8(next), 0] + short(offset << 3 | (more ? 1 : 0)) + word(0xabcd)
    }

    /// An authentication header with a 96-bit check value: 24 bytes, four times (4 + 2).
    package static func authentication(next: Int) -> [UInt8] {
        [UInt8(next), 4, 0, 0] + word(0x100) + word(1) + [UInt8](repeating: 0xaa, count: 12)
    }

    /// A TCP header without options, with four bytes of data.
    package static func tcp(_ source: Int, _ destination: Int, flags: UInt8 = 0x02) -> [UInt8] {
        short(source) + short(destination) + word(0x1000) + word(0) + [0x50, flags] + short(0xfaf0)
            + [0, 0, 0, 0] + hex("de ad be ef")
    }

    /// A UDP header with four bytes of data.
    package static func udp(_ source: Int, _ destination: Int) -> [UInt8] {
        short(source) + short(destination) + short(12) + [0, 0] + hex("de ad be ef")
    }

    /// An ICMP or ICMPv6 message: type, code, checksum, four bytes of the rest, data.
    package static func icmp(_ type: UInt8, _ code: UInt8, _ data: [UInt8]) -> [UInt8] {
        [type, code, 0, 0, 0, 0, 0, 0] + data
    }

    /// An NFLOG message with a prefix attribute of odd length before the packet.
    package static func nflog(family: UInt8, bigEndian: Bool = false, _ packet: [UInt8]) -> [UInt8] {
        func attribute(_ kind: Int, _ value: [UInt8]) -> [UInt8] {
            let head = [value.count + 4, kind].flatMap { bigEndian ? short($0) : short($0).reversed() }
            return head + value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
        }
        return [family, 0, 0, 5] + attribute(10, Array("deny ".utf8)) + attribute(9, packet)
    }

    /// A Linux cooked header of version 1.
    package static func cooked(_ type: Int) -> [UInt8] {
        hex("0000 0001 0006 0200 0000 0001 0000") + short(type)
    }

    /// A Linux cooked header of version 2.
    package static func cooked2(_ type: Int) -> [UInt8] {
        short(type) + hex("0000 00000002 0001 00 06 0200 0000 0001 0000")
    }
}
