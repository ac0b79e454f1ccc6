/// A rule file as it is laid out: every scalar as it was written, every comment, and where paragraphs end.
///
/// What YAML makes of it is not kept: the formatter holds the two files' meanings against each other by other means.
struct Layout {
    /// `---`, where the author wrote it.
    var marker: Marker?
    var root: Value
    /// What stands behind all else.
    var tail: [MarginLine]
    /// The file ends in the middle of a text whose last line end would count.
    var endsOpen: Bool

    struct Marker {
        var margin: [MarginLine]
        var comment: String?
    }

    /// A line of its own between two things. Of blank lines there is one at a time.
    enum MarginLine: Hashable {
        case blank
        /// From the `#` on. The column is where it stood, from 0.
        case comment(String, column: Int)
    }

    /// What stands behind a key's colon or an item's dash.
    struct Value {
        /// Behind the colon, the dash or the head of a text block, where more lines follow.
        var comment: String?
        /// Between that and a node on another line, or where a node might be.
        var margin: [MarginLine] = []
        var isOnNextLine = false
        var node = Node.nothing
        /// Behind the end of the node.
        var endComment: String?
    }

    indirect enum Node {
        case nothing
        /// Plain or quoted. Further lines are without the space around them, which says nothing.
        case scalar([String])
        case textBlock(TextBlock)
        case flow([FlowToken])
        case mapping([Entry], tail: [MarginLine])
        case sequence([Item], tail: [MarginLine])
    }

    struct Entry {
        var margin: [MarginLine]
        /// With its quotes.
        var key: String
        var value: Value
    }

    struct Item {
        var margin: [MarginLine]
        var value: Value
    }

    /// Lines that are kept to the letter.
    struct TextBlock {
        /// `|` or `>`.
        var sign: Character
        /// `-`, `+` or neither.
        var chomping: Character?
        /// Whether the author said how deep it is indented: its first line may begin with a space.
        var hasIndicator: Bool
        /// Without the block's indentation.
        var lines: [String]
    }

    /// A flow collection is kept as its tokens: only the space between them changes.
    enum FlowToken: Hashable {
        /// `[` or `{`.
        case open(Character)
        case close(Character)
        case comma
        case colon
        case scalar([String])
        case comment(String)
        /// The author broke the line here.
        case lineBreak(isParagraph: Bool)
    }
}

extension Layout {
    /// Every comment, in the order of the file.
    var comments: [String] {
        let start = marker.map { Self.comments($0.margin) + [$0.comment].compactMap(\.self) } ?? []
        return start + Self.comments(root) + Self.comments(tail)
    }

    private static func comments(_ margin: [MarginLine]) -> [String] {
        margin.compactMap { line in
            if case .comment(let text, _) = line { text } else { nil }
        }
    }

    private static func comments(_ value: Value) -> [String] {
        [value.comment].compactMap(\.self) + comments(value.margin) + comments(value.node)
            + [value.endComment].compactMap(\.self)
    }

    private static func comments(_ node: Node) -> [String] {
        switch node {
        case .nothing, .scalar, .textBlock: []
        case .flow(let tokens):
            tokens.compactMap { token in
                if case .comment(let text) = token { text } else { nil }
            }
        case .mapping(let entries, let tail):
            entries.flatMap { comments($0.margin) + comments($0.value) } + comments(tail)
        case .sequence(let items, let tail):
            items.flatMap { comments($0.margin) + comments($0.value) } + comments(tail)
        }
    }
}

/// Why a file is left as it is although it can be read: YAML that the formatter does not know its way around.
package struct FormatRefusal: Error, Hashable, CustomStringConvertible {
    package let location: SourceLocation
    package let reason: String

    package var description: String { "\(location): left as it is: \(reason)" }
}
