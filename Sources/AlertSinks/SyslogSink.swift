package import Alerts
import Sessions

/// A syslog server, by RFC 5424 with structured data, over a socket of this machine or UDP (RFC 5426).
///
/// Over UDP nobody says that it arrived: what the network loses is lost. Structured data is named by the organisation's
/// private enterprise number.
package struct SyslogSink: AlertSink {
    package struct Settings: Sendable, Hashable {
        package var target: DatagramTarget
        /// By section 6.2.1: 10 is for security.
        package var facility: Int
        /// The number of section 7.2.2. 32473 is nobody's (RFC 5612).
        package var enterprise: UInt32
        package var host: String

        package init(
            target: DatagramTarget = .unix("/dev/log"), facility: Int = 10, enterprise: UInt32 = 32473,
            host: String
        ) {
            self.target = target
            self.facility = facility
            self.enterprise = enterprise
            self.host = host
        }
    }

    private let settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    package func deliver(_ alert: Alert) throws(DeliveryFailure) {
        try settings.target.send(Self.message(alert, settings))
    }

    static func message(_ alert: Alert, _ settings: Settings) -> [UInt8] {
        var parameters: [(String, String)] = [
            ("alert", alert.id), ("kind", alert.kind.rawValue), ("count", "\(alert.count)"),
            ("since", "\(alert.since)"),
        ]
        // A name may stand several times (section 6.3.3).
        parameters += alert.clauses.map { ("clause", $0) }
        parameters += AlertField.allCases.compactMap { field in alert[field].map { (field.rawValue, $0) } }
        let data = parameters.map { " \($0)=\"\(escaped($1))\"" }.joined()
        let head =
            "<\(settings.facility * 8 + alert.severity.rawValue)>1 \(alert.until) \(host(settings.host)) "
            + "gatehouse - \(alert.kind.rawValue) [gatehouse@\(settings.enterprise)\(data)] "
        // The mark says that the text is UTF-8 (section 6.4).
        let bytes = Array(head.utf8) + [0xEF, 0xBB, 0xBF] + alert.says.utf8
        return Array(bytes.prefix(longest))
    }

    /// What a datagram of UDP takes, less its headers.
    private static let longest = 65_000

    /// What ends a value is escaped (section 6.3.3).
    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            if ["\"", "\\", "]"].contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// Printable ASCII, at most 255 (section 6.2.4).
    private static func host(_ name: String) -> String {
        let kept = name.utf8.filter { (0x21...0x7E).contains($0) }.prefix(255)
        return kept.isEmpty ? "-" : String(decoding: kept, as: UTF8.self)
    }
}
