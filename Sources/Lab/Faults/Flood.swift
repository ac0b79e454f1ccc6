/// What a broken or a hostile VPN server could say, megabytes of it: notices that nobody knows, a line without an end,
/// random bytes, and variables of no client.
struct Flood: Sendable, IteratorProtocol {
    /// Of each of the four.
    private let chunks: Int
    static let kinds = 4
    private var count = 0
    private var random: Lot

    static let chunkBytes = 1 << 16

    /// So many megabytes of each kind.
    init(megabytes: Int, seed: UInt64) {
        chunks = (megabytes << 20) / Self.chunkBytes
        random = Lot(seed: seed)
    }

    mutating func next() -> [UInt8]? {
        defer { count += 1 }
        switch count / chunks {
        case 0: return lines(">NOVELTY:")
        // No line's beginning is the end of what was before.
        case 1: return [UInt8](repeating: UInt8(ascii: "x"), count: Self.chunkBytes)
        case 2: return noise()
        case 3: return lines(">CLIENT:ENV,name=")
        case 4 where count == 4 * chunks: return Array("\n".utf8)
        default: return nil
        }
    }

    private func lines(_ beginning: String) -> [UInt8] {
        let line = Array(beginning.utf8) + [UInt8](repeating: UInt8(ascii: "y"), count: 400)
        let end = Array("\r\n".utf8)
        return end + Array(repeatElement(line + end, count: Self.chunkBytes / line.count).joined())
    }

    private mutating func noise() -> [UInt8] {
        var bytes = Array("\n".utf8)
        bytes.reserveCapacity(Self.chunkBytes)
        while bytes.count < Self.chunkBytes {
            let word = random.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}

/// A source of numbers that a seed repeats (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
struct Lot: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
