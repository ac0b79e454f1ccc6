import TestSupport
import Testing

@testable import PacketPath

/// The bound on a look-up's path, and that nobody without the secret comes near it.
@Suite struct SessionIndexPathTests {
    /// Addresses as people and attackers choose them, `n` counting up.
    enum Pattern: CaseIterable {
        case sequential, everySecond, every256th, highHalfOnly, bothHalvesAlike, bitReversed, random

        func key(_ n: UInt64) -> IPv6SessionKey {
            let net: UInt64 = 0x2001_0db8_0001_0000
            return switch self {
            case .sequential: IPv6SessionKey(interface: 4, high: net, low: n)
            case .everySecond: IPv6SessionKey(interface: 4, high: net, low: n << 1)
            case .every256th: IPv6SessionKey(interface: 4, high: net, low: n << 8)
            case .highHalfOnly: IPv6SessionKey(interface: 4, high: net + n, low: 1)
            case .bothHalvesAlike: IPv6SessionKey(interface: 4, high: n, low: n)
            case .bitReversed:
                IPv6SessionKey(interface: 4, high: net, low: (0..<64).reduce(0) { $0 << 1 | n >> $1 & 1 })
            case .random:
                IPv6SessionKey(interface: 4, high: net, low: n &* 0x9e37_79b9_7f4a_7c15)
            }
        }
    }

    @Test(arguments: Pattern.allCases) func pathsAreShort(_ pattern: Pattern) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        var index = try SessionIndex(key: (random.next(), random.next()))
        // As full as a table gets.
        for n in 0..<4096 { try index.insert(pattern.key(UInt64(n)), 1) }
        #expect(index.slotCount.ipv6 == 8192, "seed \(seed)")
        var present: [Int] = []
        var absent: [Int] = []
        for n in 0..<4096 as Range<UInt64> {
            present.append(index.pathLength(pattern.key(n)))
            absent.append(index.pathLength(pattern.key(n + 4096)))
        }
        // Half full, a line in four is full: 1.3 lines are the mean, and a path of 20 would be one in 10^11.
        #expect(present.reduce(0, +) < 4096 * 3 / 2, "seed \(seed)")
        #expect(absent.reduce(0, +) < 4096 * 2, "seed \(seed)")
        #expect((present + absent).allSatisfy { $0 <= 20 }, "seed \(seed)")
    }

    @Test func ipv4PathsAreShort() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        var index = try SessionIndex(key: (random.next(), random.next()))
        for shift in 0..<8 {
            for n in 1...1024 {
                try index.insert(IPv4SessionKey(interface: UInt32(shift + 1), address: UInt32(n << shift)), 1)
            }
        }
        #expect(index.slotCount.ipv4 == 16384, "seed \(seed)")
        var lengths: [Int] = []
        for shift in 0..<8 {
            for n in 1...1024 {
                let key = IPv4SessionKey(interface: UInt32(shift + 1), address: UInt32(n << shift))
                lengths.append(index.pathLength(key))
            }
        }
        #expect(lengths.reduce(0, +) < 8192 * 5 / 4 && lengths.allSatisfy { $0 <= 16 }, "seed \(seed)")
    }

    /// Keys of one /64 that all begin their path in one pair of lines, under secrets the attacker knows.
    private static func crowd(_ secret: HashSeed, _ seed: HashSeed, _ count: Int, pairBits: UInt64)
        -> [IPv6SessionKey]
    {
        var keys: [IPv6SessionKey] = []
        var low: UInt64 = 0
        while keys.count < count {
            low += 1
            let key = IPv6SessionKey(interface: 4, high: 0x2001_0db8_0001_0000, low: low)
            if key.indexKey(secret).hash(seed) >> (64 - pairBits) == 0 { keys.append(key) }
        }
        return keys
    }

    @Test func whoKnowsTheSecretReachesTheBoundAndNoFurther() throws {
        // All path steps matter here, so hash alone: 64 pairs, and all keys want the first.
        let seed = HashSeed(key: (1, 2), generation: 0)
        let secret = HashSeed(key: (3, 4), generation: 0)
        guard let lines = Lines(lineCount: 128, seed: seed) else { throw NoReader() }
        defer { lines.free() }
        var writer = LineWriter(lines)
        var longest = 0
        for key in Self.crowd(secret, seed, 256, pairBits: 6).map({ $0.indexKey(secret) }) {
            guard case .inserted = writer.insert(key, 1) else { continue }
            longest = max(longest, writer.pathLength(key))
        }
        #expect((4...Lines.longestPath).contains(longest))
    }

    @Test func keysMadeForAnotherSecretSpread() throws {
        let known = HashSeed(key: (1, 2), generation: 0)
        let crowd = Self.crowd(known, known, 1500, pairBits: 7)
        var index = try SessionIndex(key: (0xdead_beef, 0x1234))
        for key in crowd { try index.insert(key, 1) }
        #expect(index.slotCount.ipv6 == 4096)
        var lengths: [Int] = []
        for key in crowd where index.find(key) == 1 { lengths.append(index.pathLength(key)) }
        #expect(lengths.count == 1500 && lengths.allSatisfy { $0 <= 16 })
        #expect(lengths.reduce(0, +) < 1500 * 3 / 2)
    }

    @Test func aFullPathIsRefusedAndTheRestStays() throws {
        // The smallest table takes as many keys as it has slots: its longest path meets every line.
        guard let lines = Lines(lineCount: 32, seed: HashSeed(key: (5, 6), generation: 1))
        else {
            throw NoReader()
        }
        defer { lines.free() }
        var writer = LineWriter(lines)
        for n in 0..<128 {
            guard case .inserted = writer.insert(IPv4SessionKey(interface: 1, address: UInt32(n)).indexKey, 1)
            else {
                Issue.record("no slot for \(n)")
                return
            }
        }
        guard case .full = writer.insert(IPv4SessionKey(interface: 1, address: 128).indexKey, 1) else {
            Issue.record("a slot too many")
            return
        }
        var found: UInt64 = 0
        for n in 0...128 { found += writer.find(IPv4SessionKey(interface: 1, address: UInt32(n)).indexKey) }
        #expect(found == 128)
    }
}
