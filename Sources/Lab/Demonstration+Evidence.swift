import Foundation
import NetworkTypes

/// Evidence comes and goes while sessions live. Nobody logs in again for it.
extension Demonstration {
    /// What the shipped rules ask of every laptop of the staff.
    func reportProtection() async throws {
        for device in [Device.employeeLaptop, .colleagueLaptop, .stolenLaptop] {
            _ = try await socket.report(
                ["antivirus": .text(VendorContract.timestamp(.now)), "diskEncryption": .isOn(true)],
                of: device)
        }
    }

    /// The employee's laptop says that its disk is not encrypted any more, and then that it is again: another class
    /// of the shipped rules, and back.
    func unprotected(employee: VPNClient?) async throws {
        for (isOn, stage) in [(false, Row.Stage.unprotected), (true, .putRight)] {
            _ = try await socket.report(["diskEncryption": .isOn(isOn)], of: .employeeLaptop)
            try await reach(stage, .employee, client: employee)
        }
    }

    /// One session on the ladder: what is told, what ends by itself, and where it is.
    func evidence() async throws {
        guard let client = try await login(.assessed, stage: .evidence),
            let session = try await control.session(at: client.address(.ipv4) ?? "")
        else {
            for stage in [Row.Stage.evidence, .steppedUp, .evidenceEnds, .roaming] {
                await skip(stage, "no session")
            }
            return
        }
        let climber = Climber(client: client, session: session.id)
        try await climb(Rung.told, .evidence, climber)
        try await stepUp(climber)
        try await endByThemselves(Rung.told.filter(\.isTimed), climber)
        try await roam(climber)
        await children.end(client.process)
    }

    /// A session on the ladder.
    struct Climber: Sendable {
        let client: VPNClient
        let session: String

        var addresses: [String] { Array(client.addresses.values) }
        func address(_ family: AddressFamily) -> String { client.address(family) ?? "?" }
    }

    // MARK: What is told

    /// Everything fails, then everything holds; then one thing after another is taken away while each has a download,
    /// and in the end everything holds again.
    func climb(_ rungs: [Rung], _ stage: Row.Stage, _ climber: Climber) async throws {
        _ = try await socket.tell(Telling(rungs, .fails))
        let untold = try await look(rungs, climber)
        _ = try await socket.tell(Telling(rungs, .holds))
        let told = try await look(rungs, climber)
        let (traffic, began, cuts) = try await takeAway(rungs, climber)
        let taken = try await look(rungs, climber)
        _ = try await socket.tell(Telling(rungs, .holds))
        let again = try await look(rungs, climber)
        for row in Scenario.rows(of: stage) {
            guard case .rung(let rung) = row.subject, rungs.contains(rung), let family = row.family,
                let cut = cuts[rung]
            else { continue }
            let door = Sweep.Door(rung, family)
            let looks = [
                ("before", untold[door], false), ("when told", told[door], true),
                ("when taken away", taken[door], false), ("when told again", again[door], true),
            ]
            let flow = traffic.flow(to: climber.address(family), from: rung.port, began: began, cut: cut)
            await ledger.record(Self.outcome(looks, flow, traffic), for: row)
        }
    }

    /// What was seen of one door at one time, and what the daemon says of it.
    struct Look: Sendable {
        let finding: Probe.Finding
        let explanation: Explanation

        func isOpen(_ expected: Bool) -> Bool {
            finding.matches(expected ? .reached : .refused) && explanation.permits == expected
        }
    }

    func look(_ rungs: [Rung], _ climber: Climber) async throws -> [Sweep.Door: Look] {
        let doors = rungs.flatMap { rung in AddressFamily.allCases.map { Sweep.Door(rung, $0) } }
        let findings = try await Sweep.run(doors, from: climber.client.actor.space)
        var looks: [Sweep.Door: Look] = [:]
        for (door, finding) in zip(doors, findings) {
            let explanation = try await socket.explain(climber.session, to: door.destination)
            looks[door] = Look(finding: finding, explanation: explanation)
        }
        return looks
    }

