import Foundation
import Glibc
import NetworkTypes

/// What goes wrong with the disk and the database on it.
extension Demonstration {
    private var database: String { site.state + "/gatehouse.sqlite" }

    /// Nothing more can be recorded; what is there goes on.
    func withFullDisk() async throws -> Finding {
        let filler = site.state + "/filler"
        _ = try await Command(["dd", "if=/dev/zero", "of=\(filler)", "bs=1M"]).output()
        let stated = try await statements(for: .seconds(3))
        try FileManager.default.removeItem(atPath: filler)
        // A log that was once longer has room for more.
        return try await refusals("ENOSPC", stated, areSure: false)
    }

    /// What a disk says that has become read-only under us, and one that is broken.
    func withFailingDisk(_ stand: Stand) async throws -> Finding {
        var finding = Finding()
        for error in ["EROFS", "EIO"] {
            let tampering = try await Tampering.start(
                ["pwrite64", "fdatasync", "fsync", "ftruncate"], failWith: error, in: stand.daemon,
                children: children)
            let stated = try await statements(for: .milliseconds(1500))
            await tampering.end(children)
            let next = try await refusals(error, stated)
            finding.note += (finding.note.isEmpty ? "" : ", ") + next.note
            finding.complaint = finding.complaint ?? next.complaint
        }
        return finding
    }

    private func statements(for time: Duration) async throws -> Tries {
        try await repeating(for: time, pause: .milliseconds(50)) {
            _ = try await socket.setStatus("in-use", of: .fleet3)
        }
    }

    /// Some were refused while it lasted, where that is sure, and none is afterwards.
    private func refusals(
        _ name: String, _ stated: Tries, areSure: Bool = true
    ) async throws -> Finding {
        let later = try await statements(for: .milliseconds(300))
        return Finding(
            note: "\(name): \(stated.failed) of \(stated.failed + stated.done) statements refused",
            complaint: stated.failed == 0 && areSure
                ? "no statement was refused (\(name))"
                : later.failed > 0 ? "statements are refused after \(name)" : nil)
    }

    // MARK: Starts

    func startWithReadOnlyDisk(_ stand: inout Stand) async throws -> Finding {
        try await kill(stand.daemon)
        try await Command(["mount", "-o", "remount,ro", site.state]).succeed()
        let said = try await startInVain()
        try await Command(["mount", "-o", "remount,rw", site.state]).succeed()
        try await restart(&stand)
        return said
    }

    /// Somebody has the database open and locked, as a program that looks into it may (sqlite.org/lockingv3.html).
    func startWithHeldDatabase(_ stand: inout Stand) async throws -> Finding {
        try await kill(stand.daemon)
        let descriptor = unsafe open(database, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw LabError.system(operation: "open \(database)", errno: errno) }
        // PENDING, RESERVED and SHARED: 512 bytes from 0x40000000 on.
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0000
        lock.l_len = 512
        guard unsafe fcntl(descriptor, F_SETLK, &lock) == 0 else {
            let error = errno
            close(descriptor)
            throw LabError.system(operation: "lock \(database)", errno: error)
        }
        let held = ContinuousClock.now
        let said = try await startInVain()
        try await Task.sleep(until: held + .seconds(3), clock: .continuous)
        close(descriptor)
        try await restart(&stand)
        return said
    }

    /// A daemon that cannot have its records does not start, and says so: what is in force stays, until its leases end.
    private func startInVain() async throws -> Finding {
        let daemon = try await children.start(
            "daemon-in-vain", in: .gateway,
            [options.executablePath, "run", "--config", site.path("gatehouse.yaml")])
        do {
            try await Wait.until("the daemon to give up", within: .seconds(60)) { !daemon.isRunning }
        } catch LabError.timedOut {
            await children.end(daemon)
            return Finding(complaint: "the daemon runs without its records")
        }
        let said = Wait.tail(daemon.log, lines: 1)
        return Finding(
            note: "ended with \(daemon.status ?? -1): \(said)",
            complaint: daemon.status == 0 || said.isEmpty ? "the daemon ended without a word" : nil)
    }

    // MARK: Damage

    /// Everything behind the first page of the database and half of its log is overwritten while the daemon runs, which
    /// is then killed. Whoever has lost its records lets nobody in until somebody says so.
    func damageDatabase(_ stand: inout Stand) async throws -> Finding {
        // So that there is a log, too.
        _ = try await socket.setStatus("in-use", of: .fleet3)
        try overwrite(database, from: 4096)
        try overwrite(database + "-wal", from: site.size(of: database + "-wal") / 2)
        try await kill(stand.daemon)
        try await restart(&stand)
        var finding = Finding()
        let reason = try await socket.sessionList().closedBecause
        finding.note = reason.map { "closed: \($0)" } ?? ""
        if reason == nil { finding.complaint = "open, with a database that is damaged" }
        // What was on its way has arrived by then.
        try await Task.sleep(for: .milliseconds(300))
        let closed = Stream.now
        try await Task.sleep(for: .seconds(2))
        if stand.beacons.anyFlows(since: closed) {
            finding.complaint = finding.complaint ?? "packets of sessions passed while it was closed"
        }
        _ = try await socket.acknowledgeDamage()
        if try await socket.sessionList().closedBecause != nil {
            finding.complaint = finding.complaint ?? "closed after it was acknowledged"
        }
        try await logInAgain(&stand)
        return finding
    }

    /// A client that was refused has ended: whoever sits at it starts it anew.
    private func logInAgain(_ stand: inout Stand) async throws {
        for client in [stand.client, stand.stranger] {
            try await Wait.until("the refused client to end", log: client.process.log) {
                !client.process.isRunning
            }
        }
        let clients = try await logIn([.fleet1, .fleet2])
        (stand.client, stand.stranger) = (clients[0], clients[1])
    }

    private func overwrite(_ path: String, from start: Int) throws {
        let count = site.size(of: path) - start
        guard count > 0 else { return }
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw LabError.system(operation: "open \(path)", errno: errno)
        }
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(start))
        try handle.write(contentsOf: Data(repeating: 0x5a, count: count))
    }
}
