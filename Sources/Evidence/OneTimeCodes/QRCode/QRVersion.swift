/// What the standard's tables say of one version at level M.
struct QRVersion: Sendable {
    let number: Int
    /// Data and check codewords together (table 1).
    let codewordCount: Int
    /// Of each block (table 9).
    let checkCount: Int
    let blockCount: Int
    /// Rows and columns in which alignment patterns are centred (annex E).
    let alignmentCentres: [Int]

    private init(_ number: Int, _ codewords: Int, check: Int, blocks: Int, _ centres: [Int]) {
        self.number = number
        codewordCount = codewords
        checkCount = check
        blockCount = blocks
        alignmentCentres = centres
    }

    static let all = [
        QRVersion(1, 26, check: 10, blocks: 1, []),
        QRVersion(2, 44, check: 16, blocks: 1, [6, 18]),
        QRVersion(3, 70, check: 26, blocks: 1, [6, 22]),
        QRVersion(4, 100, check: 18, blocks: 2, [6, 26]),
        QRVersion(5, 134, check: 24, blocks: 2, [6, 30]),
        QRVersion(6, 172, check: 16, blocks: 4, [6, 34]),
        QRVersion(7, 196, check: 18, blocks: 4, [6, 22, 38]),
        QRVersion(8, 242, check: 22, blocks: 4, [6, 24, 42]),
        QRVersion(9, 292, check: 22, blocks: 5, [6, 26, 46]),
        QRVersion(10, 346, check: 26, blocks: 5, [6, 28, 50]),
    ]

    var side: Int { 17 + 4 * number }
    var dataCount: Int { codewordCount - checkCount * blockCount }
    /// Bits that say how many bytes there are (table 3).
    private var lengthBits: Int { number < 10 ? 8 : 16 }
    /// Four bits are the mode's.
    var byteCapacity: Int { (dataCount * 8 - 4 - lengthBits) / 8 }

    /// Codewords in the order in which they are placed: blocks interleaved, data before check (§7.6).
    func codewords(of bytes: [UInt8]) -> [UInt8] {
        let data = dataCodewords(of: bytes)
        let code = ReedSolomon(checkCount: checkCount)
        // The last blocks are one longer, where they are not all alike.
        let shortCount = blockCount - dataCount % blockCount
        var blocks: [[UInt8]] = []
        var rest = data[...]
        for index in 0..<blockCount {
            let length = dataCount / blockCount + (index < shortCount ? 0 : 1)
            blocks.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return interleaved(blocks) + interleaved(blocks.map(code.checkBytes))
    }

    /// Mode, length, bytes, terminator, padding (§7.4).
    private func dataCodewords(of bytes: [UInt8]) -> [UInt8] {
        var bits = BitWriter()
        bits.append(0b0100, count: 4)
        bits.append(bytes.count, count: lengthBits)
        for byte in bytes { bits.append(Int(byte), count: 8) }
        // As long as there is room for it; then up to the next whole codeword.
        bits.append(0, count: min(4, dataCount * 8 - bits.count))
        bits.append(0, count: (8 - bits.count % 8) % 8)
        var codewords = bits.bytes
        while codewords.count < dataCount {
            codewords.append(0xEC)
            if codewords.count < dataCount { codewords.append(0x11) }
        }
        return codewords
    }

    /// The first of each, the second of each, and so on.
    private func interleaved(_ blocks: [[UInt8]]) -> [UInt8] {
        let longest = blocks.map(\.count).max() ?? 0
        return (0..<longest).flatMap { index in
            blocks.compactMap { $0.indices.contains(index) ? $0[index] : nil }
        }
    }
}

/// Bits, the highest of each number first.
private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    mutating func append(_ number: Int, count width: Int) {
        for shift in stride(from: width - 1, through: 0, by: -1) {
            if count.isMultiple(of: 8) { bytes.append(0) }
            if number >> shift & 1 == 1 { bytes[bytes.count - 1] |= 0x80 >> UInt8(count % 8) }
            count += 1
        }
    }
}
