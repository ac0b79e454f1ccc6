/// What the verdict on a packet depends on, in plain numbers of host order.
///
/// A field that the packet has not, or that lies beyond its end, is 0, and a flag says so: the ruleset reads
/// fields one by one, and a field that cannot be read matches nothing.
public struct JudgedPacket: BitwiseCopyable, Sendable {
    /// As the kernel sees it: `outward` comes from a tunnel, `toward` leaves by one.
    public enum Way: UInt8, BitwiseCopyable, Sendable, CaseIterable { case outward, toward }

    /// What connection tracking knows of the datagram's flow. Only UDP toward a session is judged by it.
    public enum Flow: UInt8, BitwiseCopyable, Sendable, CaseIterable {
        /// Nobody asked: the packet path keeps no flows.
        case unknown
        /// No entry, or not yet answered, or begun by the far side.
        case unsolicited
        /// Established, and this packet goes in the direction of the answers.
        case answered
    }

    public struct Facts: OptionSet, BitwiseCopyable, Sendable {
        public let rawValue: UInt16

        @inlinable
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// IPv4 with a header of more than 20 bytes.
        public static let options = Facts(rawValue: 1 << 0)
        /// IPv6 with a routing header anywhere.
        public static let routingHeader = Facts(rawValue: 1 << 1)
        /// Part of a datagram: more follows, or it is not the first. An IPv6 "atomic" fragment is none.
        public static let fragment = Facts(rawValue: 1 << 2)
        /// What is read of the ports is not there, or not of this fragment: outward the destination port, in the first
        /// 4 bytes behind the network headers; toward a session the source port, in the first 2.
        public static let noPorts = Facts(rawValue: 1 << 3)
        /// The byte of TCP's flags, or of ICMP's type, is not there.
        public static let noKind = Facts(rawValue: 1 << 4)
        /// `quoted` was read: up to the ports of the packet inside an ICMP error.
        public static let quotes = Facts(rawValue: 1 << 5)
        /// From a tunnel to a tunnel.
        public static let betweenTunnels = Facts(rawValue: 1 << 6)
        /// The gateway itself is the destination (outward) or the sender (toward).
        public static let ofGateway = Facts(rawValue: 1 << 7)
    }

    public var way: Way
    public var flow: Flow = .unknown
    public var isIPv6: Bool
    public var facts: Facts = []
    /// The protocol after all IPv6 extension headers, as `meta l4proto` is; of a later fragment, what its
    /// fragment header says.
    public var ipProtocol: UInt8
    public var tcpFlags: UInt8 = 0
    /// Of ICMP or ICMPv6.
    public var icmpType: UInt8 = 0
    /// IPv6's; read for neighbour discovery alone.
    public var hopLimit: UInt8 = 0
    /// An IPv4 address is in the low 32 bits.
    public var source: UInt128
    public var destination: UInt128
    /// The first two bytes behind the network headers, whatever the protocol.
    public var sourcePort: UInt16 = 0
    /// The next two.
    public var destinationPort: UInt16 = 0
    /// Means something with ``Facts/quotes`` alone.
    public var quoted = Quoted()

    @inlinable
    public init(way: Way, isIPv6: Bool, ipProtocol: UInt8, source: UInt128, destination: UInt128) {
        self.way = way
        self.isIPv6 = isIPv6
        self.ipProtocol = ipProtocol
        self.source = source
        self.destination = destination
    }
}

extension JudgedPacket {
    /// The packet inside an ICMP error, read at fixed places as the ruleset does: as if it had a header of 20
    /// bytes when the error is IPv4 and of 40 when it is IPv6. With extension headers `ipProtocol` is
    /// therefore the first of them, and what stands where ports would be are its bytes.
    public struct Quoted: BitwiseCopyable, Sendable {
        /// Version and, for IPv4, header length: 0x45; of IPv6 the upper half alone counts.
        public var firstByte: UInt8 = 0
        public var ipProtocol: UInt8 = 0
        /// The first byte behind the header.
        public var icmpType: UInt8 = 0
        public var source: UInt128 = 0
        public var destination: UInt128 = 0
        public var sourcePort: UInt16 = 0
        public var destinationPort: UInt16 = 0

        @inlinable
        public init() {}
    }
}
