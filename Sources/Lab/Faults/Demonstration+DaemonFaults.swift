import Foundation
import Glibc
import NetworkTypes

/// What goes wrong with the daemon itself, and with what it is given.
extension Demonstration {
    /// A load of rules that differ from those before: what a scope opens changes, in three transactions.
    func loadOtherRules() async throws -> Commitment {
        let name = "rules/systems.yaml"
        let text = Wait.text(site.path(name))
        let (few, many) = ("udp/\(Beacons.allowedPort)]", "udp/\(Beacons.allowedPort), udp/7009]")
        try site.write(
            text.contains(few) ? text.replacing(few, with: many) : text.replacing(many, with: few), to: name)
        return try await socket.reload()
    }

    /// At five moments of a reload.
    func killInReload(_ stand: inout Stand) async throws {
        for pause in [0, 5, 20, 60, 150] {
            let reload = Task { try? await loadOtherRules() }
            try await Task.sleep(for: .milliseconds(pause))
            try await kill(stand.daemon)
            _ = await reload.value
            try await restart(&stand)
        }
    }

    /// At each system call of a load by which the kernel is told something or answers, and by which something is
    /// recorded.
    func killAtSteps(_ stand: inout Stand) async throws -> Finding {
        var missed: [String] = []
        for step in Tampering.Step.all {
            let daemon = stand.daemon
            let tampering = try await Tampering.start(step, in: daemon, children: children)
            let isOver = try await happens(within: .seconds(60)) {
                switch step.place {
                case .kernel: _ = try? await loadOtherRules()
                case .disk: _ = try? await socket.setStatus("in-use", of: .fleet3)
                }
                return !daemon.isRunning
            }
            if !isOver {
                missed.append("\(step)")
                try await kill(daemon)
            }
            await tampering.end(children)
            try await restart(&stand)
        }
        let count = Tampering.Step.all.count
        return Finding(
            note: "\(count - missed.count) steps",
            complaint: missed.isEmpty ? nil : "not killed at " + missed.joined(separator: ", "))
    }

    /// Told a hundred times a second to load its rules, which differ from time to time.
    func hangUps(_ stand: Stand) async throws -> Finding {
        let daemon = stand.daemon
        let storm = Task {
            var count = 0
            while !Task.isCancelled {
                daemon.signal(SIGHUP)
                count += 1
                try? await Task.sleep(for: .milliseconds(10))
            }
            return count
        }
        let loads = try await reloads(for: .seconds(4))
        storm.cancel()
        return Finding(note: "told \(await storm.value) times; " + loads.note, complaint: loads.complaint)
    }

    func reloads(for time: Duration) async throws -> Finding {
        let count = try await repeating(for: time) { _ = try await loadOtherRules() }
        return Finding(
            note: "\(count.done) loads",
            complaint: count.failed > 0
                ? "\(count.failed) loads failed, the last because: \(count.because)" : nil)
    }

    /// Those descriptors that it has, and not one more: the limit is on their numbers, and the next one gets the least
    /// that is free.
    ///
    /// It may end over it. The dispatch library under the Swift runtime looks now and then whether its threads are
    /// stuck, in files of /proc, and traps when it cannot open one (`_dispatch_workq_monitor_pools`).
    func withoutDescriptors(_ stand: inout Stand) async throws -> Finding {
        let process = stand.daemon.identifier
        let socket = ControlSocket(path: site.control, patience: 1)
        let before = try await limit("nofile", of: process)
        try await setLimit("nofile", "\(ProcessLooks.freeDescriptor(of: process)):", of: process)
        let asked = try await repeating(for: .seconds(3), pause: .milliseconds(50)) {
            _ = try await socket.sessions()
        }
        // It may have ended, and then there is no limit to lift.
        try? await setLimit("nofile", "\(before):", of: process)
        let ended = try await restartIfEnded(&stand)
        return Finding(
            note: ended ?? "\(asked.failed) of \(asked.failed + asked.done) questions unanswered")
    }

    /// Waits until the daemon answers or is gone, and then starts it again as the system would do. What became of it, if
    /// it was gone.
    func restartIfEnded(_ stand: inout Stand) async throws -> String? {
        let daemon = stand.daemon
        try await Wait.until("the daemon to answer, or to end", within: .seconds(120)) {
            if !daemon.isRunning { return true }
            return (try? await socket.inspect()) != nil
        }
        guard !daemon.isRunning else { return nil }
        try await restart(&stand)
        return "the daemon ended over it, and was started again"
    }

    /// No more memory than it has, and much to do. It may end over it; then it is started again, as the
    /// system would do.
    func withoutMemory(_ stand: inout Stand) async throws -> Finding {
        let process = stand.daemon.identifier
        guard let size = ProcessLooks.status("VmSize", of: process) else {
            return Finding(complaint: "the daemon is gone")
        }
        try await setLimit("as", "\(size * 1024):", of: process)
        let daemon = stand.daemon
        let loads = try await repeating(for: .seconds(3)) {
            guard daemon.isRunning else { throw LabError.timedOut(waitingFor: "the daemon", log: "") }
            _ = try await loadOtherRules()
        }
        try? await setLimit("as", "unlimited:", of: process)
        let ended = try await restartIfEnded(&stand)
        return Finding(note: ended ?? "\(loads.done) loads of rules, \(loads.failed) failed")
    }

    private func limit(_ name: String, of process: Int32) async throws -> String {
        try await Command([
            "prlimit", "--pid", "\(process)", "--\(name)", "--output", "SOFT", "--noheadings", "--raw",
        ])
        .succeed().trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func setLimit(_ name: String, _ value: String, of process: Int32) async throws {
        try await Command(["prlimit", "--pid", "\(process)", "--\(name)=\(value)"]).succeed()
    }
}
