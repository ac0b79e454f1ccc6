/// Writes one flow collection: lines where the author broke them, or anew where a simple one is too wide.
struct FlowWriter {
    private typealias Token = Layout.FlowToken

    private var lines: [String] = []
    private var current: String
    private var last: Layout.FlowToken?
    /// For each bracket that is open, the column of the line that it stands in.
    private var columns: [Int] = []
    private var column: Int

    private init(behind head: String, indent: Int) {
        current = head
        column = indent
    }

    /// - Parameters:
    ///   - head: what stands before it in its line.
    ///   - indent: the column of what the line says; further lines stand deeper.
    static func lines(_ tokens: [Layout.FlowToken], behind head: String, indent: Int) -> [String] {
        let lines = asWritten(tokens, head, indent)
        guard lines.contains(where: { $0.count > LayoutWriter.width }), isSimple(tokens) else { return lines }
        return wrapped(tokens, head, indent)
    }

    private static func asWritten(_ tokens: [Token], _ head: String, _ indent: Int) -> [String] {
        var writer = FlowWriter(behind: head, indent: indent)
        for (index, token) in tokens.enumerated() {
            let next = index + 1 < tokens.count ? tokens[index + 1] : nil
            writer.write(token, before: next)
        }
        return writer.lines + [writer.current]
    }

    /// One collection of scalars, without a comment.
    private static func isSimple(_ tokens: [Token]) -> Bool {
        tokens.dropFirst().allSatisfy { token in
            switch token {
            case .open, .comment: false
            case .scalar(let texts): texts.count == 1
            case .close, .comma, .colon, .lineBreak: true
            }
        }
    }

    /// As many entries in a line as go into it.
    private static func wrapped(_ tokens: [Token], _ head: String, _ indent: Int) -> [String] {
        var entries: [[Token]] = [[]]
        for token in tokens {
            if case .lineBreak = token { continue }
            entries[entries.count - 1].append(token)
            if token == .comma { entries.append([]) }
        }
        // A comma before the bracket ends no entry.
        if entries.count > 1, let closing = entries.last, closing.count == 1 {
            entries.removeLast()
            entries[entries.count - 1] += closing
        }
        var writer = FlowWriter(behind: head, indent: indent)
        for entry in entries {
            var trial = writer
            for token in entry { trial.write(token, before: nil) }
            if trial.current.count > LayoutWriter.width, writer.last == .comma {
                writer.breakLine(isParagraph: false, before: nil)
                for token in entry { writer.write(token, before: nil) }
            } else {
                writer = trial
            }
        }
        return writer.lines + [writer.current]
    }

    private mutating func write(_ token: Token, before next: Token?) {
        let gap = Self.gap(last, token)
        switch token {
        case .open(let bracket):
            current += gap + String(bracket)
            columns.append(column)
        case .close(let bracket):
            current += gap + String(bracket)
            _ = columns.popLast()
        case .comma: current += gap + ","
        case .colon: current += gap + ":"
        case .comment(let text): current += gap + text
        case .scalar(let texts):
            current += gap + (texts.first ?? "")
            for text in texts.dropFirst() {
                lines.append(current)
                current = text.isEmpty ? "" : LayoutWriter.spaces(column + LayoutWriter.step) + text
            }
        case .lineBreak(let isParagraph): return breakLine(isParagraph: isParagraph, before: next)
        }
        last = token
    }

    private mutating func breakLine(isParagraph: Bool, before next: Token?) {
        lines.append(current)
        if isParagraph { lines.append("") }
        column = columns.last ?? column
        if case .close = next {} else { column += LayoutWriter.step }
        current = LayoutWriter.spaces(column)
        last = .lineBreak(isParagraph: isParagraph)
    }

    /// Braces keep a space inside, brackets none. A colon needs one behind it, whatever follows.
    private static func gap(_ last: Token?, _ next: Token) -> String {
        switch (last, next) {
        case (nil, _), (.lineBreak, _): ""
        case (_, .comment): "  "
        case (.colon, _): " "
        case (.open("{"), .close): ""
        case (.open("["), _): ""
        case (.open, .comma), (_, .comma): ""
        case (.comma, .colon), (.open, .colon): " "
        case (_, .colon), (_, .close("]")): ""
        default: " "
        }
    }
}
