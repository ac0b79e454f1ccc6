import NetworkTypes
import TestSupport
import Testing

@testable import PacketPath

@Suite struct ScopeImageTests {
    /// Boxes few enough to hit and many enough to cross, exact ones among them, of both families.
    static func boxes(_ count: Int, _ random: inout Seeded) -> [ScopeBox] {
        (0..<count).map { _ in
            let isIPv6 = Bool.random(using: &random)
            let base: UInt128 = isIPv6 ? 0xfd10 << 112 : 0x0a0a_0000
            let first = base + UInt128.random(in: 0..<512, using: &random)
            let number: UInt8 = [1, 6, 17, 47, 58, 6, 17, 0].randomElement(using: &random) ?? 6
            let port = UInt16.random(in: 0...40, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0...2:
                return ScopeBox(
                    isIPv6: isIPv6, addresses: first...first, protocols: number...number, ports: port...port)
            case 3:
                return ScopeBox(
                    isIPv6: isIPv6, addresses: first...(first + 60), protocols: number...number,
                    ports: port...(port + 9))
            case 4:
                return ScopeBox(isIPv6: isIPv6, addresses: first...first, protocols: number...(number + 11))
            default:
                let top: UInt128 = isIPv6 ? .max : 0xffff_ffff
                let isEnd = Int.random(in: 0..<8, using: &random) == 0
                return ScopeBox(
                    isIPv6: isIPv6, addresses: (isEnd ? top - 3 : first)...(isEnd ? top : first + 2),
                    protocols: number...(number + 2), ports: port...UInt16.max)
            }
        }
    }

    struct Query { var isIPv6: Bool, address: UInt128, ipProtocol: UInt8, port: UInt16 }

    /// Mostly near a box's corner.
    static func query(near boxes: [ScopeBox], _ random: inout Seeded) -> Query {
        guard let box = boxes.randomElement(using: &random), Int.random(in: 0..<8, using: &random) != 0 else {
            return Query(
                isIPv6: .random(using: &random),
                address: UInt128(UInt32.random(in: 0 ... .max, using: &random)),
                ipProtocol: .random(in: 0 ... .max, using: &random),
                port: .random(in: 0 ... .max, using: &random))
        }
        var query = Query(
            isIPv6: box.isIPv6, address: box.addresses.lowerBound, ipProtocol: box.protocols.lowerBound,
            port: box.ports.lowerBound)
        if Bool.random(using: &random) { query.address = box.addresses.upperBound }
        if Bool.random(using: &random) { query.ipProtocol = box.protocols.upperBound }
        if Bool.random(using: &random) { query.port = box.ports.upperBound }
        switch Int.random(in: 0..<12, using: &random) {
        case 0: query.address &+= 1
        case 1: query.address &-= 1
        case 2: query.ipProtocol &+= 1
        case 3: query.ipProtocol &-= 1
        case 4: query.port &+= 1
        case 5: query.port &-= 1
        case 6: query.isIPv6.toggle()
        default: break
        }
        if !query.isIPv6 { query.address &= 0xffff_ffff }
        return query
    }

    /// The slow, obvious model: one box after the other.
    static func model(_ boxes: [ScopeBox], _ query: Query) -> Bool {
        query.ipProtocol != (query.isIPv6 ? 1 : 58)
            && boxes.contains {
                $0.isIPv6 == query.isIPv6 && $0.addresses.contains(query.address)
                    && $0.protocols.contains(query.ipProtocol) && $0.ports.contains(query.port)
            }
    }

    /// 1,020,000 queries in all.
    @Test(arguments: [
        (0, 2_000, 5), (1, 4_000, 20), (2, 4_000, 20), (5, 6_000, 30), (16, 10_000, 30), (40, 10_000, 25),
        (200, 8_000, 15),
    ])
    func agreesWithAListOfBoxes(count: Int, queries: Int, rounds: Int) {
        for round in 0..<rounds {
            let seed = UInt64(count * 1_000 + round)
            var random = Seeded(seed)
            let boxes = Self.boxes(count, &random)
            let image = ScopeImage(boxes)
            var wrong: [Query] = []
            for _ in 0..<queries {
                let query = Self.query(near: boxes, &random)
                let permits = image.permits(
                    isIPv6: query.isIPv6, address: query.address, ipProtocol: query.ipProtocol,
                    port: query.port)
                if permits != Self.model(boxes, query) { wrong.append(query) }
            }
            let count = wrong.count
            #expect(count == 0, "seed \(seed), \(boxes.count) boxes: \(wrong.prefix(3))")
        }
    }

    @Test func tellsHowManyPortsArePermitted() {
        for seed in UInt64(1)...40 {
            var random = Seeded(seed)
            // Every port of a few addresses, some given in halves that touch.
            let boxes =
                Self.boxes(20, &random)
                + [
                    ScopeBox(isIPv6: false, addresses: 7...9, protocols: 6...6, ports: 0...99),
                    ScopeBox(isIPv6: false, addresses: 8...8, protocols: 6...6, ports: 100...65535),
                ]
            let image = ScopeImage(boxes)
            for _ in 0..<100 {
                let query = Self.query(near: boxes, &random)
                var permitted = 0
                // Beyond the corners of the boxes every port is like its neighbour.
                let ports = Array(UInt16(0)...120) + [65534, 65535]
                for port in ports {
                    var one = query
                    one.port = port
                    permitted += Self.model(boxes, one) ? 1 : 0
                }
                let expected: ScopeCoverage =
                    permitted == 0 ? .none : permitted == ports.count ? .every : .some
                let coverage = image.coverage(
                    isIPv6: query.isIPv6, address: query.address, ipProtocol: query.ipProtocol)
                #expect(coverage == expected, "seed \(seed): \(query)")
            }
        }
    }

