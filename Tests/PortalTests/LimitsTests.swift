import Evidence
import Foundation
import Glibc
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import PostureReports
import Sessions
import Testing

@testable import Portal

/// Slow, greedy and hostile peers.
@Suite(.timeLimit(.minutes(30))) struct LimitsTests {
    @Test(arguments: [
        ("GET /posture/v1/reports HTTP/1.1", "", 405), ("PUT /posture/v1/reports HTTP/1.1", "", 405),
        ("POST / HTTP/1.1", "", 404), ("POST /posture/v1/reports/ HTTP/1.1", "", 404),
        ("POST /posture/v2/reports HTTP/1.1", "", 404), ("POST /posture/v1/reports?x=1 HTTP/1.1", "", 400),
        ("POST /posture/v1/reports HTTP/1.1", "Content-Type: text/plain", 415),
        ("POST /posture/v1/reports HTTP/1.1", "Content-Encoding: gzip", 415),
        ("POST /posture/v1/reports HTTP/1.1", "Content-Type: application/json; charset=utf-8", 400),
    ])
    func judgesTheHead(line: String, header: String, status: Int) async throws {
        try await TestPortal.run { portal in
            let client = try await portal.client(try portal.device("laptop-0001"))
            let type = header.hasPrefix("Content-Type") ? [] : ["Content-Type: application/json"]
            let lines = [line, "Host: x", "Content-Length: 2"] + type + (header.isEmpty ? [] : [header])
            let answer = try await client.exchange((lines + ["", "{}"]).joined(separator: "\r\n"))
            #expect(answer.status == status)
        }
    }

    @Test func refusesLargeBodies() async throws {
        var limits = PostureServer.Limits()
        limits.posture.report.json.bytes = 1000
        try await TestPortal.run(limits: limits) { portal in
            let device = try portal.device("laptop-0001")
            let fits = firewallReport() + String(repeating: " ", count: 1000 - firewallReport().utf8.count)
            #expect(try await portal.client(device).post(fits).status == 200)
            #expect(try await portal.client(device).post(fits + " ").status == 413)
            let head = "POST /posture/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            // Said, and never sent.
            let said = try await portal.client(device)
            #expect(try await said.exchange(head + "Content-Length: 9999999999\r\n\r\n").status == 413)
            await #expect(throws: (any Error).self) { try await said.answer() }
            // Sent, and never said.
            let chunk = "100\r\n" + String(repeating: " ", count: 256) + "\r\n"
            let sent = try await portal.client(device)
            try await sent.send(head + "Transfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<5 { try await sent.send(chunk) }
            try await sent.send("0\r\n\r\n")
            #expect(try await sent.answer().status == 413)
            // Endless.
            let endless = try await portal.client(device)
            try await endless.send(head + "Transfer-Encoding: chunked\r\n\r\n")
            while (try? await endless.send(chunk)) != nil {}
        }
    }

    @Test func refusesLargeHeads() async throws {
        try await TestPortal.run { portal in
            let device = try portal.device("laptop-0001")
            let long = ["X-Long: " + String(repeating: "x", count: 20_000)]
            let many = (0..<100).map { "X-\($0): 1" }
            for headers in [long, many] {
                let client = try await portal.client(device)
                let answer = try? await client.post(firewallReport(), headers: headers)
                #expect(answer == nil || answer?.status == 400 || answer?.status == 431)
                await #expect(throws: (any Error).self) { try await client.post(firewallReport()) }
            }
            #expect(portal.sink.taken.isEmpty)
        }
    }

    @Test func bodiesShareABudget() async throws {
        var limits = PostureServer.Limits()
        limits.posture.bodies = 3000
        try await TestPortal.run(limits: limits) { portal in
            let device = try portal.device("laptop-0001")
            let head = "POST /posture/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            let first = try await portal.client(device)
            let body = firewallReport() + String(repeating: " ", count: 2000)
            try await first.send(head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body.dropLast())
            // Until the first one's bytes are there, the second is taken; then it is refused until the first one is done.
            let second = try await portal.client(device)
            while try await second.post(body).status != 503 {}
            try await first.send(" ")
            #expect(try await first.answer().status == 200)
            #expect(try await portal.client(device).post(body).status == 200)
        }
    }

    @Test func limitsADevicesRate() async throws {
        var limits = PostureServer.Limits()
        limits.posture.deviceRate = (perSecond: 0.001, burst: 3)
        try await TestPortal.run(limits: limits) { portal in
            let client = try await portal.client(try portal.device("laptop-0001"))
            for _ in 0..<3 { #expect(try await client.post(firewallReport()).status == 200) }
            let answer = try await client.post(firewallReport())
            #expect(answer.status == 429)
            #expect((900...1001).contains(answer.headers["retry-after"].flatMap { Int($0) } ?? 0))
            // Others are not held up by it.
            #expect(
                try await portal.client(try portal.device("laptop-0002")).post(firewallReport()).status == 200
            )
        }
    }

    @Test func limitsStrangers() async throws {
        var limits = PostureServer.Limits()
        limits.posture.strangerRate = (perSecond: 0.001, burst: 3)
        try await TestPortal.run(keys: [.of("intune", key: "secret")], limits: limits) { portal in
            portal.sink.register(.init(id: "a", kind: .laptop))
            let client = try await portal.client()
            for key in ["1", "2", "3"] { #expect(try await client.post("{}", key: key).status == 401) }
            #expect(try await client.post("{}", key: "4").status == 429)
            #expect(try await client.post(firewallReport(device: "a"), key: "secret").status == 200)
        }
    }

    @Test func limitsConnectionsOfOnePeer() async throws {
        var limits = PostureServer.Limits()
        limits.connectionsOfOne = 2
        try await TestPortal.run(limits: limits) { portal in
            let device = try portal.device("laptop-0001")
            let clients = [try await portal.client(device), try await portal.client(device)]
            for client in clients { #expect(try await client.post(firewallReport()).status == 200) }
            let third = try await portal.client(device)
            await #expect(throws: (any Error).self) { try await third.post(firewallReport()) }
            await clients[0].close()
            // The place is free when the server has seen the end of the first one.
            var status = 0
            while status != 200 {
                status = (try? await portal.client(device).post(firewallReport()).status) ?? 0
            }
        }
    }

    /// What a peer does, and that the connection ends by itself.
    @Test(arguments: [
        "says nothing", "no handshake", "half a head", "half a body", "body in drops",
        "garbage for a handshake",
    ])
    func hasLittlePatience(behaviour: String) async throws {
        var limits = PostureServer.Limits()
        limits.patience = .init(idle: .seconds(1), request: .seconds(1), answer: .seconds(5))
        try await TestPortal.run(limits: limits) { portal in
            let head = "POST /posture/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            let channel: any Channel
            if behaviour.contains("handshake") {
                channel = try await TestClient.bootstrap()
                    .connect(host: "127.0.0.1", port: portal.port).get()
                if behaviour.hasPrefix("garbage") {
                    try? await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.0\r\n\r\n"))
                }
            } else {
                let client = try await portal.client(try portal.device("laptop-0001"))
                channel = client.channel
                switch behaviour {
                case "half a head": try? await client.send("POST /posture/v1/reports HTTP/1.1\r\nHost")
                case "half a body": try? await client.send(head + "Content-Length: 100\r\n\r\n{")
                case "body in drops":
                    try? await client.send(head + "Content-Length: 100000\r\n\r\n")
                    while (try? await client.send(" ")) != nil {
                        try? await Task.sleep(for: .milliseconds(20))
                    }
                default: break
                }
            }
            try await channel.closeFuture.get()
            // On a busy machine an honest client may run out of time too; it tries again.
            let device = try portal.device("laptop-0002")
            var status = 0
            while status != 200 {
                status = (try? await portal.client(device).post(firewallReport()).status) ?? 0
            }
        }
    }

    /// An error in setting up one connection must not reach the listener.
    @Test func survivesResets() async throws {
        try await TestPortal.run { portal in
            for round in 0..<60 {
                let channel = try await TestClient.bootstrap()
                    .connect(host: "127.0.0.1", port: portal.port).get()
                // Closing with this set sends a reset.
                let options = try #require(channel as? any SocketOptionProvider)
                try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                if round % 3 == 0 { try? await channel.writeAndFlush(ByteBuffer(bytes: [0x16, 3, 1, 2, 0])) }
                try await channel.close()
            }
            #expect(
                try await portal.client(try portal.device("laptop-0001")).post(firewallReport()).status == 200
            )
        }
    }

    @Test(arguments: [(TLSVersion.tlsv11, false), (.tlsv12, true), (.tlsv13, true)])
    func speaksModernTLS(version: TLSVersion, isTaken: Bool) async throws {
        try await TestPortal.run { portal in
            let client = try await TestClient(
                port: portal.port, authority: portal.authority.file,
                credential: try portal.device("laptop-0001")
            ) {
                $0.minimumTLSVersion = version
                $0.maximumTLSVersion = version
            }
            let status = try? await client.post(firewallReport()).status
            #expect(status == (isTaken ? 200 : nil))
        }
    }

    /// A resumed session shows no certificate anew; it is that of the session's first handshake.
    @Test(arguments: ["-tls1_2", "-tls1_3"]) func remembersTheCertificateOfAResumedSession(version: String)
        async throws
    {
        try await TestPortal.run { portal in
            let device = try portal.device("laptop-0001")
            let directory = portal.authority.directory.path
            let request = { (ago: Int64) in
                let body = firewallReport(ago: ago)
                return
                    "POST /posture/v1/reports HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Type: application/json\\r\\n"
                    + "Content-Length: \(body.utf8.count)\\r\\n\\r\\n" + body.replacing("\"", with: "\\\"")
            }
            let connect =
                "openssl s_client -connect 127.0.0.1:\(portal.port) \(version) -CAfile \(portal.authority.file) -ign_eof"
            _ = try await shellOutput(
                "printf \"\(request(60))\" | \(connect) -cert \(device.certificate) -key \(device.key) -sess_out \(directory)/s"
            )
            #expect(portal.sink.taken.count == 1)
            let second = try await shellOutput(
                "printf \"\(request(50))\" | \(connect) -sess_in \(directory)/s")
            #expect(second.contains("Reused, "))
            #expect(second.contains("{\"taken\":1}"))
            #expect(portal.sink.taken.last?.subject == .certificate(device.digest))
        }
    }

    @Test func readsItsFilesAnew() async throws {
        try await TestPortal.run { portal in
            let device = try portal.device("laptop-0001")
            let first = try await portal.client(device)
            let renewed = try TestAuthority("Renewed")
            let newDevice = try renewed.issue("laptop-0001")
            portal.sink.register(.init(id: "laptop-0001", kind: .laptop), newDevice.digest)
            #expect(throws: Never.self) { try portal.server.reload() }
            let file = URL(filePath: portal.authority.file)
            let old = try Data(contentsOf: file)
            try Data("nothing".utf8).write(to: file)
            #expect(throws: PortalProblem.self) { try portal.server.reload() }
            #expect(try await first.post(firewallReport()).status == 200)
            try (old + Data(contentsOf: URL(filePath: renewed.file))).write(to: file)
            try portal.server.reload()
            #expect(try await portal.client(newDevice).post(firewallReport(ago: 50)).status == 200)
            #expect(try await portal.client(device).post(firewallReport(ago: 40)).status == 200)
        }
    }

    @Test(arguments: ["certificate", "key", "authority", "other key"]) func saysWhichFileIsNoGood(
        which: String
    ) throws {
        let authority = try TestAuthority()
        let credential = try authority.issue("localhost", .server)
        var files = TLSFiles(
            certificate: credential.certificate, key: credential.key, clientAuthorities: [authority.file])
        switch which {
        case "certificate": files.certificate = "/nowhere/certificate"
        case "key": files.key = credential.certificate
        case "authority": files.clientAuthorities = [credential.key]
        default: files.key = try authority.issue("other", .server).key
        }
        #expect(throws: PortalProblem.self) { try files.context() }
    }

    /// One address is another's already; the others are listened on all the same, and that one as soon as it is free.
    @Test func listensOnSeveralAddresses() async throws {
        try await TestPortal.run { portal in
            let credential = try portal.authority.issue("localhost", .server)
            let files = TLSFiles(
                certificate: credential.certificate, key: credential.key, clientAuthorities: [])
            let blocker = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(blocker.localAddress?.port)
            var limits = PostureServer.Limits()
            limits.retry = .milliseconds(50)
            let (addresses, found) = AsyncStream.makeStream(of: ListenAddress.self)
            let server = try PostureServer(
                .init(
                    addresses: [.init(host: "127.0.0.1", port: port), .init(host: "::1", port: 0)],
                    files: files,
                    keys: []),
                limits: limits, sink: portal.sink, now: { TestPortal.now }, log: portal.log.logger,
                listening: { found.yield($0) })
            let task = Task { try await server.run() }
            var iterator = addresses.makeAsyncIterator()
            #expect(await iterator.next()?.host == "::1")
            try await blocker.close()
            #expect(await iterator.next() == ListenAddress(host: "127.0.0.1", port: port))
            task.cancel()
            try? await task.value
        }
    }
}

private func shellOutput(_ command: String) async throws -> String { try await run(command + " || true") }
