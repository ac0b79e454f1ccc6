import NetworkTypes

extension SetDefinition {
    var attributes: [String] {
        let isTyped = key.allSatisfy { !$0.isTransportBits && $0 != .routeName }
        let names = key.map(\.description).joined(separator: " . ")
        let flags = [(hasIntervals, "interval"), (hasTimeouts, "timeout")].filter(\.0).map(\.1)
        return ["\(isTyped ? "type" : "typeof") \(names)\(data.map { " : \($0)" } ?? "")"]
            + (size.map { ["size \($0)"] } ?? [])
            + (flags.isEmpty ? [] : ["flags \(flags.joined(separator: ", "))"])
    }
}

extension DataType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .interfaceIndex: "iface_index"
        case .routeName: "\(Field.routeName)"
        case .ipProtocol: "inet_proto"
        case .port: "inet_service"
        case .mark: "mark"
        case .verdict: "verdict"
        case .address(.ipv4): "ipv4_addr"
        case .address(.ipv6): "ipv6_addr"
        case .transportBits(let offset, let length): "@th,\(offset),\(length)"
        }
    }

    var isTransportBits: Bool {
        if case .transportBits = self { true } else { false }
    }
}

extension SetElement {
    /// `10.0.0.0-10.255.255.255 . tcp . 80`, with what the element holds and how long.
    func text(in set: SetDefinition?) -> String {
        let parts = key.indices.map { index in
            let isRaw = set?.key[index].isTransportBits ?? false
            let first = key[index].text(isRaw: isRaw)
            guard let end, end[index] != key[index] else { return first }
            return "\(first)-\(end[index].text(isRaw: isRaw))"
        }
        return parts.joined(separator: " . ") + (timeout.map { " timeout \(Self.time($0))" } ?? "")
            + (data.map { " : \($0)" } ?? "")
    }

    /// `1h2m3s4ms`, without the parts that are 0.
    private static func time(_ milliseconds: UInt64) -> String {
        let units: [(String, UInt64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
        ]
        var rest = milliseconds
        var text = ""
        for (name, unit) in units where rest >= unit {
            text += "\(rest / unit)\(name)"
            rest %= unit
        }
        return text
    }
}

extension SetElement.Datum: CustomStringConvertible {
    package var description: String {
        switch self {
        case .mark(let value): hexadecimal(UInt128(value))
        case .jump(let chain): "jump \(chain)"
        }
    }
}

extension KeyPart {
    func text(isRaw: Bool) -> String {
        switch self {
        case .interfaceIndex(let index): "\(index)"
        case .interfaceName(let name): "\"\(name)\""
        case .address(let address): isRaw ? hexadecimal(address.bits) : "\(address)"
        case .ipProtocol(let number): isRaw ? hexadecimal(UInt128(number)) : protocolName(number)
        case .port(let port): isRaw ? hexadecimal(UInt128(port)) : "\(port)"
        case .mark(let mark): hexadecimal(UInt128(mark))
        }
    }
}

func hexadecimal(_ value: UInt128) -> String { "0x" + String(value, radix: 16) }

/// The names that `nft` knows without a look at /etc/protocols, which need not be there.
func protocolName(_ number: UInt8) -> String {
    switch IPProtocol(rawValue: number) {
    case .icmpv6: "ipv6-icmp"
    case .sctp, .esp, .ah, .icmp, .tcp, .udp: "\(IPProtocol(rawValue: number))"
    default: "\(number)"
    }
}
