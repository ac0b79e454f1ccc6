import Foundation
import NetworkTypes

/// What certificates say, and until when: what stands in them, who issued them, and what an issuer withdraws while
/// sessions live. The VPN server hands them over, as the documentation tells its administrators.
extension Demonstration {
    func certificates(_ daemon: Child) async throws {
        try await notHanded(daemon)
        guard let sessions = try await certified(daemon) else {
            for stage in [Row.Stage.listOverdue, .listRenewed, .withdrawn] { await skip(stage, "no session") }
            return
        }
        try await listOverdue(sessions.housing)
        try await listRenewed(sessions.housing)
        try await withdrawn(sessions, daemon)
        await children.end(sessions.parks.client.process)
    }

    /// The laptops of Housing and of Parks.
    private struct CertifiedSessions {
        let housing, parks: Climber
    }

    /// The lists of the authority that signed these laptops' certificates.
    private var lists: RevocationLists { RevocationLists(of: .depot, at: site) }

    // MARK: Logins

    /// The VPN server finds nobody to hand certificates over to. The digests that it tells all the same are not enough
    /// for a class whose authority wants the whole chain.
    private func notHanded(_ daemon: Child) async throws {
        let aside = site.handOver + ".aside"
        try site.move(site.handOver, to: aside)
        let client = try await start(.depot)
        try site.move(aside, to: site.handOver)
        await recordRefusal(
            of: client, .notHanded, daemon, because: "the certificates themselves are not at hand")
    }

    /// Everybody at once: a login is mostly waiting. Nil without the two sessions that the rest is about.
    private func certified(_ daemon: Child) async throws -> CertifiedSessions? {
        let tries = [Actor.depot, .lookalike, .housing, .parks].map { actor in
            Task { try await start(actor) }
        }
        let depot = try await settle(try await tries[0].value, .certified)
        let farewell = Task { if let depot { await children.end(depot.process) } }
        await recordRefusal(
            of: try await tries[1].value, .certified, daemon, because: ", below O=Third Party Trust")
        let housing = try await lookAtRungs(try await tries[2].value)
        let parks = try await lookAtRungs(try await tries[3].value)
        await farewell.value
        guard let housing, let parks else { return nil }
        return CertifiedSessions(housing: housing, parks: parks)
    }

    private func lookAtRungs(_ client: VPNClient) async throws -> Climber? {
        let rows = Scenario.rows(of: .certified).filter { row in
            if case .rung = row.subject { row.actor == client.actor } else { false }
        }
        guard try await settle(client, .certified) != nil,
            let session = try await control.session(at: client.address(.ipv4) ?? "")
        else {
            for row in rows { await ledger.record(.notMeasured("no session"), for: row) }
            return nil
        }
        let climber = Climber(client: client, session: session.id)
        await record(rows, try await look(Rung.certified, climber))
        return climber
    }

    private func record(_ rows: [Row], _ looks: [Sweep.Door: Look], after delay: Duration? = nil) async {
        let after = delay.map { ", \(Self.seconds($0)) s after the list" } ?? ""
        for row in rows {
            guard case .rung(let rung) = row.subject,
                let look = row.family.flatMap({ looks[.init(rung, $0)] })
            else { continue }
            let outcome = Outcome(
                seen: look.finding.text + after, matches: look.finding.matches(row.expected))
            await ledger.record(
                outcome.explained(by: look.explanation, expected: row.expected), for: row)
        }
    }

    /// Whoever is turned away is told so; for what, only the daemon's log says. Ends the client.
    private func recordRefusal(
        of client: VPNClient, _ stage: Row.Stage, _ daemon: Child, because reason: String
    ) async {
        let logged = try? await Wait.forValue("the reason in the log", within: .seconds(3)) {
            Self.reason(for: "login refused", client.actor.device, log: Wait.text(daemon.log))
        }
        await children.end(client.process)
        for row in Scenario.rows(of: stage) where row.actor == client.actor && row.subject == .login {
            var outcome = Self.loginOutcome(client, session: nil, expected: row.expected)
            if client.login == .unanswered || logged?.contains(reason) != true { outcome.matches = false }
            outcome.decidedBy = logged ?? "nothing in the daemon's log"
            await ledger.record(outcome, for: row)
        }
    }

    /// The last reason that the daemon's log gives for something that was done to a device; nil for none.
    package static func reason(for what: String, _ device: Device, log: String) -> String? {
        let line = log.split(separator: "\n").last {
            $0.contains("common-name=\(device.commonName) ") && $0.contains("] \(what): ")
        }
        guard let line, let start = line.firstRange(of: "] \(what): ")?.upperBound else { return nil }
        let said = line[start...]
        // What the person is told stands before it.
        guard let open = said.lastIndex(of: "("), said.last == ")" else { return String(said) }
        return String(said[said.index(after: open)...].dropLast())
    }

    private static func seconds(_ duration: Duration) -> String {
        (duration / .seconds(1)).formatted(.number.precision(.fractionLength(1)))
    }

    // MARK: Lists

