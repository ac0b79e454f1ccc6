import Control
import ControlAPI
import Foundation
import Glibc
import Testing

/// How a server comes, goes, and takes the place of a dead one.
@Suite(.timeLimit(.minutes(30))) struct LifeTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func theSocketIsPrivate() async throws {
        try await withSocketPath { path in
            let running = try server(path)
            #expect(try mode(path) == 0o600)
            #expect(try mode(path + ".lock") == 0o600)
            #expect(!FileManager.default.fileExists(atPath: path + ".new"))
            await running.stop()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func refusesASecondServer() async throws {
        try await withSocketPath { path in
            let first = try server(path)
            #expect(throws: ControlServerError.running(path: path)) {
                try server(path)
            }
            // The first one has not noticed.
            #expect(
                try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init()) == .init()
            )
            await first.stop()
        }
    }

    @Test func replacesTheSocketOfADeadServer() async throws {
        try await withSocketPath { path in
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let running = try server(path)
                kill(getpid(), SIGKILL)
                await running.stop()
            }
            #expect(FileManager.default.fileExists(atPath: path))
            await #expect(throws: ControlClientError.notRunning(path: path)) {
                try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init())
            }
            let running = try server(path)
            #expect(
                try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init()) == .init()
            )
            await running.stop()
        }
    }

    @Test func replacesNothingButSockets() async throws {
        try await withSocketPath { path in
            #expect(FileManager.default.createFile(atPath: path, contents: Data("mine".utf8)))
            #expect(throws: ControlServerError.notASocket(path: path)) {
                try server(path)
            }
            #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
        }
    }

    @Test func saysWhyItCannotOpen() async throws {
        try await withSocketPath { path in
            let missing = path + "-none/control.sock"
            let first = try #require(
                #expect(throws: ControlServerError.self) {
                    try server(missing)
                })
            #expect(first.description.contains("\(missing).lock: No such file or directory"))
            let long = path + String(repeating: "x", count: 100)
            let second = try #require(
                #expect(throws: ControlServerError.self) {
                    try server(long)
                })
            #expect(second.description.contains("File name too long"))
        }
    }

    @Test func aNewServerFollowsAnOldOne() async throws {
        try await withSocketPath { path in
            for _ in 0..<20 {
                let running = try server(path)
                #expect(
                    try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init())
                        == .init())
                await running.stop()
                await running.stop()
            }
        }
    }

    /// Idle connections are closed; a request under way is answered first.
    @Test func stopsWhileClientsAreConnected() async throws {
        try await withSocketPath { path in
            let (arrived, arrival) = AsyncStream<Void>.makeStream()
            let (gate, opening) = AsyncStream<Void>.makeStream()
            let running = try server(path) { _, _ in
                arrival.yield()
                for await _ in gate { break }
                return .done
            }
            let idle = try RawClient(path)
            let busy = try RawClient(path)
            busy.ask("POST", "/v1/slow")
            for await _ in arrived { break }
            async let stopped: Void = running.stop()
            #expect(await idle.isClosed())
            opening.yield()
            #expect(await busy.response().hasSuffix("{}"))
            await stopped
            for client in [idle, busy] { client.close() }
        }
    }

    @Test func stopsWhenLetGoOf() async throws {
        try await withSocketPath { path in
            var one: ControlServer? = try server(path)
            let client = try RawClient(path)
            client.ask("POST", "/v1/nothing")
            #expect(await client.response().hasPrefix("HTTP/1.1 200 OK"))
            #expect(one != nil)
            one = nil
            #expect(await client.isClosed())
            client.close()
        }
    }

    /// A handler that never answers: the client gives up, and other clients are served meanwhile.
    @Test func theClientGivesUp() async throws {
        try await withSocketPath { path in
            let (gate, opening) = AsyncStream<Void>.makeStream()
            let running = try server(path) { request, _ in
                if request.operation.id == "slow" { for await _ in gate { break } }
                return .done
            }
            await #expect(throws: ControlClientError.timedOut(after: .milliseconds(30))) {
                let client = ControlClient(path: path, timeout: .milliseconds(30))
                return try await client.call(Asked.slow, .init())
            }
            #expect(
                try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init()) == .init()
            )
            opening.finish()
            await running.stop()
        }
    }

    @Test func theClientSaysThatNobodyIsThere() async throws {
        try await withSocketPath { path in
            let error = try await #require(
                #expect(throws: ControlClientError.self) {
                    try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init())
                })
            #expect(error == .notRunning(path: path))
            #expect(error.description.contains("is the daemon running?"))
        }
    }

    /// For real, when we are root: a child that gives up root meets the mode of the socket.
    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func othersMayNotConnect() async throws {
        try await withSocketPath { path in
            let running = try server(path)
            await #expect(processExitsWith: .exitCode(77)) { [path = path as String] in
                setgid(65534)
                setuid(65534)
                do {
                    _ = try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init())
                } catch ControlClientError.permissionDenied {
                    exit(77)
                }
            }
            await running.stop()
        }
    }

    /// For real, when we are root: with the mode opened wide, the kernel's word on who asks still refuses.
    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func othersAreRefusedByTheirCredentials() async throws {
        try await withSocketPath { path in
            let running = try server(path)
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
            await #expect(processExitsWith: .exitCode(77)) { [path = path as String] in
                setgid(65534)
                setuid(65534)
                do {
                    _ = try await ControlClient(path: path, timeout: patience).call(Asked.nothing, .init())
                } catch ControlClientError.refused(let failure) where failure.id == "forbidden" {
                    exit(77)
                }
            }
            await running.stop()
        }
    }
}
