import AlertSinks
import Alerts
import Foundation
import Glibc
import Sessions
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct LocalSinkTests {
    /// As journald reads it: a name and a line feed, a length, so many bytes, a line feed; nothing else.
    private static func fields(_ bytes: [UInt8]) -> [(name: String, value: String)]? {
        var rest = bytes[...]
        var fields: [(String, String)] = []
        while !rest.isEmpty {
            let name = rest.prefix { $0 != 0x0A }
            rest = rest.dropFirst(name.count + 1)
            guard rest.count >= 8, !name.contains(UInt8(ascii: "=")) else { return nil }
            let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(8)
            guard rest.count > count, rest[rest.startIndex + count] == 0x0A else { return nil }
            fields.append(
                (String(decoding: name, as: UTF8.self), String(decoding: rest.prefix(count), as: UTF8.self)))
            rest = rest.dropFirst(count + 1)
        }
        return fields
    }

    @Test(arguments: hostile) func noNameMakesAFieldOfTheJournal(name: String) async throws {
        try await withFolder { folder in
            let socket = try RawSocket(folder + "/journal")
            let alert = alert(
                says: "scan: \(name)", fields: [.user: name, .why: name], clauses: [name, "b"])
            try JournalSink(.unix(folder + "/journal")).deliver(alert)
            let fields = try #require(Self.fields(socket.next()))
            let expected = [
                "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "GATEHOUSE_ALERT", "GATEHOUSE_KIND",
                "GATEHOUSE_COUNT", "GATEHOUSE_SINCE", "GATEHOUSE_UNTIL", "GATEHOUSE_CLAUSE",
                "GATEHOUSE_CLAUSE", "GATEHOUSE_USER", "GATEHOUSE_WHY",
            ]
            #expect(fields.map(\.name) == expected)
            #expect(fields.first { $0.name == "PRIORITY" }?.value == "4")
            #expect(fields.first { $0.name == "GATEHOUSE_USER" }?.value == AlertText.plain(name))
        }
    }

    /// RFC 5424 section 6, read by an own reader of the grammar.
    @Test(arguments: hostile) func noNameMakesAParameterOfSyslog(name: String) async throws {
        try await withFolder { folder in
            let socket = try RawSocket(folder + "/log")
            let sink = SyslogSink(.init(target: .unix(folder + "/log"), enterprise: 4711, host: "gate way"))
            let alert = alert(says: "scan: \(name)", fields: [.user: name], clauses: [name])
            try sink.deliver(alert)
            let message = String(decoding: socket.next(), as: UTF8.self)
            let start = "<84>1 2026-11-18T11:06:40Z gateway gatehouse - scan [gatehouse@4711 "
            #expect(message.hasPrefix(start) && !message.contains("\n"))
            let read = try #require(StructuredData(message.dropFirst(start.count)))
            #expect(read.names == ["alert", "kind", "count", "since", "clause", "user"])
            #expect(read.values[5] == AlertText.plain(name))
            #expect(read.rest == " \u{FEFF}" + alert.says)
        }
    }

    private struct StructuredData {
        var names: [String] = []
        var values: [String] = []
        var rest = ""

        init?(_ text: Substring) {
            var rest = text.unicodeScalars[...]
            while true {
                let name = rest.prefix { $0 != "=" }
                rest = rest.dropFirst(name.count + 1)
                guard rest.popFirst() == "\"" else { return nil }
                var value = String.UnicodeScalarView()
                while let scalar = rest.popFirst(), scalar != "\"" {
                    if scalar == "]" { return nil }
                    guard scalar == "\\" else {
                        value.append(scalar)
                        continue
                    }
                    guard let escaped = rest.popFirst(), ["\\", "\"", "]"].contains(escaped) else {
                        return nil
                    }
                    value.append(escaped)
                }
                names.append(String(name))
                values.append(String(value))
                let end = rest.popFirst()
                if end == "]" { break }
                guard end == " " else { return nil }
            }
            self.rest = String(rest)
        }
    }

    @Test func overUDP() throws {
        let server = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(server) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        unsafe inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe bind(server, $0, length)
                _ = unsafe getsockname(server, $0, &length)
            }
        }
        let target = DatagramTarget.udp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
        try SyslogSink(.init(target: target, host: "gw")).deliver(alert())
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(server, &buffer, buffer.count, 0)
        #expect(String(decoding: buffer[..<max(0, count)], as: UTF8.self).hasSuffix("scan: somebody"))
    }

    @Test func aSocketThatIsNotThereIsAFailure() {
        #expect(throws: DeliveryFailure("cannot send to /nowhere: No such file or directory")) {
            try JournalSink(.unix("/nowhere")).deliver(alert())
        }
    }

    /// journald itself, in a place of its own.
    @Test(.needsRoot, .enabled(if: Journal.isThere, "needs systemd-journald and journalctl"))
    func theRealJournalHasTheFields() async throws {
        let journal = try await Journal()
        defer { journal.stop() }
        let name = "alice\nPRIORITY=0\nGATEHOUSE_KIND=drift"
        try JournalSink(.unix(journal.socket)).deliver(
            alert("gh-j-1", says: "scan: \(name)", fields: [.user: name], clauses: ["a", "b"]))
        let hasArrived = await eventually { (try? journal.entries("GATEHOUSE_ALERT=gh-j-1").count) == 1 }
        try #require(hasArrived)
        let entry = try journal.entries("GATEHOUSE_ALERT=gh-j-1")[0]
        #expect(entry["PRIORITY"] as? String == "4" && entry["GATEHOUSE_KIND"] as? String == "scan")
        #expect(entry["GATEHOUSE_USER"] as? String == "alice\\u{a}PRIORITY=0\\u{a}GATEHOUSE_KIND=drift")
        #expect(entry["GATEHOUSE_CLAUSE"] as? [String] == ["a", "b"])
        #expect(entry["SYSLOG_IDENTIFIER"] as? String == "gatehouse")
    }

    // MARK: Commands

    private func deliver(_ arguments: [String], patience: Duration = .seconds(300), _ alert: Alert) async
        -> DeliveryFailure?
    {
        let sink = CommandSink(
            .init(
                arguments: arguments, from: "gatehouse@example.org", to: ["soc@example.org"],
                patience: patience, gateway: "gw1"))
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(DeliveryFailure) {
                    try sink.deliver(alert)
                    continuation.resume(returning: nil)
                } catch { continuation.resume(returning: error) }
            }
        }
    }

    @Test(arguments: hostile) func aMailHasTheHeadersThatItShouldHave(name: String) async throws {
        try await withFolder { folder in
            let alert = alert(says: "scan: \(name)", fields: [.user: name])
            #expect(await deliver(["/usr/bin/tee", folder + "/mail"], alert) == nil)
            let script = """
                import email, email.policy, json, sys
                mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
                print(json.dumps({"names": mail.keys(), "to": mail["To"], "id": mail["Message-ID"],
                                  "subject": mail["Subject"], "text": mail.get_content()}))
                """
            try Data(script.utf8).write(to: URL(fileURLWithPath: folder + "/read.py"))
            let text = try shell("python3 '\(folder)/read.py' '\(folder)/mail'")
            struct Mail: Decodable {
                var names: [String]
                var to: String
                var id: String
                var subject: String
                var text: String
            }
            let mail = try JSONDecoder().decode(Mail.self, from: Data(text.utf8))
            #expect(
                mail.names == [
                    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
                    "Content-Transfer-Encoding", "Auto-Submitted", "X-Gatehouse-Kind", "X-Gatehouse-Severity",
                ])
            #expect(mail.to == "soc@example.org" && mail.id == "<gh-t-1@gw1>")
            #expect(mail.subject == "[gatehouse] scan at gw1")
            #expect(mail.text.contains("\nuser: \(AlertText.plain(name))\n"))
            #expect(mail.text.contains("\nclauses: incidents\n"))
        }
    }

    @Test(arguments: [
        (["/bin/false"], "/bin/false ended with 1"),
        (["/bin/sh", "-c", "kill -9 $$"], "/bin/sh was ended by signal 9"),
        (["/no/such/program"], "cannot start /no/such/program: No such file or directory"),
    ]) func aProgramThatFails(arguments: [String], why: String) async {
        #expect(await deliver(arguments, alert())?.why == why)
    }

    /// With whatever it started.
    @Test func aProgramThatHangsIsEnded() async throws {
        try await withFolder { folder in
            let command = ["/bin/sh", "-c", "sleep 3600 & echo $! > '\(folder)/child'; wait"]
            let failure = await deliver(command, patience: .seconds(5), alert())
            #expect(failure?.why == "/bin/sh took too long, and was ended")
            let child =
                Int32(try String(contentsOfFile: folder + "/child", encoding: .utf8).prefix { $0 != "\n" })
                ?? 0
            #expect(child > 0)
            #expect(
                await eventually {
                    guard let text = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
                    else { return true }
                    return text.contains(") Z ")
                })
        }
    }

    @Test func aMessageThatNobodyReadsIsNoHang() async {
        let long = alert(says: String(repeating: "x", count: 1 << 20))
        #expect(await deliver(["/bin/true"], long) == nil)
    }
}

