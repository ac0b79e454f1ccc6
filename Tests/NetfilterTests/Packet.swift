import NetworkTypes

/// An IP packet to be written into an interface: built by hand, so that it can be wrong in any way.
struct Packet {
    var source: IPAddress
    var destination: IPAddress
    var ipProtocol: UInt8
    /// Everything behind the IP header, checksum included.
    var transport: [UInt8]
    /// IPv4 options, a multiple of 4 bytes.
    var options: [UInt8] = []
    /// IPv6 extension headers, complete; the last names `ipProtocol`. `firstExtension` is the type of the first.
    var extensions: [UInt8] = []
    var firstExtension: UInt8 = 0
    var identification: UInt16 = 1
    /// The IPv4 flags and fragment offset.
    var fragment: UInt16 = 0

    var bytes: [UInt8] { source.family == .ipv4 ? ipv4 : ipv6 }

    private var ipv4: [UInt8] {
        let length = UInt16(20 + options.count + transport.count)
        var header: [UInt8] = [0x40 | UInt8(5 + options.count / 4), 0]
        header += length.pair + identification.pair + fragment.pair + [64, ipProtocol, 0, 0]
        header += source.bytes + destination.bytes + options
        let sum = checksum(header)
        header[10] = sum.pair[0]
        header[11] = sum.pair[1]
        return header + transport
    }

    private var ipv6: [UInt8] {
        let next = extensions.isEmpty ? ipProtocol : firstExtension
        return [0x60, 0, 0, 0] + UInt16(extensions.count + transport.count).pair + [next, 64]
            + source.bytes + destination.bytes + extensions + transport
    }

    enum TCP: UInt8 {
        case fin = 0x01
        case syn = 0x02
        case rst = 0x04
        case ack = 0x10
        case synAck = 0x12
        case synRst = 0x06
        case finSyn = 0x03
        case none = 0x00
    }

    static func tcp(
        _ source: IPAddress, _ sourcePort: UInt16, _ destination: IPAddress, _ destinationPort: UInt16,
        _ flags: TCP, payload: [UInt8] = []
    ) -> Packet {
        let header =
            sourcePort.pair + destinationPort.pair + [
                0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags.rawValue, 0x20, 0, 0, 0, 0, 0,
            ]
        return checked(source, destination, 6, header + payload, at: 16)
    }

    static func udp(
        _ source: IPAddress, _ sourcePort: UInt16, _ destination: IPAddress, _ destinationPort: UInt16,
        payload: [UInt8] = [1, 2, 3, 4]
    ) -> Packet {
        let header = sourcePort.pair + destinationPort.pair + UInt16(8 + payload.count).pair + [0, 0]
        return checked(source, destination, 17, header + payload, at: 6)
    }

    static func icmp(
        _ source: IPAddress, _ destination: IPAddress, type: UInt8, code: UInt8 = 0,
        rest: [UInt8] = [0, 1, 0, 1],
        payload: [UInt8] = [9, 9, 9, 9]
    ) -> Packet {
        let number: UInt8 = source.family == .ipv4 ? 1 : 58
        return checked(source, destination, number, [type, code, 0, 0] + rest + payload, at: 2)
    }

    static func other(_ source: IPAddress, _ destination: IPAddress, _ number: UInt8) -> Packet {
        Packet(
            source: source, destination: destination, ipProtocol: number,
            transport: [0, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    private static func checked(
        _ source: IPAddress, _ destination: IPAddress, _ number: UInt8, _ transport: [UInt8], at place: Int
    ) -> Packet {
        var transport = transport
        let pseudo = source.bytes + destination.bytes + [0, number] + UInt16(transport.count).pair
        let sum = checksum(number == 1 ? transport : pseudo + transport)
        transport[place] = sum.pair[0]
        transport[place + 1] = sum.pair[1]
        return Packet(source: source, destination: destination, ipProtocol: number, transport: transport)
    }

    /// The packet in two pieces, cut behind its first `count` bytes of transport (a multiple of 8).
    func fragments(cutAt count: Int) -> [Packet] {
        var first = self
        var second = self
        first.transport = Array(transport[..<count])
        second.transport = Array(transport[count...])
        if source.family == .ipv4 {
            first.fragment = 0x2000
            second.fragment = UInt16(count / 8)
        } else {
            (first.firstExtension, second.firstExtension) = (44, 44)
            first.extensions = [ipProtocol, 0, 0, 1, 0, 0, 0, 7]
            second.extensions = [ipProtocol, 0] + UInt16(count).pair + [0, 0, 0, 7]
        }
        return [first, second]
    }
}

extension UInt16 {
    var pair: [UInt8] { [UInt8(self >> 8), UInt8(truncatingIfNeeded: self)] }
}

/// RFC 1071.
func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for (index, byte) in bytes.enumerated() { sum += UInt32(byte) << (index % 2 == 0 ? 8 : 0) }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
}
