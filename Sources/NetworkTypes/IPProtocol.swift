/// A protocol number as in an IPv4 Protocol or the last IPv6 Next Header field (IANA "Protocol Numbers").
package struct IPProtocol: Sendable, Hashable, Comparable, RawRepresentable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let icmp = IPProtocol(rawValue: 1)
    package static let tcp = IPProtocol(rawValue: 6)
    package static let udp = IPProtocol(rawValue: 17)
    package static let gre = IPProtocol(rawValue: 47)
    package static let esp = IPProtocol(rawValue: 50)
    package static let ah = IPProtocol(rawValue: 51)
    package static let icmpv6 = IPProtocol(rawValue: 58)
    package static let sctp = IPProtocol(rawValue: 132)

    /// True for the protocols whose ports rules can name. SCTP has ports too, but is granted whole.
    package var hasPorts: Bool { self == .tcp || self == .udp }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension IPProtocol: LosslessStringConvertible {
    /// The protocols that rules may name, by the names of the IANA registry in lower case.
    package static let named: [(name: String, value: IPProtocol)] = [
        ("icmp", .icmp), ("tcp", .tcp), ("udp", .udp), ("gre", .gre), ("esp", .esp), ("ah", .ah),
        ("icmpv6", .icmpv6), ("sctp", .sctp),
    ]

    /// Reads a name (`tcp`) or a number (`6`).
    package init?(_ text: String) {
        if let known = Self.named.first(where: { $0.name == text }) {
            self = known.value
        } else if let number = UInt8(text), String(number) == text {
            rawValue = number
        } else {
            return nil
        }
    }

    package var description: String {
        Self.named.first { $0.value == self }?.name ?? String(rawValue)
    }
}