/// A socket of datagrams, byte by byte.
private final class RawSocket {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafeBytes(of: &address) { raw in
            unsafe bind(
                descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        guard bound == 0 else { throw SystemError(call: "bind", number: errno) }
    }

    deinit { close(descriptor) }

    func next() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return Array(buffer[..<max(0, count)])
    }
}

/// A systemd-journald that sees its own /run.
private final class Journal {
    static let isThere =
        ["/lib/systemd/systemd-journald", "/usr/bin/journalctl"].allSatisfy(
            FileManager.default.isExecutableFile)

    private let process: Int32

    init() async throws {
        let text = try shell(
            """
            unshare -m --propagation private sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && \
            exec /lib/systemd/systemd-journald' >/dev/null 2>&1 & echo $!
            """)
        let process = Int32(text.prefix { $0 != "\n" }) ?? 0
        self.process = process
        let path = "/proc/\(process)/root/run/systemd/journal/socket"
        guard await eventually(.seconds(120), { FileManager.default.fileExists(atPath: path) }) else {
            throw SystemError(call: "systemd-journald", number: 0)
        }
    }

    var socket: String { "/proc/\(process)/root/run/systemd/journal/socket" }

    func entries(_ match: String) throws -> [[String: Any]] {
        let text = try shell(
            "journalctl -D /proc/\(process)/root/run/log/journal -o json \(match) 2>/dev/null || true")
        return text.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }

    func stop() { if process > 0 { _ = kill(process, SIGKILL) } }
}
