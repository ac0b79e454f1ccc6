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

    /// Line ends are those that libyaml counts: LF, CR, CRLF, NEL, LS and PS.
    private static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { character in
            switch character {
            case "\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}": true
            default: false
            }
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
