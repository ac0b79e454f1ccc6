import AlertSinks
import Alerts
import Foundation
import Glibc
import Sessions
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(30))) struct WebhookTests {
    private func sink(_ port: Int, patience: Duration = .seconds(60), tls: String? = nil) -> WebhookSink {
        let settings = WebhookSink.Settings(
            isEncrypted: tls != nil, host: "127.0.0.1", port: port, path: "/hook?x=1",
            authorities: tls.map { [$0] } ?? [], patience: patience, gateway: "gw1")
        return WebhookSink(
            settings,
            secret: {
                guard let secret = WebhookSecret(file: Array(WebhookServer.secret.utf8)) else {
                    throw DeliveryFailure("no secret")
                }
                return secret
            }, now: { .test })
    }

    private func failure(_ sink: some AlertSink) async -> DeliveryFailure? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(DeliveryFailure) {
                    try sink.deliver(alert())
                    continuation.resume(returning: nil)
                } catch { continuation.resume(returning: error) }
            }
        }
    }

    @Test func arrivesSignedAndWhole() async throws {
        try await withFolder { folder in
            let server = try await WebhookServer(folder)
            #expect(await failure(sink(server.port)) == nil)
            let said = try #require(try server.said().first)
            #expect(said.signed && said.id == "gh-t-1" && said.at == "1795000000")
            #expect(said.type == "application/json")
            #expect(
                said.body == #"{"data":{"clauses":["incidents"],"count":1,"fields":{},"host":"gw1","#
                    + #""id":"gh-t-1","kind":"scan","says":"scan: somebody","severity":"warning","#
                    + #""since":"2026-11-18T11:06:40Z","until":"2026-11-18T11:06:40Z"},"#
                    + #""timestamp":"2026-11-18T11:06:40Z","type":"gatehouse.scan"}"#)
            // The same by another tool's hand.
            let key = Data(base64Encoded: String(WebhookServer.secret.dropFirst(6))) ?? Data()
            let hexadecimal = key.map { String(format: "%02x", $0) }.joined()
            let mac = try shell(
                "openssl dgst -sha256 -mac HMAC -macopt hexkey:\(hexadecimal) -binary | base64",
                input: "gh-t-1.1795000000.\(said.body)")
            #expect("v1,\(mac.prefix { $0 != "\n" })" == said.signature)
        }
    }

    @Test(arguments: [
        ("500", "the server answered 500", false), ("302", "the server answered 302", false),
        ("401", "the server answered 401", false), ("413", "the server answered 413", true),
        ("cut", "", false), ("hang", "no answer within 300 ms", false),
    ]) func whatIsNotTakenFails(mode: String, why: String, isOfThisAlert: Bool) async throws {
        try await withFolder { folder in
            let server = try await WebhookServer(folder, mode: mode)
            let patience: Duration = mode == "hang" ? .milliseconds(300) : .seconds(60)
            let failure = try #require(await failure(sink(server.port, patience: patience)))
            #expect(failure.isOfThisAlert == isOfThisAlert)
            if !why.isEmpty { #expect(failure.why == why) }
        }
    }

    @Test func nobodyThere() async throws {
        let failure = try #require(await failure(sink(1)))
        #expect(failure.why.hasPrefix("cannot connect to 127.0.0.1:1"))
    }

    @Test func anAuthorityThatIsNotNamedIsNotBelieved() async throws {
        try await withFolder { folder in
            for name in ["tls", "other"] {
                try shell(
                    """
                    cd '\(folder)'; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
                    -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -keyout \(name).key -out \(name).crt 2>&1; \
                    cat \(name).key \(name).crt > \(name).pem
                    """)
            }
            let server = try await WebhookServer(folder)
            #expect(await failure(sink(server.port, tls: folder + "/tls.crt")) == nil)
            #expect(await failure(sink(server.port, tls: folder + "/other.crt")) != nil)
            #expect(try server.said().count == 1)
        }
    }

    /// Whatever the server does, everything arrives, each with one id and one body.
    @Test func everythingArrivesInTheEnd() async throws {
        try await withFolder { folder in
            let server = try await WebhookServer(folder, mode: "ok 500 503 cut late hang ok 429")
            let worker = worker(sink(server.port, patience: .milliseconds(500)), folder)
            let sent = (0..<60).map { alert("gh-t-\($0)") }
            worker.put(sent)
            worker.start()
            #expect(await eventually { worker.look.queued == 0 })
            worker.stop(waitingAtMost: .seconds(60))
            let said = try server.said()
            #expect(said.filter { !$0.signed }.isEmpty)
            let taken = said.filter { ["ok", "late"].contains($0.mode) }
            #expect(Set(taken.map(\.id)) == Set(sent.map(\.id)))
            #expect(Dictionary(grouping: said, by: \.id).values.allSatisfy { Set($0.map(\.body)).count == 1 })
            #expect(worker.look.lost == 0)
        }
    }

    /// Not while it is down, and all of it once it is back.
    @Test func aServerThatWasAwayGetsWhatWaited() async throws {
        try await withFolder { folder in
            let first = try await WebhookServer(folder)
            let port = first.port
            first.stop()
            let worker = worker(sink(port), folder)
            worker.start()
            for number in 0..<20 { worker.put([alert("gh-t-\(number)")]) }
            #expect(await eventually { worker.look.failures > 3 })
            #expect(worker.look.queued == 20 && worker.look.lastError != nil)
            let second = try await WebhookServer(folder, port: port)
            #expect(await eventually { worker.look.queued == 0 })
            worker.stop(waitingAtMost: .seconds(60))
            // In their order.
            #expect(try second.said().map(\.id) == (0..<20).map { "gh-t-\($0)" })
        }
    }

    private static let courier: String = {
        let place = Bundle.main.executableURL?.deletingLastPathComponent().path ?? ""
        let candidates = [
            "\(place)/AlertCourier", "\(FileManager.default.currentDirectoryPath)/.build/debug/AlertCourier",
        ]
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "AlertCourier"
    }()

    /// What was once on the disk arrives, however often the process is killed; each with the id that it had.
    @Test func killedAtRandomPoints() async throws {
        try await withFolder { folder in
            let server = try await WebhookServer(folder, mode: "ok ok ok slow 500 cut late")
            var random = Seeded(7)
            let start = { (run: String, count: Int) in
                let text = try shell(
                    "'\(Self.courier)' '\(folder)/spool' \(server.port) '\(folder)/secret' \(run) \(count) "
                        + ">> '\(folder)/said' 2>> '\(folder)/errors' & echo $!")
                return Int32(text.prefix { $0 != "\n" }) ?? 0
            }
            for round in 0..<25 {
                let process = try start("r\(round)", 100_000)
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...600, using: &random)))
                _ = kill(process, SIGKILL)
                #expect(await eventually { kill(process, 0) != 0 || Self.isZombie(process) })
            }
            try server.set(mode: "ok")
            let last = try start("last", 3)
            #expect(await eventually { kill(last, 0) != 0 || Self.isZombie(last) })
            let text = try String(contentsOfFile: folder + "/said", encoding: .utf8)
            // The last line of a run that was killed may be half there.
            let durable = Set(text.split(separator: "\n").filter { $0.hasPrefix("gh-") }.map(String.init))
            let said = try server.said()
            let taken = Set(said.filter { ["ok", "slow", "late"].contains($0.mode) }.map(\.id))
            let missing = durable.filter { id in !taken.contains { $0 == id || $0.hasPrefix(id) } }
            #expect(durable.count > 50, "\(durable.count) alerts only")
            #expect(missing.isEmpty, "\(missing.sorted().prefix(5)) of \(durable.count)")
            #expect(said.filter { !$0.signed }.isEmpty)
            #expect(Dictionary(grouping: said, by: \.id).values.allSatisfy { Set($0.map(\.body)).count == 1 })
            let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/spool")
            #expect(left.isEmpty, "\(left)")
        }
    }

    private static func isZombie(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
            return true
        }
        return text.contains(") Z ")
    }

    @Test(arguments: [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true), ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", true),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", true),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false), ("whsec_c2hvcnQ=", false), ("", false),
        ("whsec_???", false),
    ]) func secretsHaveOneForm(text: String, isOne: Bool) {
        #expect((WebhookSecret(file: Array(text.utf8)) != nil) == isOne)
    }
}