    struct Edge {
        var isIPv6: Bool
        var first: UInt128
        var last: UInt128
        var why: String
    }

    static let edges = [
        Edge(isIPv6: false, first: 0, last: 0, why: "the first address"),
        Edge(isIPv6: false, first: 0xffff_ffff, last: 0xffff_ffff, why: "the last"),
        Edge(isIPv6: false, first: 0, last: 0xffff_ffff, why: "all of them"),
        Edge(isIPv6: false, first: 7, last: 0x1_0000_0005, why: "more than there are"),
        Edge(isIPv6: true, first: 0, last: 0, why: "the first address"),
        Edge(isIPv6: true, first: .max, last: .max, why: "the last"),
        Edge(isIPv6: true, first: 0, last: .max, why: "all of them"),
        Edge(isIPv6: true, first: 0xffff_ffff, last: 0x1_0000_0000, why: "where IPv4 ends and IPv6 does not"),
        Edge(isIPv6: true, first: (1 << 64) - 1, last: 1 << 64, why: "across the halves of an address"),
    ]

    /// A loop, since the runner of parametrised tests misplaces arguments that are aligned to 16 bytes.
    @Test func holdsToTheEdgesOfAddresses() {
        for edge in Self.edges { holdsTo(edge) }
    }

    private func holdsTo(_ edge: Edge) {
        let (isIPv6, why) = (edge.isIPv6, edge.why)
        let range = edge.first...edge.last
        let image = ScopeImage([
            ScopeBox(isIPv6: isIPv6, addresses: range, protocols: 17...17, ports: 53...53)
        ])
        func permits(_ address: UInt128, _ number: UInt8 = 17, _ port: UInt16 = 53, isIPv6: Bool) -> Bool {
            image.permits(isIPv6: isIPv6, address: address, ipProtocol: number, port: port)
        }
        let last: UInt128 = isIPv6 ? .max : 0xffff_ffff
        for end in [range.lowerBound, min(range.upperBound, last)] {
            #expect(permits(end, isIPv6: isIPv6), "\(why)")
            #expect(!permits(end & 0xffff_ffff, isIPv6: !isIPv6), "the other family")
            #expect(
                !permits(end, 16, isIPv6: isIPv6) && !permits(end, 18, isIPv6: isIPv6), "protocols beside it")
            #expect(
                !permits(end, 17, 52, isIPv6: isIPv6) && !permits(end, 17, 54, isIPv6: isIPv6),
                "ports beside it")
        }
        if range.lowerBound > 0 { #expect(!permits(range.lowerBound - 1, isIPv6: isIPv6), "before \(why)") }
        if range.upperBound < last { #expect(!permits(range.upperBound + 1, isIPv6: isIPv6), "after \(why)") }
    }

    @Test func holdsNothingOfAnotherFamilysICMP() {
        let all = ScopeImage([
            ScopeBox(isIPv6: false, addresses: 0...0xffff_ffff, protocols: 0 ... .max),
            ScopeBox(isIPv6: true, addresses: 0...UInt128.max, protocols: 0 ... .max),
        ])
        for number in UInt8.min ... .max {
            #expect(all.permits(isIPv6: false, address: 1, ipProtocol: number, port: 0) == (number != 58))
            #expect(all.permits(isIPv6: true, address: 1, ipProtocol: number, port: 0) == (number != 1))
        }
    }

    @Test(arguments: [1, 10, 1_000, 100_000])
    func keepsSearchesForExactEntriesShort(count: Int) {
        let keys = (0..<count).map {
            ScopeHash.exactKey(0x0a0a_0000 + UInt32($0 / 4), service(6, UInt16($0 % 4)))
        }
        let wide = (0..<count).map {
            ScopeHash.folded((0xfd10 << 112) + UInt128($0 / 4) << 64, service(6, UInt16($0 % 4)))
        }
        for placement in [ExactPlacement(keys), ExactPlacement(wide)] {
            #expect(placement.longestSearch <= ScopeImageBuilder.longestProbe)
            #expect(placement.slots.compactMap(\.self).count == count)
            #expect(placement.capacity <= max(4, count * 32), "no more memory than is said")
        }
    }

    @Test func tableFindsEachScopeAndNoOther() throws {
        for seed in UInt64(1)...20 {
            var random = Seeded(seed)
            var scopes: [UInt32: ScopeImage] = [
                0: ScopeImage([ScopeBox(isIPv6: false, addresses: 0...0, protocols: 6...6)])
            ]
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                let number = UInt32.random(in: 1...(Bool.random(using: &random) ? 70 : .max), using: &random)
                let own = ScopeBox(
                    isIPv6: true, addresses: UInt128(number)...UInt128(number), protocols: 6...6)
                scopes[number] = ScopeImage([own])
            }
            let table = ScopeTable(scopes)
            for number in Array(0...80) + Array(scopes.keys) {
                let permits = table.permits(
                    number, isIPv6: true, address: UInt128(number), ipProtocol: 6, port: 9)
                #expect(permits == (number != 0 && scopes[number] != nil), "seed \(seed)")
                #expect(
                    !table.permits(number, isIPv6: true, address: UInt128(number) + 1, ipProtocol: 6, port: 9)
                )
            }
            #expect(!table.permits(0, isIPv6: false, address: 0, ipProtocol: 6, port: 9), "0 is no scope")
        }
    }
}
