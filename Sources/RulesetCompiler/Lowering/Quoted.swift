import NetworkTypes

/// Where the packet that an ICMP error quotes keeps its fields (RFC 792, RFC 4443 section 3), in bits from the ICMP
/// header: 64 bits of that header, then the quoted IP header, then at least 64 bits of the quoted transport.
///
/// The offsets are fixed, so a quoted IPv4 packet must have no options, and a quoted IPv6 packet no extension headers;
/// errors about others are refused.
struct Quoted {
    let family: AddressFamily

    init(_ family: AddressFamily) { self.family = family }

    private static let header = 64

    private var transport: Int { Self.header + (family == .ipv4 ? 160 : 320) }

    /// Where the quoted packet was going.
    var destination: [Field] { [address(second: true), ipProtocol, bits(transport + 16, 16)] }

    /// Where the quoted packet came from.
    var source: [Field] { [address(second: false), ipProtocol, bits(transport, 16)] }

    var ipProtocol: Field { bits(Self.header + (family == .ipv4 ? 72 : 48), 8) }

    /// The type, when the quoted packet is ICMP.
    var icmpType: Field { bits(transport, 8) }

    /// The byte that begins with the version, and what must be in it: for IPv4 the header length too.
    var version: (field: Field, mask: UInt64?, value: UInt64) {
        family == .ipv4 ? (bits(Self.header, 8), nil, 0x45) : (bits(Self.header, 8), 0xf0, 0x60)
    }

    private func address(second: Bool) -> Field {
        let first = Self.header + (family == .ipv4 ? 96 : 64)
        return bits(first + (second ? family.bitWidth : 0), family.bitWidth)
    }

    private func bits(_ offset: Int, _ length: Int) -> Field {
        .transportBits(offset: offset, length: length)
    }
}

extension Field {
    /// The type of a set that is looked up by this field. Only the fields of a quoted packet are ever asked.
    var dataType: DataType {
        switch self {
        case .transportBits(let offset, let length): .transportBits(offset: offset, length: length)
        case .source(let family), .destination(let family): .address(family)
        case .transportProtocol: .ipProtocol
        case .sourcePort, .destinationPort: .port
        case .inputInterface, .outputInterface: .interfaceIndex
        default: .mark
        }
    }
}
