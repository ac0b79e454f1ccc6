import FlowSpace
import NetworkTypes
import TestSupport
import Testing

/// Every operation against the set of all packets, written down.
@Suite struct ModelTests {
    @Test(arguments: [1, 2, 3, 4])
    func operationsAgreeWithTheModel(seed: UInt64) throws {
        var generator = Seeded(seed)
        for round in 0..<600 {
            let (left, right) = (Self.boxes(using: &generator), Self.boxes(using: &generator))
            let (a, b) = (FlowSpace(left), FlowSpace(right))
            let (x, y) = (Model(boxes: left), Model(boxes: right))
            let because: Comment = "seed \(seed), round \(round): \(a) / \(b)"
            let cases: [(FlowSpace, Model)] = [
                (a, x),
                (a.union(b), x.merged(y) { $0 || $1 }),
                (a.intersection(b), x.merged(y) { $0 && $1 }),
                (a.subtracting(b), x.merged(y) { $0 && !$1 }),
                (a.symmetricDifference(b), x.merged(y) { $0 != $1 }),
                (a.complement, x.merged(.everything) { !$0 && $1 }),
            ]
            for (space, model) in cases { try Self.check(space, model, because) }
            #expect(a.isSubset(of: b) == !x.merged(y) { $0 && !$1 }.cells.contains(true), because)
            #expect(a.isDisjoint(with: b) == !x.merged(y) { $0 && $1 }.cells.contains(true), because)
            #expect((a == b) == (x == y), because)
        }
    }

    @Test(arguments: [11, 12])
    func containsAgreesWithTheModel(seed: UInt64) {
        var generator = Seeded(seed)
        for round in 0..<60 {
            let boxes = Self.boxes(using: &generator)
            let space = FlowSpace(boxes)
            for index in 0..<Universe.size {
                for packet in [Universe.packet(index, last: false), Universe.packet(index, last: true)] {
                    #expect(
                        space.contains(packet) == boxes.contains { $0.contains(packet) },
                        "seed \(seed), round \(round): \(packet) in \(space)")
                }
            }
        }
    }

    @Test(arguments: [21, 22])
    func theFormIsCanonical(seed: UInt64) {
        var generator = Seeded(seed)
        for round in 0..<300 {
            let boxes = Self.boxes(using: &generator)
            let space = FlowSpace(boxes)
            let because: Comment = "seed \(seed), round \(round): \(space)"
            let cells = Model(boxes: boxes).boxes.shuffled(using: &generator)
            #expect(FlowSpace(cells) == space, because)
            #expect(FlowSpace(cells).hashValue == space.hashValue, because)
            #expect(FlowSpace(boxes.shuffled(using: &generator)) == space, because)
            #expect(boxes.reduce(.empty) { $0.union(FlowSpace($1)) } == space, because)
            #expect(FlowSpace(space.boxes).boxes == space.boxes, because)
            #expect(FlowSpace(unionOf: boxes.map { FlowSpace($0) }) == space, because)
        }
    }

    @Test(arguments: [31, 32])
    func servicesAtAddressesAreTheirProducts(seed: UInt64) {
        var generator = Seeded(seed)
        let services = ["ping", "esp", "ah", "tcp/80", "tcp/81-442", "tcp/0-65535", "udp/53", "udp/0-79"]
            .compactMap { Service($0) }
        for round in 0..<600 {
            let ranges = (0..<Int.random(in: 0...5, using: &generator)).compactMap { _ -> AddressRange? in
                let family = AddressFamily.allCases.randomElement(using: &generator) ?? .ipv4
                let own = Universe.addresses.filter { $0.family == family }
                let ends = [0, 1].map { _ in Int.random(in: own.indices, using: &generator) }.sorted()
                return AddressRange(first: own[ends[0]].first, last: own[ends[1]].last)
            }
            let chosen = (0..<Int.random(in: 0...5, using: &generator))
                .compactMap { _ in services.randomElement(using: &generator) }
            let boxes = ranges.flatMap { range in
                chosen.map { FlowBox(addresses: range, service: $0) }
            }
            #expect(
                FlowSpace(addresses: ranges, services: chosen) == FlowSpace(boxes),
                "seed \(seed), round \(round): \(boxes)")
        }
    }

    /// The space holds the model's packets, its boxes are disjoint and sorted, and its witness is one of its
    /// packets.
    private static func check(_ space: FlowSpace, _ model: Model, _ because: Comment) throws {
        let boxes = space.boxes
        #expect(try #require(Model(disjoint: boxes), because) == model, because)
        #expect(space.isEmpty == !model.cells.contains(true), because)
        #expect(zip(boxes, boxes.dropFirst()).allSatisfy(Self.inOrder), because)
        for box in boxes where box.protocols != 6...6 && box.protocols != 17...17 {
            #expect(box.ports == .allPorts, because)
        }
        if let witness = space.witness {
            #expect(space.contains(witness), because)
            #expect(witness.address == boxes.first?.addresses.first, because)
        } else {
            #expect(boxes.isEmpty, because)
        }
    }

    private static func inOrder(_ one: FlowBox, _ next: FlowBox) -> Bool {
        if one.addresses != next.addresses { return one.addresses.last < next.addresses.first }
        if one.protocols != next.protocols { return one.protocols.upperBound < next.protocols.lowerBound }
        // Ports that touch would have been one range.
        return Int(one.ports.upperBound) + 1 < Int(next.ports.lowerBound)
    }

    private static func boxes(using generator: inout Seeded) -> [FlowBox] {
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in .random(using: &generator) }
    }
}
