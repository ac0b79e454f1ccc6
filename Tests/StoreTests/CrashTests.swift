import Evidence
import Foundation
import Glibc
import Sessions
import Store
import Testing

/// A process that is killed in the middle of writing, and what is found afterwards.
@Suite(.serialized) struct CrashTests {
    /// The child writes without end and notes, after each call that returned, its number in a file. Another thread of
    /// it kills it after so many notes, at whatever point of whichever write that falls.
    @Test(arguments: [1, 2, 7, 40, 150])
    func everyAcknowledgedWriteIsThere(notes: Int) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, notes = notes as Int] in
            try writeUntilKilled(path, notes: notes)
        }
        let log = try String(contentsOfFile: path + "/acknowledged", encoding: .utf8)
        let acknowledged = try #require(log.split(separator: "\n").last.flatMap { Int($0) })
        #expect(acknowledged >= notes)
        let store = try Store(directory: path)
        // The one write after the last note may be there or not: its note was not written yet.
        let failures = try #require(store.totpStates()["emp"]).failures
        #expect((acknowledged...acknowledged + 1).contains(failures))
        // Both halves of each transaction, or none.
        let clients = try store.sessions().map(\.session.id.client)
        #expect(clients == (1...UInt64(failures)).map { $0 })
        try store.add(hold: Hold(subject: .user("emp"), since: .seconds(1), by: "root"))
    }

    /// The child dies while it makes its first database; the next start has one.
    @Test func survivesADeathWhileTheStoreIsMade() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            killWhenExists(path + "/gatehouse.sqlite.new")
            while true {
                try Store(directory: path).close()
                try FileManager.default.removeItem(atPath: path)
            }
        }
        #expect(try Store(directory: path).sessions().isEmpty)
    }
}

private func writeUntilKilled(_ path: String, notes: Int) throws {
    let store = try Store(directory: path)
    let log = unsafe open(path + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
    let enough = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
        enough.wait()
        kill(getpid(), SIGKILL)
    }
    for number in 1... {
        try store.perform([
            .putSession(try storedSession(client: UInt64(number))),
            .totpState(TOTPState(failures: number), user: "emp"),
        ])
        let note = Array("\(number)\n".utf8)
        _ = unsafe note.withUnsafeBytes { unsafe write(log, $0.baseAddress, $0.count) }
        if number == notes { enough.signal() }
    }
}

/// From another thread, as soon as a file is there.
private func killWhenExists(_ path: String) {
    Thread.detachNewThread {
        while unsafe access(path, F_OK) != 0 { sched_yield() }
        kill(getpid(), SIGKILL)
    }
}
