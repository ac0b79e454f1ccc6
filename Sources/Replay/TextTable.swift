/// A table for a terminal: columns as wide as their widest cell, two spaces apart, numbers to the right, nothing after
/// the last cell of a line.
///
/// Cells are asked for twice, once for the widths: a table of a million rows is never in memory as text.
struct TextTable {
    private let header: [String]
    /// Columns of numbers.
    private let numbers: Set<Int>
    private let rowCount: Int
    private let cells: (Int) -> [String]

    init(
        _ header: [String], numbers: Set<Int> = [], rowCount: Int, cells: @escaping (Int) -> [String]
    ) {
        self.header = header
        self.numbers = numbers
        self.rowCount = rowCount
        self.cells = cells
    }

    /// Writes every line, without line ends.
    func write(_ line: (String) -> Void) {
        var widths = header.map(\.count)
        for row in 0..<rowCount {
            for (column, cell) in cells(row).enumerated() {
                widths[column] = max(widths[column], cell.count)
            }
        }
        line(text(header, widths))
        for row in 0..<rowCount { line(text(cells(row), widths)) }
    }

    private func text(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        // Spaces are owed until something comes after them.
        var owed = 0
        for (column, cell) in cells.enumerated() {
            let padding = widths[column] - cell.count
            if numbers.contains(column) { owed += padding }
            if !cell.isEmpty {
                text += String(repeating: " ", count: owed) + cell
                owed = 0
            }
            owed += numbers.contains(column) ? 2 : padding + 2
        }
        return text
    }
}
