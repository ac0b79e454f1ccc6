package import Alerts
import Foundation
import Sessions

/// An alert as other systems read it.
package enum AlertJSON {
    /// In the form that Standard Webhooks asks for: `type`, `timestamp`, `data`. Keys are in the order of the alphabet, so
    /// that every try has the same bytes.
    package static func body(_ alert: Alert, host: String) -> [UInt8] {
        encode(
            Body(
                type: "gatehouse.\(alert.kind.rawValue)", timestamp: alert.until.description,
                data: Content(
                    id: alert.id, kind: alert.kind.rawValue, severity: alert.severity.word, says: alert.says,
                    clauses: alert.clauses, fields: alert.fields, since: alert.since.description,
                    until: alert.until.description, count: alert.count, host: host)))
    }

    struct Body: Encodable {
        var type: String
        var timestamp: String
        var data: Content
    }

    struct Content: Encodable {
        var id: String
        var kind: String
        var severity: String
        var says: String
        var clauses: [String]
        var fields: [String: String]
        var since: String
        var until: String
        var count: UInt64
        var host: String
    }

    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and whole numbers always have a form in JSON.
        return (try? encoder.encode(value)).map { Array($0) } ?? []
    }

    static func decode(_ bytes: [UInt8]) -> Alert? {
        try? JSONDecoder().decode(Alert.self, from: Data(bytes))
    }
}
