/// The modules of a symbol: a square, dark or light, some of them the same whatever it says.
struct QRSymbol: Sendable, Hashable {
    let side: Int
    private var dark: [Bool]
    /// Modules of function patterns, and of format and version information: no data goes there.
    private var isReserved: [Bool]

    /// With its function patterns, its version, and nothing else.
    init(_ version: QRVersion) {
        side = version.side
        dark = Array(repeating: false, count: side * side)
        isReserved = Array(repeating: false, count: side * side)
        drawTiming()
        for corner in [(3, 3), (3, side - 4), (side - 4, 3)] { drawFinder(corner.0, corner.1) }
        drawAlignment(version.alignmentCentres)
        if version.number >= 7 { drawVersion(version.number) }
        // A place to keep free, until there is a mask.
        drawFormat(0)
    }

    private(set) subscript(row: Int, column: Int) -> Bool {
        get { dark[row * side + column] }
        set { dark[row * side + column] = newValue }
    }

    private mutating func reserve(_ row: Int, _ column: Int, _ isDark: Bool) {
        self[row, column] = isDark
        isReserved[row * side + column] = true
    }

    // MARK: What every symbol has (§6.3)

    private mutating func drawTiming() {
        for index in 0..<side {
            reserve(6, index, index.isMultiple(of: 2))
            reserve(index, 6, index.isMultiple(of: 2))
        }
    }

    /// With its separator, as far as that is in the symbol.
    private mutating func drawFinder(_ row: Int, _ column: Int) {
        for down in -4...4 {
            for right in -4...4 {
                guard (0..<side).contains(row + down), (0..<side).contains(column + right) else { continue }
                let ring = max(abs(down), abs(right))
                reserve(row + down, column + right, ring != 2 && ring != 4)
            }
        }
    }

    private mutating func drawAlignment(_ centres: [Int]) {
        guard let first = centres.first, let last = centres.last else { return }
        for row in centres {
            for column in centres {
                let isAtFinder =
                    (row, column) == (first, first) || (row, column) == (first, last)
                    || (row, column) == (last, first)
                if isAtFinder { continue }
                for down in -2...2 {
                    for right in -2...2 {
                        reserve(row + down, column + right, max(abs(down), abs(right)) != 1)
                    }
                }
            }
        }
    }

    /// The version and 12 check bits, twice (§7.10).
    private mutating func drawVersion(_ number: Int) {
        let bits = number << 12 | Self.remainder(number, 12, by: 0x1F25)
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            reserve(side - 11 + index % 3, index / 3, isDark)
            reserve(index / 3, side - 11 + index % 3, isDark)
        }
    }

    /// Level M and the mask with 10 check bits, twice, and the module that is always dark (§7.9).
    private mutating func drawFormat(_ mask: Int) {
        // Level M is 00, so these five bits are the mask alone.
        let bits = (mask << 10 | Self.remainder(mask, 10, by: 0x537)) ^ 0x5412
        for index in 0..<15 {
            let isDark = bits >> index & 1 == 1
            // Around the finder at the top left, without the timing pattern.
            switch index {
            case 0...5: reserve(index, 8, isDark)
            case 6: reserve(7, 8, isDark)
            case 7: reserve(8, 8, isDark)
            case 8: reserve(8, 7, isDark)
            default: reserve(8, 14 - index, isDark)
            }
            // At the other two.
            if index < 8 {
                reserve(8, side - 1 - index, isDark)
            } else {
                reserve(side - 15 + index, 8, isDark)
            }
        }
        reserve(side - 8, 8, true)
    }

    /// The remainder of number · x^degree by a generator of that degree, over GF(2): the check bits of a BCH code.
    private static func remainder(_ number: Int, _ degree: Int, by generator: Int) -> Int {
        var rest = number << degree
        for shift in stride(from: 5, through: 0, by: -1) where rest >> (shift + degree) & 1 == 1 {
            rest ^= generator << shift
        }
        return rest
    }

    // MARK: What it says

    /// Puts bits into what is free, in columns two wide, up and down by turns from the bottom right (§7.7.3). Modules that
    /// are left over are light.
    mutating func place(_ codewords: [UInt8]) {
        var index = 0
        var isUpward = true
        var right = side - 1
        while right > 0 {
            // The timing pattern's column is in no pair.
            if right == 6 { right = 5 }
            for step in 0..<side {
                let row = isUpward ? side - 1 - step : step
                for column in [right, right - 1] where !isReserved[row * side + column] {
                    guard index < codewords.count * 8 else { return }
                    self[row, column] = codewords[index / 8] >> UInt8(7 - index % 8) & 1 == 1
                    index += 1
                }
            }
            isUpward.toggle()
            right -= 2
        }
    }

    /// The same under a data mask (§7.8.2), with the format information that says so.
    func masked(_ mask: Int) -> QRSymbol {
        var result = self
        for row in 0..<side {
            for column in 0..<side where !isReserved[row * side + column] {
                if Self.inverts(mask, row, column) { result[row, column].toggle() }
            }
        }
        result.drawFormat(mask)
        return result
    }

    private static func inverts(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
        switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }
}
