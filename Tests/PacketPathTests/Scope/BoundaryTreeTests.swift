import TestSupport
import Testing

@testable import PacketPath

@Suite struct BoundaryTreeTests {
    /// Around where a layer is full: 4 keys a node, 5 children, 0 and the first layers exhaustively.
    static let counts = Array(0...130) + [498, 499, 500, 501, 2_498, 2_499, 2_500, 20_001]

    @Test func countsAsALinearSearchDoes() {
        for count in Self.counts {
            var random = Seeded(UInt64(count))
            let narrow = Self.keys(count, UInt32.self, &random)
            Self.agrees(narrow, &random)
            Self.agrees(Self.keys(count, UInt128.self, &random), &random)
            // Close together, where all but the last bits are shared.
            Self.agrees((0..<UInt128(count)).map { (1 << 127) - 5 + $0 }, &random)
        }
    }

    /// A step a layer is all that a search takes, and no shape of the keys changes their number.
    @Test func takesAsManyStepsWhereverTheKeysLie() {
        for count in [1, 4, 19, 99, 2_000, 20_000] {
            let even = (0..<UInt32(count)).map { $0 &* (UInt32.max / UInt32(count)) }
            let dense = (0..<UInt32(count)).map { 0x0a0a_0000 + $0 }
            let ofBothEnds = (0..<UInt32(count)).map { $0 % 2 == 0 ? $0 : .max - UInt32(count) + $0 }.sorted()
            var limit = 1
            var keys = 4
            while keys <= count {
                limit += 1
                keys *= 5
            }
            for shape in [even, dense, ofBothEnds] {
                #expect(BoundaryTree(shape).layers.count <= limit, "\(count) keys")
            }
        }
    }

    @Test func isLittleMoreThanTheKeys() {
        for count in Self.counts {
            let tree = BoundaryTree([UInt32](repeating: 7, count: count))
            let places = tree.layers.joined().count
            // A quarter for the layers above, and in each of them up to a node that is not full.
            #expect(places <= count + count / 4 + 4 * (tree.layers.count + 1), "\(count) keys")
        }
    }

    private static func keys<Key: FixedWidthInteger & UnsignedInteger>(
        _ count: Int, _: Key.Type, _ random: inout Seeded
    ) -> [Key] {
        (0..<count).map { _ in Key.random(in: 0 ... .max, using: &random) }.sorted()
    }

    /// Every key, what is beside it, both ends, and some at random.
    private static func agrees<Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ keys: [Key], _ random: inout Seeded
    ) {
        let tree = BoundaryTree(keys)
        let offsets = tree.offsets
        let size = Key.bitWidth / 8
        let places = Array(tree.layers.joined())
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: offsets.count * 4 + places.count * size, alignment: 64)
        defer { unsafe block.deallocate() }
        for (index, offset) in offsets.enumerated() {
            unsafe block.storeBytes(of: offset, toByteOffset: index * 4, as: UInt32.self)
        }
        for (index, key) in places.enumerated() {
            unsafe block.storeBytes(of: key, toByteOffset: offsets.count * 4 + index * size, as: Key.self)
        }
        let sample = keys.count < 600 ? keys : Array(keys.shuffled(using: &random).prefix(200))
        let beside = sample.flatMap { [$0 &- 1, $0, $0 &+ 1] }
        let others = (0..<20).map { _ in Key.random(in: 0 ... .max, using: &random) }
        for key in beside + others + [.min, .max] {
            let found = unsafe ScopeReader.countBelow(
                key, UnsafeRawPointer(block), innerLayers: tree.innerLayers)
            #expect(found == keys.count(below: key), "\(keys.count) keys, \(key)")
        }
    }
}

extension Array where Element: Comparable {
    /// The slow way.
    fileprivate func count(below key: Element) -> Int { reduce(0) { $0 + ($1 < key ? 1 : 0) } }
}
