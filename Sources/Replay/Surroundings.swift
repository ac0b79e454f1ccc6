import FlowSpace
import NetworkTypes
import PacketPath
import PolicyLanguage

/// The pack's systems and networks, to tell which end of a packet of no session would be the session's.
struct Surroundings {
    private let systems: ScopeImage
    private let inside: ScopeImage

    private static let syn: UInt8 = 0x02
    private static let ack: UInt8 = 0x10

    init(_ policy: Policy) {
        systems = ScopeImage(
            policy.systems.flatMap { system in
                system.space.boxes.map {
                    ScopeBox($0.addresses, protocols: $0.protocols, ports: $0.ports)
                }
            })
        inside = ScopeImage(policy.inside.map { ScopeBox($0.range, protocols: 0...255) })
    }

    /// Who opens a TCP connection is taken for the session; else the end that no system takes; else the end outside
    /// the organisation's networks; else the one with the greater port, or the source. No allocation.
    func way(of packet: DecodedPacket) -> JudgedPacket.Way {
        switch packet.tcpFlags & (Self.syn | Self.ack) {
        case Self.syn: return .outward
        case Self.syn | Self.ack: return .toward
        default: break
        }
        if systems.permits(packet, .outward) { return .outward }
        if systems.permits(packet, .toward) { return .toward }
        switch (inside.permits(packet, .outward), inside.permits(packet, .toward)) {
        case (true, false): return .outward
        case (false, true): return .toward
        default: return packet.sourcePort < packet.destinationPort ? .toward : .outward
        }
    }
}

extension ScopeImage {
    /// Whether the far end is in this scope.
    fileprivate func permits(_ packet: DecodedPacket, _ way: JudgedPacket.Way) -> Bool {
        let isOutward = way == .outward
        let high = isOutward ? packet.destinationHigh : packet.sourceHigh
        let low = isOutward ? packet.destinationLow : packet.sourceLow
        return permits(
            isIPv6: packet.family == 6, address: UInt128(high) << 64 | UInt128(low),
            ipProtocol: packet.ipProtocol, port: isOutward ? packet.destinationPort : packet.sourcePort)
    }
}
