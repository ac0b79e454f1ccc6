import AlertSinks
import Alerts
import Foundation
import NetworkTypes
import PolicyLanguage
import Sessions

/// An address of the web, taken apart.
struct WebAddress: Sendable, Hashable {
    var isEncrypted: Bool
    var host: String
    var port: Int
    /// With the query.
    var path: String

    /// Reads `https://soc.example.org/hook?team=net`. No user, no password and no fragment: a secret in an address ends up
    /// in logs.
    init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.password == nil, parts.fragment == nil,
            parts.port.map({ (1...65_535).contains($0) }) ?? true
        else { return nil }
        isEncrypted = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? (isEncrypted ? 443 : 80)
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        self.path = path + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
    }
}

extension TextForm {
    static var webhookAddress: TextForm<WebAddress> {
        TextForm<WebAddress>("an address such as https://soc.example.org/hook, with no name or password") {
            WebAddress($0)
        }
    }

    static var alertSeverity: TextForm<AlertSeverity> {
        let words = AlertSeverity.allCases.map(\.word)
        return TextForm<AlertSeverity>("a severity: \(words.joined(separator: ", "))") { text in
            AlertSeverity.allCases.first { $0.word == text }
        }
    }

    static var alertWindow: TextForm<Duration> { bounded("10m", .seconds(1), .seconds(86_400)) }
    static var alertPatience: TextForm<Duration> { bounded("10s", .seconds(1), .seconds(300)) }
    static var timeAhead: TextForm<Duration> { bounded("7d", .seconds(60), .seconds(366 * 86_400)) }

    private static func bounded(
        _ such: String, _ least: Duration, _ most: Duration
    ) -> TextForm<Duration> {
        TextForm<Duration>(
            "a duration from \(TimeText.text(least)) to \(TimeText.text(most)), such as \(such)"
        ) { text in
            TimeText.duration(text).flatMap { (least...most).contains($0) ? $0 : nil }
        }
    }

    static var queueCount: TextForm<Int> { number("a number from 1 to 1000000", 1...1_000_000) }
    static var queueBytes: TextForm<Int> {
        number("a number of bytes from 65536 to 1073741824", 65_536...1_073_741_824)
    }
    /// RFC 5424 section 6.2.1.
    static var facility: TextForm<Int> { number("a facility from 0 to 23 (10 is authpriv)", 0...23) }

    private static func number(_ expected: String, _ range: ClosedRange<Int>) -> TextForm<Int> {
        TextForm<Int>(expected) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    static var enterprise: TextForm<UInt32> {
        TextForm<UInt32>("a private enterprise number (iana.org/assignments/enterprise-numbers)") {
            UInt32($0)
        }
    }

    /// A path that fits into a socket's address.
    static var socketPath: TextForm<DatagramTarget> {
        TextForm<DatagramTarget>("a socket's absolute path of at most 107 bytes") { target(ofPath: $0) }
    }

    static var datagramTarget: TextForm<DatagramTarget> {
        TextForm<DatagramTarget>("a socket's absolute path, or \"udp:10.0.0.5:514\" with a numeric address") {
            text in
            guard text.hasPrefix("udp:") else { return target(ofPath: text) }
            return ListenAddressText(text.dropFirst(4)).map { .udp(host: $0.host, port: $0.port) }
        }
    }

    private static func target(ofPath text: String) -> DatagramTarget? {
        text.hasPrefix("/") && text.utf8.count <= 107 && !text.contains("\0") ? .unix(text) : nil
    }

    static var argument: TextForm<String> {
        TextForm<String>("a text without a zero byte") { $0.contains("\0") ? nil : $0 }
    }

    /// Of the kind that needs no quoting: it becomes a header.
    static var mailAddress: TextForm<String> {
        TextForm<String>("an address such as security@example.org") { text in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let isPlain = text.utf8.allSatisfy {
                (0x21..<0x7F).contains($0) && !Array(",;<>()\":\\".utf8).contains($0)
            }
            return parts.count == 2 && isPlain && parts.allSatisfy { !$0.isEmpty } && text.utf8.count < 255
                ? text : nil
        }
    }
}

/// `10.0.0.5:514` or `[2001:db8::5]:514`.
private struct ListenAddressText {
    var host: String
    var port: UInt16

    init?(_ text: Substring) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            port > 0
        else { return nil }
        let name = text[..<colon]
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        let host = String(isBracketed ? name.dropFirst().dropLast() : name)
        guard let address = IPAddress(host), (address.family == .ipv6) == isBracketed else { return nil }
        self.host = host
        self.port = port
    }
}
