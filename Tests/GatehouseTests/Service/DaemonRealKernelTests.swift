import Foundation
import Glibc
import Lab
import Synchronization
import TestSupport
import Testing

@testable import gatehouse

/// The daemon as a process of its own, in a network namespace of its own, with a socket that stands in for systemd.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30))) struct DaemonRealKernelTests {
    /// As whom it runs: `systemd/gatehouse.service` gives it a user and two capabilities, and nothing else.
    enum Rights: CaseIterable {
        case root, ownUser

        var words: [String] {
            switch self {
            case .root: []
            case .ownUser:
                [
                    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs",
                    "--inh-caps=-all,+net_admin,+net_raw", "--ambient-caps=-all,+net_admin,+net_raw",
                    "--bounding-set=-all,+net_admin,+net_raw",
                ]
            }
        }
    }

    @Test(arguments: Rights.allCases) func tellsItsManagerAndLeavesItsRules(rights: Rights) async throws {
        try await Gateway.inFolder { folder in
            let stage = try Stage(folder: folder, rights: rights)
            defer { stage.remove() }
            let socket = try DatagramSocket(folder + "/notify")
            let daemon = try stage.start(notify: socket.path)
            defer { stage.end(daemon) }

            #expect(await socket.hears("READY=1"), "\(stage.log)")
            // What READY says is so: the rules and the socket are there.
            #expect(try stage.tables() == ["inet gatehouse", "inet gatehouse-guard", "inet gatehouse-held"])
            #expect(try stage.ask("sessions").status == 0)
            if rights == .ownUser {
                let status = try String(contentsOfFile: "/proc/\(daemon.identifier)/status", encoding: .utf8)
                #expect(status.contains("CapEff:\t0000000000003000"), "net_admin and net_raw")
                #expect(status.contains("CapBnd:\t0000000000003000") && status.contains("NoNewPrivs:\t1"))
            }

            #expect(await socket.hears("WATCHDOG=1", times: 3), "\(stage.log)")
            #expect(socket.lines.contains { $0.hasPrefix("STATUS=0 sessions") })

            daemon.signal(SIGHUP)
            #expect(await socket.hears("RELOADING=1"), "\(stage.log)")
            #expect(await socket.hears("READY=1", times: 2), "\(stage.log)")

            daemon.signal(SIGTERM)
            #expect(await socket.hears("STOPPING=1"), "\(stage.log)")
            #expect(await stage.status(of: daemon) == 0, "\(stage.log)")
            #expect(try stage.tables() == ["inet gatehouse", "inet gatehouse-guard"], "a stop opens nothing")
        }
    }

    /// A stopped process is the plainest of all that hang.
    @Test func aFrozenProcessGivesNoSignOfLife() async throws {
        try await Gateway.inFolder { folder in
            let stage = try Stage(folder: folder, rights: .root)
            defer { stage.remove() }
            let socket = try DatagramSocket(folder + "/notify")
            let daemon = try stage.start(notify: socket.path)
            defer { stage.end(daemon) }
            #expect(await socket.hears("WATCHDOG=1", times: 2), "\(stage.log)")
            daemon.signal(SIGSTOP)
            // T is stopped (proc(5)).
            while try !shell("cut -d' ' -f3 /proc/\(daemon.identifier)/stat").hasPrefix("T") {}
            let count = socket.lines.count { $0 == "WATCHDOG=1" }
            #expect(await !socket.hears("WATCHDOG=1", times: count + 1, within: .seconds(2)))
            daemon.signal(SIGCONT)
            #expect(await socket.hears("WATCHDOG=1", times: count + 1))
        }
    }

    /// Without the rules there is no READY: the guard alone is in force.
    @Test func noReadyWithoutRules() async throws {
        try await Gateway.inFolder { folder in
            let stage = try Stage(folder: folder, rights: .root)
            defer { stage.remove() }
            try FileManager.default.removeItem(atPath: folder + "/rules/policy.yaml")
            let socket = try DatagramSocket(folder + "/notify")
            let daemon = try stage.start(notify: socket.path)
            #expect(await stage.status(of: daemon) != 0)
            #expect(socket.lines.isEmpty)
        }
    }
}

extension DaemonRealKernelTests {
    /// A namespace with a name, and a daemon's files.
    private final class Stage: Sendable {
        let folder: String
        let rights: Rights
        private let space: String
        private static let count = Mutex(0)

        init(folder: String, rights: Rights) throws {
            self.folder = folder
            self.rights = rights
            space = "ghtest-\(getpid())-\(Self.count.withLock { count in count += 1; return count })"
            try Gateway.write(Gateway.pack(), to: folder + "/rules")
            let text = """
                rules: \(folder)/rules
                state: \(folder)/state
                control: \(folder)/control.sock
                sources: [{ name: office, openvpn: { management: \(folder)/none.sock }, tunnel: tun0 }]
                """
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/gatehouse.yaml"))
            if rights == .ownUser { try shell("chown -R 65534:65534 '\(folder)'") }
            try shell("ip netns add \(space)")
        }

        func remove() { _ = try? shell("ip netns del \(space)") }

        func start(notify: String) throws -> Spawn {
            let output = unsafe open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            let input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
            defer { for descriptor in [output, input] { close(descriptor) } }
            // Each of these becomes the next one, so the number is the daemon's.
            return try Spawn(
                ["NOTIFY_SOCKET=\(notify)", "WATCHDOG_USEC=900000", "ip", "netns", "exec", space]
                    + rights.words + [Executable.path, "run", "--config", folder + "/gatehouse.yaml"],
                input: input, output: output, errors: output)
        }

        var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

        func tables() throws -> [String] {
            try shell("ip netns exec \(space) nft list tables").split(separator: "\n")
                .map { String($0.dropFirst("table ".count)) }.sorted()
        }

        func ask(_ words: String) throws -> Executable.Result {
            try Executable.run("\(words) --control '\(folder)/control.sock'", in: folder)
        }

        /// At the latest now; what is killed is gone at once.
        func end(_ daemon: Spawn) {
            daemon.signal(SIGKILL)
            _ = daemon.wait()
        }

        func status(of daemon: Spawn) async -> Int32? {
            let deadline = ContinuousClock.now + .seconds(60)
            while daemon.status == nil, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(20))
            }
            return daemon.status
        }
    }
}
