import Evidence

/// The penalty of a symbol as the standard words it (§7.8.3), on strings.
enum SlowPenalty {
    static func of(_ code: QRCode) -> Int {
        let side = code.side
        let rows = (0..<side).map { row in
            String((0..<side).map { code.isDark(row: row, column: $0) ? "#" : "." })
        }
        let columns = (0..<side).map { column in
            String((0..<side).map { code.isDark(row: $0, column: column) ? "#" : "." })
        }
        var penalty = 0
        for line in rows + columns {
            for run in line.matches(of: #/#{5,}|\.{5,}/#) { penalty += 3 + run.output.count - 5 }
            for start in 0...side - 11 {
                let part = line.dropFirst(start).prefix(11)
                if part == "#.###.#...." || part == "....#.###.#" { penalty += 40 }
            }
        }
        for (row, next) in zip(rows.map(Array.init), rows.dropFirst().map(Array.init)) {
            for column in 1..<side {
                let block = [row[column - 1], row[column], next[column - 1], next[column]]
                if Set(block).count == 1 { penalty += 3 }
            }
        }
        let dark = rows.joined().count { $0 == "#" }
        let percent = Double(dark) * 100 / Double(side * side)
        return penalty + 10 * Int(abs(percent - 50) / 5)
    }
}