    /// A list that is good for some seconds only, and no new one comes: what needs its word ends at its end, and the
    /// rest of the session goes on.
    private func listOverdue(_ climber: Climber) async throws {
        let end = try await endBeyondReload()
        try await lists.publish(until: end)
        // Spares the wait for the daemon's own look at its files, which the next two parts are about.
        _ = try await control.reload()
        try await Wait.until("the session's decision to end with the list", within: .seconds(10)) {
            try await socket.sessions().first { $0.id == climber.session }?.reviewAt
                == VendorContract.timestamp(end)
        }
        let capture = try await TunnelCapture.start(towards: climber.addresses, children: children)
        let streams = try await stream(Rung.certified, climber)
        let downloads = try await startDownloads(in: climber.client.actor.space, atLeast: 500_000)
        let began = TunnelCapture.now
        try await Wait.until("the list to be overdue", within: .seconds(60)) {
            Date() > end.addingTimeInterval(1.5)
        }
        let over = TunnelCapture.now
        let connected = downloads.allSatisfy(\.process.isRunning)
        let traffic = await capture.finish()
        await self.end(downloads)
        await children.end(streams)
        let ends = Dictionary(uniqueKeysWithValues: Rung.certified.map { ($0, end) })
        await recordEnds(.listOverdue, ends, traffic, try await look(Rung.certified, climber), climber)
        await recordDownloads(
            .listOverdue, climber.client, traffic, from: began, through: over, connected: connected)
    }

    /// A fresh list gives it back, without anybody's order.
    private func listRenewed(_ climber: Climber) async throws {
        let began = ContinuousClock.now
        try await lists.publish(until: .now + 86_400)
        let door = Sweep.Door(Rung.certified[0], .ipv4).destination
        try? await Wait.until("the fresh list to count", within: Self.listPatience) {
            try await socket.explain(climber.session, to: door).permits
        }
        let delay = ContinuousClock.now - began
        await record(Scenario.rows(of: .listRenewed), try await look(Rung.certified, climber), after: delay)
    }

    /// The daemon looks at its files every five seconds.
    private static let listPatience = Duration.seconds(8)

    /// A certificate is withdrawn while its laptop is downloading. Nobody says more than the list does: the session is
    /// cut in the kernel, then by the VPN server, and does not come back.
    private func withdrawn(_ sessions: CertifiedSessions, _ daemon: Child) async throws {
        let (housing, parks) = (sessions.housing, sessions.parks)
        let capture = try await TunnelCapture.start(
            towards: housing.addresses + parks.addresses, children: children)
        let cut = try await startDownloads(in: housing.client.actor.space, atLeast: 500_000)
        let kept = try await startDownloads(in: parks.client.actor.space, atLeast: 500_000)
        let began = TunnelCapture.now
        try await lists.withdraw(housing.client.actor.device)
        try await lists.publish(until: .now + 86_400)
        try? await Wait.until("the withdrawn laptop's session to be cut", within: Self.listPatience) {
            try await !socket.sessions().contains { $0.id == housing.session && $0.state == "open" }
        }
        // Longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(1500))
        let over = TunnelCapture.now
        let connected = kept.allSatisfy(\.process.isRunning)
        let traffic = await capture.finish()
        let why = Self.reason(for: "cut", housing.client.actor.device, log: Wait.text(daemon.log))
        let told = await toldToEnd(housing.session)
        for row in Scenario.rows(of: .withdrawn)
        where row.actor == housing.client.actor && row.subject == .download {
            await ledger.record(Self.withdrawal(row, housing.client, traffic, told, why ?? ""), for: row)
        }
        await recordDownloads(
            .withdrawn, parks.client, traffic, from: began, through: over, connected: connected)
        await end(cut + kept)
        await children.end(housing.client.process)
        await recordRefusal(
            of: try await start(.housing), .withdrawn, daemon, because: "issued by corporate, withdrawn at ")
    }

    /// When the VPN server was told to end a session; nil when it was not.
    private func toldToEnd(_ session: String) async -> Int64? {
        let log = await children.log(of: Self.vpnServer).map { Wait.text($0) }
        let number = session.split(separator: "/").last.map(String.init)
        return log.flatMap { log in number.flatMap { VPNFiles.killed(client: $0, log: log) } }
    }

    /// Nobody outside knows when the kernel was told, only when the VPN server was: no byte after that, at the latest.
    private static func withdrawal(
        _ row: Row, _ client: VPNClient, _ traffic: TunnelTraffic, _ told: Int64?, _ why: String
    ) -> Outcome {
        guard let told, let address = row.family.flatMap(client.address) else {
            return .notMeasured("the VPN server was not told")
        }
        var outcome = cutOutcome(row, client, traffic, at: told)
        outcome.decidedBy = why
        if let last = traffic.lastPayload(to: address) {
            let lead = (Double(told - last) / 1e6).formatted(.number.precision(.fractionLength(1)))
            outcome.seen += ", the last \(lead) ms before the VPN server was told"
        }
        return outcome
    }
}
