import Alerts
import Foundation
import Sessions

/// An alert as a mail (RFC 5322). Values are plain texts without line feeds (`AlertText`), so none ends a header.
enum MailMessage {
    static func bytes(_ alert: Alert, from: String?, to: [String], gateway: String) -> [UInt8] {
        var lines: [String] = []
        if let from { lines.append("From: \(from)") }
        if !to.isEmpty { lines.append("To: \(to.joined(separator: ", "))") }
        lines += [
            "Subject: \(word("[gatehouse] \(alert.kind.words) at \(gateway)"))",
            "Date: \(date(alert.until))",
            // The same for every try: mail programs show it once.
            "Message-ID: <\(alert.id)@\(hostPart(gateway))>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated",
            "X-Gatehouse-Kind: \(alert.kind.rawValue)", "X-Gatehouse-Severity: \(alert.severity.word)", "",
        ]
        // Lines of a mail have at most 998 bytes (section 2.1.1), and names may have any.
        let text = Data(body(alert).utf8).base64EncodedString(options: [.lineLength76Characters])
        return Array((lines.joined(separator: "\n") + "\n" + text.replacing("\r\n", with: "\n") + "\n").utf8)
    }

    static func body(_ alert: Alert) -> String {
        var lines = [alert.says, ""]
        if !alert.clauses.isEmpty { lines.append("clauses: \(alert.clauses.joined(separator: ", "))") }
        lines += AlertField.allCases.compactMap { field in
            alert[field].map { "\(field.rawValue): \($0)" }
        }
        lines += [
            "severity: \(alert.severity.word)", "since: \(alert.since)", "until: \(alert.until)",
            "count: \(alert.count)", "alert: \(alert.id)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// RFC 2047, where it is not all ASCII.
    private static func word(_ text: String) -> String {
        text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
            ? text : "=?utf-8?B?\(Data(text.utf8.prefix(40)).base64EncodedString())?="
    }

    private static func hostPart(_ name: String) -> String {
        let kept = name.unicodeScalars.filter {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789.-".unicodeScalars.contains($0))
        }
        return kept.isEmpty ? "gatehouse" : String(String.UnicodeScalarView(kept))
    }

    /// Section 3.3, in UTC: `Sun, 22 Nov 2026 10:00:00 +0000`.
    private static func date(_ instant: Instant) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(instant.secondsSince1970)))
    }
}
