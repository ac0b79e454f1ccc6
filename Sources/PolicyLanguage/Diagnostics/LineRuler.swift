/// Places in the lines of one text, asked for in order: counts the characters of a line once, however many places in it
/// are asked for. A line can be one value after the other, and counting for each would be quadratic.
struct LineRuler {
    private let source: SourceText
    private var number = 0
    private(set) var characters: [Character] = []
    /// For each Unicode scalar of the line, the character that it is part of; empty when each is one of its own.
    private var owners: [Int] = []

    init(_ source: SourceText) { self.source = source }

    /// Goes to a line; one beyond the text is empty.
    mutating func move(to line: Int) {
        guard line != number else { return }
        number = line
        let text = source.line(line)
        characters = Array(text)
        owners =
            text.utf8.count == characters.count
            ? [] : characters.enumerated().flatMap { Array(repeating: $0, count: $1.unicodeScalars.count) }
    }

    /// Turns a column counted in Unicode scalars, as libyaml counts, into one counted in characters.
    func column(scalarColumn: Int) -> Int {
        let offset = max(0, scalarColumn - 1)
        if owners.isEmpty { return min(offset, characters.count) + 1 }
        return (offset < owners.count ? owners[offset] : characters.count) + 1
    }

    /// As ``SourceText/range(line:column:length:)``, in the line that was gone to.
    func range(column: Int, length: Int = 1) -> SourceRange {
        let line = min(max(1, number), source.lines.count)
        let width = line == number ? characters.count : source.line(line).count
        let column = min(max(1, column), width + 1)
        let location = SourceLocation(file: source.path, line: line, column: column)
        return SourceRange(start: location, length: min(length, width + 1 - column))
    }

    /// What stands in the line from a column on.
    func rest(from column: Int) -> ArraySlice<Character> {
        characters[min(max(0, column - 1), characters.count)...]
    }
}
