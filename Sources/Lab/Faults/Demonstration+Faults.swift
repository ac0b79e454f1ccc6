import Foundation
import Glibc
import NetworkTypes

extension Demonstration {
    /// Everything in turn that can go wrong, while packets flow that must pass and packets that must not.
    package func faults(_ chosen: [Fault]) async throws -> FaultReport {
        var stand = try await setUpForFaults()
        defer { stand.beacons.end() }
        printer.line(FaultReport.header)
        var report = FaultReport()
        for fault in chosen {
            let outcome = try await undergo(fault, &stand)
            printer.line(FaultReport.line(outcome))
            report.add(outcome)
        }
        return report
    }

    /// Faults by lot for so long, with a look at what the daemon uses after each.
    package func soak(for time: Duration, seed: UInt64) async throws -> FaultReport {
        var stand = try await setUpForFaults()
        defer { stand.beacons.end() }
        printer.note("seed \(seed)")
        printer.line(FaultReport.header)
        var random = Lot(seed: seed)
        var report = FaultReport()
        let began = ContinuousClock.now
        while ContinuousClock.now - began < time {
            let fault = Fault.allCases[Int(random.next() % UInt64(Fault.allCases.count))]
            let outcome = try await undergo(fault, &stand)
            printer.line(FaultReport.line(outcome))
            report.add(outcome)
            stand.looks.look(at: stand.daemon.identifier, since: began)
        }
        report.resources = stand.looks.resources(
            hours: (ContinuousClock.now - began) / .seconds(3600), restarts: stand.restarts)
        return report
    }

    /// What faults are done to.
    struct Stand {
        var daemon: Child
        var client, stranger: VPNClient
        let beacons: Beacons
        var restarts = 1
        var looks = ProcessLooks()
    }

    // MARK: Setting up

