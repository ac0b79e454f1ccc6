import Evidence

/// Reads a symbol as a scanner does once it has found the modules, with tables as the standard prints them. It repairs
/// nothing: a codeword that is not exactly right is an error.
struct SlowQRReader {
    enum Problem: Error {
        case formatCopiesDiffer, badFormat, badLevel, badVersion, badCheckBytes, badMode, badPadding
    }

    /// Blocks of level M: how many of how many data codewords, and check codewords of each (table 9).
    private static let blocks: [Int: (check: Int, groups: [(count: Int, data: Int)])] = [
        1: (10, [(1, 16)]), 2: (16, [(1, 28)]), 3: (26, [(1, 44)]), 4: (18, [(2, 32)]), 5: (24, [(2, 43)]),
        6: (16, [(4, 27)]), 7: (18, [(4, 31)]), 8: (22, [(2, 38), (2, 39)]), 9: (22, [(3, 36), (2, 37)]),
        10: (26, [(4, 43), (1, 44)]),
    ]
    /// Between the two in row 6 and column 6 and the last, of versions 7 to 10 (annex E).
    private static let middles = [7: 22, 8: 24, 9: 26, 10: 28]
    /// As transmitted, by the five bits that they say (table C.1).
    private static let formats = [
        0x5412, 0x5125, 0x5E7C, 0x5B4B, 0x45F9, 0x40CE, 0x4F97, 0x4AA0,
    ]
    /// Of versions 7 to 10 (table D.1).
    private static let versions = [7: 0x07C94, 8: 0x085BC, 9: 0x09A99, 10: 0x0A4D3]

    private let code: QRCode
    private let side: Int
    private let version: Int
    private let alignment: [(Int, Int)]

    init(_ code: QRCode) {
        self.code = code
        side = code.side
        version = (side - 17) / 4
        var centres: [Int] = version == 1 ? [] : [6, 10 + 4 * version]
        if let middle = Self.middles[version] { centres.insert(middle, at: 1) }
        alignment = centres.flatMap { row in centres.map { (row, $0) } }
    }

    private func bit(_ row: Int, _ column: Int) -> Int { code.isDark(row: row, column: column) ? 1 : 0 }

    func bytes() throws -> [UInt8] {
        try checkVersion()
        let mask = try mask()
        let codewords = codewords(mask)
        let data = try data(codewords)
        return try bytes(of: data)
    }

    /// Both copies, the highest bit first.
    func mask() throws -> Int {
        let first =
            (0...5).map { (8, $0) } + [(8, 7), (8, 8), (7, 8)] + (0...5).reversed().map { ($0, 8) }
        let second = (1...7).map { (side - $0, 8) } + (1...8).reversed().map { (8, side - $0) }
        let copies = [first, second].map { $0.reduce(0) { $0 << 1 | bit($1.0, $1.1) } }
        guard copies[0] == copies[1] else { throw Problem.formatCopiesDiffer }
        guard let mask = Self.formats.firstIndex(of: copies[0]) else { throw Problem.badLevel }
        guard bit(side - 8, 8) == 1 else { throw Problem.badFormat }
        return mask
    }

    private func checkVersion() throws {
        guard let expected = Self.versions[version] else { return }
        let places = (0..<18).reversed().map { ($0 / 3, side - 11 + $0 % 3) }
        for copy in [places, places.map { ($0.1, $0.0) }] {
            guard copy.reduce(0, { $0 << 1 | bit($1.0, $1.1) }) == expected else { throw Problem.badVersion }
        }
    }

    private func isFunction(_ row: Int, _ column: Int) -> Bool {
        if row < 9 && column < 9 || row < 9 && column >= side - 8 || row >= side - 8 && column < 9 {
            return true
        }
        if row == 6 || column == 6 { return true }
        if version >= 7, row < 6 && column >= side - 11 || row >= side - 11 && column < 6 { return true }
        return alignment.contains { centre in
            // Those at the finders are not there.
            let isAtFinder =
                centre.0 == 6 && (centre.1 == 6 || centre.1 > side - 9)
                || centre.0 > side - 9 && centre.1 == 6
            return !isAtFinder && abs(row - centre.0) <= 2 && abs(column - centre.1) <= 2
        }
    }

