/// Flow collections, as tokens.
extension LayoutReader {
    /// Reads to behind the bracket that closes the one here.
    mutating func flow() throws(FormatRefusal) -> Layout.Node {
        var tokens: [Layout.FlowToken] = []
        var depth = 0
        repeat {
            skipSpace()
            guard column < lines[line].count else {
                tokens.append(try flowLineBreak())
                continue
            }
            let token = try flowToken(after: tokens.last)
            if case .open = token { depth += 1 }
            if case .close = token { depth -= 1 }
            tokens.append(token)
        } while depth > 0
        return .flow(tokens)
    }

    private mutating func flowToken(after last: Layout.FlowToken?) throws(FormatRefusal) -> Layout.FlowToken {
        let sign = lines[line][column]
        switch sign {
        case "[", "{":
            column += 1
            return .open(Character(sign))
        case "]", "}":
            column += 1
            return .close(Character(sign))
        case ",":
            column += 1
            return .comma
        case "#":
            let text = Self.trimmed(lines[line][column...])
            column = lines[line].count
            return .comment(text)
        case ":" where isFlowColon(after: last):
            column += 1
            return .colon
        case "\"", "'": return .scalar(try quoted())
        case "!", "&", "*": throw refusal("tags are not known here")
        case "?" where isBlank(at: column + 1): throw refusal("keys with a question mark are not known here")
        default: return .scalar(flowPlain())
        }
    }

    /// Behind a quoted key, nothing needs to stand between the colon and the value.
    private func isFlowColon(after last: Layout.FlowToken?) -> Bool {
        if isBlank(at: column + 1) || isFlowSign(at: column + 1) { return true }
        switch last {
        case .scalar(let texts): return texts.last.map { $0.hasSuffix("\"") || $0.hasSuffix("'") } ?? false
        case .close: return true
        default: return false
        }
    }

    private mutating func flowLineBreak() throws(FormatRefusal) -> Layout.FlowToken {
        guard let next = nextLine else { throw refusal("this collection is never closed") }
        let isParagraph = next > line + 1
        line = next
        column = 0
        return .lineBreak(isParagraph: isParagraph)
    }

    /// The next line that is not blank.
    private var nextLine: Int? { lines[(line + 1)...].firstIndex { !$0.allSatisfy(isSpace) } }

    private mutating func flowPlain() -> [String] {
        var texts = [plainLine(inFlow: true)]
        while column == lines[line].count, let next = nextLine {
            let start = lines[next].prefix(while: isSpace).count
            let back = (line, column)
            line = next
            column = start
            if at("#") || isFlowSign(at: start)
                || at(":") && (isBlank(at: start + 1) || isFlowSign(at: start + 1))
            {
                (line, column) = back
                return texts
            }
            texts += Array(repeating: "", count: next - back.0 - 1)
            texts.append(plainLine(inFlow: true))
        }
        return texts
    }
}
