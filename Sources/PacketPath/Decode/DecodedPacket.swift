/// What the packet path knows of one packet: a trivial value of 64 bytes at most, made without allocation.
///
/// When ``drop`` is set the other fields hold what had been read by then. They are for reports; a verdict never
/// looks at them.
public struct DecodedPacket: Sendable, Hashable, BitwiseCopyable {
    /// Where a packet stands in a fragmented datagram.
    public enum Fragment: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
        /// Whole. An IPv6 "atomic" fragment (RFC 6946) is whole too.
        case none
        /// The first fragment: it has the ports, and more follow.
        case first
        /// A later fragment: it has no ports of its own.
        case later
    }

    /// Headers that move where a packet ends.
    public struct Traits: OptionSet, Sendable, Hashable, BitwiseCopyable {
        public let rawValue: UInt8

        @inlinable
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// IPv4 with a header of more than 20 bytes.
        public static let options = Traits(rawValue: 1 << 0)
        /// IPv6 with a routing header among those that were stepped over.
        public static let routingHeader = Traits(rawValue: 1 << 1)
    }

    /// The source address in host order, its upper 64 bits; zero for IPv4.
    public var sourceHigh: UInt64 = 0
    /// The lower 64 bits; an IPv4 address is in the lowest 32.
    public var sourceLow: UInt64 = 0
    /// The destination address in host order, its upper 64 bits; zero for IPv4.
    public var destinationHigh: UInt64 = 0
    /// The lower 64 bits; an IPv4 address is in the lowest 32.
    public var destinationLow: UInt64 = 0
    /// Bytes of the packet by its own header, from the IP header on; may be more than were captured.
    public var length: UInt32 = 0
    /// Bytes after the IP header and its extension headers, by the packet's own header; an Authentication Header is none
    /// of them.
    public var payloadLength: UInt32 = 0
    /// Where in the frame the packet quoted by an ICMP error begins; zero unless this is such an error.
    public var quoteOffset: UInt32 = 0
    /// How many bytes of the quoted packet were captured.
    public var quoteLength: UInt32 = 0
    /// Meaningful only when ``hasPorts``.
    public var sourcePort: UInt16 = 0
    /// Meaningful only when ``hasPorts``.
    public var destinationPort: UInt16 = 0
    /// 4 or 6; zero when no IP header could be read.
    public var family: UInt8 = 0
    /// The protocol number after all extension headers.
    ///
    /// An Authentication Header is the protocol, in both families, and what is inside is not read: so does nftables
    /// (`IP6_FH_F_AUTH` in include/net/netfilter/nf_tables_ipv6.h).
    public var ipProtocol: UInt8 = 0
    /// The flags of byte 13 of the TCP header (FIN is bit 0); zero for other protocols.
    public var tcpFlags: UInt8 = 0
    /// Meaningful only when ``hasICMPType``.
    public var icmpType: UInt8 = 0
    /// Meaningful only when ``hasICMPType``.
    public var icmpCode: UInt8 = 0
    /// IPv4's time to live or IPv6's hop limit.
    public var hopLimit: UInt8 = 0
    /// What a rule may refuse a packet for, beside its ends.
    public var traits: Traits = []
    /// Whether the packet is a fragment.
    public var fragment = Fragment.none
    /// Why the packet is refused undecoded; nil when it was decoded to its end.
    public var drop: DropReason?
    /// True when the ports were there to be read: TCP or UDP, not a later fragment, not cut.
    public var hasPorts = false
    /// True when ICMP's type and code were there to be read.
    public var hasICMPType = false

    @inlinable
    public init() {}

    /// True for an ICMP or ICMPv6 error, which quotes the packet that it is about.
    ///
    /// `PacketDecoder.decodeQuote(of:in:)` reads the quoted packet.
    @inlinable
    public var isICMPError: Bool { quoteOffset != 0 }
}
