/// Scalars, as they were written.
extension LayoutReader {
    /// Reads a plain or quoted scalar of a block, which may go on in further lines.
    mutating func scalar(within indent: Int) throws(FormatRefusal) -> Layout.Node {
        if at("!") || at("&") || at("*") { throw refusal("tags are not known here") }
        if at("\"") || at("'") { return .scalar(try quoted()) }
        var texts = [plainLine(inFlow: false)]
        while column == lines[line].count, let next = continuation(within: indent) {
            texts += Array(repeating: "", count: next - line - 1)
            line = next
            column = lines[line].prefix(while: isSpace).count
            texts.append(plainLine(inFlow: false))
        }
        return .scalar(texts)
    }

    /// The next line that is not blank, when a plain scalar goes on in it.
    private func continuation(within indent: Int) -> Int? {
        guard let next = lines[(line + 1)...].firstIndex(where: { !$0.allSatisfy(isSpace) }) else {
            return nil
        }
        let start = lines[next].prefix(while: isSpace).count
        return start > indent && lines[next][start] != "#" ? next : nil
    }

    /// Reads what of a plain scalar stands in this line. The column is then at the line's end, unless something else
    /// ended the scalar.
    mutating func plainLine(inFlow: Bool) -> String {
        let text = lines[line]
        let start = column
        while column < text.count {
            if text[column] == "#", column > start, isSpace(text[column - 1]) { break }
            if text[column] == ":", isBlank(at: column + 1) || inFlow && isFlowSign(at: column + 1) { break }
            if inFlow, isFlowSign(at: column) { break }
            column += 1
        }
        let end = column
        return Self.trimmed(text[start..<end])
    }

    func isFlowSign(at index: Int) -> Bool {
        index < lines[line].count && [",", "[", "]", "{", "}"].contains(lines[line][index])
    }

    /// Reads a quoted scalar to behind its last quote.
    mutating func quoted() throws(FormatRefusal) -> [String] {
        let first = line
        let quote = lines[line][column]
        var texts: [String] = []
        var start = column
        column += 1
        while true {
            if let end = quoteEnd(in: lines[line], quote, from: column) {
                texts.append(Self.text(lines[line][start..<end]))
                column = end
                return texts
            }
            texts.append(quote == "\"" ? trimmedInQuotes(start) : Self.trimmed(lines[line][start...]))
            guard line + 1 < lines.count else { throw refusal("this quote is never closed", line: first) }
            line += 1
            start = lines[line].prefix(while: isSpace).count
            column = start
        }
    }

    /// Behind the quote that ends the scalar which begins here; nil when it goes on in the next line.
    func quoteEnd(in text: [Unicode.Scalar], from start: Int) -> Int? {
        quoteEnd(in: text, text[start], from: start + 1)
    }

    private func quoteEnd(in text: [Unicode.Scalar], _ quote: Unicode.Scalar, from start: Int) -> Int? {
        var index = start
        while index < text.count {
            if quote == "\"", text[index] == "\\" {
                index += 2
            } else if text[index] != quote {
                index += 1
            } else if quote == "'", index + 1 < text.count, text[index + 1] == "'" {
                index += 2
            } else {
                return index + 1
            }
        }
        return nil
    }

    /// Space before a line's end says nothing, unless a backslash stands before it.
    private func trimmedInQuotes(_ start: Int) -> String {
        let rest = lines[line][start...]
        var end = rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
        let slashes = rest[..<end].reversed().prefix { $0 == "\\" }.count
        if slashes % 2 == 1, end < rest.endIndex { end += 1 }
        return Self.text(rest[..<end])
    }

    // MARK: Text blocks

    /// Reads `|` or `>` and its lines, and goes on to what comes behind them.
    mutating func textBlock(
        within indent: Int
    ) throws(FormatRefusal) -> (node: Layout.Node, comment: String?) {
        var block = Layout.TextBlock(
            sign: at("|") ? "|" : ">", chomping: nil, hasIndicator: false, lines: [])
        var depth: Int?
        column += 1
        while !isBlank(at: column) {
            let sign = lines[line][column]
            switch sign {
            case "-", "+": block.chomping = Character(sign)
            case "1"..."9": depth = Int(sign.value - 48)
            default: throw refusal("what stands here is not known in this place")
            }
            column += 1
        }
        block.hasIndicator = depth != nil
        skipSpace()
        let comment = at("#") ? Self.trimmed(lines[line][column...]) : nil
        guard comment != nil || column == lines[line].count else {
            throw refusal("what stands here is not known in this place")
        }
        let left = depth.map { max(indent, 0) + $0 } ?? self.depth(of: line + 1, within: indent)
        var next = line + 1
        while next < lines.count, isOf(lines[next], left) {
            block.lines.append(Self.text(lines[next].dropFirst(left)))
            next += 1
        }
        dropLast(of: &block, reachesEnd: next == lines.count)
        line += block.lines.count
        advance()
        return (.textBlock(block), comment)
    }

    /// How deep the lines of a block stand that does not say so: as its first line that is not blank, or as the
    /// longest blank line before that.
    private func depth(of first: Int, within indent: Int) -> Int {
        var depth = max(indent + 1, 1)
        for text in lines[min(first, lines.count)...] {
            let spaces = text.prefix { $0 == " " }.count
            depth = max(depth, spaces)
            if spaces < text.count { return max(max(indent + 1, 1), spaces) }
        }
        return depth
    }

    private func isOf(_ text: [Unicode.Scalar], _ left: Int) -> Bool {
        let spaces = text.prefix { $0 == " " }.count
        return spaces >= left || spaces == text.count
    }

    /// Blank lines at the end are part of the text only where it says so.
    private func dropLast(of block: inout Layout.TextBlock, reachesEnd: Bool) {
        // Behind the last line end, there is no line.
        if reachesEnd, block.lines.last == "" { block.lines.removeLast() }
        guard block.chomping != "+" else { return }
        while block.lines.last == "" { block.lines.removeLast() }
    }
}
