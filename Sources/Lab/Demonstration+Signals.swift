import Foundation
import NetworkTypes

extension Demonstration {
    /// Another system tells that the employee's laptop is not compliant, and then that it is again: another class of the
    /// shipped rules, and back. Then it revokes two sessions in the middle of downloads, one by a token that it pushes,
    /// one by a token that it is asked for.
    func signals(_ daemon: Child, employee: VPNClient?) async throws {
        let transmitter = SignalTransmitter(site: site)
        for (isCompliant, stage) in [(false, Row.Stage.notCompliant), (true, .compliant)] {
            // Times of tokens are whole seconds, and of two of the same second the one that takes away counts.
            try await Task.sleep(for: .milliseconds(1100))
            let token = try await transmitter.sign(.compliance(.employee, isCompliant: isCompliant))
            _ = try await transmitter.push(token)
            try await reach(stage, .employee, client: employee)
        }
        // At once: each waits for longer than a server waits before it sends again.
        async let pushed = revoked(.revoked, .colleague, daemon, transmitter) { token in
            let answer = try await transmitter.push(token)
            return answer.status == 202 ? nil : "the push was answered \(answer.status)"
        }
        let server = PollServer(site: site)
        async let polled = revoked(.revokedByPoll, .parks, daemon, transmitter) { token in
            try server.offer(token)
            return try await server.settled(token).problem
        }
        for (row, outcome) in try await pushed + polled { await ledger.record(outcome, for: row) }
        for row in Scenario.rows(of: .revokedByPoll) where row.subject == .acknowledgement {
            await ledger.record(server.outcome, for: row)
        }
    }

    /// A session is revoked in the middle of downloads.
    ///
    /// - Parameter tell: Has the token told, and returns what came in its way; nil for nothing.
    private func revoked(
        _ stage: Row.Stage, _ actor: Actor, _ daemon: Child, _ transmitter: SignalTransmitter,
        tell: @Sendable (SignalTransmitter.Token) async throws -> String?
    ) async throws -> [(Row, Outcome)] {
        let rows = Scenario.rows(of: stage).filter { $0.subject == .download }
        let client = try await start(actor)
        guard client.login == .connected else {
            await children.end(client.process)
            return rows.map { ($0, .notMeasured("no session")) }
        }
        let capture = try await TunnelCapture.start(
            towards: Array(client.addresses.values), children: children)
        let downloads = try await startDownloads(in: client.actor.space, atLeast: 2_000_000)
        let token = try await transmitter.sign(.sessionRevoked(actor))
        let problem = try await tell(token)
        let committed =
            problem == nil ? try? await transmitter.committedAt(token, log: daemon.log) : nil
        // The time for which nothing may be seen: longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(2500))
        let traffic = await capture.finish()
        await end(downloads)
        await children.end(client.process)
        return rows.map { row in
            let outcome =
                committed.map { Self.cutOutcome(row, client, traffic, at: $0) }
                ?? .notMeasured(problem ?? "the daemon does not say that it is in force")
            return (row, outcome)
        }
    }

    // MARK: Trials

    /// Revokes sessions of the fleet, one after another while all of them have downloads in both families; everybody logs
    /// in anew, and so on until there were `count` tokens.
    package func signalTrials(_ count: Int) async throws -> CutTrials {
        try await setUpForTrials()
        let daemon = try await startDaemon()
        var trials = CutTrials(.signal)
        while trials.count < count {
            let actors = Array(Actor.fleet.prefix(count - trials.count))
            try await revokeAll(actors, daemon, &trials)
            printer.note("\(trials.count) of \(count)")
        }
        return trials
    }

    private func revokeAll(_ actors: [Actor], _ daemon: Child, _ trials: inout CutTrials) async throws {
        let transmitter = SignalTransmitter(site: site)
        let clients = try await logIn(actors)
        let capture = try await TunnelCapture.start(
            towards: clients.flatMap(\.addresses.values), children: children)
        let downloads = try await startDownloads(clients)
        var cuts: [(client: VPNClient, token: SignalTransmitter.Token, began: Int64, took: Int64)] = []
        for client in clients {
            let token = try await transmitter.sign(.sessionRevoked(client.actor))
            // Cuts that follow close on one another would be measured with the last one's tidying up.
            try await Task.sleep(for: .milliseconds(150))
            let began = TunnelCapture.now
            let answer = try await transmitter.push(token)
            guard answer.status == 202 else {
                trials.add(unmeasured: "answered \(answer.status)")
                continue
            }
            cuts.append((client, token, began, Int64(answer.took / .nanoseconds(1))))
        }
        // Longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(1500))
        let traffic = await capture.finish()
        for cut in cuts {
            let committed = try await transmitter.committedAt(cut.token, log: daemon.log)
            trials.add(
                CutTrials.Cut(
                    addresses: AddressFamily.allCases.compactMap(cut.client.address), began: cut.began,
                    committed: committed, toAnswer: cut.took),
                seen: traffic)
        }
        await endAll(downloads + clients.map(\.process))
    }
}
