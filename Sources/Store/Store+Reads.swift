package import Evidence
import GRDB
import Sessions

extension Store {
    /// The facts in force, one a field (the last that was stated), in the order they were stated. What the rule files
    /// say of those fields is for the caller to lay under them.
    package func facts() throws(StoreError) -> [RegisterFact] {
        try factRecords(
            """
            WHERE number IN (
                SELECT max(number) FROM register_fact WHERE overtaken_at IS NULL GROUP BY kind, key, field
            )
            """
        ).map(\.fact)
    }

    /// Every fact there ever was about a subject, the oldest first.
    package func factHistory(of subject: RegisterSubject) throws(StoreError) -> [FactRecord] {
        try factRecords("WHERE kind = ? AND key = ?", [subject.kind.rawValue, RowText.key(subject.key)])
    }

    /// Every fact there ever was, of one register or of all, the oldest first.
    package func factHistory(_ kind: RegisterKind? = nil) throws(StoreError) -> [FactRecord] {
        guard let kind else { return try factRecords("") }
        return try factRecords("WHERE kind = ?", [kind.rawValue])
    }

    /// What is known of each device's protection, by inventory id.
    package func postures() throws(StoreError) -> [String: PostureRecord] {
        Dictionary(try rows("posture", "", [], PostureRow.record), uniquingKeysWith: { $1 })
    }

    /// The holds that stand, one a subject (the last that was set), in the order they were set.
    package func holds() throws(StoreError) -> [Hold] {
        try holdRecords(
            "WHERE number IN (SELECT max(number) FROM hold WHERE lifted_at IS NULL GROUP BY kind, subject)"
        ).map(\.hold)
    }

    /// Every hold there ever was, the oldest first.
    package func holdHistory() throws(StoreError) -> [HoldRecord] { try holdRecords("") }

    package func totpStates() throws(StoreError) -> [CodeOwner: TOTPState] {
        let states = try rows("totp_state", "") { row in
            let state = TOTPState(
                acceptedThrough: try row.instant("accepted_through"), failures: try row.value("failures"),
                blockedUntil: try row.instant("blocked_until"))
            return (try row.codeOwner(), state)
        }
        return Dictionary(states, uniquingKeysWith: { $1 })
    }

    /// The sessions that were live when the process ended, by source and client.
    package func sessions() throws(StoreError) -> [StoredSession] {
        try rows("session", "ORDER BY source, server_process, client", [], SessionRow.session)
    }

    /// What damage was found so far, the oldest first.
    package func damages() throws(StoreError) -> [DamageRecord] {
        try rows("damage", "ORDER BY number") { row in
            DamageRecord(
                since: try row.requiredInstant("since"), reason: try row.value("reason"),
                keptAs: try row.value("kept_as"),
                acknowledged: try row.signOff(at: "acknowledged_at", by: "acknowledged_by"))
        }
    }

    func factRecords(
        _ condition: String, _ arguments: StatementArguments = []
    ) throws(StoreError) -> [FactRecord] {
        try rows("register_fact", condition + " ORDER BY number", arguments, FactRow.record)
    }

    private func holdRecords(_ condition: String) throws(StoreError) -> [HoldRecord] {
        try rows("hold", condition + " ORDER BY number") { row in
            let kind: String = try row.value("kind")
            let subject = try row.parsed("subject") { Hold.Subject(kind: kind, text: $0) }
            let hold = Hold(
                subject: subject, since: try row.requiredInstant("since"), by: try row.value("by"),
                reason: try row.value("reason"))
            return HoldRecord(hold: hold, lifted: try row.signOff(at: "lifted_at", by: "lifted_by"))
        }
    }

    func rows<Value>(
        _ table: String, _ rest: String, _ arguments: StatementArguments = [],
        _ body: (StoredRow) throws -> Value
    ) throws(StoreError) -> [Value] {
        try read("read \(table)") { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT * FROM \(table) \(rest)", arguments: arguments)
            var values: [Value] = []
            while let row = try rows.next() { values.append(try body(StoredRow(row: row, table: table))) }
            return values
        }
    }
}
