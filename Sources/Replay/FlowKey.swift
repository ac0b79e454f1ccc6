import NetworkTypes
import PacketPath
import Sessions

/// What one row of a replay is about: a session, the far end of its packets, what was decided of the session, and
/// what the packet path says. A trivial value of 32 bytes.
struct FlowKey: Hashable, BitwiseCopyable {
    var farHigh: UInt64
    var farLow: UInt64
    /// From the lowest bit: 16 of port, 8 of protocol, 8 of outcome, 1 for IPv6, 1 for "has a port", 24 of session.
    private var word: UInt64
    /// The number of a ``Standing``; 0 where there is no session.
    let standing: UInt32

    /// The far end is the destination of what the session sends, and the source of what it is sent.
    ///
    /// - Parameter session: The session's number; nil for none.
    @inline(__always)
    init(
        _ packet: DecodedPacket, way: JudgedPacket.Way, session: UInt32?, outcome: Outcome, standing: UInt32
    ) {
        let isOutward = way == .outward
        farHigh = isOutward ? packet.destinationHigh : packet.sourceHigh
        farLow = isOutward ? packet.destinationLow : packet.sourceLow
        let port = isOutward ? packet.destinationPort : packet.sourcePort
        word =
            (packet.hasPorts ? UInt64(port) | 1 << 33 : 0) | UInt64(packet.ipProtocol) << 16
            | UInt64(outcome.rawValue) << 24 | (packet.family == 6 ? 1 << 32 : 0)
            | UInt64(session.map { $0 &+ 1 } ?? 0) << 34
        self.standing = standing
    }

    /// Nil where there is no session.
    var session: Int? {
        let number = Int(word >> 34)
        return number == 0 ? nil : number - 1
    }

    var outcome: Outcome {
        get { Outcome(rawValue: UInt8(truncatingIfNeeded: word >> 24)) }
        set { word = word & ~(0xff << 24) | UInt64(newValue.rawValue) << 24 }
    }

    var hasPort: Bool { word >> 33 & 1 == 1 }
    var isIPv6: Bool { word >> 32 & 1 == 1 }

    /// With port 0 where there is none.
    var destination: Destination {
        let bits = UInt128(farHigh) << 64 | UInt128(farLow)
        let address = isIPv6 ? IPAddress(ipv6: bits) : IPAddress(ipv4: UInt32(truncatingIfNeeded: bits))
        return Destination(
            address: address, ipProtocol: IPProtocol(rawValue: UInt8(truncatingIfNeeded: word >> 16)),
            port: UInt16(truncatingIfNeeded: word))
    }

    /// Spreads keys over a small table; no defence against keys that somebody chose.
    @inline(__always)
    var spread: UInt64 {
        let mixed = (farLow ^ farHigh &* 0x9e37_79b9_7f4a_7c15) &+ word ^ UInt64(standing) << 40
        return mixed &* 0xd6e8_feb8_6659_fd93
    }
}

/// What became of one frame.
struct FrameJudgment {
    /// Nil for a frame that was no packet to judge.
    let key: FlowKey?
    let way: JudgedPacket.Way
    let octets: UInt32
    /// Nanoseconds since 1970.
    let time: Int64

    @inline(__always)
    init(_ key: FlowKey, _ way: JudgedPacket.Way, _ octets: UInt32, at time: Instant) {
        self.key = key
        self.way = way
        self.octets = octets
        self.time = time.nanosecondsSince1970
    }

    init(at time: Instant) {
        key = nil
        way = .outward
        octets = 0
        self.time = time.nanosecondsSince1970
    }
}

/// What the packet path says of a packet, in a byte.
struct Outcome: RawRepresentable, Hashable, BitwiseCopyable {
    /// 0 for permitted, the number of a deny reason below 128, that of a doubt above it.
    let rawValue: UInt8

    @inline(__always)
    init(rawValue: UInt8) { self.rawValue = rawValue }

    @inline(__always)
    init(_ verdict: PacketPath.Verdict) {
        switch verdict {
        case .permitted: rawValue = 0
        case .denied(let reason): rawValue = reason.rawValue
        case .cannotTell(let doubt): rawValue = 128 | doubt.rawValue
        }
    }

    static var permitted: Outcome { Outcome(rawValue: 0) }

    /// An answer by UDP to a question that was perhaps not asked.
    static var perhapsUnasked: Outcome { Outcome(.cannotTell(.flow)) }

    /// Refused, for a number that is none.
    var verdict: PacketPath.Verdict {
        if rawValue == 0 { return .permitted }
        if rawValue >= 128, let doubt = Doubt(rawValue: rawValue & 127) { return .cannotTell(doubt) }
        return .denied(DenyReason(rawValue: rawValue) ?? .noScope)
    }
}
