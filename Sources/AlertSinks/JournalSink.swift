package import Alerts
import Sessions

/// The journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of fields.
///
/// Every value is written with its length, so that no byte in it can begin another field. An alert is at most some tens of
/// kilobytes, well below what a datagram takes: nothing goes by a descriptor.
package struct JournalSink: AlertSink {
    private let target: DatagramTarget

    package init(_ target: DatagramTarget = .unix("/run/systemd/journal/socket")) { self.target = target }

    package func deliver(_ alert: Alert) throws(DeliveryFailure) { try target.send(Self.datagram(alert)) }

    static func datagram(_ alert: Alert) -> [UInt8] {
        var bytes: [UInt8] = []
        append("MESSAGE", alert.says, to: &bytes)
        append("PRIORITY", "\(alert.severity.rawValue)", to: &bytes)
        append("SYSLOG_IDENTIFIER", "gatehouse", to: &bytes)
        append("GATEHOUSE_ALERT", alert.id, to: &bytes)
        append("GATEHOUSE_KIND", alert.kind.rawValue, to: &bytes)
        append("GATEHOUSE_COUNT", "\(alert.count)", to: &bytes)
        append("GATEHOUSE_SINCE", "\(alert.since)", to: &bytes)
        append("GATEHOUSE_UNTIL", "\(alert.until)", to: &bytes)
        // A field that stands several times has several values.
        for clause in alert.clauses { append("GATEHOUSE_CLAUSE", clause, to: &bytes) }
        for field in AlertField.allCases {
            guard let value = alert[field] else { continue }
            append("GATEHOUSE_\(name(field))", value, to: &bytes)
        }
        return bytes
    }

    /// Capitals, and underscores for dashes.
    private static func name(_ field: AlertField) -> String {
        field.rawValue.uppercased().split(separator: "-").joined(separator: "_")
    }

    /// Name, line feed, length in 64 bits with the least first, value, line feed.
    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        let content = Array(value.utf8)
        bytes += name.utf8
        bytes.append(0x0A)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
        bytes += content
        bytes.append(0x0A)
    }
}
