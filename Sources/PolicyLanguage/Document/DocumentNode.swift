/// One value of a YAML file, with its place: what remains after anchors, tags and double keys were refused.
package indirect enum DocumentNode: Sendable {
    /// The text as it was written: `NO` is the text NO, and no truth value. `isPlain` is false in quotes.
    case scalar(String, isPlain: Bool, SourceRange)
    case sequence([DocumentNode], SourceRange)
    case mapping([Entry], SourceRange)

    package struct Entry: Sendable {
        package let key: String
        package let keyRange: SourceRange
        package let value: DocumentNode

        /// The key, to be read as a text of some form.
        var keyNode: DocumentNode { .scalar(key, isPlain: false, keyRange) }
    }

    package var range: SourceRange {
        switch self {
        case .scalar(_, _, let range), .sequence(_, let range), .mapping(_, let range): range
        }
    }

    /// Nothing was written, as after a key with nothing behind it.
    package var isEmpty: Bool {
        if case .scalar("", isPlain: true, _) = self { true } else { false }
    }

    /// What it is, in a message.
    package var kind: String {
        switch self {
        case .scalar("", isPlain: true, _): "nothing"
        case .scalar(let text, _, _): quoted(text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
