import TestSupport
import Testing

@testable import PacketPath

/// Scopes of every awkward shape against the slow model of ``ScopeImageTests``.
@Suite struct ScopeShapeTests {
    enum Shape: String, CaseIterable, CustomTestStringConvertible {
        /// Each begins where the one before ends, of the same services or of others.
        case adjacent
        /// Up to the family's last address, and from its first.
        case toTheEnds
        /// Prefixes of every length, 0 included.
        case prefixes
        case nested
        case crosswise
        /// Ranges of one to three addresses beside each other: boundaries that share 127 bits of 128.
        case dense
        /// Nearly all within a few addresses, and some as far away as can be.
        case clustered
        /// One address with many services, some of them touching.
        case manyServices
        /// Of all of these.
        case mixed

        var testDescription: String { rawValue }
    }

    /// 810,000 queries in all.
    @Test(arguments: Shape.allCases)
    func agreesWithAListOfBoxes(shape: Shape) {
        for round in 0..<60 {
            let seed = UInt64(round)
            var random = Seeded(seed)
            let count = [1, 2, 3, 7, 16, 40, 120][round % 7]
            let boxes = (0..<2).flatMap { _ in Self.boxes(shape, count, &random) }
            let image = ScopeImage(boxes)
            var wrong: [ScopeImageTests.Query] = []
            for _ in 0..<1_500 {
                let query = ScopeImageTests.query(near: boxes, &random)
                let expected = ScopeImageTests.model(boxes, query)
                let asked = Self.answers(image, query)
                if asked != [expected, expected] { wrong.append(query) }
            }
            #expect(wrong.isEmpty, "\(shape), seed \(seed), \(boxes.count) boxes: \(wrong.prefix(3))")
        }
    }

    /// By both entry points.
    private static func answers(_ image: ScopeImage, _ query: ScopeImageTests.Query) -> [Bool] {
        let wanted = service(query.ipProtocol, query.port)
        let (high, low) = (UInt64(query.address >> 64), UInt64(truncatingIfNeeded: query.address))
        let reader = unsafe image.reader
        return [
            image.permits(
                isIPv6: query.isIPv6, address: query.address, ipProtocol: query.ipProtocol, port: query.port),
            query.isIPv6
                ? unsafe reader.permitsIPv6(high: high, low: low, wanted)
                : unsafe reader.permitsIPv4(UInt32(low), wanted),
        ]
    }

    /// `count` boxes of one family.
    private static func boxes(_ shape: Shape, _ count: Int, _ random: inout Seeded) -> [ScopeBox] {
        let isIPv6 = Bool.random(using: &random)
        if shape == .mixed {
            return Shape.allCases.filter { $0 != .mixed }.flatMap { boxes($0, (count + 7) / 8, &random) }
        }
        return addresses(shape, count, isIPv6 ? 128 : 32, &random).map { addresses in
            let number: UInt8 = [6, 6, 17, 1, 58].randomElement(using: &random) ?? 6
            let port = UInt16.random(in: 0...200, using: &random)
            let more = UInt16.random(in: 0...1, using: &random) * UInt16.random(in: 0...9, using: &random)
            let isWide = Int.random(in: 0..<6, using: &random) == 0
            return ScopeBox(
                isIPv6: isIPv6, addresses: addresses, protocols: number...(isWide ? number + 20 : number),
                ports: isWide ? 0 ... .max : port...(port + more))
        }
    }

