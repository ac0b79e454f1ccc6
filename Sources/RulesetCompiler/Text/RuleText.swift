import NetworkTypes

extension Rule {
    var text: String { statements.map(\.description).joined(separator: " ") }
}

extension Statement: CustomStringConvertible {
    package var description: String {
        switch self {
        case .match(let field, let mask, let comparison, let value):
            matchText(field, mask, comparison, value)
        case .matchName(let field, let name): "\(field) \"\(name)\""
        case .lookup(let fields, let set): "\(Self.concatenation(fields)) @\(set)"
        case .writeMark(let value): "meta mark set \(hexadecimal(UInt128(value)))"
        case .setMark(let fields, let map): "meta mark set \(Self.concatenation(fields)) map @\(map)"
        case .verdictMap(let field, let map): "\(field) vmap @\(map)"
        case .counter: "counter"
        case .limit(let perSecond, let burst): "limit rate \(perSecond)/second burst \(burst) packets"
        case .log(let group, let snapLength, let prefix):
            "log prefix \"\(prefix)\" group \(group) snaplen \(snapLength)"
        case .notrack: "notrack"
        case .rejectWithReset: "reject with tcp reset"
        case .rejectAsProhibited: "reject with icmpx admin-prohibited"
        case .accept: "accept"
        case .drop: "drop"
        case .goto(let chain): "goto \(chain)"
        }
    }

    private static func concatenation(_ fields: [Field]) -> String {
        fields.map(\.description).joined(separator: " . ")
    }

    private func matchText(_ field: Field, _ mask: UInt64?, _ comparison: Comparison, _ value: UInt64)
        -> String
    {
        switch field {
        case .connectionState: return "\(field) established"
        case .routingHeader: return "\(field) exists"
        default: break
        }
        let different = comparison == .notEqual
        guard let mask else { return "\(field) \(different ? "!= " : "")\(field.text(of: value))" }
        return "\(field) & \(field.text(of: mask)) \(different ? "!=" : "==") \(field.text(of: value))"
    }
}

extension Field: CustomStringConvertible {
    package var description: String {
        switch self {
        case .inputInterface: "meta iif"
        case .outputInterface: "meta oif"
        case .inputName: "iifname"
        case .outputName: "oifname"
        case .networkProtocol: "meta nfproto"
        case .transportProtocol: "meta l4proto"
        case .mark: "meta mark"
        case .source(.ipv4): "ip saddr"
        case .source(.ipv6): "ip6 saddr"
        case .destination(.ipv4): "ip daddr"
        case .destination(.ipv6): "ip6 daddr"
        case .sourcePort: "th sport"
        case .destinationPort: "th dport"
        case .icmpType(.ipv4): "icmp type"
        case .icmpType(.ipv6): "icmpv6 type"
        case .tcpFlags: "tcp flags"
        case .firstByte: "@nh,0,8"
        case .hopLimit: "ip6 hoplimit"
        case .routingHeader: "exthdr rt"
        case .connectionState: "ct state"
        case .connectionDirection: "ct direction"
        case .routeName: "fib daddr oifname"
        case .transportBits(let offset, let length): "@th,\(offset),\(length)"
        }
    }

    /// A value of this field in the words of `nft`.
    func text(of value: UInt64) -> String {
        switch self {
        case .networkProtocol: value == 2 ? "ipv4" : "ipv6"
        case .transportProtocol: protocolName(UInt8(truncatingIfNeeded: value))
        case .icmpType(let family): Self.icmpNames[family]?[value] ?? "\(value)"
        case .connectionDirection: value == 0 ? "original" : "reply"
        case .tcpFlags: Self.flagNames(value)
        case .transportBits, .firstByte, .mark: hexadecimal(UInt128(value))
        default: "\(value)"
        }
    }

    private static func flagNames(_ value: UInt64) -> String {
        let names = ["fin", "syn", "rst", "psh", "ack"].enumerated().filter {
            value >> UInt64($0.offset) & 1 == 1
        }
        switch names.count {
        case 0: return "0x0"
        case 1: return names[0].element
        default: return "(\(names.map(\.element).joined(separator: " | ")))"
        }
    }

    private static let icmpNames: [AddressFamily: [UInt64: String]] = [
        .ipv4: [
            0: "echo-reply", 3: "destination-unreachable", 8: "echo-request", 11: "time-exceeded",
            12: "parameter-problem",
        ],
        .ipv6: [
            1: "destination-unreachable", 2: "packet-too-big", 3: "time-exceeded", 4: "parameter-problem",
            128: "echo-request", 129: "echo-reply", 135: "nd-neighbor-solicit", 136: "nd-neighbor-advert",
        ],
    ]
}
