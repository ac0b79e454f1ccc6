import FlowSpace
import NetworkTypes
import TestSupport

/// A universe small enough to write every packet down: each axis is cut into cells, and a box is made of
/// whole cells.
///
/// The cells cover their axes without a gap, so that complements are finite too, and their edges are where
/// mistakes live: the first and last address of both families, the port protocols and their neighbours, ports
/// 0 and 65535.
enum Universe {
    /// Eight cells of each family; the last IPv4 cell is followed by the first IPv6 one.
    static let addresses: [AddressRange] = AddressFamily.allCases.flatMap { family -> [AddressRange] in
        let inner: [UInt128] = [0, 1, 2, 10, 1 << 24, family.maximum / 2, family.maximum - 1, family.maximum]
        return inner.indices.compactMap { index -> AddressRange? in
            let last = index + 1 < inner.count ? inner[index + 1] - 1 : family.maximum
            guard let first = IPAddress(family: family, bits: inner[index]),
                let last = IPAddress(family: family, bits: last)
            else { return nil }
            return AddressRange(first: first, last: last)
        }
    }

    /// ICMP, TCP, UDP and ICMPv6 alone, and what lies between them.
    static let protocols: [ClosedRange<UInt8>] = [
        0...0, 1...1, 2...5, 6...6, 7...16, 17...17, 18...57, 58...58, 59...254, 255...255,
    ]

    static let ports: [ClosedRange<UInt16>] = [
        0...0, 1...1, 2...79, 80...80, 81...442, 443...443, 444...65534, 65535...65535,
    ]

    static let size = addresses.count * protocols.count * ports.count

    static func index(_ address: Int, _ kind: Int, _ port: Int) -> Int {
        (address * protocols.count + kind) * ports.count + port
    }

    static func hasPorts(_ kind: Int) -> Bool { protocols[kind] == 6...6 || protocols[kind] == 17...17 }

    /// A packet of each cell, from its first or its last values.
    static func packet(_ index: Int, last: Bool) -> Destination {
        let address = addresses[index / ports.count / protocols.count]
        let kind = protocols[index / ports.count % protocols.count]
        let port = ports[index % ports.count]
        return Destination(
            address: last ? address.last : address.first,
            ipProtocol: IPProtocol(rawValue: last ? kind.upperBound : kind.lowerBound),
            port: last ? port.upperBound : port.lowerBound)
    }
}

/// The slow, obvious set: one bit a cell. A protocol without ports uses its cells of port 0 alone.
struct Model: Hashable {
    var cells = [Bool](repeating: false, count: Universe.size)

    static let everything = Model(
        boxes: Universe.addresses.map { FlowBox(addresses: $0, protocols: 0 ... .max) })

    init(boxes: [FlowBox]) {
        for box in boxes {
            for index in Self.indices(of: box) { cells[index] = true }
        }
    }

    /// Nil when the boxes overlap or cut a cell: the canonical form invents no edges.
    init?(disjoint boxes: [FlowBox]) {
        for box in boxes {
            for index in Self.indices(of: box) {
                guard !cells[index], box.contains(Universe.packet(index, last: true)) else { return nil }
                cells[index] = true
            }
        }
    }

    private static func indices(of box: FlowBox) -> [Int] {
        var result: [Int] = []
        for (address, range) in Universe.addresses.enumerated() where box.addresses.overlaps(range) {
            for (kind, range) in Universe.protocols.enumerated() where box.protocols.overlaps(range) {
                for (port, range) in Universe.ports.enumerated() where box.ports.overlaps(range) {
                    if port == 0 || Universe.hasPorts(kind) {
                        result.append(Universe.index(address, kind, port))
                    }
                }
            }
        }
        return result
    }

    func merged(_ other: Model, _ operation: (Bool, Bool) -> Bool) -> Model {
        var result = self
        for index in cells.indices { result.cells[index] = operation(cells[index], other.cells[index]) }
        return result
    }

    /// Each cell as a box of its own.
    var boxes: [FlowBox] {
        cells.indices.filter { cells[$0] }.map { index in
            let kind = index / Universe.ports.count % Universe.protocols.count
            return FlowBox(
                addresses: Universe.addresses[index / Universe.ports.count / Universe.protocols.count],
                protocols: Universe.protocols[kind],
                ports: Universe.hasPorts(kind) ? Universe.ports[index % Universe.ports.count] : .allPorts)
        }
    }
}

extension FlowBox {
    /// A box of whole cells within one family, often thin.
    static func random(using generator: inout Seeded) -> FlowBox {
        let half = Universe.addresses.count / 2
        let base = Bool.random(using: &generator) ? 0 : half
        let address = span(half, using: &generator)
        let kind = span(Universe.protocols.count, using: &generator)
        let port = span(Universe.ports.count, using: &generator)
        let first = Universe.addresses[base + address.lowerBound]
        return FlowBox(
            addresses: AddressRange(
                first: first.first, last: Universe.addresses[base + address.upperBound].last)
                ?? first,
            protocols: Universe.protocols[kind.lowerBound]
                .lowerBound...Universe.protocols[kind.upperBound].upperBound,
            ports: Universe.ports[port.lowerBound].lowerBound...Universe.ports[port.upperBound].upperBound)
    }

    private static func span(_ count: Int, using generator: inout Seeded) -> ClosedRange<Int> {
        let first = Int.random(in: 0..<count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: return 0...(count - 1)
        case 1: return first...Int.random(in: first..<count, using: &generator)
        default: return first...first
        }
    }
}
