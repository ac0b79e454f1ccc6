/// Takes a mapping apart by its keys, and reports what is missing, unknown or not of the right kind.
///
/// Unknown keys are reported when the reader is made, so all keys that may stand there are given then. Every reading
/// function returns nil when the key is absent or its value is no good; the second has been reported, so that the
/// caller can go on without a word. A key that is missing is not reported where another is that was meant for it.
package struct MappingReader {
    package let range: SourceRange
    private let entries: [String: DocumentNode.Entry]
    private let what: String
    /// Keys that are not there, and that keys of no known name were probably meant for.
    private let meant: Set<String>
    private let log: DiagnosticLog

    /// - Parameter what: names the mapping in messages, with an article: `a vendor`.
    package init?(_ node: DocumentNode, _ what: String, keys: [String], log: DiagnosticLog) {
        guard case .mapping(let entries, let range) = node else {
            log.add(.wrongType(expected: "a mapping for \(what)", found: node.kind), at: node.range)
            return nil
        }
        self.range = range
        self.what = what
        self.log = log
        self.entries = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        log.onMapping?(what, keys, entries.map(\.key))
        let known = Dictionary(keys.map { ($0, SourceLocation?.none) }) { first, _ in first }
        meant = Set(
            entries.filter { !keys.contains($0.key) }.compactMap { entry in
                log.addUnknown(.unknownKey(entry.key, in: what), entry.key, at: entry.keyRange, among: known)
            })
    }

    package func has(_ key: String) -> Bool { entries[key] != nil }

    /// Where a key was written; the mapping's own place when it was not.
    package func keyRange(_ key: String) -> SourceRange { entries[key]?.keyRange ?? range }

    /// The value of a key, unless nothing stands behind it (which is reported).
    package func node(_ key: String) -> DocumentNode? {
        guard let entry = entries[key] else { return nil }
        guard !entry.value.isEmpty else {
            log.add(.wrongType(expected: "a value for '\(key)'", found: "nothing"), at: entry.keyRange)
            return nil
        }
        return entry.value
    }

    /// As ``node(_:)``; an absent key is reported.
    package func requiredNode(_ key: String) -> DocumentNode? {
        if entries[key] == nil, !meant.contains(key) { log.add(.missingKey(key, in: what), at: range) }
        return node(key)
    }

    package func read<Value>(_ key: String, _ form: TextForm<Value>) -> Located<Value>? {
        node(key).flatMap { log.read($0, form) }
    }

    package func require<Value>(_ key: String, _ form: TextForm<Value>) -> Located<Value>? {
        requiredNode(key).flatMap { log.read($0, form) }
    }

    /// A list, or a single value that stands for a list of one. Nil when the key is absent; items that are no good
    /// are left out, having been reported.
    package func list<Value>(_ key: String, _ form: TextForm<Value>) -> [Located<Value>]? {
        node(key).map { log.readList($0, form) }
    }

    /// As ``list(_:_:)``; an absent key and an empty list are reported.
    package func requireList<Value>(
        _ key: String, _ form: TextForm<Value>, ifEmpty instead: String
    ) -> [Located<Value>] {
        guard let node = requiredNode(key) else { return [] }
        if case .sequence(let items, _) = node, items.isEmpty {
            log.add(.emptyList(key, instead: instead), at: node.range)
        }
        return log.readList(node, form)
    }

    /// A mapping from names to values, in the order of the file.
    package func pairs(_ key: String) -> [DocumentNode.Entry] { requiredNode(key).map(log.pairs) ?? [] }
}

extension DiagnosticLog {
    /// Reads a scalar; anything else, and text of another form, is reported.
    package func read<Value>(_ node: DocumentNode, _ form: TextForm<Value>) -> Located<Value>? {
        guard case .scalar(let text, _, let range) = node, !node.isEmpty else {
            add(.wrongType(expected: form.expected, found: node.kind), at: node.range)
            return nil
        }
        guard let value = form.parse(text) else {
            add(.wrongValue(expected: form.expected, found: quoted(text)), at: range)
            return nil
        }
        return Located(value, at: range)
    }

    package func readList<Value>(_ node: DocumentNode, _ form: TextForm<Value>) -> [Located<Value>] {
        switch node {
        case .scalar: return [read(node, form)].compactMap(\.self)
        case .sequence(let items, _): return items.compactMap { read($0, form) }
        case .mapping:
            add(.wrongType(expected: "a list", found: node.kind), at: node.range)
            return []
        }
    }

    /// The entries of a mapping whose keys are names.
    package func pairs(_ node: DocumentNode) -> [DocumentNode.Entry] {
        guard case .mapping(let entries, _) = node else {
            add(.wrongType(expected: "a mapping", found: node.kind), at: node.range)
            return []
        }
        return entries
    }

    /// The items of a list of mappings.
    package func items(_ node: DocumentNode) -> [DocumentNode] {
        guard case .sequence(let items, _) = node else {
            add(.wrongType(expected: "a list", found: node.kind), at: node.range)
            return []
        }
        return items
    }
}
