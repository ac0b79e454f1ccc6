/// What one worker has to say to whoever listens: 64 bytes, one cache line, without references.
///
/// Addresses are kept as two words each, the upper first: an IPv4 address is in the low 32 bits of the
/// second.
@frozen
public struct PathEvent: BitwiseCopyable, Sendable {
    /// Numbers are fixed: events may be kept.
    public enum Kind: UInt8, BitwiseCopyable, Sendable, CaseIterable {
        /// The scope refuses a packet.
        case refused = 1
        /// A source that no session has.
        case spoofed = 2
        /// A session has been refused more different destinations in a window than it may.
        case scan = 3
        /// Seen behind the kernel, and refused here.
        case disagreement = 4
    }

    public var sourceHigh: UInt64
    public var sourceLow: UInt64
    public var destinationHigh: UInt64
    public var destinationLow: UInt64
    /// The caller's coarse clock.
    public var tick: UInt64
    /// The session's scope and slot; a value of 0 when there is no session.
    public var session: SessionValue
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var kind: Kind
    /// Of ``DenyReason``, or 0.
    public var reason: UInt8
    public var ipProtocol: UInt8
    public var isIPv6: Bool
    /// What the kind has to say beside: for a scan the estimated number of destinations, for a spoofed source the
    /// index of the tunnel, or 0.
    public var detail: UInt64

    /// An event about no packet: every field but these is 0.
    @inlinable
    init(kind: Kind, reason: UInt8, session: SessionValue, tick: UInt64, detail: UInt64 = 0) {
        (sourceHigh, sourceLow, destinationHigh, destinationLow) = (0, 0, 0, 0)
        (sourcePort, destinationPort, ipProtocol, isIPv6) = (0, 0, 0, false)
        self.kind = kind
        self.reason = reason
        self.session = session
        self.tick = tick
        self.detail = detail
    }

    /// With the ends, ports and protocol of a packet.
    @inlinable
    public init(
        kind: Kind, reason: DenyReason, packet: DecodedPacket, session: SessionValue, tick: UInt64,
        detail: UInt64 = 0
    ) {
        self.init(
            kind: kind, reason: reason.rawValue, session: session, tick: tick, detail: detail)
        (sourceHigh, sourceLow) = (packet.sourceHigh, packet.sourceLow)
        (destinationHigh, destinationLow) = (packet.destinationHigh, packet.destinationLow)
        (sourcePort, destinationPort) = (packet.sourcePort, packet.destinationPort)
        ipProtocol = packet.ipProtocol
        isIPv6 = packet.family == 6
    }
}
