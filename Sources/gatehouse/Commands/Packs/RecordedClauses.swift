import Audit
import Coverage

/// What the audit record says of clauses.
struct RecordedClauses: ClauseEvidence {
    private let history: ClauseHistory

    /// - Parameter state: The folder of a daemon's state, or a copy of its record. Ends with 2 where it cannot be read.
    static func read(_ state: String) throws -> RecordedClauses {
        var place = AuditPlace()
        place.state = state
        var history = ClauseHistory()
        var reader = AuditReader(place, AuditQuery())
        try reader.read(isRead: true) { _, record in
            if let record { history.add(record.entry) }
        }
        return RecordedClauses(history: history)
    }

    func lastMention(of clause: String) -> ClauseMention? {
        history.clauses[clause].map { ClauseMention(at: $0.at, what: $0.what, count: $0.count) }
    }
}
