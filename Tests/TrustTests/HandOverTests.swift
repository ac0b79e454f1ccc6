import Certificates
import Evidence
import Foundation
import Glibc
import Logging
import Sessions
import Synchronization
import TestSupport
import Testing
import VPNSources

@testable import Trust

/// The helper as it was built with the tests.
private let helper: String = {
    let place = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let candidates = [
        "\(place)/gatehouse-hand-over",
        "\(FileManager.default.currentDirectoryPath)/.build/debug/gatehouse-hand-over",
    ]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "gatehouse-hand-over"
}()

/// A server that runs on a thread of its own until it is stopped.
private final class Running: Sendable {
    let server: HandOverServer
    let events = Mutex<[HandOverServer.Event]>([])
    private let ended = DispatchSemaphore(value: 0)

    init(_ settings: HandOverServer.Settings, _ trust: CertificateTrust) throws {
        server = try HandOverServer(settings)
        Thread.detachNewThread { [self] in
            server.run(
                take: { if case .taken = trust.insert($0) { true } else { false } },
                event: { event in events.withLock { $0.append(event) } })
            ended.signal()
        }
    }

    func stop() {
        server.stop()
        ended.wait()
    }
}

@Suite(.serialized, .timeLimit(.minutes(30))) struct HandOverTests {
    @Test func theHelperHandsOver() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = CertificateTrust(clock: { Now.instant })
        let path = keys.path("run/socket")
        let running = try Running(HandOverServer.Settings(path: path), trust)
        let send = { (name: String, options: String, depth: Int) in
            try shell(
                "peer_cert=\(keys.path(name)) \(helper) \(options) \(path) \(depth) 'CN=x' && echo ok || echo no"
            )
        }
        #expect(try send("int.crt", "", 1) == "ok\n")
        #expect(try send("leaf.crt", "--strict", 0) == "ok\n")
        // With the answer to the last one, those before it are at hand too.
        for name in ["int", "leaf"] { #expect(trust.holds(try keys.certificate(name).digest)) }
        // Whatever goes wrong, the client goes on, unless somebody wants it otherwise.
        #expect(try send("leaf.key", "", 0) == "ok\n")
        #expect(try send("leaf.key", "--strict", 0) == "no\n")
        #expect(try send("nothing", "", 0) == "ok\n")
        try Data(repeating: 65, count: 300_000).write(to: URL(filePath: keys.path("big")))
        #expect(try send("big", "--strict", 0) == "no\n")
        running.stop()
        #expect(try send("leaf.crt", "", 0) == "ok\n")
        #expect(try send("leaf.crt", "--strict", 0) == "no\n")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// A daemon that hangs costs a login 200 ms, and no more.
    @Test func theHelperDoesNotWaitForLong() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        _ = try HandOverServer(HandOverServer.Settings(path: keys.path("run/socket")))
        let start = ContinuousClock.now
        try shell("peer_cert=\(keys.path("leaf.crt")) \(helper) \(keys.path("run/socket")) 0 x")
        #expect(start.duration(to: .now) < .seconds(60), "it waits 200 ms; a daemon that hangs, for ever")
    }

    @Test func connectionsThatSayNothingHoldNobodyUp() throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = CertificateTrust(clock: { Now.instant })
        var settings = HandOverServer.Settings(path: keys.path("run/socket"))
        settings.connections = 4
        settings.patience = .milliseconds(50)
        let running = try Running(settings, trust)
        defer { running.stop() }
        var silent: [Int32] = []
        for _ in 0..<20 {
            silent.append(socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) {
                unsafe $0.copyBytes(from: Array(settings.path.utf8))
            }
            _ = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(silent[silent.count - 1], $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        defer { for number in silent { close(number) } }
        for _ in 0..<100 where !trust.holds(try keys.certificate("leaf").digest) {
            try shell("peer_cert=\(keys.path("leaf.crt")) \(helper) \(settings.path) 0 x")
        }
        #expect(trust.holds(try keys.certificate("leaf").digest))
    }

    @Test(arguments: [31, 32] as [UInt64]) func mutatedMessagesNeverCrash(seed: UInt64) throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let pem = Array(try Data(contentsOf: URL(filePath: keys.path("leaf.crt"))))
        #expect(try HandOverMessage([1, 0] + pem).der == (try keys.der("leaf")))
        let trust = CertificateTrust(clock: { Now.instant })
        var random = Seeded(seed)
        for _ in 0..<3000 {
            var packet = [1, 0] + pem
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                packet[Int.random(in: 0..<packet.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if let message = try? HandOverMessage(packet) { trust.insert(message.der) }
        }
    }

    /// The whole way: a client logs in at a real OpenVPN server, and when the server asks about it the chain is at hand.
    @Test(.needsRoot, arguments: [true, false]) func aRealLogin(withHelper: Bool) async throws {
        let keys = try PublicKeys()
        defer { keys.remove() }
        let trust = CertificateTrust(clock: { Now.instant })
        _ = trust.set(authorities: [
            TrustedAuthority(name: "corporate", digests: [try keys.certificate("root").digest])
        ])
        let running = try Running(HandOverServer.Settings(path: keys.path("run/socket")), trust)
        defer { running.stop() }
        let hook = """
            script-security 2
            tls-export-cert \(keys.folder)
            tls-verify "\(ProcessInfo.processInfo.environment["GATEHOUSE_HAND_OVER"] ?? helper) \(keys.path("run/socket"))"

            """
        try shell("cd \(keys.folder); cat leaf.crt int.crt > client.pem; cat server.crt int.crt > server.pem")
        try Data(
            ("""
            mode server
            tls-server
            proto udp
            local 127.0.0.1
            port 21194
            dev ghs0
            dev-type tun
            topology subnet
            server 10.8.0.0 255.255.255.0
            ca \(keys.folder)/root.crt
            cert \(keys.folder)/server.pem
            key \(keys.folder)/server.key
            dh none
            verify-client-cert require
            auth-user-pass-optional
            management \(keys.path("mgmt.sock")) unix
            management-client-auth
            verb 3

            """ + (withHelper ? hook : "")).utf8
        ).write(to: URL(filePath: keys.path("server.conf")))
        // No login: it is asked about and refused, which is all that is looked at.
        try Data(
            """
            client
            dev ghc0
            dev-type tun
            proto udp
            remote 127.0.0.1 21194
            nobind
            ca \(keys.folder)/root.crt
            cert \(keys.folder)/client.pem
            key \(keys.folder)/leaf.key
            remote-cert-tls server
            auth-retry none
            verb 3

            """.utf8
        ).write(to: URL(filePath: keys.path("client.conf")))
        let text = try shell(
            """
            cd \(keys.folder)
            setsid unshare -n sh -c 'ip link set lo up; exec openvpn --config server.conf' >server.log 2>&1 </dev/null &
            echo $!
            """)
        let server = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        defer { kill(server, SIGKILL) }
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: keys.path("mgmt.sock")) {
            usleep(10_000)
        }
        let source = try OpenVPNSource(
            OpenVPNSource.Configuration(
                name: "office", socketPath: keys.path("mgmt.sock"), tunnel: "ghs0",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { Now.instant }))
        source.start()
        defer { source.stop() }
        var times: [Duration] = []
        var start = ContinuousClock.now
        func connect() throws {
            start = .now
            try shell(
                """
                cd \(keys.folder)
                nsenter --net=/proc/\(server)/ns/net setsid openvpn --config client.conf >client.log 2>&1 </dev/null &
                """)
        }
        for await event in source.events {
            switch event {
            case .snapshot where times.isEmpty: try connect()
            case .login(let login):
                times.append(start.duration(to: .now))
                let chain = try #require(login.session.certificates)
                #expect(chain.issuers.count == 2)
                let report = trust.report(on: chain)
                if withHelper {
                    #expect(report?.problems == [])
                    #expect(report?.attributes.emails == ["alice@example.test"])
                } else {
                    #expect(report == nil)
                }
                await source.answer(login, .refuse(log: "enough", tell: "enough"))
                // The server is a while in seeing the refused one off; the next need not wait for that.
                if times.count < 8 { try connect() } else { source.stop() }
            case .problem(_, let problem): Issue.record("\(problem)")
            default: break
            }
        }
        let sorted = times.sorted()
        #expect(times.count == 8)
        print(
            "login to question, \(withHelper ? "with" : "without") the helper: median \(sorted[sorted.count / 2])"
        )
    }
}
