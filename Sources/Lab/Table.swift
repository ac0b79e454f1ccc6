/// Lines of the table, aligned from the first on: all widths but the last columns' are known before anything is
/// measured.
package struct Table: Sendable {
    private let widths: [Int]
    private let colour: Bool
    /// Wide enough for what is mostly seen; a longer text pushes the last column to the right.
    private static let seenWidth = 34

    package init(rows: [Row], colour: Bool) {
        let columns: [(String, (Row) -> String)] = [
            ("who", \.who), ("to where", \.whereTo), ("expected", \.expected.rawValue),
        ]
        widths = columns.map { column in max(column.0.count, rows.map { column.1($0).count }.max() ?? 0) }
        self.colour = colour
    }

    package var header: String {
        let titles = line(["who", "to where", "expected", "seen"], last: "decided by")
        return "   " + titles + "\n   " + String(repeating: "-", count: titles.count)
    }

    package func title(of stage: Row.Stage) -> String {
        "\n" + (colour ? "\u{1b}[1m\(stage.title)\u{1b}[0m" : stage.title)
    }

    package func line(_ row: Row, _ outcome: Outcome) -> String {
        let mark = outcome.matches ? painted("ok ", 32) : painted("!! ", 31)
        let text = line([row.who, row.whereTo, row.expected.rawValue, outcome.seen], last: outcome.decidedBy)
        return mark + (outcome.matches ? text : painted(text, 31))
    }

    private func line(_ cells: [String], last: String) -> String {
        let padded = zip(cells, widths + [Self.seenWidth]).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }
        let text = (padded + [last]).joined(separator: "  ")
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    private func painted(_ text: String, _ code: Int) -> String {
        colour ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
