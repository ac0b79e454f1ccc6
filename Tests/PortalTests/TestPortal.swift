import Crypto
import Evidence
import Foundation
import Logging
import ServiceLifecycle
import Sessions
import Synchronization
import TestSupport

@testable import Portal

/// A portal on a port of the loopback, with its certificates and a sink in memory, for the length of a closure.
struct TestPortal: Sendable {
    let authority: TestAuthority
    let sink: FakeSink
    let server: PostureServer
    let port: Int
    let clock: TestClock
    let log: TestLog

    /// The time of the certificates, which are minted around the true one.
    static let now = Instant(secondsSince1970: Int64(Date().timeIntervalSince1970))

    static func run(
        keys: [APIKey] = [], limits: PostureServer.Limits = .init(), withAuthority: Bool = true,
        _ body: (TestPortal) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let credential = try authority.issue("localhost", .server)
        let sink = FakeSink(now: now)
        let clock = TestClock(now)
        let log = TestLog()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let files = TLSFiles(
            certificate: credential.certificate, key: credential.key,
            clientAuthorities: withAuthority ? [authority.file] : [])
        let server = try PostureServer(
            PostureServer.Settings(addresses: [.init(host: "127.0.0.1", port: 0)], files: files, keys: keys),
            limits: limits, sink: sink, now: { clock.now }, log: log.logger,
            listening: { found.yield($0.port) })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: log.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            let portal = TestPortal(
                authority: authority, sink: sink, server: server, port: port, clock: clock, log: log)
            let result = await Self.result { try await body(portal) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    private static func result(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// A device on the register, with a certificate of the authority.
    func device(_ id: String, kind: DeviceKind = .laptop, otherNames: [String] = []) throws
        -> TestAuthority.Credential
    {
        let credential = try authority.issue(id)
        sink.register(.init(id: id, kind: kind, otherNames: otherNames), credential.digest)
        return credential
    }

    func client(_ credential: TestAuthority.Credential? = nil) async throws -> TestClient {
        try await TestClient(port: port, authority: authority.file, credential: credential)
    }
}

/// A wall clock that a test sets.
final class TestClock: Sendable {
    private let time: Mutex<Instant>

    init(_ now: Instant) { time = Mutex(now) }

    var now: Instant { time.withLock { $0 } }

    func advance(_ by: Duration) { time.withLock { $0 = $0 + by } }
}

/// Everything that was logged, at every level.
final class TestLog: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: TestLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}

extension APIKey {
    static func of(
        _ name: String, key: String, devices: Set<String>? = nil, kinds: Set<DeviceKind>? = nil
    ) throws -> APIKey {
        guard
            let key = APIKey(
                name: name, digest: Array(SHA256.hash(data: Array(key.utf8))), devices: devices, kinds: kinds)
        else { throw CocoaError(.coderInvalidValue) }
        return key
    }
}

/// A report of the firewall, seen so many seconds before the test's time.
func firewallReport(_ on: Bool = true, device: String? = nil, ago: Int64 = 60) -> String {
    let name = device.map { "\"device\":\"\($0)\"," } ?? ""
    return "{\(name)\"observed-at\":\"\(TestPortal.now - .seconds(ago))\",\"firewall\":\(on)}"
}

/// Runs a shell command off the cooperative pool, which the server needs.
func run(_ command: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try shell(command) })
        }
    }
}
