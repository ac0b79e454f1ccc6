import Foundation
import Glibc
import NetworkTypes

extension Demonstration {
    /// Everything in turn that can go wrong, while packets flow that must pass and packets that must not.
    package func faults(_ chosen: [Fault]) async throws -> FaultReport {
        var stand = try await setUpForFaults()
        defer { stand.end() }
        printer.line(FaultReport.header)
        var report = FaultReport()
        for fault in chosen {
            let outcome = try await undergo(fault, &stand)
            printer.line(FaultReport.line(outcome))
            report.add(outcome)
        }
        return report
    }

    /// Faults by lot for so long, of those that are chosen, with a look at what the daemon uses after each.
    package func soak(
        for time: Duration, seed: UInt64, among chosen: [Fault] = Fault.allCases
    ) async throws -> FaultReport {
        var stand = try await setUpForFaults()
        defer { stand.end() }
        printer.note("seed \(seed)")
        printer.line(FaultReport.header)
        var random = Lot(seed: seed)
        var report = FaultReport()
        let began = ContinuousClock.now
        while ContinuousClock.now - began < time {
            let fault = chosen[Int(random.next() % UInt64(chosen.count))]
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
        let relay: Relay
        let crowd: Crowd
        var restarts = 1
        var looks = ProcessLooks()

        func end() {
            beacons.end()
            relay.end()
            crowd.end()
        }
    }

    /// What a fault came to beside what packets saw.
    struct Finding {
        /// What is worth knowing.
        var note = ""
        /// What is not as it must be; nil when all is.
        var complaint: String?
    }

    // MARK: Setting up

    private func setUpForFaults() async throws -> Stand {
        try await site.build([.outside, .gateway, .inside, .internet, .fleet1, .fleet2])
        let disk = ["mount", "-t", "tmpfs", "-o", "size=1g,mode=0700", "gatehouse-lab", site.state]
        try await Command(disk).succeed()
        let tunnel = "link add \(Crowd.tunnel) type bridge\nlink set \(Crowd.tunnel) up\n"
        try await Command(["ip", "-n", Network.Space.gateway.name, "-batch", "-"]).input(tunnel).succeed()
        let authority = try await prepareFaults()
        let relay = try Relay.start(at: site.relay, before: site.management)
        let crowd = try Crowd.start(at: site.crowd, authority: authority)
        let daemon = try await startDaemon()
        let clients = try await logIn([.fleet1, .fleet2])
        let beacons = try await Beacons.start(client: clients[0], stranger: clients[1])
        let stand = Stand(
            daemon: daemon, client: clients[0], stranger: clients[1], beacons: beacons, relay: relay,
            crowd: crowd)
        _ = try await whole(stand, within: .seconds(60))
        return stand
    }

    // MARK: One fault

    private func undergo(_ fault: Fault, _ stand: inout Stand) async throws -> FaultOutcome {
        let spaces = [.gateway, stand.client.actor.space, stand.stranger.actor.space, .inside]
        let overflows = try await QueueOverflows.count(in: spaces)
        stand.beacons.open()
        // What was there before is part of what is looked at.
        try await Task.sleep(for: .milliseconds(200))
        let known = try await socket.inspect().driftCount
        var finding = try await tolerating { try await commit(fault, &stand) }
        // Where it may end, the fault has started it again.
        if let ended = try await restartIfEnded(&stand) { finding.complaint = finding.complaint ?? ended }
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
            overflowed: max(0, try await QueueOverflows.count(in: spaces) - overflows),
            longestPause: (allowed.map(\.longestPause).max() ?? .zero) / .milliseconds(1),
            wholeAfter: wholeAfter, note: try await note(finding.note, known, refused),
            complaint: finding.complaint)
    }

    /// What did not come about in time is a finding of this fault, and no end of all others.
    private func tolerating(_ body: () async throws -> Finding) async throws -> Finding {
        do {
            return try await body()
        } catch let error as LabError {
            return Finding(complaint: "\(error)".split(separator: "\n").first.map(String.init))
        }
    }

    private func note(
        _ said: String, _ known: Int, _ refused: [(stream: Stream, tally: Stream.Tally)]
    ) async throws -> String {
        let passed = refused.filter { $0.tally.arrived > 0 }.map { "\($0.tally.arrived) \($0.stream.title)" }
        if !passed.isEmpty { return "passed: " + passed.joined(separator: "; ") }
        guard said.isEmpty, let look = try? await socket.inspect(), look.driftCount > known,
            let last = look.drifts.last
        else { return said }
        let time = last.undoneAfterMicroseconds.map { "undone after \($0) us" } ?? "not undone"
        return "\(time): \(last.what)"
    }

