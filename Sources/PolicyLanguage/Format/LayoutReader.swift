/// Reads how a rule file is laid out.
///
/// Only for text that ``DocumentReader`` takes: it relies on the YAML being good, without anchors and not nested deep.
/// What begins a node and what continues a scalar is decided as libyaml does it (`scanner.c`).
struct LayoutReader {
    let path: String
    let lines: [[Unicode.Scalar]]
    /// Where reading has come to: something that is no space and no comment, or the end.
    var line = -1
    var column = 0
    /// The blank lines and comments before that which nobody has taken yet.
    private var pending: [Layout.MarginLine] = []

    private init(_ source: SourceText) {
        path = source.path
        lines = source.lines.map { Array($0.unicodeScalars) }
    }

    static func read(_ source: SourceText) throws(FormatRefusal) -> Layout {
        var reader = LayoutReader(source)
        reader.advance()
        return try reader.layout()
    }

    private mutating func layout() throws(FormatRefusal) -> Layout {
        let marker = try marker()
        let margin = takePending()
        let (node, comment) = try blockNode(within: -1)
        guard !isAtEnd || !node.isText else { throw refusal("it is neither a mapping nor a list", line: 0) }
        guard isAtEnd else { throw refusal("a document ends here") }
        let root = Layout.Value(margin: margin, isOnNextLine: true, node: node, endComment: comment)
        let endsOpen = lines.last?.isEmpty == false && node.endsInTextBlock
        return Layout(marker: marker, root: root, tail: takePending(), endsOpen: endsOpen)
    }

    /// Reads `---` on a line of its own.
    private mutating func marker() throws(FormatRefusal) -> Layout.Marker? {
        if at("%") { throw refusal("directives are not known here") }
        guard isMarker("-") else { return nil }
        column += 3
        let margin = takePending()
        let comment = try lineEnd()
        return Layout.Marker(margin: margin, comment: comment)
    }

    var isAtEnd: Bool { line >= lines.count }

    func refusal(_ reason: String, line: Int? = nil) -> FormatRefusal {
        let number = min(line ?? self.line, lines.count - 1)
        let before = line == nil ? lines[number].prefix(column) : []
        let width = String(String.UnicodeScalarView(before)).count
        return FormatRefusal(
            location: SourceLocation(file: path, line: number + 1, column: width + 1), reason: reason)
    }
}

// MARK: - Blocks

extension LayoutReader {
    /// Reads a node that begins here, and goes on to what comes behind it.
    ///
    /// - Parameter indent: the column of the block that holds the node; -1 for none.
    private mutating func blockNode(
        within indent: Int
    ) throws(FormatRefusal) -> (node: Layout.Node, comment: String?) {
        if isAtEnd || isMarker(".") || isMarker("-") { return (.nothing, nil) }
        if isDash { return (try sequence(within: indent), nil) }
        if try key() != nil { return (try mapping(), nil) }
        if at("|") || at(">") { throw refusal("a text block begins on a line of its own") }
        let node = try at("[") || at("{") ? flow() : scalar(within: indent)
        return (node, try lineEnd())
    }

    private mutating func mapping() throws(FormatRefusal) -> Layout.Node {
        let indent = column
        var entries: [Layout.Entry] = []
        var margin: [Layout.MarginLine] = []
        while let key = try key() {
            column = key.afterColon
            let value = try value(within: indent, isOfKey: true)
            entries.append(Layout.Entry(margin: margin, key: key.text, value: value))
            guard !isAtEnd, column == indent, !isDash, !isMarker("."), !isMarker("-") else {
                return .mapping(entries, tail: takePending(from: indent))
            }
            margin = takePending()
        }
        throw refusal("no key is found here")
    }

    private mutating func sequence(within outer: Int) throws(FormatRefusal) -> Layout.Node {
        let indent = column
        var items: [Layout.Item] = []
        var margin: [Layout.MarginLine] = []
        while true {
            column += 1
            items.append(Layout.Item(margin: margin, value: try value(within: indent, isOfKey: false)))
            guard !isAtEnd, column == indent, isDash else {
                // Where the list stands no deeper than its key, a comment in that column is about the next key.
                return .sequence(items, tail: takePending(from: indent == outer ? indent + 1 : indent))
            }
            margin = takePending()
        }
    }

