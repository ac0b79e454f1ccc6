import Foundation
import Glibc
import NetworkTypes
import Testing

@testable import Lab

/// What stands between the daemon and the VPN server when things go wrong there, and what is said.
@Suite(.timeLimit(.minutes(30))) struct RelayTests {
    /// Nobody's turn comes for seconds where other suites need every thread.
    private static let patience = Duration.seconds(600)

    /// A server's socket, a relay before it, and somebody who has connected to the relay.
    private final class Line {
        let folder: String
        let relay: Relay
        let listener: Int32
        var daemon: StreamEnd
        var server: StreamEnd

        init() async throws {
            folder = NSTemporaryDirectory() + "/gatehouse-relay-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            listener = try UnixSocket.listen(at: folder + "/server")
            relay = try Relay.start(at: folder + "/relay", before: folder + "/server")
            daemon = StreamEnd(try UnixSocket.connect(to: folder + "/relay"))
            let listener = listener
            server = try await Wait.forValue("the relay to connect", within: RelayTests.patience) {
                StreamEnd(from: listener)
            }
        }

        deinit {
            relay.end()
            close(listener)
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Reads until so many bytes are there.
    private func read(_ count: Int, from end: StreamEnd) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await Wait.until("\(count) bytes", within: RelayTests.patience, every: .milliseconds(1)) {
            bytes += end.read()
            return bytes.count >= count || end.isOver
        }
        return bytes
    }

    @Test func handsOnBothWays() async throws {
        let line = try await Line()
        line.daemon.write("status 3\n".utf8)
        #expect(try await read(9, from: line.server) == Array("status 3\n".utf8))
        let answer = [UInt8](repeating: 7, count: 3 << 20)
        line.server.write(answer)
        let (server, daemon) = (line.server, line.daemon)
        var bytes: [UInt8] = []
        try await Wait.until("the answer", within: RelayTests.patience, every: .milliseconds(1)) {
            server.flush()
            bytes += daemon.read()
            return bytes.count >= answer.count
        }
        #expect(bytes == answer)
    }

    @Test func closesForBoth() async throws {
        let line = try await Line()
        line.relay.set(.refuses)
        #expect(try await read(1, from: line.daemon).isEmpty && line.daemon.isOver)
        #expect(try await read(1, from: line.server).isEmpty && line.server.isOver)
        #expect(throws: LabError.self) { try UnixSocket.connect(to: line.folder + "/relay") }
        line.relay.set(.forwards)
        let path = line.folder + "/relay"
        line.daemon = StreamEnd(
            try await Wait.forValue("the relay to be back", within: RelayTests.patience) {
                try? UnixSocket.connect(to: path)
            })
        line.daemon.write("pid\n".utf8)
        let listener = line.listener
        line.server = try await Wait.forValue("the relay to connect", within: RelayTests.patience) {
            StreamEnd(from: listener)
        }
        #expect(try await read(4, from: line.server) == Array("pid\n".utf8))
    }

    @Test func hangsWithoutLosingAnything() async throws {
        let line = try await Line()
        line.relay.set(.hangs)
        let relay = line.relay
        try await Wait.until("the relay to hang", within: RelayTests.patience) { relay.obeyed == .hangs }
        line.server.write("first\n".utf8)
        // Time in which it would come through if it could.
        try await Task.sleep(for: .milliseconds(100))
        #expect(line.daemon.read().isEmpty && !line.daemon.isOver)
        line.relay.set(.forwards)
        #expect(try await read(6, from: line.daemon) == Array("first\n".utf8))
    }

    /// All of it arrives, and then what the server says.
    @Test func floodsAndGoesOn() async throws {
        let line = try await Line()
        let flood = Flood(megabytes: 1, seed: 1)
        var said: [UInt8] = []
        var copy = flood
        while let chunk = copy.next() { said += chunk }
        line.relay.begin(flood)
        #expect(try await read(said.count, from: line.daemon) == said)
        #expect(line.relay.progress == (said.count, false))
        line.server.write("END\n".utf8)
        #expect(try await read(4, from: line.daemon) == Array("END\n".utf8))
    }

    @Test func theFloodIsAsBigAsItSays() throws {
        var flood = Flood(megabytes: 1, seed: 2)
        var chunks: [[UInt8]] = []
        while let chunk = flood.next() { chunks.append(chunk) }
        let bytes = chunks.reduce(0) { $0 + $1.count }
        #expect(bytes > 4_100_000 && bytes < 4_300_000)
        #expect(chunks.last == [0x0a], "the server's next line is its own")
        let endless = chunks[16..<32]
        #expect(endless.allSatisfy { !$0.contains(0x0a) })
    }
}

struct CrowdTests {
    private let speech = CrowdSpeech(
        process: 7, tunnel: "tuncrowd", authority: String(repeating: "ab", count: 32))

    @Test func asksAsOpenVPNDoes() {
        let lines = speech.asking(300).split(separator: "\r\n").map(String.init)
        #expect(lines.first == ">CLIENT:CONNECT,300,1" && lines.last == ">CLIENT:ENV,END")
        for line in [
            "common_name=crowd-300", "username=crowd-50", "daemon_pid=7", "dev=tuncrowd",
            "tls_digest_sha256_1=" + Array(repeating: "ab", count: 32).joined(separator: ":"),
        ] { #expect(lines.contains(">CLIENT:ENV," + line)) }
    }

    /// Each has addresses of its own, and those that wait have none yet.
    @Test func listsThemAll() {
        let list = speech.list(open: [256, 65_535], waiting: [257])
        #expect(list.contains("\t10.9.1.0\tfd09::100\t") && list.contains("\t10.9.255.255\tfd09::ffff\t"))
        #expect(list.contains("CLIENT_LIST\tcrowd-257\t198.51.100.253:1281\t\t\t"))
        #expect(list.hasSuffix("END\r\n"))
        #expect(Crowd.address(70_241, .ipv4) == "10.9.18.97" && Crowd.address(70_241, .ipv6) == "fd09::1261")
        #expect(
            speech.arriving(256).hasPrefix(
                ">CLIENT:ADDRESS,256,10.9.1.0,1\r\n>CLIENT:ADDRESS,256,fd09::100,1"))
    }

    @Test func everybodyIsOnTheRegister() {
        #expect(CrowdSpeech.devices.split(separator: "\n").count == 250)
        #expect(CrowdSpeech.users.split(separator: "\n").count == 250)
    }
}
