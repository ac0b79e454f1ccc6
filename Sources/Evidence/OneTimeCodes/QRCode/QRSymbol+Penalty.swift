/// How hard a symbol is to read (§7.8.3): long runs, blocks of one colour, what looks like a finder, too much of one colour.
/// Of the eight masks the one with the least is taken. Every mask is a good one; readers try any.
extension QRSymbol {
    var penalty: Int {
        var lines: [[Bool]] = []
        for index in 0..<side {
            lines.append((0..<side).map { self[index, $0] })
            lines.append((0..<side).map { self[$0, index] })
        }
        return lines.reduce(0) { $0 + Self.runs($1) + Self.finders($1) } + blocks + balance
    }

    /// Five in a line or more: 3, and 1 for each further one.
    private static func runs(_ line: [Bool]) -> Int {
        var (penalty, length) = (0, 1)
        for index in line.indices.dropFirst() {
            length = line[index] == line[index - 1] ? length + 1 : 1
            if length == 5 { penalty += 3 } else if length > 5 { penalty += 1 }
        }
        return penalty
    }

    /// Dark and light as in a finder, 1:1:3:1:1, with four light modules before or behind: 40 each.
    private static func finders(_ line: [Bool]) -> Int {
        var (penalty, window) = (0, 0)
        for (index, isDark) in line.enumerated() {
            window = (window << 1 | (isDark ? 1 : 0)) & 0b111_1111_1111
            if index >= 10, window == 0b101_1101_0000 || window == 0b000_0101_1101 { penalty += 40 }
        }
        return penalty
    }

    /// Two by two of one colour: 3 each, wherever they overlap.
    private var blocks: Int {
        var count = 0
        for row in 1..<side {
            for column in 1..<side {
                let isDark = self[row, column]
                if self[row - 1, column] == isDark, self[row, column - 1] == isDark,
                    self[row - 1, column - 1] == isDark
                {
                    count += 1
                }
            }
        }
        return 3 * count
    }

    /// 10 for every whole 5 % that the share of dark modules is away from a half.
    private var balance: Int {
        let count = (0..<side).reduce(0) { sum, row in sum + (0..<side).count { self[row, $0] } }
        return abs(count * 20 - side * side * 10) / (side * side) * 10
    }
}
