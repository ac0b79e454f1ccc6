package import NetworkTypes

extension FlowSpace {
    package func union(_ other: FlowSpace) -> FlowSpace { combined(with: other, by: .union) }

    package func intersection(_ other: FlowSpace) -> FlowSpace { combined(with: other, by: .intersection) }

    /// The packets of this space that are not in `other`.
    package func subtracting(_ other: FlowSpace) -> FlowSpace { combined(with: other, by: .subtraction) }

    /// The packets that are in one of the two spaces only: what a change of rules changes.
    package func symmetricDifference(_ other: FlowSpace) -> FlowSpace {
        combined(with: other, by: .symmetricDifference)
    }

    /// Every packet, of both families, that is not in this space.
    package var complement: FlowSpace { Self.everything.subtracting(self) }

    /// True when all packets of this space are in `other`; builds the difference.
    package func isSubset(of other: FlowSpace) -> Bool { subtracting(other).isEmpty }

    /// True when no packet is in both spaces; builds the intersection.
    package func isDisjoint(with other: FlowSpace) -> Bool { intersection(other).isEmpty }

    /// Logarithmic in the number of segments of each level.
    package func contains(_ destination: Destination) -> Bool {
        addresses[destination.address]?[destination.ipProtocol.rawValue]?[destination.port] != nil
    }

    private func combined(with other: FlowSpace, by operation: SetOperation) -> FlowSpace {
        FlowSpace(addresses.combined(with: other.addresses, by: operation) ?? Addresses())
    }
}

extension FlowSpace {
    /// A packet of this space, the same one for equal spaces; nil for the empty space.
    ///
    /// At the lowest address: TCP, else UDP, else the family's ICMP, else the lowest protocol; the lowest
    /// port but 0, which nobody listens on, if there is another.
    package var witness: Destination? {
        guard let lowest = addresses.segments.first else { return nil }
        let echo = Service.ping.ipProtocol(for: lowest.first.family)
        let likely = [IPProtocol.tcp, .udp, echo].first { lowest.value[$0.rawValue] != nil }
        guard let chosen = likely ?? lowest.value.segments.first.map({ IPProtocol(rawValue: $0.first) }),
            let ports = lowest.value[chosen.rawValue]
        else { return nil }
        return Destination(address: lowest.first, ipProtocol: chosen, port: Self.lowestPort(ports) ?? 0)
    }

    private static func lowestPort(_ ports: Ports) -> UInt16? {
        guard let first = ports.segments.first else { return nil }
        if first.first > 0 { return first.first }
        return first.last > 0 ? 1 : ports.segments.dropFirst().first?.first ?? 0
    }
}
