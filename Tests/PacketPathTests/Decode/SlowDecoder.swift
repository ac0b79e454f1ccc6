import PacketPath

/// The decoder again, as plainly as it can be said: bytes are taken from the front of an array, and what cannot
/// be taken is thrown. It shares no code with the one under test.
struct SlowDecoder {
    struct Refusal: Error { var reason: DropReason }

    /// The bytes that were captured and not yet taken.
    private var rest: ArraySlice<UInt8>
    /// How many bytes the packet still had on the wire.
    private var wire: Int
    private let isQuote: Bool
    private(set) var packet = DecodedPacket()
    private(set) var quote: [UInt8]?

    static func decode(_ frame: [UInt8], link: LinkType, wireLength: Int = 0) -> SlowDecoder {
        var decoder = SlowDecoder(
            rest: frame[...], wire: max(frame.count, wireLength), isQuote: false)
        decoder.run { decoder throws(Refusal) in try decoder.link(link) }
        return decoder
    }

    static func decodeQuote(_ bytes: [UInt8]) -> DecodedPacket {
        var decoder = SlowDecoder(rest: bytes[...], wire: 1 << 40, isQuote: true)
        decoder.run { decoder throws(Refusal) in try decoder.anyIP() }
        return decoder.packet
    }

    private init(rest: ArraySlice<UInt8>, wire: Int, isQuote: Bool) {
        self.rest = rest
        self.wire = wire
        self.isQuote = isQuote
    }

    private mutating func run(_ body: (inout SlowDecoder) throws(Refusal) -> Void) {
        do throws(Refusal) { try body(&self) } catch { packet.drop = error.reason }
    }

    private mutating func take(_ count: Int) throws(Refusal) -> [UInt8] {
        if rest.count < count {
            if count <= wire { throw Refusal(reason: .truncatedCapture) }
            throw Refusal(reason: packet.fragment == .first ? .shortFirstFragment : .tooShort)
        }
        defer {
            rest = rest.dropFirst(count)
            wire -= count
        }
        return Array(rest.prefix(count))
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reduce(0) { $0 * 256 + Int($1) }
    }

    private static func halves(_ bytes: ArraySlice<UInt8>) -> (UInt64, UInt64) {
        let value = bytes.reduce(UInt128(0)) { $0 * 256 + UInt128($1) }
        return (UInt64(value >> 64), UInt64(truncatingIfNeeded: value))
    }

    private mutating func link(_ link: LinkType) throws(Refusal) {
        switch link {
        case .ethernet: try typed(Self.number(try take(14)[12...]))
        case .linuxCooked: try typed(Self.number(try take(16)[14...]))
        case .linuxCooked2: try typed(Self.number(try take(20)[..<2]))
        case .raw: try anyIP()
        case .ipv4: try ipv4()
        case .ipv6: try ipv6()
        case .nflogLittleEndian: try nflog { Self.number($0.reversed()) }
        case .nflogBigEndian: try nflog { Self.number($0) }
        case .null:
            let bytes = try take(4)
            let family = Self.number(bytes)
            try loopback(family > 65535 ? Self.number(bytes.reversed()) : family)
        case .loop: try loopback(Self.number(try take(4)))
        case .unsupported: throw Refusal(reason: .unsupportedLinkType)
        }
    }

    private mutating func typed(_ first: Int) throws(Refusal) {
        var type = first
        var tags = 0
        while [0x8100, 0x88a8, 0x9100].contains(type) {
            tags += 1
            if tags > 3 { throw Refusal(reason: .tooManyTags) }
            type = Self.number(try take(4)[2...])
        }
        switch type {
        case 0x0800: try ipv4()
        case 0x86dd: try ipv6()
        default: throw Refusal(reason: .notIP)
        }
    }

    private mutating func loopback(_ family: Int) throws(Refusal) {
        switch family {
        case 2: try ipv4()
        case 24, 28, 30: try ipv6()
        default: throw Refusal(reason: .notIP)
        }
    }

    private mutating func nflog(_ number: ([UInt8]) -> Int) throws(Refusal) {
        let head = try take(4)
        if head[1] != 0 { throw Refusal(reason: .badLinkHeader) }
        if head[0] != 2 && head[0] != 10 { throw Refusal(reason: .notIP) }
        while wire > 0 {
            let attribute = try take(4)
            let length = number(Array(attribute[..<2])) - 4
            if length < 0 || length > wire { throw Refusal(reason: .badLinkHeader) }
            if number(Array(attribute[2...])) % 0x4000 == 9 {
                rest = rest.prefix(length)
                wire = 1 << 40
                return head[0] == 2 ? try ipv4() : try ipv6()
            }
            let padded = (length + 3) / 4 * 4
            wire -= padded
            if rest.count < padded {
                rest = []
            } else {
                rest = rest.dropFirst(padded)
            }
        }
        throw Refusal(reason: .badLinkHeader)
    }

    private mutating func anyIP() throws(Refusal) {
        guard let first = rest.first else {
            throw Refusal(reason: wire > 0 ? .truncatedCapture : .tooShort)
        }
        switch first / 16 {
        case 4: try ipv4()
        case 6: try ipv6()
        default: throw Refusal(reason: .badVersion)
        }
    }