    private func setUpForFaults() async throws -> Stand {
        try await site.build([.outside, .gateway, .inside, .internet, .fleet1, .fleet2])
        try await Command(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "gatehouse-lab", site.state])
            .succeed()
        try await prepareFaults()
        let daemon = try await startDaemon()
        let clients = try await logIn([.fleet1, .fleet2])
        let beacons = try await Beacons.start(client: clients[0], stranger: clients[1])
        let stand = Stand(daemon: daemon, client: clients[0], stranger: clients[1], beacons: beacons)
        _ = try await whole(stand, within: .seconds(20))
        return stand
    }

    // MARK: One fault

    private func undergo(_ fault: Fault, _ stand: inout Stand) async throws -> FaultOutcome {
        stand.beacons.open()
        // What was there before is part of what is looked at.
        try await Task.sleep(for: .milliseconds(200))
        let known = try await socket.inspect().drifts.count
        let said = try await commit(fault, &stand)
        let over = ContinuousClock.now
        let isWhole = try await whole(stand, within: .seconds(40))
        let wholeAfter = isWhole ? (ContinuousClock.now - over) / .milliseconds(1) : nil
        try await Task.sleep(for: .milliseconds(300))
        let tallies = try await stand.beacons.tally()
        let allowed = tallies.filter { $0.stream.kind == .allowed }.map(\.tally)
        let refused = tallies.filter { $0.stream.kind == .refused }
        return FaultOutcome(
            fault: fault,
            wronglyPassed: Dictionary(
                refused.filter { $0.tally.arrived > 0 }.map { ($0.stream.title, $0.tally.arrived) },
                uniquingKeysWith: +),
            refusedSent: refused.reduce(0) { $0 + $1.tally.sent },
            allowedSent: allowed.reduce(0) { $0 + $1.sent },
            allowedLost: allowed.reduce(0) { $0 + $1.lost },
            longestPause: (allowed.map(\.longestPause).max() ?? .zero) / .milliseconds(1),
            wholeAfter: wholeAfter, note: try await note(said, known, refused))
    }

    private func note(
        _ said: String, _ known: Int, _ refused: [(stream: Stream, tally: Stream.Tally)]
    ) async throws -> String {
        let passed = refused.filter { $0.tally.arrived > 0 }.map { "\($0.tally.arrived) \($0.stream.title)" }
        if !passed.isEmpty { return "passed: " + passed.joined(separator: "; ") }
        let drifts = try await socket.inspect().drifts
        guard drifts.count > known, let last = drifts.last else { return said }
        let time = last.undoneAfterMicroseconds.map { "undone after \($0) us" } ?? "not undone"
        return "\(time): \(last.what)"
    }

    /// Waits until the kernel does what was decided, both sessions are open and every permitted stream is answered.
    private func whole(_ stand: Stand, within limit: Duration) async throws -> Bool {
        let began = Stream.now
        do {
            try await Wait.until("everything to be right again", within: limit, every: .milliseconds(2)) {
                guard stand.beacons.flow(since: began), let state = try? await socket.inspect(),
                    state.isRight, state.fault == nil, let sessions = try? await socket.sessions()
                else { return false }
                return [stand.client, stand.stranger].allSatisfy { client in
                    sessions.contains { $0.holds(client.address(.ipv4) ?? "-") && $0.className != nil }
                }
            }
            return true
        } catch LabError.timedOut {
            return false
        }
    }

    // MARK: What goes wrong

    /// Returns when the fault is over: whatever was taken away is back, as far as that is not the daemon's to do. What is
    /// worth knowing of it is in the answer.
    private func commit(_ fault: Fault, _ stand: inout Stand) async throws -> String {
        switch fault {
        case .tableDeleted: try await nft("delete table inet gatehouse")
        case .rulesetFlushed: try await nft("flush ruleset")
        case .acceptAhead: try await nft("insert rule inet gatehouse forward accept")
        case .elementDeleted:
            let address = stand.client.address(.ipv4) ?? ""
            try await nft("delete element inet gatehouse scope_of_4 { \"\(Network.tunnel)\" . \(address) }")
        case .elementAdded: try await addStranger(stand)
        case .daemonKilled:
            try await kill(stand.daemon)
            try await Task.sleep(for: .seconds(2))
            try await restart(&stand)
        case .killedInReload: try await killInReload(&stand)
        case .daemonHangs:
            stand.daemon.signal(SIGSTOP)
            try await Task.sleep(for: .seconds(5))
            stand.daemon.signal(SIGCONT)
        case .reloads: return try await reloads(for: .seconds(4))
        case .descriptorsGone: return try await withoutDescriptors(stand)
        case .memoryGone: return try await withoutMemory(&stand)
        case .diskFull: return try await withFullDisk()
        case .serverHangs:
            try await signalServer(SIGSTOP)
            try await Task.sleep(for: .seconds(2))
            try await signalServer(SIGCONT)
        case .serverRestarts: try await restartServer(SIGTERM)
        case .serverKilled: try await restartServer(SIGKILL)
        }
        return ""
    }

    private func nft(_ command: String) async throws {
        try await Command(in: .gateway, ["nft", command]).succeed()
    }

    /// Gives the addresses that are no session's the scope of one.
    private func addStranger(_ stand: Stand) async throws {
        let listing = try await Command(
            in: .gateway, ["nft", "list", "map", "inet", "gatehouse", "scope_of_4"]
        )
        .succeed()
        guard let address = stand.client.address(.ipv4),
            let element = listing.split(separator: ",").first(where: { $0.contains(" . \(address) ") }),
            let mark = element.split(separator: ":").last?.split(whereSeparator: { " }\n\t".contains($0) })
                .first
        else {
            throw LabError.unreadableAnswer(command: "nft list map", answer: "\(listing.prefix(300))")
        }
        let key = "\"\(Network.tunnel)\" . \(Network.spoofed(.ipv4))"
        try await nft("add element inet gatehouse scope_of_4 { \(key) timeout 1h : \(mark) }")
    }

    private func restart(_ stand: inout Stand) async throws {
        stand.daemon = try await startDaemon()
        stand.restarts += 1
    }

    /// At five moments of a reload.
    private func killInReload(_ stand: inout Stand) async throws {
        for pause in [0, 5, 20, 60, 150] {
            let reload = Task { try? await socket.reload() }
            try await Task.sleep(for: .milliseconds(pause))
            try await kill(stand.daemon)
            _ = await reload.value
            try await restart(&stand)
        }
    }

    private func reloads(for time: Duration) async throws -> String {
        let count = try await repeating(for: time) { _ = try await socket.reload() }
        return "\(count.done) loads"
    }

    /// Those descriptors that it has, and not one more: the limit is on their numbers, and the next one gets the least
    /// that is free.
    private func withoutDescriptors(_ stand: Stand) async throws -> String {
        let process = stand.daemon.identifier
        let before = try await limit("nofile", of: process)
        try await setLimit("nofile", "\(ProcessLooks.freeDescriptor(of: process)):", of: process)
        let asked = try await repeating(for: .seconds(3), pause: .milliseconds(50)) {
            _ = try await socket.sessions()
        }
        try await setLimit("nofile", "\(before):", of: process)
        return "\(asked.failed) of \(asked.failed + asked.done) questions unanswered"
    }

    /// No more memory than it has, and much to do. It may end over it; then it is started again, as the
    /// system would do.
    private func withoutMemory(_ stand: inout Stand) async throws -> String {
        let process = stand.daemon.identifier
        guard let size = ProcessLooks.status("VmSize", of: process) else { return "the daemon is gone" }
        try await setLimit("as", "\(size * 1024):", of: process)
        let daemon = stand.daemon
        let loads = try await repeating(for: .seconds(3)) {
            guard daemon.isRunning else { throw LabError.timedOut(waitingFor: "the daemon", log: "") }
            _ = try await socket.reload()
        }
        guard daemon.isRunning else {
            try await restart(&stand)
            return "the daemon ended over it, and was started again"
        }
        try await setLimit("as", "unlimited:", of: process)
        return "\(loads.done) loads of rules, \(loads.failed) failed"
    }

    /// Does something again and again, and counts.
    private func repeating(
        for time: Duration, pause: Duration = .zero, _ body: () async throws -> Void
    ) async throws -> (done: Int, failed: Int) {
        let end = ContinuousClock.now + time
        var count = (done: 0, failed: 0)
        while ContinuousClock.now < end {
            do {
                try await body()
                count.done += 1
            } catch {
                count.failed += 1
                try await Task.sleep(for: .milliseconds(20))
            }
            if pause > .zero { try await Task.sleep(for: pause) }
        }
        return count
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

    /// Nothing more can be recorded; what is there goes on.
    private func withFullDisk() async throws -> String {
        let filler = site.state + "/filler"
        _ = try await Command(["dd", "if=/dev/zero", "of=\(filler)", "bs=64k"]).output()
        let stated = try await repeating(for: .seconds(3), pause: .milliseconds(50)) {
            _ = try await socket.setStatus("in-use", of: .fleet3)
        }
        try FileManager.default.removeItem(atPath: filler)
        return "\(stated.failed) of \(stated.failed + stated.done) statements refused"
    }

    private func signalServer(_ number: Int32) async throws {
        guard let server = await children.newest(named: Self.vpnServer) else {
            throw LabError.timedOut(waitingFor: "the VPN server", log: "")
        }
        server.signal(number)
    }

    private func restartServer(_ number: Int32) async throws {
        try await signalServer(number)
        if let server = await children.newest(named: Self.vpnServer) {
            try await Wait.until("the VPN server to be gone") { !server.isRunning }
        }
        try await startVPNServer()
    }
}

/// A source of numbers that a seed repeats (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
private struct Lot {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