    /// Returns what went into the tunnel, since when everything flowed, and the commit that took each thing away.
    private func takeAway(
        _ rungs: [Rung], _ climber: Climber
    ) async throws -> (traffic: TunnelTraffic, began: Int64, cuts: [Rung: Int64]) {
        let capture = try await TunnelCapture.start(towards: climber.addresses, children: children)
        let streams = try await stream(rungs, climber)
        let began = TunnelCapture.now
        var cuts: [Rung: Int64] = [:]
        for rung in rungs {
            // Time for the others to show that they go on.
            try await Task.sleep(for: .milliseconds(80))
            cuts[rung] = try await socket.tell(Telling([rung], .fails)).committedAt
        }
        // Longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(700))
        let traffic = await capture.finish()
        await children.end(streams)
        return (traffic, began, cuts)
    }

    func stream(_ rungs: [Rung], _ climber: Climber) async throws -> Child {
        try await Sweep.stream(
            rungs.flatMap { rung in AddressFamily.allCases.map { Sweep.Door(rung, $0) } },
            in: climber.client.actor.space, site: site, children: children)
    }

    private static func outcome(
        _ looks: [(when: String, look: Look?, isOpen: Bool)], _ flow: TunnelTraffic.Flow,
        _ traffic: TunnelTraffic
    ) -> Outcome {
        if traffic.dropped > 0 { return .notMeasured("the capture lost \(traffic.dropped) packets") }
        let why = looks.compactMap { $0.isOpen ? nil : $0.look?.explanation.text }.last ?? ""
        for (when, look, isOpen) in looks where look?.isOpen(isOpen) != true {
            let seen = look.map { "\($0.finding.text), explained as \($0.explanation.verdict)" }
            return Outcome(seen: "\(when): \(seen ?? "not tried")", matches: false, decidedBy: why)
        }
        let pause = Int(flow.longestPause / .milliseconds(1))
        let seen =
            "\(flow.after) bytes after, \(flow.before) before"
            + (pause < 1000 ? "" : ", pause of \(pause) ms")
        return Outcome(
            seen: seen, matches: flow.after == 0 && flow.before > 1000 && pause < 1000, decidedBy: why)
    }

    // MARK: What ends by itself

    /// Each is told with an end, two a second; nobody says anything more. What has no end goes on meanwhile, without
    /// losing its connection.
    private func endByThemselves(_ rungs: [Rung], _ climber: Climber) async throws {
        let capture = try await TunnelCapture.start(towards: climber.addresses, children: children)
        let streams = try await stream(rungs, climber)
        let downloads = try await startDownloads(in: climber.client.actor.space, atLeast: 500_000)
        let began = TunnelCapture.now
        let first = (Date().timeIntervalSince1970 + 2).rounded(.up)
        var ends: [Rung: Date] = [:]
        var telling = Telling()
        for (index, rung) in rungs.enumerated() {
            let end = Date(timeIntervalSince1970: first + Double(index / 2))
            ends[rung] = end
            telling.add(rung, .endsAt(end))
        }
        _ = try await socket.tell(telling)
        let last = ends.values.max() ?? .now
        try await Wait.until("the last end to be past", within: .seconds(20)) {
            Date() > last.addingTimeInterval(1.5)
        }
        let over = TunnelCapture.now
        let connected = downloads.allSatisfy(\.process.isRunning)
        let traffic = await capture.finish()
        await end(downloads)
        await children.end(streams)
        await recordEnds(.evidenceEnds, ends, traffic, try await look(rungs, climber), climber)
        await recordDownloads(
            .evidenceEnds, climber.client, traffic, from: began, through: over, connected: connected)
    }

    /// Each stopped at its end, and is shut now.
    func recordEnds(
        _ stage: Row.Stage, _ ends: [Rung: Date], _ traffic: TunnelTraffic, _ looks: [Sweep.Door: Look],
        _ climber: Climber
    ) async {
        for row in Scenario.rows(of: stage) {
            guard case .rung(let rung) = row.subject, let family = row.family, let end = ends[rung] else {
                continue
            }
            var outcome = Self.endOutcome(traffic, to: climber.address(family), from: rung.port, at: end)
            let look = looks[Sweep.Door(rung, family)]
            outcome.decidedBy = look?.explanation.text ?? ""
            if look?.isOpen(false) != true {
                outcome.matches = false
                outcome.seen += ", then \(look?.finding.text ?? "not tried")"
            }
            await ledger.record(outcome, for: row)
        }
    }
}