    /// Waits until the kernel does what was decided, both sessions are open, every permitted stream is answered, and
    /// the packet path looks at everything.
    private func whole(_ stand: Stand, within limit: Duration) async throws -> Bool {
        let began = Stream.now
        do {
            try await Wait.until("everything to be right again", within: limit, every: .milliseconds(2)) {
                guard stand.beacons.flow(since: began), let state = try? await socket.inspect(),
                    state.isRight, state.fault == nil, let list = try? await socket.sessionList(),
                    list.unwatched?.isEmpty == true, list.detachedSources.isEmpty
                else { return false }
                return [stand.client, stand.stranger].allSatisfy { client in
                    list.sessions.contains { $0.holds(client.address(.ipv4) ?? "-") && $0.className != nil }
                }
            }
            return true
        } catch LabError.timedOut {
            return false
        }
    }

    // MARK: What goes wrong

    /// Returns when the fault is over: whatever was taken away is back, as far as that is not the daemon's to do.
    private func commit(_ fault: Fault, _ stand: inout Stand) async throws -> Finding {
        switch fault {
        case .tableDeleted: try await nft("delete table inet gatehouse")
        case .rulesetFlushed: try await nft("flush ruleset")
        case .acceptAhead: try await nft("insert rule inet gatehouse forward accept")
        case .elementDeleted: try await nft(elementDeletion(stand))
        case .elementAdded: try await addStranger(stand)
        case .drifts: return try await drifts(stand)
        case .watchOverflows: return try await overflowWatch(stand)
        case .othersCommit: return try await commitBeside()
        case .kernelErrors: return try await answerErrors(stand)
        case .daemonKilled:
            try await kill(stand.daemon)
            try await Task.sleep(for: .seconds(2))
            try await restart(&stand)
        case .killedInReload: try await killInReload(&stand)
        case .killedAtSteps: return try await killAtSteps(&stand)
        case .daemonHangs:
            stand.daemon.signal(SIGSTOP)
            try await Task.sleep(for: .seconds(5))
            stand.daemon.signal(SIGCONT)
        case .reloads: return try await hangUps(stand)
        case .descriptorsGone: return try await withoutDescriptors(&stand)
        case .memoryGone: return try await withoutMemory(&stand)
        case .diskFull: return try await withFullDisk()
        case .diskErrors: return try await withFailingDisk(stand)
        case .diskReadOnly: return try await startWithReadOnlyDisk(&stand)
        case .databaseHeld: return try await startWithHeldDatabase(&stand)
        case .databaseDamaged: return try await damageDatabase(&stand)
        case .tunnelDown: try await takeDown(Network.tunnel)
        case .insideDown: try await takeDown(Network.insideInterface)
        case .insideReplaced: try await replaceInside()
        case .managementCloses: return try await closeManagement(stand)
        case .managementHangs: return try await hangManagement(stand)
        case .managementFloods: return try await floodManagement(stand)
        case .crowd: return try await comeAndGo(stand)
        case .serverHangs:
            try await signalServer(SIGSTOP)
            try await Task.sleep(for: .seconds(2))
            try await signalServer(SIGCONT)
        case .serverRestarts: try await restartServer(SIGTERM)
        case .serverKilled: try await restartServer(SIGKILL)
        }
        return Finding()
    }

    func restart(_ stand: inout Stand) async throws {
        stand.daemon = try await startDaemon()
        stand.restarts += 1
    }

    /// What came of asking for the same again and again.
    struct Tries: Sendable {
        var done = 0
        var failed = 0
        /// Why the last of those failed.
        var because = ""
    }

    /// Does something again and again, and counts.
    func repeating(
        for time: Duration, pause: Duration = .zero, _ body: () async throws -> Void
    ) async throws -> Tries {
        let end = ContinuousClock.now + time
        var count = Tries()
        while ContinuousClock.now < end {
            do {
                try await body()
                count.done += 1
            } catch {
                count.failed += 1
                count.because = "\(error)"
                try await Task.sleep(for: .milliseconds(20))
            }
            if pause > .zero { try await Task.sleep(for: pause) }
        }
        return count
    }

    /// Whether something comes about in time.
    func happens(within limit: Duration, _ condition: () async throws -> Bool) async throws -> Bool {
        do {
            try await Wait.until("", within: limit, condition)
            return true
        } catch LabError.timedOut {
            return false
        }
    }

    // MARK: The VPN server

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
