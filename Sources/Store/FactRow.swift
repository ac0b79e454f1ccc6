import Evidence
import GRDB
import Sessions

/// A fact of a register as a row.
enum FactRow {
    static func insert(_ fact: RegisterFact, into database: Database) throws {
        try database.run(
            """
            INSERT INTO register_fact (kind, key, field, value, at, by, reason, over)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                fact.subject.kind.rawValue, RowText.key(fact.subject.key), RowText.key(fact.field),
                TextList.json(fact.value), fact.at.nanosecondsSince1970, RowText.plain(fact.by),
                RowText.plain(fact.reason), fact.over.map(TextList.json),
            ])
    }

    /// Earlier facts of the field too: one of them would be the last otherwise.
    static func overtake(
        _ subject: RegisterSubject, field: String, at instant: Instant, in database: Database
    ) throws {
        try database.run(
            """
            UPDATE register_fact SET overtaken_at = ?
            WHERE kind = ? AND key = ? AND field = ? AND overtaken_at IS NULL
            """,
            [
                instant.nanosecondsSince1970, subject.kind.rawValue, RowText.key(subject.key),
                RowText.key(field),
            ])
    }

    static func record(_ row: StoredRow) throws -> FactRecord {
        let kind = try row.parsed("kind", RegisterKind.init(rawValue:))
        guard let value = try texts("value", row) else { throw row.damage("value") }
        let fact = RegisterFact(
            subject: RegisterSubject(kind, try row.value("key")), field: try row.value("field"), value: value,
            at: try row.requiredInstant("at"), by: try row.value("by"), reason: try row.value("reason"),
            over: try texts("over", row))
        return FactRecord(fact: fact, overtakenAt: try row.instant("overtaken_at"))
    }

    private static func texts(_ column: String, _ row: StoredRow) throws -> [String]? {
        guard let text: String = try row.optional(column) else { return nil }
        if let list = TextList.plain(text) { return list }
        return try row.json(column)
    }
}

/// Lists of texts as JSON. A hundred thousand facts are written and read in one go, and nearly all of them have no
/// character that JSON writes otherwise: those do without the general encoder, which takes ten times as long.
private enum TextList {
    static func json(_ texts: [String]) -> String {
        "[" + texts.map(quoted).joined(separator: ",") + "]"
    }

    /// Returns nil for a text that the general decoder must read.
    static func plain(_ json: String) -> [String]? {
        if json == "[]" { return [] }
        let bytes = json.utf8
        guard json.hasPrefix("[\""), json.hasSuffix("\"]"), bytes.count >= 4,
            !bytes.contains(UInt8(ascii: "\\")), bytes.count(where: { $0 == UInt8(ascii: "\"") }) == 2
        else { return nil }
        return [String(json.dropFirst(2).dropLast(2))]
    }

    /// RFC 8259 section 7: the quotation mark, the backslash and the controls are written otherwise, nothing else.
    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
        else { return "\"" + text + "\"" }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
