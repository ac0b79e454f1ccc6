package import Sessions

/// One thing that happened, before it has its place in the record.
package struct AuditEntry: Sendable, Hashable {
    package let kind: AuditKind
    package let at: Instant
    /// In the order of `AuditField`, each once.
    package private(set) var values: [Value] = []
    /// What was known of the session then.
    package var evidence: [AuditFact] = []

    package struct Value: Sendable, Hashable {
        package let field: AuditField
        package let content: Content
        /// The field's, which is looked at more often than it is looked up.
        let place: Int

        fileprivate init(_ field: AuditField, _ content: Content, at place: Int) {
            self.field = field
            self.content = content
            self.place = place
        }

        package enum Content: Sendable, Hashable {
            case text(String)
            case number(UInt64)
            case list([String])
        }
    }

    package init(_ kind: AuditKind, at: Instant) {
        self.kind = kind
        self.at = at
    }

    /// A text; nil where nothing is said. Empty text is nothing.
    package subscript(field: AuditField) -> String? {
        get { if case .text(let text)? = content(field) { text } else { nil } }
        set { set(field, newValue.flatMap { $0.isEmpty ? nil : .text(AuditBounds.cut($0)) }) }
    }

    package subscript(number field: AuditField) -> UInt64? {
        get { if case .number(let number)? = content(field) { number } else { nil } }
        set { set(field, newValue.map { .number($0) }) }
    }

    /// A list; an empty one is not written.
    package subscript(list field: AuditField) -> [String] {
        get { if case .list(let list)? = content(field) { list } else { [] } }
        set {
            let list = newValue.prefix(AuditBounds.items).map(AuditBounds.cut)
            set(field, list.isEmpty ? nil : .list(list))
        }
    }

    private func content(_ field: AuditField) -> Value.Content? {
        values.first { $0.field == field }?.content
    }

    private mutating func set(_ field: AuditField, _ content: Value.Content?) {
        let place = field.place
        let index = values.firstIndex { $0.place >= place } ?? values.endIndex
        let isThere = index < values.endIndex && values[index].field == field
        if isThere { values.remove(at: index) }
        if let content { values.insert(Value(field, content, at: place), at: index) }
    }

    /// Puts a value behind all others, where it belongs. For whoever reads lines.
    mutating func append(_ field: AuditField, _ content: Value.Content, at place: Int? = nil) {
        values.append(Value(field, content, at: place ?? field.place))
    }

    /// The same values with other contents, in their order; those of which nothing is left are gone.
    func mapContents(_ change: (Value) -> Value.Content?) -> AuditEntry {
        var changed = AuditEntry(kind, at: at)
        changed.reserve(values.count)
        for value in values {
            guard let content = change(value) else { continue }
            changed.values.append(Value(value.field, content, at: value.place))
        }
        return changed
    }

    mutating func reserve(_ count: Int) { values.reserveCapacity(count) }

    /// How often it happened: a sum stands for several.
    package var times: UInt64 {
        kind == .refusedAgain ? self[number: .count] ?? 1 : 1
    }
}

/// One dated fact about a session.
package struct AuditFact: Sendable, Hashable {
    /// `device`, `posture`, `mfa` and so on.
    package let kind: String
    package let what: String
    package let value: String
    /// When it was so; nil where that is now.
    package let at: String?
    package let until: String?

    package init(kind: String, what: String, value: String, at: String? = nil, until: String? = nil) {
        self.kind = kind
        self.what = AuditBounds.cut(what)
        self.value = AuditBounds.cut(value)
        self.at = at
        self.until = until
    }
}

extension AuditField {
    /// Where it stands in a line.
    var place: Int { Self.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    /// What stands before its value in a line, by place.
    static let keys = allCases.map { Array(",\"\($0.rawValue)\":".utf8) }
}

/// What keeps a line short, whatever a client calls itself.
package enum AuditBounds {
    /// Of one text, in bytes.
    static let text = 1024
    /// Of a list.
    package static let items = 512
    /// Of a line, with everything in it: what is longer is not ours.
    static let line = 4 << 20

    static func cut(_ text: String) -> String {
        guard text.utf8.count > Self.text else { return text }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= Self.text - 3 else { break }
            kept.append(scalar)
        }
        return String(kept) + "..."
    }
}
