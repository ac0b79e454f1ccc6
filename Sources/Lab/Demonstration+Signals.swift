import Foundation
import NetworkTypes

extension Demonstration {
    /// Another system tells that the employee's laptop is not compliant, and then that it is again: another class of the
    /// shipped rules, and back. Then it revokes a colleague's session in the middle of a download.
    func signals(_ daemon: Child, employee: VPNClient?) async throws {
        let transmitter = SignalTransmitter(site: site)
        for (isCompliant, stage) in [(false, Row.Stage.notCompliant), (true, .compliant)] {
            // Times of tokens are whole seconds, and of two of the same second the one that takes away counts.
            try await Task.sleep(for: .milliseconds(1100))
            let token = try await transmitter.sign(.compliance(.employee, isCompliant: isCompliant))
            _ = try await transmitter.push(token)
            try await reach(stage, .employee, client: employee)
        }
        try await revoked(daemon, transmitter)
    }

    private func revoked(_ daemon: Child, _ transmitter: SignalTransmitter) async throws {
        let client = try await start(.colleague)
        guard client.login == .connected else {
            await children.end(client.process)
            return await skip(.revoked, "no session")
        }
        let capture = try await TunnelCapture.start(
            towards: Array(client.addresses.values), children: children)
        let downloads = try await startDownloads(in: client.actor.space, atLeast: 2_000_000)
        let token = try await transmitter.sign(.sessionRevoked(.colleague))
        let answer = try await transmitter.push(token)
        let committed =
            answer.status == 202 ? try? await transmitter.committedAt(token, log: daemon.log) : nil
        // The time for which nothing may be seen: longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(2500))
        let traffic = await capture.finish()
        for row in Scenario.rows(of: .revoked) where row.subject == .download {
            let outcome =
                committed.map { Self.cutOutcome(row, client, traffic, at: $0) }
                ?? .notMeasured("the push was answered \(answer.status)")
            await ledger.record(outcome, for: row)
        }
        await end(downloads)
        await children.end(client.process)
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