    /// Reads what stands behind a colon or a dash.
    private mutating func value(within indent: Int, isOfKey: Bool) throws(FormatRefusal) -> Layout.Value {
        var value = Layout.Value()
        skipSpace()
        if column < lines[line].count, !at("#") {
            if at("|") || at(">") {
                (value.node, value.comment) = try textBlock(within: indent)
            } else if isOfKey {
                value.node = try at("[") || at("{") ? flow() : scalar(within: indent)
                value.endComment = try lineEnd()
            } else {
                (value.node, value.endComment) = try blockNode(within: indent)
            }
            return value
        }
        value.comment = try lineEnd()
        let isChild = column > indent || isOfKey && column == indent && isDash
        guard !isAtEnd, isChild else {
            // Comments that stand deeper are about what might be there.
            value.margin = takePending(from: indent + 1)
            return value
        }
        value.margin = takePending()
        value.isOnNextLine = true
        (value.node, value.endComment) = try blockNode(within: indent)
        return value
    }

    /// Finds the key that begins here, and its colon; nil when what begins here is no key.
    private func key() throws(FormatRefusal) -> (text: String, afterColon: Int)? {
        let text = lines[line]
        guard column < text.count else { return nil }
        switch text[column] {
        case "?" where isBlank(at: column + 1): throw refusal("keys with a question mark are not known here")
        case "!", "&", "*": throw refusal("tags are not known here")
        case "|", ">", "[", "{", "#": return nil
        case "\"", "'":
            guard let end = quoteEnd(in: text, from: column) else { return nil }
            var colon = end
            while colon < text.count, isSpace(text[colon]) { colon += 1 }
            guard colon < text.count, text[colon] == ":", isBlank(at: colon + 1) else { return nil }
            return (Self.text(text[column..<end]), colon + 1)
        default:
            for index in column..<text.count {
                if text[index] == "#", index > column, isSpace(text[index - 1]) { return nil }
                guard text[index] == ":", isBlank(at: index + 1) else { continue }
                return (Self.trimmed(text[column..<index]), index + 1)
            }
            return nil
        }
    }
}

// MARK: - Margins

extension LayoutReader {
    /// Goes to the next line that says something, and keeps what lies between.
    mutating func advance() {
        line += 1
        while line < lines.count {
            column = lines[line].prefix(while: isSpace).count
            if column == lines[line].count {
                if pending.last != .blank { pending.append(.blank) }
            } else if lines[line][column] == "#" {
                pending.append(.comment(Self.trimmed(lines[line][column...]), column: column))
            } else {
                return
            }
            line += 1
        }
        column = 0
    }

    private mutating func takePending() -> [Layout.MarginLine] {
        let all = pending
        pending = []
        return all
    }

    /// Takes the comments, from the first on, that stand in a column or deeper: they belong to what ends here. The
    /// blank lines behind them do not.
    private mutating func takePending(from least: Int) -> [Layout.MarginLine] {
        var count = 0
        for (index, item) in pending.enumerated() {
            guard case .comment(_, let column) = item else { continue }
            guard column >= least else { break }
            count = index + 1
        }
        let own = Array(pending[..<count])
        pending.removeFirst(count)
        return own
    }

    /// Reads the rest of a line that may hold a comment and nothing else, and goes on to the next.
    mutating func lineEnd() throws(FormatRefusal) -> String? {
        skipSpace()
        let rest = lines[line][column...]
        guard rest.isEmpty || rest.first == "#" else {
            throw refusal("what stands here is not known in this place")
        }
        let comment = rest.isEmpty ? nil : Self.trimmed(rest)
        advance()
        return comment
    }
}

// MARK: - Signs

extension LayoutReader {
    func at(_ sign: Unicode.Scalar) -> Bool {
        !isAtEnd && column < lines[line].count && lines[line][column] == sign
    }

    /// A dash that begins an item.
    private var isDash: Bool { at("-") && isBlank(at: column + 1) }

    /// `---` or `...`.
    private func isMarker(_ sign: Unicode.Scalar) -> Bool {
        !isAtEnd && column == 0 && lines[line].prefix(3) == [sign, sign, sign] && isBlank(at: 3)
    }

    func isBlank(at index: Int) -> Bool { index >= lines[line].count || isSpace(lines[line][index]) }

    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    mutating func skipSpace() {
        while column < lines[line].count, isSpace(lines[line][column]) { column += 1 }
    }

    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Without the space behind it.
    static func trimmed(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        text(scalars[..<(scalars.lastIndex { $0 != " " && $0 != "\t" }.map { $0 + 1 } ?? scalars.startIndex)])
    }
}

extension Layout.Node {
    /// Whether it is a scalar, or nothing.
    fileprivate var isText: Bool {
        switch self {
        case .nothing, .scalar, .textBlock: true
        case .flow, .mapping, .sequence: false
        }
    }

    fileprivate var endsInTextBlock: Bool {
        switch self {
        case .textBlock: true
        case .mapping(let entries, let tail):
            tail.isEmpty && entries.last?.value.node.endsInTextBlock ?? false
        case .sequence(let items, let tail): tail.isEmpty && items.last?.value.node.endsInTextBlock ?? false
        case .nothing, .scalar, .flow: false
        }
    }
}
