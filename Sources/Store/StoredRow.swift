import Evidence
import Foundation
import GRDB
import Sessions

/// A row whose every column may turn out to be wrong: GRDB's own subscripts trap on that.
struct StoredRow {
    let row: Row
    let table: String

    func optional<Value: DatabaseValueConvertible>(_ column: String) throws(StoreError) -> Value? {
        let stored: DatabaseValue = row[column]
        if stored.isNull { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw damage(column) }
        return value
    }

    func value<Value: DatabaseValueConvertible>(_ column: String) throws(StoreError) -> Value {
        guard let value: Value = try optional(column) else { throw damage(column) }
        return value
    }

    func instant(_ column: String) throws(StoreError) -> Instant? {
        let nanoseconds: Int64? = try optional(column)
        return nanoseconds.map(Instant.init(nanosecondsSince1970:))
    }

    func requiredInstant(_ column: String) throws(StoreError) -> Instant {
        Instant(nanosecondsSince1970: try value(column))
    }

    func parsed<Value>(_ column: String, _ parse: (String) -> Value?) throws(StoreError) -> Value {
        guard let value = parse(try value(column)) else { throw damage(column) }
        return value
    }

    func json<Value: Decodable>(_ column: String) throws(StoreError) -> Value? {
        guard let text: String = try optional(column) else { return nil }
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)) else {
            throw damage(column)
        }
        return value
    }

    func damage(_ column: String) -> StoreError {
        .failed(
            operation: "read \(table)",
            detail: "column \(column) holds something that was never written there")
    }
}

/// How what names a row is written.
enum RowKey {
    /// Swift compares strings by canonical equivalence, SQLite by bytes: one name must not have two rows.
    static func text(_ name: String) -> String { name.precomposedStringWithCanonicalMapping }

    static func subject(_ subject: Hold.Subject) -> (kind: String, text: String) {
        switch subject {
        case .user(let name): ("user", text(name))
        case .certificate(let digest): ("certificate", digest.description)
        }
    }

    static func subject(kind: String, text: String) -> Hold.Subject? {
        switch kind {
        case "user": .user(text)
        case "certificate": CertificateDigest(text).map(Hold.Subject.certificate)
        default: nil
        }
    }
}
