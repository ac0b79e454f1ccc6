import Control
import ControlAPI
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

/// Who may ask what, by what the kernel says of them.
@Suite(.timeLimit(.minutes(30))) struct RoleTests {
    static let access = ControlServer.Access(
        groups: RoleGroups([.viewer: 700, .operator: 701, .policyAdmin: 702]))

    @Test(
        arguments: [
            (Peer(uid: 0), .policyAdmin), (Peer(uid: geteuid()), .policyAdmin),
            (Peer(uid: 4242), nil), (Peer(uid: 4242, gid: 4242, groups: [4, 24]), nil),
            // By the primary group as well as by others; the highest counts.
            (Peer(uid: 4242, gid: 700), .viewer), (Peer(uid: 4242, gid: 4, groups: [24, 701]), .operator),
            (Peer(uid: 4242, gid: 702, groups: [700]), .policyAdmin),
            (Peer(uid: 4242, gid: 700, groups: [701, 4]), .operator),
            // Root's group is no role.
            (Peer(uid: 4242, gid: 0, groups: [0]), nil),
        ] as [(Peer, Role?)])
    func rolesComeWithGroups(peer: Peer, role: Role?) {
        #expect(Self.access.role(of: peer) == role)
        #expect(ControlServer.Access().role(of: peer) == (Self.access.isOwn(peer) ? .policyAdmin : nil))
    }

    /// Every role against an operation of every role, through the socket.
    @Test(arguments: [(700, 1), (701, 2), (702, 3)] as [(UInt32, Int)])
    func eachRoleMayWhatItMay(group: UInt32, count: Int) async throws {
        let who: @Sendable (Int32) -> Peer? = { _ in Peer(uid: 4242, groups: [group]) }
        try await withServer(Host(access: Self.access, credentials: who)) { path in
            let client = ControlClient(path: path, timeout: patience)
            for (number, operation) in [Asked.nothing, Asked.slow, Asked.rule].enumerated() {
                do throws(ControlClientError) {
                    _ = try await client.call(operation, .init())
                    #expect(number < count)
                } catch {
                    guard case .refused(let failure) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(number >= count && failure.id == "forbidden", "\(failure)")
                    #expect(failure.message.contains(operation.row.role.rawValue))
                }
            }
        }
    }

    /// Strangers are told so, logged once, and what they send reaches nobody.
    @Test(arguments: [Peer(uid: 4242, pid: 77, userName: "mallory"), nil])
    func refusesOthers(peer: Peer?) async throws {
        let calls = Counter()
        let log = Log()
        let handler: ControlServer.Handler = { _, _ in
            calls.increment()
            return .done
        }
        let host = Host(
            access: Self.access, logger: Logger(label: "test") { _ in log }, handler: handler,
            credentials: { _ in peer })
        try await withServer(host) { path in
            let failure = ControlFailure(
                id: "forbidden",
                message: "only root, gatehouse's own user and members of its groups may ask")
            for _ in 0..<20 {
                await #expect(throws: ControlClientError.refused(failure)) {
                    try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init())
                }
            }
        }
        #expect(calls.value == 0)
        #expect(log.lines == ["refused a control connection peer=\(peer?.description ?? "unknown")"])
    }

    /// Whoever has a role and holds connections open keeps neither root nor others with a role out.
    @Test func nobodyTakesAllPlaces() async throws {
        var limits = patient
        limits.connections = 16
        let now = Mutex(Peer(uid: 4242, groups: [700]))
        let who: @Sendable (Int32) -> Peer? = { _ in now.withLock { $0 } }
        try await withServer(Host(limits: limits, access: Self.access, credentials: who)) { path in
            let held = try (0..<4).map { _ in try RawClient(path) }
            for client in held {
                client.ask("GET", "/v1/who")
                #expect(await client.response().hasPrefix("HTTP/1.1 200 OK"))
            }
            let client = ControlClient(path: path, timeout: patience)
            let error = try await #require(
                #expect(throws: ControlClientError.self) { try await client.call(Asked.who, .init()) })
            #expect("\(error)".contains("too-many-connections"))
            for uid: UInt32 in [4243, 0] {
                now.withLock { $0 = Peer(uid: uid, groups: [700]) }
                #expect(try await client.call(Asked.who, .init())["uid"] == "\(uid)")
            }
            for client in held { client.close() }
        }
    }

    /// For real, when we are root: a child that gives up root, with groups or without, through the kernel's own word. What it
    /// asks is refused by the event loop, with the role: no handler has to find a thread of the pool while it waits.
    @Test(
        .enabled(if: geteuid() == 0, "needs root"),
        arguments: [
            (65_534, [], "only root"), (65_534, [700], "you are viewer"),
            (65_534, [4, 701], "you are operator"),
            (701, [700], "you are operator"),
        ] as [(UInt32, [UInt32], String)])
    func theKernelNamesGroups(group: UInt32, groups: [UInt32], words: String) async throws {
        try await withServer(Host(access: Self.access)) { path in
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: (path as NSString).deletingLastPathComponent)
            let list = groups.map(String.init).joined(separator: ",")
            await #expect(processExitsWith: .exitCode(77)) {
                [
                    path = path as String, group = group as UInt32, list = list as String,
                    words = words as String
                ] in
                let numbers = list.split(separator: ",").compactMap { gid_t($0) }
                _ = unsafe setgroups(numbers.count, numbers)
                setgid(group)
                setuid(65_534)
                do {
                    _ = try await ControlClient(path: path, timeout: patience).call(Asked.rule, .init())
                } catch ControlClientError.refused(let failure) {
                    if failure.id == "forbidden", failure.message.contains(words) { exit(77) }
                }
            }
        }
    }
}

/// Keeps what is logged at warning and above.
final class Log: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted()
        kept.withLock { $0.append((["\(event.message)"] + pairs).joined(separator: " ")) }
    }
}
