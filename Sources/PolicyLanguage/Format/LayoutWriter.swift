/// Writes a layout the way that rule files are formatted.
struct LayoutWriter {
    /// How much deeper a block stands than what holds it.
    static let step = 2
    /// Where simple flow collections are wrapped.
    static let width = 120

    private(set) var lines: [String] = []
    /// What the next line begins with instead of spaces: the dashes of items.
    private var lead: String?

    static func text(_ layout: Layout) -> String {
        var writer = LayoutWriter()
        if let marker = layout.marker {
            writer.write(marker.margin, indent: 0)
            writer.write("---", comment: marker.comment)
        }
        writer.write(layout.root.margin, indent: 0)
        writer.write(layout.root.node, indent: 0)
        writer.append(layout.root.endComment)
        writer.write(layout.tail.filter { $0 != .blank }, indent: 0)
        return writer.lines.joined(separator: "\n") + (layout.endsOpen ? "" : "\n")
    }

    private mutating func write(_ margin: [Layout.MarginLine], indent: Int) {
        for item in margin {
            switch item {
            case .blank: if !lines.isEmpty { lines.append("") }
            case .comment(let text, _): lines.append(Self.spaces(indent) + text)
            }
        }
    }

    private mutating func write(_ text: String, comment: String?) {
        lines.append(text)
        append(comment)
    }

    /// Puts a comment behind the last line.
    private mutating func append(_ comment: String?) {
        if let comment, let last = lines.popLast() { lines.append("\(last)  \(comment)") }
    }

    static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    private mutating func takeLead(_ indent: Int) -> String {
        defer { lead = nil }
        return lead ?? Self.spaces(indent)
    }

    // MARK: Blocks

    /// A collection that begins on a line of its own, or behind the dashes of items.
    private mutating func write(_ node: Layout.Node, indent: Int) {
        switch node {
        case .nothing: break
        case .mapping(let entries, let tail):
            for entry in entries {
                write(entry.margin, indent: indent)
                let head = "\(takeLead(indent))\(entry.key):"
                write(entry.value, behind: head, in: indent)
            }
            write(tail, indent: indent)
        case .sequence(let items, let tail):
            for item in items {
                write(item.margin, indent: indent)
                let head = "\(takeLead(indent))-"
                write(item, behind: head, in: indent)
            }
            write(tail, indent: indent)
        case .scalar, .textBlock, .flow: write(inline: node, behind: takeLead(indent), indent: indent)
        }
    }

    private mutating func write(_ item: Layout.Item, behind head: String, in indent: Int) {
        var value = item.value
        // A dash by itself says nothing, unless something stands between it and its node.
        if value.comment == nil, value.margin.isEmpty { value.isOnNextLine = false }
        switch value.node {
        case .mapping, .sequence:
            guard !value.isOnNextLine else { break }
            lead = "\(head) "
            return write(value.node, indent: indent + Self.step)
        case .nothing, .scalar, .textBlock, .flow: break
        }
        write(value, behind: head, in: indent)
    }

    /// - Parameters:
    ///   - head: a key and its colon, or a dash, with what stands before them.
    ///   - indent: the column of the block.
    private mutating func write(_ value: Layout.Value, behind head: String, in indent: Int) {
        let deeper = indent + Self.step
        if value.isOnNextLine {
            write(head, comment: value.comment)
            write(value.margin, indent: deeper)
            write(value.node, indent: deeper)
            append(value.endComment)
            return
        }
        switch value.node {
        case .nothing:
            write(head, comment: value.comment)
            write(value.margin, indent: deeper)
        case .textBlock(let block):
            write("\(head) \(Self.sign(of: block))", comment: value.comment)
            for line in block.lines { lines.append(line.isEmpty ? "" : Self.spaces(deeper) + line) }
        case .scalar, .flow, .mapping, .sequence:
            let isItem = head.hasSuffix("-")
            write(inline: value.node, behind: "\(head) ", indent: isItem ? deeper : indent)
            append(value.endComment)
        }
    }

    private static func sign(of block: Layout.TextBlock) -> String {
        let indicator = block.hasIndicator ? String(step) : ""
        return "\(block.sign)\(indicator)\(block.chomping.map(String.init) ?? "")"
    }

    /// A node that begins behind something.
    ///
    /// - Parameter indent: the column of what the line says.
    private mutating func write(inline node: Layout.Node, behind head: String, indent: Int) {
        switch node {
        case .scalar(let texts):
            lines.append(head + (texts.first ?? ""))
            for text in texts.dropFirst() {
                lines.append(text.isEmpty ? "" : Self.spaces(indent + Self.step) + text)
            }
        case .flow(let tokens): lines += FlowWriter.lines(tokens, behind: head, indent: indent)
        case .nothing, .textBlock, .mapping, .sequence: break
        }
    }
}
