package import NetworkTypes

/// An exact set of destinations (address, protocol, port) of both families, with the algebra of sets.
///
/// Two spaces are equal exactly when they hold the same packets, however they were built. The form is a
/// firewall decision diagram (Gouda and Liu, "Structured firewall design", Computer Networks 51, 2007), kept
/// as nested interval maps: addresses, for each interval protocols, for each interval ports. At every level
/// the intervals are disjoint, sorted and maximal, so the form is canonical and equality is structural.
///
/// IPv4 and IPv6 lie on one address axis that breaks between them: no interval crosses from one to the other.
///
/// A protocol without ports has one point on the port axis, as its ``Destination`` has port 0. That point is
/// kept as the whole axis, so that protocols with equal contents merge; every operation keeps it all or
/// nothing.
///
/// Cost: a binary operation is linear in the segments of both operands, level by level where they overlap. A
/// space is built from n boxes by halves, in O(n log n) when they are mostly apart. Boxes that all cross each
/// other in addresses and ports have in the order of n² disjoint pieces for each protocol told apart, and cost
/// as much. A space is a value that shares what it did not change.
package struct FlowSpace: Hashable, Sendable {
    typealias Ports = IntervalMap<UInt16, Present>
    typealias Protocols = IntervalMap<UInt8, Ports>
    typealias Addresses = IntervalMap<IPAddress, Protocols>

    let addresses: Addresses

    init(_ addresses: Addresses) { self.addresses = addresses }

    /// The space of no packet.
    package static let empty = FlowSpace(Addresses())

    /// Every packet of both families.
    package static let everything = FlowSpace(
        AddressFamily.allCases.map { FlowBox(addresses: .all($0), protocols: 0 ... .max) })

    package init(_ box: FlowBox) {
        let protocols = Self.protocols(of: box)
        self.init(
            protocols.segments.isEmpty
                ? Addresses() : Addresses(box.addresses.first, box.addresses.last, protocols))
    }

    /// The union of boxes, which may overlap, in any order.
    package init(_ boxes: some Sequence<FlowBox>) {
        // Boxes of near addresses meet early, while the maps are small.
        let sorted = boxes.sorted { $0.addresses.first < $1.addresses.first }
        self = Self.union(of: sorted[...])
    }

    /// The union of spaces, by halves: as dear as the boxes of all of them are to sort.
    package init(unionOf spaces: some Collection<FlowSpace>) {
        self = Self.union(of: Array(spaces)[...])
    }

    /// What a service means at these addresses. See ``FlowBox/init(addresses:service:)`` for `ping`.
    package init(addresses: AddressRange, service: Service) {
        self.init(FlowBox(addresses: addresses, service: service))
    }

    /// Every service at every address: the union of all those products, in time linear in the addresses, however many
    /// services there are at each.
    package init(addresses: [AddressRange], services: [Service]) {
        let sorted = addresses.sorted { $0.first < $1.first }
        var map = Addresses()
        for family in AddressFamily.allCases {
            let everywhere = FlowSpace(services.map { FlowBox(addresses: .all(family), service: $0) })
            guard let protocols = everywhere.addresses.segments.first?.value else { continue }
            var end = map.segments.last?.last
            for range in sorted where range.family == family {
                var first = range.first
                // What an earlier range covers already is left out.
                if let covered = end, covered.family == family, first <= covered {
                    guard range.last > covered, let next = covered.next else { continue }
                    first = next
                }
                map.append(Addresses.Segment(first: first, last: range.last, value: protocols))
                end = range.last
            }
        }
        self.init(map)
    }

    private static func union(of spaces: ArraySlice<FlowSpace>) -> FlowSpace {
        guard let first = spaces.first else { return .empty }
        guard spaces.count > 1 else { return first }
        let middle = spaces.startIndex + spaces.count / 2
        return union(of: spaces[..<middle]).union(union(of: spaces[middle...]))
    }

    private static func union(of boxes: ArraySlice<FlowBox>) -> FlowSpace {
        guard let first = boxes.first else { return .empty }
        guard boxes.count > 1 else { return FlowSpace(first) }
        let middle = boxes.startIndex + boxes.count / 2
        return union(of: boxes[..<middle]).union(union(of: boxes[middle...]))
    }

    /// The box's packets at any one of its addresses, port-less protocols on all ports or on none.
    private static func protocols(of box: FlowBox) -> Protocols {
        let ports = Ports(box.ports.lowerBound, box.ports.upperBound, Present())
        let portless = box.ports.contains(0) ? Ports(0, .max, Present()) : nil
        var result = Protocols()
        for number in box.protocols {
            let value = IPProtocol(rawValue: number).hasPorts ? ports : portless
            if let value { result.append(Protocols.Segment(first: number, last: number, value: value)) }
        }
        return result
    }
}

extension FlowSpace: CustomStringConvertible {
    package var isEmpty: Bool { addresses.segments.isEmpty }

    /// The disjoint boxes of the canonical form, sorted by address, protocol, port.
    ///
    /// Equal spaces have equal lists.
    /// A box of any protocol without ports spans all ports, which then say nothing: match no port for it.
    package var boxes: [FlowBox] {
        addresses.segments.flatMap { address in
            guard let range = AddressRange(first: address.first, last: address.last) else {
                return [FlowBox]()
            }
            return address.value.segments.flatMap { kind in
                kind.value.segments.map { port in
                    FlowBox(
                        addresses: range, protocols: kind.first...kind.last, ports: port.first...port.last)
                }
            }
        }
    }

    package var description: String {
        isEmpty ? "nothing" : boxes.map(\.description).joined(separator: ", ")
    }
}
