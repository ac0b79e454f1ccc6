/// The text of one file, by lines, and the places in it.
package struct SourceText: Sendable {
    package let path: String
    /// Without line ends. Never empty: an empty file has one empty line.
    package let lines: [Substring]
    /// The whole text, without a byte order mark at its start.
    package let text: String

    package init(path: String, text: String) {
        self.path = path
        self.text = text.first == "\u{FEFF}" ? String(text.dropFirst()) : text
        lines = Self.lines(of: self.text)
    }

    /// Line ends are those that libyaml counts: LF, CR, CRLF, NEL, LS and PS. Looked for among bytes: that a line end
    /// is a character of its own, whatever stands beside it, needs no look at the characters (UAX #29, GB4 and GB5).
    private static func lines(of text: String) -> [Substring] {
        let bytes = text.utf8
        var lines: [Substring] = []
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex {
            let length = lineEnd(bytes, at: index)
            guard length > 0 else {
                bytes.formIndex(after: &index)
                continue
            }
            lines.append(text[start..<index])
            bytes.formIndex(&index, offsetBy: length)
            start = index
        }
        lines.append(text[start...])
        return lines
    }

    /// How many bytes of a line end stand here; 0 when there is none.
    private static func lineEnd(_ bytes: String.UTF8View, at index: String.Index) -> Int {
        let byte = bytes[index]
        if byte == 0x0A { return 1 }
        // Most bytes, without a look at those behind them.
        guard byte == 0x0D || byte == 0xC2 || byte == 0xE2 else { return 0 }
        let next = Array(bytes[index...].prefix(3).dropFirst())
        switch (byte, next.first, next.last) {
        case (0x0D, 0x0A, _): return 2
        case (0x0D, _, _): return 1
        case (0xC2, 0x85, _): return 2
        case (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9): return 3
        default: return 0
        }
    }

    /// The text of a line counted from 1; empty beyond the end.
    package func line(_ number: Int) -> Substring {
        lines.indices.contains(number - 1) ? lines[number - 1] : ""
    }

    /// A range within this text. A place beyond the end of a line is its end, and beyond the last line the last.
    package func range(line: Int, column: Int, length: Int = 1) -> SourceRange {
        let line = min(max(1, line), lines.count)
        let width = self.line(line).count
        let column = min(max(1, column), width + 1)
        let location = SourceLocation(file: path, line: line, column: column)
        return SourceRange(start: location, length: min(length, width + 1 - column))
    }

    /// The first character of the file.
    package var start: SourceRange { range(line: 1, column: 1) }

    /// Turns a column counted in Unicode scalars, as libyaml counts, into one counted in characters.
    func column(line: Int, scalarColumn: Int) -> Int {
        let text = self.line(line)
        let offset = max(0, scalarColumn - 1)
        // Most lines are ASCII, where both counts agree; walking long lines once a node would be quadratic.
        if text.utf8.count <= offset { return text.count + 1 }
        let index = text.unicodeScalars.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex)
        return text[..<(index ?? text.endIndex)].count + 1
    }
}
