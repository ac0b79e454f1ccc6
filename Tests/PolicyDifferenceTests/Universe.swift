import NetworkTypes
import PolicyLanguage

/// Packets of a universe that is small enough to write each of them down.
enum Universe {
    /// Two families, with neighbours, so that ranges touch; the last is nobody's.
    static let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "fd00::1", "fd00::2", "10.9.9.9"]
        .compactMap { IPAddress($0) }
    /// Rules name 0 to 3 or all; 4 and 65535 stand for the rest.
    static let ports: [UInt16] = [0, 1, 2, 3, 4, 65535]

    static let packets: [Destination] = addresses.flatMap { address in
        [IPProtocol.tcp, .udp].flatMap { kind in
            ports.map { Destination(address: address, ipProtocol: kind, port: $0) }
        }
            + [address.family == .ipv4 ? IPProtocol.icmp : .icmpv6, .esp, .gre].map {
                Destination(address: address, ipProtocol: $0)
            }
    }

    static func all(where isIn: (Destination) -> Bool) -> PacketSet {
        var set = PacketSet()
        for (index, packet) in packets.enumerated() where isIn(packet) { set.insert(index) }
        return set
    }
}

/// One bit for each packet of the universe.
struct PacketSet: Hashable {
    private var words: [UInt64] = [0, 0]

    mutating func insert(_ index: Int) { words[index / 64] |= 1 << UInt64(index % 64) }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
    var isEmpty: Bool { count == 0 }

    func contains(_ index: Int) -> Bool { words[index / 64] >> UInt64(index % 64) & 1 == 1 }

    private func merged(_ other: PacketSet, _ operation: (UInt64, UInt64) -> UInt64) -> PacketSet {
        var result = PacketSet()
        result.words = zip(words, other.words).map(operation)
        return result
    }

    func union(_ other: PacketSet) -> PacketSet { merged(other, |) }
    func intersection(_ other: PacketSet) -> PacketSet { merged(other, &) }
    func subtracting(_ other: PacketSet) -> PacketSet { merged(other) { $0 & ~$1 } }
    func isSubset(of other: PacketSet) -> Bool { subtracting(other).isEmpty }
}

extension System {
    /// The plain question, without any algebra: is there an address and a service of it for this packet?
    func takes(_ packet: Destination) -> Bool {
        addresses.contains { $0.first <= packet.address && packet.address <= $0.last }
            && services.contains { service in
                switch service.kind {
                case .ports(let kind, let ports): kind == packet.ipProtocol && ports.contains(packet.port)
                case .ping: packet.ipProtocol == (packet.address.family == .ipv4 ? .icmp : .icmpv6)
                case .whole(let kind): kind == packet.ipProtocol
                }
            }
    }

    var packets: PacketSet { Universe.all(where: takes) }
}