    private func codewords(_ mask: Int) -> [UInt8] {
        let rules: [(Int, Int) -> Bool] = [
            { ($0 + $1) % 2 == 0 }, { row, _ in row % 2 == 0 }, { _, column in column % 3 == 0 },
            { ($0 + $1) % 3 == 0 }, { ($0 / 2 + $1 / 3) % 2 == 0 }, { $0 * $1 % 2 + $0 * $1 % 3 == 0 },
            { ($0 * $1 % 2 + $0 * $1 % 3) % 2 == 0 }, { (($0 + $1) % 2 + $0 * $1 % 3) % 2 == 0 },
        ]
        let pairs = Array(stride(from: side - 1, to: 6, by: -2)) + [5, 3, 1]
        var bits: [Int] = []
        for (turn, right) in pairs.enumerated() {
            let rows = turn % 2 == 0 ? Array((0..<side).reversed()) : Array(0..<side)
            for row in rows {
                for column in [right, right - 1] where !isFunction(row, column) {
                    bits.append(bit(row, column) ^ (rules[mask](row, column) ? 1 : 0))
                }
            }
        }
        return (0..<bits.count / 8).map { index in
            UInt8(bits[index * 8..<index * 8 + 8].reduce(0) { $0 << 1 | $1 })
        }
    }

    /// Blocks apart again, each with check bytes that are right.
    private func data(_ codewords: [UInt8]) throws -> [UInt8] {
        guard let (check, groups) = Self.blocks[version] else { throw Problem.badVersion }
        var blocks = groups.flatMap { Array(repeating: (length: $0.data, bytes: [UInt8]()), count: $0.count) }
        var rest = codewords[...]
        let longest = blocks.map(\.length).max() ?? 0
        for place in 0..<longest + check {
            for index in blocks.indices where place >= longest || place < blocks[index].length {
                guard let next = rest.popFirst() else { throw Problem.badCheckBytes }
                blocks[index].bytes.append(next)
            }
        }
        guard rest.isEmpty else { throw Problem.badCheckBytes }
        for block in blocks {
            guard Galois.syndromes(block.bytes, count: check).allSatisfy({ $0 == 0 }) else {
                throw Problem.badCheckBytes
            }
        }
        return blocks.flatMap { Array($0.bytes.prefix($0.length)) }
    }

    private func bytes(of data: [UInt8]) throws -> [UInt8] {
        var bits = data.flatMap { byte in (0..<8).map { Int(byte) >> (7 - $0) & 1 } }[...]
        func take(_ count: Int) -> Int {
            let number = bits.prefix(count).reduce(0) { $0 << 1 | $1 }
            bits = bits.dropFirst(count)
            return number
        }
        guard take(4) == 0b0100 else { throw Problem.badMode }
        let length = take(version < 10 ? 8 : 16)
        guard bits.count >= length * 8 else { throw Problem.badMode }
        let bytes = (0..<length).map { _ in UInt8(take(8)) }
        guard take(min(4, bits.count)) == 0, take(bits.count % 8) == 0 else { throw Problem.badPadding }
        for index in 0..<bits.count / 8 {
            guard take(8) == (index % 2 == 0 ? 0xEC : 0x11) else { throw Problem.badPadding }
        }
        return bytes
    }
}

/// GF(256) by tables of powers of two.
private enum Galois {
    private static let powers: [Int] = {
        var powers = [1]
        for _ in 1..<255 {
            let next = powers[powers.count - 1] * 2
            powers.append(next > 255 ? next ^ 0x11D : next)
        }
        return powers
    }()
    private static let logarithms = Dictionary(uniqueKeysWithValues: powers.enumerated().map { ($1, $0) })

    private static func times(_ one: Int, _ other: Int) -> Int {
        guard let first = logarithms[one], let second = logarithms[other] else { return 0 }
        return powers[(first + second) % 255]
    }

    /// The block as a polynomial, at the roots of the generator: zero everywhere when nothing is wrong.
    static func syndromes(_ block: [UInt8], count: Int) -> [Int] {
        (0..<count).map { root in block.reduce(0) { times($0, powers[root]) ^ Int($1) } }
    }
}
