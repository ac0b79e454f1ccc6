import AlertSinks
import Alerts
import Foundation
import PolicyLanguage
import Sessions
import Testing

@testable import gatehouse

@Suite struct AlertConfigurationTests {
    private static let head = """
        rules: /r
        sources: []
        alerts:

        """

    private func read(_ alerts: String) throws -> (DaemonConfiguration?, [String]) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("alerts-\(UUID()).yaml").path
        try Data((Self.head + alerts).utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (configuration, diagnostics) = try DaemonConfiguration.read(path)
        return (
            configuration,
            DiagnosticRenderer.text(diagnostics).split(separator: "\n").map(String.init)
                .filter { $0.contains("error: ") }.map { String($0.dropFirst(path.count + 1)) }
        )
    }

    @Test func everyKindOfSink() throws {
        let (configuration, mistakes) = try read(
            """
              window: 5m
              about-to-end: [30d, 1d]
              sinks:
                - { name: journal, journald: /run/systemd/journal/socket }
                - { name: soc, syslog: "udp:[2001:db8::5]:514", facility: 4, enterprise-number: 4711, from: error }
                - { name: log, syslog: /dev/log, queue: { alerts: 5, bytes: 70000 } }
                - name: hook
                  webhook: { url: "https://soc.example.org:8443/hook?a=b", secret-file: /s, authorities: /ca.pem }
                  kinds: [scan, cut-abroad]
                  timeout: 3s
                - name: mail
                  command: [/usr/sbin/sendmail, -oi, -t]
                  mail: { from: gatehouse@example.org, to: [a@example.org, b@example.org] }

            """)
        #expect(mistakes == [])
        let alerts = try #require(configuration?.alerts)
        #expect(alerts.window == .seconds(300) && alerts.ahead == [.seconds(30 * 86_400), .seconds(86_400)])
        #expect(alerts.sinks.map(\.name) == ["journal", "soc", "log", "hook", "mail"])
        #expect(alerts.sinks[1].route == AlertRoute(from: .error))
        #expect(alerts.sinks[2].bounds == .init(count: 5, bytes: 70000))
        #expect(alerts.sinks[3].route.kinds == [.scan, .cutAbroad])
        guard case .syslog(let target, 4, 4711) = alerts.sinks[1].kind,
            case .webhook(let hook) = alerts.sinks[3].kind,
            case .command(let words, let from, let to, .seconds(30)) = alerts.sinks[4].kind
        else {
            Issue.record("\(alerts.sinks)")
            return
        }
        #expect(target == .udp(host: "2001:db8::5", port: 514))
        #expect(hook.url.host == "soc.example.org" && hook.url.port == 8443 && hook.url.path == "/hook?a=b")
        #expect(hook.url.isEncrypted && hook.patience == .seconds(3) && hook.authorities == ["/ca.pem"])
        #expect(words.count == 3 && from == "gatehouse@example.org" && to.count == 2)
    }

    /// Each mistake with the line and column of what is wrong.
    @Test(arguments: [
        ("  sinks: []\n", "4:3: error: "),
        (
            "  sinks:\n    - { name: a }\n",
            "5:7: error: expected one of journald, syslog, webhook, command, found none"
        ),
        ("  sinks:\n    - { name: a, journald: /j, syslog: /dev/log }\n", "5:7: error: expected one of"),
        ("  sinks:\n    - { name: a, journald: j }\n", "5:28: error: expected a socket's absolute path"),
        ("  sinks:\n    - { name: a, syslog: \"udp:host:514\" }\n", "5:26: error: "),
        ("  sinks:\n    - { name: a, syslog: \"udp:10.0.0.1:0\" }\n", "5:26: error: "),
        (
            "  sinks:\n    - { name: a, journald: /j, timeout: 5s }\n",
            "5:32: error: expected 'timeout' only with"
        ),
        (
            "  sinks:\n    - { name: a, journald: /j, kinds: [scna] }\n",
            "5:40: error: expected what people are"
        ),
        ("  sinks:\n    - { name: a, journald: /j, kinds: [] }\n", "5:39: error: "),
        (
            "  sinks:\n    - { name: a, journald: /j, from: bad }\n",
            "5:38: error: expected a severity: emergency"
        ),
        (
            "  sinks:\n    - { name: a, journald: /j }\n    - { name: a, journald: /j }\n",
            "6:7: error: expected a name"
        ),
        (
            "  sinks:\n    - { name: a, webhook: { url: \"ftp://x\", secret-file: /s } }\n",
            "5:34: error: expected an address"
        ),
        (
            "  sinks:\n    - { name: a, webhook: { url: \"https://u:p@x/\", secret-file: /s } }\n",
            "5:34: error: "
        ),
        ("  sinks:\n    - { name: a, webhook: { url: \"https://x\" } }\n", "5:27: error: "),
        (
            "  sinks:\n    - { name: a, command: [sendmail] }\n",
            "5:28: error: expected a program's absolute path"
        ),
        (
            "  sinks:\n    - { name: a, command: [/s], mail: { to: \"a@b, c@d\" } }\n",
            "5:45: error: expected an address"
        ),
        ("  sinks:\n    - { name: a, journald: /j, queue: { alerts: 0 } }\n", "5:49: error: "),
        (
            "  window: 2d\n  sinks:\n    - { name: a, journald: /j }\n",
            "4:11: error: expected a duration from 1s to 1d"
        ),
        ("  about-to-end: [1s]\n  sinks:\n    - { name: a, journald: /j }\n", "4:18: error: "),
        ("  sinks:\n    - { name: ../a, journald: /j }\n", "5:15: error: expected a name of letters"),
        ("  sink:\n    - { name: a, journald: /j }\n", "4:3: error: "),
    ]) func mistakesHaveTheirPlace(text: String, start: String) throws {
        let (configuration, mistakes) = try read(text)
        #expect(configuration == nil)
        #expect(mistakes.contains { $0.hasPrefix(start) }, "\(mistakes)")
    }

    @Test(arguments: [
        ("https://a", "a", 443, "/"), ("http://a/b", "a", 80, "/b"),
        ("https://[::1]:8/x?y=z", "::1", 8, "/x?y=z"),
        ("https://a/b%20c", "a", 443, "/b%20c"),
    ]) func addresses(text: String, host: String, port: Int, path: String) throws {
        let address = try #require(WebAddress(text))
        #expect(address.host == host && address.port == port && address.path == path)
    }

    @Test(arguments: ["", "https://", "https://a#f", "https://a:0/", "file:///etc", "https://a:99999", "//a"])
    func noAddresses(text: String) { #expect(WebAddress(text) == nil) }
}
