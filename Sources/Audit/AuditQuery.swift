package import Sessions

/// Which records somebody asks for. What is not said takes all.
package struct AuditQuery: Sendable, Hashable {
    /// The first instant, and the first after the last.
    package var from: Instant?
    package var to: Instant?
    package var user: String?
    package var device: String?
    package var clause: String?
    package var session: String?
    package var kinds: Set<AuditKind> = []

    package init() {}

    /// Whether it asks for nothing but a time: then nothing of a line but that is looked at.
    package var isOfTimeAlone: Bool {
        user == nil && device == nil && clause == nil && session == nil && kinds.isEmpty
    }

    /// About a person: in their session, by them, or what was ordered about them. About a device likewise.
    package func takes(_ entry: AuditEntry) -> Bool {
        if let from, entry.at < from { return false }
        if let to, entry.at >= to { return false }
        if !kinds.isEmpty, !kinds.contains(entry.kind) { return false }
        if let session, entry[.session] != session { return false }
        if let clause, !entry[list: .clauses].contains(clause) { return false }
        if let user, !isAbout("user", user, entry, .user), entry[.by] != user { return false }
        if let device, !isAbout("device", device, entry, .device) { return false }
        return true
    }

    private func isAbout(
        _ kind: String, _ name: String, _ entry: AuditEntry, _ field: AuditField
    ) -> Bool {
        entry[field] == name || entry[.subject] == "\(kind) \(name)"
    }
}

/// A query made ready for many lines: times as the lines have them.
package struct LineFilter: Sendable {
    private let query: AuditQuery
    private let from: [UInt8]?
    private let to: [UInt8]?
    /// Texts one of which a line must hold to be worth reading.
    private let needles: [[UInt8]]

    package init(_ query: AuditQuery) {
        self.query = query
        from = query.from.map { Array($0.auditText.utf8) }
        to = query.to.map { Array($0.auditText.utf8) }
        needles = [query.user, query.device, query.clause, query.session].compactMap { name in
            guard let name else { return nil }
            var bytes: [UInt8] = []
            LineWriter.write(name, to: &bytes)
            return bytes.dropFirst().dropLast()
        }
    }

    /// What becomes of a line.
    package enum Answer: Sendable {
        case no
        case yes
        /// It is to be read: what it says decides.
        case perhaps
    }

    /// - Parameter line: Without its line feed.
    package func look(_ outline: LineOutline, _ line: ArraySlice<UInt8>) -> Answer {
        if let from, outline.at.lexicographicallyPrecedes(from) { return .no }
        if let to, !outline.at.lexicographicallyPrecedes(to) { return .no }
        if query.isOfTimeAlone { return .yes }
        if !query.kinds.isEmpty {
            let isAsked = query.kinds.contains { outline.kind.elementsEqual($0.rawValue.utf8) }
            if !isAsked { return .no }
        }
        guard needles.allSatisfy({ line.holds($0) }) else { return .no }
        return .perhaps
    }

    package func takes(_ entry: AuditEntry) -> Bool { query.takes(entry) }
}

extension ArraySlice<UInt8> {
    /// Whether these bytes are among them.
    fileprivate func holds(_ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        var from = startIndex
        while endIndex - from >= needle.count, let found = self[from...].firstIndex(of: first) {
            guard endIndex - found >= needle.count else { return false }
            if self[found..<found + needle.count].elementsEqual(needle) { return true }
            from = found + 1
        }
        return false
    }
}