    private mutating func ipv4() throws(Refusal) {
        let header = try take(20)
        if header[0] / 16 != 4 { throw Refusal(reason: .badVersion) }
        let length = Int(header[0] % 16) * 4
        if length < 20 { throw Refusal(reason: .badHeaderLength) }
        _ = try take(length - 20)
        let total = Self.number(header[2..<4])
        if total < length { throw Refusal(reason: .badTotalLength) }
        packet.family = 4
        packet.ipProtocol = header[9]
        packet.hopLimit = header[8]
        if length > 20 { packet.traits.insert(.options) }
        (packet.sourceHigh, packet.sourceLow) = Self.halves(header[12..<16])
        (packet.destinationHigh, packet.destinationLow) = Self.halves(header[16..<20])
        packet.length = UInt32(total)
        packet.payloadLength = UInt32(total - length)
        let field = Self.number(header[6..<8])
        try checkLength(total - length) { decoder throws(Refusal) in try decoder.ipv4Body(field) }
        end(after: total - length)
        try ipv4Body(field)
    }

    /// A packet longer than its frame is refused, but first read on for the report.
    private mutating func checkLength(
        _ length: Int, _ body: (inout SlowDecoder) throws(Refusal) -> Void
    ) throws(Refusal) {
        guard length > wire else { return }
        do throws(Refusal) { try body(&self) } catch {}
        throw Refusal(reason: .badTotalLength)
    }

    private mutating func ipv4Body(_ field: Int) throws(Refusal) {
        if field % 8192 != 0 { return try later(field % 8192) }
        if field / 8192 % 2 == 1 { packet.fragment = .first }
        try transport()
    }

    private mutating func ipv6() throws(Refusal) {
        let header = try take(40)
        if header[0] / 16 != 6 { throw Refusal(reason: .badVersion) }
        let payload = Self.number(header[4..<6])
        packet.family = 6
        packet.ipProtocol = header[6]
        packet.hopLimit = header[7]
        (packet.sourceHigh, packet.sourceLow) = Self.halves(header[8..<24])
        (packet.destinationHigh, packet.destinationLow) = Self.halves(header[24..<40])
        packet.length = UInt32(payload + 40)
        packet.payloadLength = UInt32(payload)
        try checkLength(payload) { decoder throws(Refusal) in try decoder.ipv6Body() }
        end(after: payload)
        try ipv6Body()
    }

    /// What was left of the packet at its first authentication header.
    private var authenticated: UInt32?

    private mutating func ipv6Body() throws(Refusal) {
        var count = 0
        while [0, 43, 44, 51, 60].contains(packet.ipProtocol) {
            count += 1
            if count > 8 { throw Refusal(reason: .tooManyExtensionHeaders) }
            if packet.ipProtocol == 51, authenticated == nil { authenticated = UInt32(wire) }
            try extensionHeader()
            if packet.fragment == .later { return }
            packet.payloadLength = UInt32(wire)
        }
        guard let authenticated else { return try transport() }
        // Nothing is read behind it.
        packet.ipProtocol = 51
        packet.payloadLength = authenticated
    }

    private mutating func extensionHeader() throws(Refusal) {
        // A header that cannot be read leaves its own number as the protocol.
        var ahead = self
        let head = try ahead.take(8)
        let length = packet.ipProtocol == 51 ? Int(head[1]) * 4 + 8 : Int(head[1]) * 8 + 8
        let kind = packet.ipProtocol
        _ = try take(kind == 44 ? 8 : length)
        packet.ipProtocol = head[0]
        if kind == 43 { packet.traits.insert(.routingHeader) }
        guard kind == 44 else { return }
        let field = Self.number(head[2..<4])
        if field / 8 != 0 {
            packet.payloadLength = UInt32(wire)
            if authenticated != nil { packet.ipProtocol = 51 }
            return try later(field / 8)
        }
        if field % 2 == 1 { packet.fragment = .first }
    }

    private mutating func later(_ offset: Int) throws(Refusal) {
        packet.fragment = .later
        if offset == 1 && packet.ipProtocol == 6 { throw Refusal(reason: .shortFirstFragment) }
    }

    private mutating func end(after count: Int) {
        wire = count
        rest = rest.prefix(count)
    }

    private mutating func transport() throws(Refusal) {
        switch (packet.family, packet.ipProtocol) {
        case (_, 6), (_, 17):
            if rest.count >= 4 {
                packet.hasPorts = true
                packet.sourcePort = UInt16(Self.number(rest.prefix(2)))
                packet.destinationPort = UInt16(Self.number(rest.dropFirst(2).prefix(2)))
            }
            if packet.ipProtocol == 6, rest.count >= 14 { packet.tcpFlags = Array(rest)[13] }
            _ = try take(packet.ipProtocol == 6 && !isQuote ? 20 : 8)
        case (4, 1), (6, 58):
            if rest.count >= 2 {
                packet.hasICMPType = true
                packet.icmpType = Array(rest)[0]
                packet.icmpCode = Array(rest)[1]
            }
            _ = try take(8)
            let isError =
                packet.family == 4 ? [3, 4, 5, 11, 12].contains(packet.icmpType) : packet.icmpType < 128
            if isError && !isQuote { quote = Array(rest) }
        default:
            break
        }
    }
}
