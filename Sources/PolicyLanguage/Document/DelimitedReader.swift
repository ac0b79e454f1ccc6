/// Takes delimited text (RFC 4180) apart, row by row: quotes, doubled quotes and line ends within quotes.
///
/// Works on UTF-8 bytes and makes no text of its own: a cell is a stretch of bytes until somebody asks for its text, and
/// a place is counted when it is asked for. Delimiters, quotes and line ends are single bytes that are part of no other
/// character in UTF-8. Spaces belong to cells; lines of nothing are skipped; either line end will do. Linear in time.
package struct DelimitedReader {
    /// One cell, its quotes included.
    package struct Cell: Sendable {
        package let start: Int
        package let end: Int
        let isQuoted: Bool
        let hasDoubledQuotes: Bool

        /// Nothing, or nothing in quotes.
        package var isEmpty: Bool { end - start == (isQuoted ? 2 : 0) }
    }

    /// Why a row is not whole. ``DelimitedReader/cells`` has what stands before the place.
    package enum Problem: String, Sendable, Hashable {
        case quoteInside = "a quote inside a field that does not begin with one"
        case textBehindQuote = "a field goes on after its closing quote"
        /// The rest of the text is lost in it.
        case neverClosed = "a quote is never closed"
    }

    package struct Row: Sendable {
        /// Of its first byte.
        package let start: Int
        /// On which it begins, from 1.
        package let line: Int
        package let problem: (what: Problem, at: Int)?
    }

    package let bytes: [UInt8]
    /// Those of the row that was read last.
    package private(set) var cells: [Cell] = []
    private let delimiter: UInt8
    private let endsAtUnicodeLineEnds: Bool
    private var position = 0
    private var line: Int

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// - Parameters:
    ///   - bytes: valid UTF-8 without a byte order mark.
    ///   - delimiter: an ASCII character.
    ///   - endsAtUnicodeLineEnds: whether NEL, LS and PS end lines too, as they do in rule files. No program that writes
    ///     tables puts quotes around text because of them.
    ///   - firstLine: the number of the line that the text begins with.
    package init(
        _ bytes: [UInt8], delimiter: UInt8 = UInt8(ascii: ","), endsAtUnicodeLineEnds: Bool = false,
        firstLine: Int = 1
    ) {
        self.bytes = bytes
        line = firstLine
        self.delimiter = delimiter
        self.endsAtUnicodeLineEnds = endsAtUnicodeLineEnds
    }

    /// How far reading has come, in bytes.
    package var offset: Int { position }

    /// The next row that is not empty; nil at the end.
    package mutating func next() -> Row? {
        while position < bytes.count {
            let start = position
            let startLine = line
            let problem = readRow()
            if problem != nil || cells.count > 1 || cells.first?.isEmpty == false {
                return Row(start: start, line: startLine, problem: problem)
            }
        }
        return nil
    }

    private mutating func readRow() -> (what: Problem, at: Int)? {
        cells.removeAll(keepingCapacity: true)
        while true {
            let isQuoted = position < bytes.count && bytes[position] == Self.quote
            if let problem = isQuoted ? readQuoted() : readPlain() {
                if problem.what != .neverClosed { skipLine() }
                return problem
            }
            guard position < bytes.count, bytes[position] == delimiter else { break }
            position += 1
        }
        skipLineEnd()
        return nil
    }

    private mutating func readPlain() -> (what: Problem, at: Int)? {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == delimiter { break }
            if byte == Self.quote { return (.quoteInside, position) }
            if lineEnd(at: position) > 0 { break }
            position += 1
        }
        cells.append(Cell(start: start, end: position, isQuoted: false, hasDoubledQuotes: false))
        return nil
    }

    private mutating func readQuoted() -> (what: Problem, at: Int)? {
        let start = position
        var hasDoubledQuotes = false
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            if byte != Self.quote {
                let length = lineEnd(at: position)
                if length > 0 { line += 1 }
                position += max(1, length)
                continue
            }
            position += 1
            if position < bytes.count, bytes[position] == Self.quote {
                hasDoubledQuotes = true
                position += 1
                continue
            }
            guard position == bytes.count || bytes[position] == delimiter || lineEnd(at: position) > 0 else {
                return (.textBehindQuote, position)
            }
            cells.append(
                Cell(start: start, end: position, isQuoted: true, hasDoubledQuotes: hasDoubledQuotes))
            return nil
        }
        return (.neverClosed, start)
    }

    private mutating func skipLine() {
        while position < bytes.count, lineEnd(at: position) == 0 { position += 1 }
        skipLineEnd()
    }

    private mutating func skipLineEnd() {
        guard position < bytes.count else { return }
        position += lineEnd(at: position)
        line += 1
    }

    /// How many bytes of a line end stand here; 0 when there is none.
    private func lineEnd(at index: Int) -> Int {
        let byte = bytes[index]
        if byte == Self.lineFeed { return 1 }
        if byte == Self.carriageReturn {
            return index + 1 < bytes.count && bytes[index + 1] == Self.lineFeed ? 2 : 1
        }
        guard endsAtUnicodeLineEnds, byte >= 0xC2, index + 1 < bytes.count else { return 0 }
        if byte == 0xC2 { return bytes[index + 1] == 0x85 ? 2 : 0 }
        guard byte == 0xE2, index + 2 < bytes.count, bytes[index + 1] == 0x80 else { return 0 }
        return bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9 ? 3 : 0
    }

    // MARK: What rows say

    /// What a cell says, without its quotes.
    package func text(_ cell: Cell) -> String {
        guard cell.isQuoted else { return String(decoding: bytes[cell.start..<cell.end], as: UTF8.self) }
        let inner = bytes[(cell.start + 1)..<(cell.end - 1)]
        guard cell.hasDoubledQuotes else { return String(decoding: inner, as: UTF8.self) }
        var result: [UInt8] = []
        result.reserveCapacity(inner.count)
        var index = inner.startIndex
        while index < inner.endIndex {
            result.append(inner[index])
            index += inner[index] == Self.quote ? 2 : 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Line and column, from 1, of a byte of a row; the column counts characters. Takes time in proportion to the row.
    package func place(of offset: Int, in row: Row) -> (line: Int, column: Int) {
        place(after: row.start..<offset, at: (row.line, 1))
    }

    /// The place right behind a cell that begins at a place.
    func place(after cell: Cell, at place: (line: Int, column: Int)) -> (line: Int, column: Int) {
        self.place(after: cell.start..<cell.end, at: place)
    }

    private func place(
        after range: Range<Int>, at place: (line: Int, column: Int)
    ) -> (line: Int, column: Int) {
        var (line, column) = place
        var (lineStart, index) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            let length = lineEnd(at: index)
            index += max(1, length)
            if length > 0 { (line, column, lineStart) = (line + 1, 1, index) }
        }
        guard lineStart < range.upperBound else { return (line, column) }
        let rest = bytes[lineStart..<range.upperBound]
        let isASCII = rest.allSatisfy { $0 < 0x80 }
        return (line, column + (isASCII ? rest.count : String(decoding: rest, as: UTF8.self).count))
    }
}
