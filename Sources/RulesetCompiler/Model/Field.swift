package import NetworkTypes

/// Something that a rule reads of a packet.
///
/// A field carries its own conditions: reading an IPv4 source address first proves that the packet is IPv4. They are
/// part of the program of a rule and are left out of its text, as `nft` does.
package enum Field: Sendable, Hashable {
    /// Interface indexes.
    case inputInterface, outputInterface
    /// Interface names.
    case inputName, outputName
    case networkProtocol
    /// The protocol after all IPv6 extension headers (`meta l4proto`), never the next-header byte.
    case transportProtocol
    case mark
    case source(AddressFamily), destination(AddressFamily)
    case sourcePort, destinationPort
    case icmpType(AddressFamily)
    case tcpFlags
    /// Version and, of IPv4, header length in words: 0x45 is IPv4 without options. One step to read, for either family.
    case firstByte
    /// IPv6's hop limit.
    case hopLimit
    /// Whether an IPv6 routing header is there.
    case routingHeader
    case connectionState, connectionDirection
    /// The name of the interface that the route to the destination leads out of.
    case routeName
    /// Bits of what follows the network header, counted from the transport header's first bit; both multiples of 8.
    case transportBits(offset: Int, length: Int)
}

extension Field {
    /// A field whose value must be known before this one means anything.
    package struct Condition: Sendable, Hashable {
        package var field: Field
        package var value: UInt64
    }

    package var conditions: [Condition] {
        switch self {
        case .source(let family), .destination(let family): [.family(family)]
        case .icmpType(let family): [.family(family), .transport(family == .ipv4 ? .icmp : .icmpv6)]
        case .tcpFlags: [.transport(.tcp)]
        case .hopLimit, .routingHeader: [.family(.ipv6)]
        default: []
        }
    }

    /// The bytes that the field fills in a register.
    package var length: Int {
        switch self {
        case .inputInterface, .outputInterface, .mark, .connectionState: 4
        case .inputName, .outputName, .routeName: 16
        case .source(let family), .destination(let family): family.bitWidth / 8
        case .sourcePort, .destinationPort: 2
        case .transportBits(_, let length): length / 8
        case .networkProtocol, .transportProtocol, .icmpType, .tcpFlags, .firstByte, .hopLimit,
            .routingHeader, .connectionDirection:
            1
        }
    }

    /// True for values that the kernel keeps in the byte order of the machine.
    package var isHostOrder: Bool {
        switch self {
        case .inputInterface, .outputInterface, .mark, .connectionState: true
        default: false
        }
    }
}

extension Field.Condition {
    /// NFPROTO_IPV4 is 2, NFPROTO_IPV6 is 10 (linux/netfilter.h).
    package static func family(_ family: AddressFamily) -> Self {
        Self(field: .networkProtocol, value: family == .ipv4 ? 2 : 10)
    }

    package static func transport(_ number: IPProtocol) -> Self {
        Self(field: .transportProtocol, value: UInt64(number.rawValue))
    }
}