    private static func addresses(
        _ shape: Shape, _ count: Int, _ bits: Int, _ random: inout Seeded
    ) -> [ClosedRange<UInt128>] {
        let end = bits == 128 ? UInt128.max : (1 << bits) - 1
        // Across the halves of an IPv6 address now and then.
        let base = Bool.random(using: &random) ? end / 3 : end / 3 & ~0xffff | 0xfff8
        switch shape {
        case .adjacent:
            return (0..<UInt128(count)).map { (base + $0 * 50)...(base + $0 * 50 + 49) }
        case .toTheEnds:
            return (0..<count).map { index in
                let edge = UInt128.random(in: 0...600, using: &random)
                return index % 2 == 0 ? (end - edge)...end : 0...edge
            }
        case .prefixes:
            return (0..<count).map { _ in
                let hostBits = Int.random(in: 0...bits, using: &random)
                let hosts = hostBits == 128 ? UInt128.max : (1 << UInt128(hostBits)) - 1
                let first = UInt128.random(in: 0...end, using: &random) & ~hosts
                return first...(first | hosts)
            }
        case .nested: return (1...UInt128(count)).map { (base - $0 * 3)...(base + $0 * 5) }
        case .crosswise: return (0..<UInt128(count)).map { (base + $0 * 7)...(base + $0 * 7 + 90) }
        case .dense:
            return (0..<UInt128(count)).map { index in
                (base + 2 * index)...(base + 2 * index + UInt128.random(in: 0...2, using: &random))
            }
        case .clustered:
            return (0..<UInt128(count)).map { index in
                let first = index % 10 == 9 ? UInt128.random(in: 0...end, using: &random) : base + 3 * index
                return first...min(end, first + 1)
            }
        case .manyServices: return Array(repeating: base...(base + 1), count: count)
        case .mixed: return []
        }
    }

    /// What a scope of three boxes takes, whatever they are, as long as they have one interval of services.
    @Test func isSmallWhenThereIsLittle() {
        for seed in UInt64(0)..<300 {
            var random = Seeded(seed)
            let boxes = (0..<3).map { _ in
                let isIPv6 = Bool.random(using: &random)
                let first = UInt128.random(in: 100...120, using: &random)
                let last = first + UInt128.random(in: 0...9, using: &random) / 4
                let port = UInt16.random(in: 1...9, using: &random)
                return ScopeBox(
                    isIPv6: isIPv6, addresses: first...last, protocols: 6...6, ports: port...(port + 1))
            }
            #expect(ScopeImage(boxes).byteCount < 1_024, "seed \(seed)")
        }
    }

    /// Boxes that lie apart, and have services in common as those of one policy do: bytes a box.
    @Test(arguments: [(16, 40, 84), (1_000, 24, 56), (10_000, 24, 56)])
    func growsWithTheBoxesAlone(count: Int, bytesIPv4: Int, bytesIPv6: Int) {
        for isIPv6 in [false, true] {
            let boxes = (0..<UInt128(count)).map { index in
                ScopeBox(
                    isIPv6: isIPv6, addresses: (index * 9)...(index * 9 + 4), protocols: 6...6,
                    ports: UInt16(index % 4)...443)
            }
            let bytes = ScopeImage(boxes).byteCount
            #expect(bytes <= count * (isIPv6 ? bytesIPv6 : bytesIPv4), "\(bytes) bytes for \(count) boxes")
        }
    }

    /// More services at an address than are compared at once.
    @Test func findsOneOfManyServices() {
        for count in [3, 4, 5, 6, 40, 2_000] {
            let ports = (0..<count).map { UInt16($0 * 30) }
            let boxes = ports.map {
                ScopeBox(isIPv6: true, addresses: 5...6, protocols: 17...17, ports: $0...($0 + 9))
            }
            let image = ScopeImage(boxes)
            for port in ports {
                for (offset, expected) in [(0, true), (9, true), (10, false), (29, false)] {
                    let asked = port + UInt16(offset)
                    #expect(
                        image.permits(isIPv6: true, address: 6, ipProtocol: 17, port: asked) == expected)
                    #expect(!image.permits(isIPv6: true, address: 6, ipProtocol: 16, port: asked))
                    #expect(!image.permits(isIPv6: true, address: 7, ipProtocol: 17, port: asked))
                }
            }
            #expect(image.coverage(isIPv6: true, address: 5, ipProtocol: 17) == .some)
            #expect(image.coverage(isIPv6: true, address: 5, ipProtocol: 16) == .none)
        }
    }

    @Test func tellsOfEveryPortAmongManyServices() {
        let whole = ScopeBox(isIPv6: false, addresses: 5...6, protocols: 17...17)
        let others = (0..<40).map {
            ScopeBox(
                isIPv6: false, addresses: 5...6, protocols: 6...6, ports: UInt16($0 * 3)...UInt16($0 * 3))
        }
        let image = ScopeImage(others + [whole])
        #expect(image.coverage(isIPv6: false, address: 5, ipProtocol: 17) == .every)
        #expect(image.coverage(isIPv6: false, address: 5, ipProtocol: 6) == .some)
        #expect(image.coverage(isIPv6: false, address: 5, ipProtocol: 18) == .none)
    }
}
