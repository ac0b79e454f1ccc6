import Foundation
import NetworkTypes

extension Demonstration {
    /// Reports laptops of the fleet lost, one after another while all of them have downloads in both families, lets them
    /// in again, and so on until there were `count` reports.
    package func cutTrials(_ count: Int) async throws -> CutTrials {
        try await setUpForTrials()
        _ = try await startDaemon()
        var trials = CutTrials(.report)
        while trials.count < count {
            let actors = Array(Actor.fleet.prefix(count - trials.count))
            try await cutAll(actors, &trials)
            printer.note("\(trials.count) of \(count)")
        }
        return trials
    }

    private func cutAll(_ actors: [Actor], _ trials: inout CutTrials) async throws {
        let clients = try await logIn(actors)
        let capture = try await TunnelCapture.start(
            towards: clients.flatMap(\.addresses.values), children: children)
        let downloads = try await startDownloads(clients)
        var cuts: [CutTrials.Cut] = []
        for client in clients {
            // Cuts that follow close on one another would be measured with the last one's tidying up.
            try await Task.sleep(for: .milliseconds(150))
            let began = TunnelCapture.now
            let cut = try await control.setStatus("lost", of: client.actor.device)
            cuts.append(
                CutTrials.Cut(
                    addresses: AddressFamily.allCases.compactMap(client.address), began: began,
                    committed: cut.committedAt,
                    toAnswer: TunnelCapture.now - began))
        }
        // Longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(1500))
        let traffic = await capture.finish()
        for cut in cuts { trials.add(cut, seen: traffic) }
        await endAll(downloads + clients.map(\.process))
        for actor in actors { _ = try await socket.setStatus("in-use", of: actor.device) }
    }

    // MARK: The fleet

    /// All at once: a login is mostly waiting.
    func logIn(_ actors: [Actor]) async throws -> [VPNClient] {
        let tries = actors.map { actor in Task { try await start(actor, patience: .seconds(25)) } }
        var clients: [VPNClient] = []
        for login in tries { clients.append(try await login.value) }
        for client in clients where client.login != .connected {
            throw LabError.timedOut(
                waitingFor: "\(client.actor.title) to log in", log: Wait.tail(client.process.log))
        }
        let addresses = clients.compactMap { $0.address(.ipv4) }
        try await Wait.until("the daemon to list the fleet", within: .seconds(15)) {
            let sessions = try await socket.sessions()
            return addresses.allSatisfy { address in
                sessions.contains { $0.holds(address) && $0.className == LabClasses.fleet }
            }
        }
        return clients
    }

    func startDownloads(_ clients: [VPNClient]) async throws -> [Child] {
        var downloads: [Download] = []
        for client in clients {
            for family in AddressFamily.allCases {
                downloads.append(
                    try await Download.start(
                        from: .finance, family: family, in: client.actor.space, site: site,
                        children: children))
            }
        }
        for download in downloads {
            try await Wait.until("a download over \(download.family)", log: download.process.log) {
                download.received >= 200_000
            }
        }
        return downloads.map(\.process)
    }

    func endAll(_ processes: [Child]) async {
        let ends = processes.map { process in Task { await children.end(process) } }
        for end in ends { await end.value }
    }
}
