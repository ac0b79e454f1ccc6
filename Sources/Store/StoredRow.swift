import Evidence
import Foundation
import GRDB
import Sessions

/// A row whose every column may turn out to be wrong, or missing: GRDB's own subscripts trap on that.
struct StoredRow {
    let row: Row
    let table: String

    func optional<Value: DatabaseValueConvertible>(_ column: String) throws(StoreError) -> Value? {
        guard row.hasColumn(column) else { throw damage(column) }
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

    func signOff(at: String, by: String) throws(StoreError) -> SignOff? {
        guard let instant = try instant(at) else { return nil }
        return SignOff(at: instant, by: try value(by))
    }

    func damage(_ column: String) -> StoreError {
        .failed(
            operation: "read \(table)",
            detail: "column \(column) holds something that was never written there")
    }
}

/// How text is written.
enum RowText {
    /// For what is only shown. SQLite is handed C strings, so a zero byte would cut the text short, and `emp` and what
    /// follows it would come back as `emp`: it is kept as a sign that no name has.
    static func plain(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// For what names a row. Swift compares strings by canonical equivalence, SQLite by bytes: one name must not have
    /// two rows.
    static func key(_ name: String) -> String {
        let text = plain(name)
        return text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension CodeOwner {
    var userText: String { RowText.key(user) }
    /// Empty for the user's own: no tenant has no name.
    var tenantText: String { tenant.map(RowText.key) ?? "" }
}

extension StoredRow {
    func codeOwner() throws(StoreError) -> CodeOwner {
        let tenant: String = try value("tenant")
        return CodeOwner(try value("user"), tenant: tenant.isEmpty ? nil : tenant)
    }
}

extension Hold.Subject {
    var row: (kind: String, text: String) {
        switch self {
        case .user(let name): ("user", RowText.key(name))
        case .certificate(let digest): ("certificate", digest.description)
        case .key(let digest): ("key", digest.description)
        }
    }

    init?(kind: String, text: String) {
        switch kind {
        case "user": self = .user(text)
        case "certificate":
            guard let digest = CertificateDigest(text) else { return nil }
            self = .certificate(digest)
        case "key":
            guard let digest = KeyDigest(text) else { return nil }
            self = .key(digest)
        default: return nil
        }
    }
}
