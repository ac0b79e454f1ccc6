import Evidence
import Foundation
import Sessions
import Testing

@testable import Portal

/// Who is believed, what is answered, and what reaches the sink; over true TLS.
@Suite(.timeLimit(.minutes(30))) struct PostureServerTests {
    @Test func takesADevicesReport() async throws {
        try await TestPortal.run { portal in
            let device = try portal.device("laptop-0001")
            let client = try await portal.client(device)
            let answer = try await client.post(firewallReport())
            #expect(answer.status == 200)
            #expect(answer.body == "{\"taken\":1}\n")
            #expect(answer.headers["content-type"] == "application/json")
            let report = try #require(portal.sink.taken.first)
            #expect(report.subject == .certificate(device.digest))
            #expect(report.reporter == "laptop-0001")
            #expect(report.posture.firewall == .init(true, observedAt: TestPortal.now - .seconds(60)))
            // The connection stays, and the same again is no mistake.
            #expect(try await client.post(firewallReport()).status == 200)
            #expect(
                try await client.post("[\(firewallReport(ago: 50)),\(firewallReport(false, ago: 40))]").status
                    == 200)
            #expect(portal.sink.posture("laptop-0001")?.firewall?.value == false)
        }
    }

    /// What a body may call the device that sends it.
    @Test(arguments: [
        ("laptop-0001", 200), ("4AB2906D-5516", 200), ("4ab2906d-5516", 200), ("laptop-0002", 403),
        ("nobody", 403),
        ("laptop-0001 ", 400),
    ])
    func aDeviceSpeaksForItselfOnly(name: String, status: Int) async throws {
        try await TestPortal.run { portal in
            let device = try portal.device("laptop-0001", otherNames: ["4AB2906D-5516"])
            _ = try portal.device("laptop-0002")
            let client = try await portal.client(device)
            let body = "[\(firewallReport()),\(firewallReport(device: name))]"
            let answer = try await client.post(body)
            #expect(answer.status == status, "\(answer.body)")
            #expect(portal.sink.taken.count == (status == 200 ? 2 : 0))
            #expect(portal.sink.posture("laptop-0002") == nil)
        }
    }

    @Test func whoIsNotOnTheRegisterIsRefused() async throws {
        try await TestPortal.run { portal in
            let stranger = try portal.authority.issue("laptop-0001")
            let answer = try await portal.client(stranger).post(firewallReport())
            #expect(answer.status == 403)
            #expect(answer.body == "{\"error\":\"the certificate is not on the register\"}\n")
        }
    }

    /// Certificates that the handshake refuses, whatever the register says of them.
    @Test(arguments: ["other authority", "for servers", "expired", "not yet"])
    func aBadCertificateEndsTheHandshake(what: String) async throws {
        let other = try TestAuthority("Other")
        try await TestPortal.run { portal in
            let credential =
                switch what {
                case "other authority": try other.issue("laptop-0001")
                case "for servers": try portal.authority.issue("laptop-0001", .server)
                case "expired": try portal.authority.issue("laptop-0001", days: -2 ... -1)
                default: try portal.authority.issue("laptop-0001", days: 1...2)
                }
            portal.sink.register(.init(id: "laptop-0001", kind: .laptop), credential.digest)
            let client = try await portal.client(credential)
            await #expect(throws: (any Error).self) { try await client.post(firewallReport()) }
            #expect(portal.sink.taken.isEmpty)
        }
    }

    @Test func aCertificateMustSayThatItIsForClients() async throws {
        try await TestPortal.run { portal in
            let credential = try portal.authority.issue("laptop-0001", .none)
            portal.sink.register(.init(id: "laptop-0001", kind: .laptop), credential.digest)
            let answer = try await portal.client(credential).post(firewallReport())
            #expect(answer.status == 403)
            #expect(answer.body.contains("clientAuth"))
        }
    }

    /// The handshake was long ago; the certificate is over now.
    @Test func aConnectionDoesNotOutliveItsCertificate() async throws {
        try await TestPortal.run { portal in
            let client = try await portal.client(try portal.device("laptop-0001"))
            #expect(try await client.post(firewallReport()).status == 200)
            portal.clock.advance(.seconds(31 * 86_400))
            let answer = try await client.post(firewallReport(ago: 50))
            #expect(answer.status == 403)
            #expect(answer.body.contains("expired"))
        }
    }

    @Test func withoutAuthoritiesCertificatesSayNothing() async throws {
        try await TestPortal.run(withAuthority: false) { portal in
            let answer = try await portal.client(try portal.device("laptop-0001")).post(firewallReport())
            #expect(answer.status == 401)
        }
    }

    @Test func takesAKeysReports() async throws {
        try await TestPortal.run(keys: [.of("intune", key: "secret"), .of("jamf", key: "other")]) { portal in
            for number in 0..<100 { portal.sink.register(.init(id: "laptop-\(number)", kind: .laptop)) }
            let client = try await portal.client()
            let body =
                "[" + (0..<100).map { firewallReport(device: "laptop-\($0)") }.joined(separator: ",") + "]"
            #expect(try await client.post(body, key: "secret").body == "{\"taken\":100}\n")
            #expect(portal.sink.taken.map(\.reporter) == [String](repeating: "intune", count: 100))
            #expect(portal.sink.taken[7].subject == .device("laptop-7"))
            #expect(
                try await client.post(firewallReport(device: "laptop-1", ago: 5), key: "other").status == 200)
            #expect(portal.sink.taken.last?.reporter == "jamf")
        }
    }

    /// Authorization fields, and what is answered with and without a device's certificate.
    @Test(arguments: [
        ("Bearer secret", 200, 200), ("bearer secret", 200, 200), ("Bearer wrong", 401, 401),
        ("Bearer ", 401, 401),
        ("Bearer", 401, 401), ("Basic secret", 401, 401), ("secret", 401, 401), ("Bearer secretx", 401, 401),
        ("Bearer secre", 401, 401), ("Bearer  secret", 401, 401), (nil, 401, 200),
    ])
    func aKeyIsShownAsABearer(field: String?, alone: Int, withCertificate: Int) async throws {
        try await TestPortal.run(keys: [.of("intune", key: "secret")]) { portal in
            let device = try portal.device("laptop-0001")
            let headers = field.map { ["Authorization: \($0)"] } ?? []
            let body = firewallReport(device: "laptop-0001")
            #expect(try await portal.client().post(body, headers: headers).status == alone)
            // A wrong key is not made good by a certificate.
            #expect(try await portal.client(device).post(body, headers: headers).status == withCertificate)
        }
    }

    @Test func aKeyMustNameTheDevice() async throws {
        try await TestPortal.run(keys: [.of("intune", key: "secret")]) { portal in
            portal.sink.register(.init(id: "a", kind: .laptop))
            let body = "[\(firewallReport(device: "a")),\(firewallReport())]"
            let answer = try await portal.client().post(body, key: "secret")
            #expect(answer.status == 400)
            #expect(answer.body.contains("[1].device"))
            #expect(portal.sink.taken.isEmpty)
        }
    }

    /// Device, and what keys with limits are answered.
    @Test(arguments: [
        ("laptop-1", 200, 200), ("laptop-2", 403, 200), ("pool-1", 403, 403), ("nobody", 403, 403),
    ])
    func aKeyMayBeLimited(device: String, byName: Int, byKind: Int) async throws {
        let keys = try [
            APIKey.of("names", key: "n", devices: ["laptop-1"]),
            APIKey.of("kinds", key: "k", kinds: [.laptop, .personal]),
        ]
        try await TestPortal.run(keys: keys) { portal in
            for id in ["laptop-1", "laptop-2"] { portal.sink.register(.init(id: id, kind: .laptop)) }
            portal.sink.register(.init(id: "pool-1", kind: .pool))
            let client = try await portal.client()
            #expect(try await client.post(firewallReport(device: device), key: "n").status == byName)
            #expect(try await client.post(firewallReport(device: device), key: "k").status == byKind)
        }
    }

    /// Bodies, and the status and a part of the words that answer them.
    @Test(arguments: [
        ("{", 400, "byte 1: expected a key"), ("", 400, "byte 0"),
        (#"{"x":1}"#, 400, #"x (byte 2): no such key"#),
        (firewallReport(ago: -3600), 409, "in the future"),
        (firewallReport(true, ago: 600), 409, "is known already"),
        (#"{"observed-at":"2026-11-21T10:00:00Z","firewall":"\"\u0000"}"#, 400, #"found '\"�'"#),
        (String(repeating: "[", count: 10_000), 400, "nested deeper than 16"),
    ])
    func saysWhatIsWrong(body: String, status: Int, words: String) async throws {
        try await TestPortal.run { portal in
            let client = try await portal.client(try portal.device("laptop-0001"))
            #expect(try await client.post(firewallReport(false, ago: 300)).status == 200)
            let answer = try await client.post(body)
            #expect(answer.status == status)
            #expect(answer.body.contains(words), "\(answer.body)")
            #expect(portal.sink.taken.count == 1)
            #expect(try await client.post(firewallReport(ago: 10)).status == 200)
        }
    }

    /// What counts of a body counts, and what does not is named.
    @Test func namesTheReportsThatDoNotCount() async throws {
        try await TestPortal.run(keys: [.of("intune", key: "secret")]) { portal in
            for id in ["a", "b"] { portal.sink.register(.init(id: id, kind: .laptop)) }
            let reports = [
                firewallReport(device: "a"), firewallReport(device: "nobody"),
                firewallReport(device: "b", ago: -3600),
            ]
            let answer = try await portal.client().post("[\(reports.joined(separator: ","))]", key: "secret")
            #expect(answer.status == 403)
            #expect(answer.body.hasPrefix(#"{"taken":1,"refused":[{"report":1,"device":"nobody","reason":"#))
            #expect(portal.sink.taken.count == 1)
        }
    }

    @Test func answersOnlyWhatIsOnDisk() async throws {
        try await TestPortal.run { portal in
            let client = try await portal.client(try portal.device("laptop-0001"))
            portal.sink.fail("the disk is full")
            let answer = try await client.post(firewallReport())
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] == "30")
            #expect(answer.body.contains("the disk is full"))
            portal.sink.fail(nil)
            #expect(try await client.post(firewallReport()).status == 200)
        }
    }

    @Test func takesOsquery() async throws {
        try await TestPortal.run(keys: [.of("vector", key: "secret")]) { portal in
            let device = try portal.device("laptop-0001", otherNames: ["4AB2906D"])
            let client = try await portal.client(device)
            let line = { (host: String, ago: Int64, value: String) in
                let seconds = (TestPortal.now - .seconds(ago)).secondsSince1970
                return
                    #"{"name":"pack_posture_gatehouse_firewall","hostIdentifier":"\#(host)","calendarTime":"","unixTime":\#(seconds),"epoch":0,"counter":0,"numerics":false,"columns":{"firewall":"\#(value)"},"action":"added"}"#
            }
            let logger = { (lines: [String]) in
                #"{"node_key":"","log_type":"result","data":[\#(lines.joined(separator: ","))]}"#
            }
            let path = "/posture/v1/osquery"
            let post = { (body: String) in try await client.post(body, to: path) }
            #expect(try await post(logger([line("4ab2906d", 60, "1")])).body == "{\"node_invalid\":false}\n")
            #expect(portal.sink.posture("laptop-0001")?.firewall?.value == true)
            #expect(try await post(logger([])).body == "{\"node_invalid\":false}\n")
            #expect(
                try await post(#"{"node_key":"","log_type":"status","data":[{"line":"1"}]}"#).status == 200)
            // What will never count is named beside a 200, so that the agent goes on.
            let old = try await post(logger([line("4ab2906d", 600, "1")]))
            #expect(old.status == 200)
            #expect(old.body.contains("is known already"))
            let odd = try await post(logger([line("4ab2906d", 50, "maybe"), line("4ab2906d", 40, "0")]))
            #expect(odd.status == 200)
            #expect(odd.body.contains("data[0].columns.firewall"))
            #expect(portal.sink.posture("laptop-0001")?.firewall?.value == false)
            // Trouble that passes is told, so that the agent sends it again.
            portal.sink.fail("the disk is full")
            #expect(try await post(logger([line("4ab2906d", 30, "1")])).status == 503)
            portal.sink.fail(nil)
            // Lines of another host, as from a log collector that has a device's certificate.
            #expect(
                try await post(logger([line("4ab2906d", 20, "1"), line("laptop-0002", 20, "1")])).status
                    == 403)
            #expect(try await post("nothing").status == 400)
            // Lines come from scripts, which read statuses.
            #expect(try await post(line("laptop-0001", 10, "1") + "\n").body == "{\"taken\":1}\n")
            #expect(try await post(line("laptop-0001", 5, "maybe") + "\n").status == 400)
            portal.sink.register(.init(id: "laptop-0002", kind: .laptop))
            let collector = try await portal.client()
            let lines = [line("laptop-0001", 4, "1"), line("laptop-0002", 4, "0")].joined(separator: "\n")
            let answer = try await collector.post(
                lines, to: path, key: "secret", type: "application/x-ndjson")
            #expect(answer.body == "{\"taken\":2}\n")
            #expect(portal.sink.posture("laptop-0002")?.firewall?.value == false)
        }
    }

    /// Neither keys nor bodies are logged, at any level.
    @Test func logsNoSecrets() async throws {
        try await TestPortal.run(keys: [.of("intune", key: "hush-hush")]) { portal in
            portal.sink.register(.init(id: "laptop-0001", kind: .laptop))
            let client = try await portal.client()
            for key in ["hush-hush", "hush-wrong"] {
                for body in [
                    firewallReport(device: "laptop-0001"), #"{"body-text":"body-text"}"#, "body-text",
                ] {
                    _ = try await client.post(body, key: key)
                }
            }
            await client.close()
            #expect(portal.log.text.contains("key intune"))
            for secret in ["hush", "body-text", "observed-at"] { #expect(!portal.log.text.contains(secret)) }
        }
    }

    @Test func curlIsEnough() async throws {
        try await TestPortal.run(keys: [.of("intune", key: "secret")]) { portal in
            let device = try portal.device("laptop-0001")
            let curl =
                "curl -sS --cacert \(portal.authority.file) -w '%{http_code}' -H content-type:application/json"
            let url = "https://localhost:\(portal.port)/posture/v1/reports"
            let mine = try await run(
                "\(curl) --cert \(device.certificate) --key \(device.key) -d '\(firewallReport())' \(url)")
            #expect(mine == "{\"taken\":1}\n200")
            let report = firewallReport(device: "laptop-0001", ago: 50)
            #expect(
                try await run("\(curl) -H 'authorization: Bearer secret' -d '\(report)' \(url)")
                    == "{\"taken\":1}\n200")
            #expect(try await run("\(curl) -d '\(report)' \(url)").hasSuffix("401"))
            // A body for which curl asks first; refused without it, taken with it.
            let big = "\(curl) -H 'expect: 100-continue' --expect100-timeout 60 --data-binary @-"
            let body = "[" + [String](repeating: report, count: 5000).joined(separator: ",") + "]"
            let file = portal.authority.directory.appending(path: "big.json").path
            try body.write(toFile: file, atomically: true, encoding: .utf8)
            let sent = try await run("\(big) -H 'authorization: Bearer secret' \(url) < \(file)")
            #expect(sent == "{\"taken\":5000}\n200")
            #expect(
                try await run("\(big) -H 'authorization: Bearer wrong' \(url) < \(file)").hasSuffix("401"))
        }
    }
}
