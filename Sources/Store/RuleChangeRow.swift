import Evidence
import GRDB
import Sessions

/// A change of rules as a row.
enum RuleChangeRow {
    static func insert(_ change: RuleChange, into database: Database) throws -> Int64 {
        try database.run(
            """
            INSERT INTO rule_change
            (kind, reference, author, author_uid, at, pack, before, confirm_by, difference)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                change.kind.rawValue, change.reference.map(RowText.key), RowText.plain(change.author.name),
                change.author.uid.map { Int64($0) }, change.at.nanosecondsSince1970, change.pack,
                change.before,
                change.confirmBy?.nanosecondsSince1970, change.difference.map(RowText.plain),
            ])
        return database.lastInsertedRowID
    }

    /// A change ends once: what comes later is dropped.
    static func end(_ number: Int64, _ end: RuleChangeEnd, in database: Database) throws {
        try database.run(
            """
            UPDATE rule_change
            SET outcome = ?, ended_at = ?, ended_by = ?, ended_by_uid = ?, ended_because = ?
            WHERE number = ? AND outcome IS NULL
            """,
            [
                end.outcome.rawValue, end.at.nanosecondsSince1970, RowText.plain(end.by.name),
                end.by.uid.map { Int64($0) }, end.because.map(RowText.plain), number,
            ])
    }

    /// The fact that is in force of a field is about to be overtaken by the files of a change.
    static func rememberOvertaken(
        _ subject: RegisterSubject, field: String, by change: Int64, in database: Database
    ) throws {
        try database.run(
            """
            INSERT OR IGNORE INTO rule_change_overtaken (change, fact)
            SELECT ?, max(number) FROM register_fact
            WHERE kind = ? AND key = ? AND field = ? AND overtaken_at IS NULL HAVING max(number) IS NOT NULL
            """,
            [change, subject.kind.rawValue, RowText.key(subject.key), RowText.key(field)])
    }

    static func change(_ row: StoredRow) throws -> RuleChange {
        RuleChange(
            number: try row.value("number"), kind: try row.parsed("kind", RuleChange.Kind.init(rawValue:)),
            reference: try row.optional("reference"), author: try author(row, "author", "author_uid"),
            at: try row.requiredInstant("at"), pack: try row.value("pack"),
            before: try row.optional("before"), confirmBy: try row.instant("confirm_by"),
            difference: try row.optional("difference"), end: try end(row))
    }

    private static func end(_ row: StoredRow) throws -> RuleChangeEnd? {
        let outcome: String? = try row.optional("outcome")
        guard outcome != nil else { return nil }
        return RuleChangeEnd(
            try row.parsed("outcome", RuleChangeEnd.Outcome.init(rawValue:)),
            at: try row.requiredInstant("ended_at"), by: try author(row, "ended_by", "ended_by_uid"),
            because: try row.optional("ended_because"))
    }

    private static func author(_ row: StoredRow, _ name: String, _ uid: String) throws -> RuleChangeAuthor {
        let number: Int64? = try row.optional(uid)
        return RuleChangeAuthor(try row.value(name), uid: number.map(UInt32.init(truncatingIfNeeded:)))
    }
}
