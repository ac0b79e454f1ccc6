import Yams

/// Turns Yams' nodes into ours, refusing what rule files must not hold.
struct DocumentConverter {
    private let log: DiagnosticLog
    private var ruler: LineRuler
    private let masks: DocumentComposer.Masks
    /// Something was refused that leaves a hole in the tree: half a file must not be taken for the whole.
    private var isBroken = false
    /// Where there is one anchor there are aliases, and others: told once, they are one mistake.
    private var hasReportedAnchors = false

    init(source: SourceText, log: DiagnosticLog, masks: DocumentComposer.Masks) {
        self.log = log
        ruler = LineRuler(source)
        self.masks = masks
    }

    mutating func convertRoot(_ node: Node) -> DocumentNode? {
        let root = convert(node, depth: 1)
        return isBroken ? nil : root
    }

    private mutating func convert(_ node: Node, depth: Int) -> DocumentNode? {
        let place = place(node.mark)
        let start = ruler.range(column: place.column)
        // Before going down: an anchored node may hold itself many times over by aliases.
        guard node.anchor == nil else { return refuse(.anchorsRefused, at: start) }
        guard depth <= DocumentReader.depthLimit else {
            return refuse(.nestingTooDeep(limit: DocumentReader.depthLimit), at: start)
        }
        switch node {
        case .scalar(let scalar):
            guard Self.isAllowed(scalar.tag, .str) else { return refuse(.tagsRefused, at: start) }
            if scalar.style == .plain || scalar.style == .any, masks.beginsAsAlias(scalar.string) {
                return refuse(.anchorsRefused, at: start)
            }
            return convert(scalar, at: place)
        case .sequence(let sequence):
            guard Self.isAllowed(sequence.tag, .seq) else { return refuse(.tagsRefused, at: start) }
            let items = sequence.compactMap { convert($0, depth: depth + 1) }
            return .sequence(items, start)
        case .mapping(let mapping):
            guard Self.isAllowed(mapping.tag, .map) else { return refuse(.tagsRefused, at: start) }
            return convert(mapping, at: start, depth: depth)
        case .alias: return refuse(.anchorsRefused, at: start)
        }
    }

    private mutating func refuse(_ message: DiagnosticMessage, at range: SourceRange) -> DocumentNode? {
        isBroken = true
        if message.id == .anchorsRefused, hasReportedAnchors { return nil }
        if message.id == .anchorsRefused { hasReportedAnchors = true }
        log.add(message, at: range)
        return nil
    }

    /// A tag that says what the node is anyway does no harm; Yams itself puts it on keys.
    private static func isAllowed(_ tag: Tag, _ natural: Tag.Name) -> Bool {
        ["", "!", natural.rawValue].contains(tag.rawValue)
    }

    private mutating func convert(_ mapping: Node.Mapping, at start: SourceRange, depth: Int) -> DocumentNode
    {
        var entries: [DocumentNode.Entry] = []
        var places: [String: SourceLocation] = [:]
        for (keyNode, valueNode) in mapping {
            let value = convert(valueNode, depth: depth + 1)
            let keyItself = convert(keyNode, depth: depth + 1)
            guard case .scalar(let written, _, let range)? = keyItself else {
                // What was refused has been told.
                guard keyItself != nil else { continue }
                let place = place(keyNode.mark)
                let range = ruler.range(column: place.column)
                _ = refuse(.wrongType(expected: "a key", found: "a list or mapping"), at: range)
                continue
            }
            let key = unmasked(written, keyNode.mark)
            if let first = places[key] {
                let note = Diagnostic.Note("first written at \(first)", at: first)
                log.add(.duplicateKey(key), at: range, notes: [note])
                continue
            }
            places[key] = range.start
            guard let value else { continue }
            entries.append(DocumentNode.Entry(key: key, keyRange: range, value: value))
        }
        let range = entries.first.map { $0.keyRange.start == start.start ? $0.keyRange : start } ?? start
        return .mapping(entries, range)
    }

    private func unmasked(_ key: String, _ mark: Mark?) -> String {
        guard let mark,
            let letter = masks.letters[DocumentComposer.Place(line: mark.line, column: mark.column)]
        else {
            return key
        }
        return String(letter) + key.dropFirst()
    }

    private mutating func place(_ mark: Mark?) -> (line: Int, column: Int) {
        ruler.move(to: mark?.line ?? 1)
        return (mark?.line ?? 1, mark.map { ruler.column(scalarColumn: $0.column) } ?? 1)
    }
}

extension DocumentConverter {
    private func convert(_ scalar: Node.Scalar, at place: (line: Int, column: Int)) -> DocumentNode {
        let text = masks.withStars(scalar.string)
        let rest = ruler.rest(from: place.column)
        let length: Int
        switch scalar.style {
        case .singleQuoted, .doubleQuoted: length = quotedLength(rest)
        case .literal, .folded: length = 1
        case .any, .plain:
            // A plain scalar may go on in the next line; then it is named by what stands on its first. A masked key
            // has the length of the letter that it hides.
            length =
                rest.starts(with: text) || masksPrefix(scalar) ? text.count : toLineEnd(rest)
        }
        let range = ruler.range(column: place.column, length: length)
        return .scalar(text, isPlain: scalar.style == .plain || scalar.style == .any, range)
    }

    private func masksPrefix(_ scalar: Node.Scalar) -> Bool {
        guard let mark = scalar.mark else { return false }
        return masks.letters[DocumentComposer.Place(line: mark.line, column: mark.column)] != nil
    }

    private func toLineEnd(_ rest: ArraySlice<Character>) -> Int {
        rest.count - rest.reversed().prefix { $0 == " " || $0 == "\t" }.count
    }

    /// Both quotes included; to the end of the line when the text goes on in the next.
    private func quotedLength(_ rest: ArraySlice<Character>) -> Int {
        guard let quote = rest.first else { return 1 }
        var isEscaped = false
        for (count, character) in rest.enumerated().dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if quote == "\"", character == "\\" {
                isEscaped = true
            } else if character == quote {
                // A doubled single quote closes here and opens again: the range is short by what follows it.
                return count + 1
            }
        }
        return toLineEnd(rest)
    }
}
