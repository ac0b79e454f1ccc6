import Foundation
import Glibc
import NetworkTypes

extension Demonstration {
    /// The daemon is killed and started again while the employee works: what is allowed goes on, nothing new opens,
    /// and the new daemon takes the session over as it stands.
    ///
    /// Returns the new daemon; the old one when there is no session to try it with.
    func daemonDies(_ daemon: Child, employee: VPNClient?) async throws -> Child {
        guard let employee else {
            await skip(.daemonDead, "no session")
            await skip(.restarted, "no session")
            return daemon
        }
        let capture = try await TunnelCapture.start(
            towards: Array(employee.addresses.values), children: children)
        let downloads = try await startDownloads(in: employee.actor.space, atLeast: 500_000)
        try await kill(daemon)
        let dead = TunnelCapture.now
        try await reach(.daemonDead, .employee, client: employee)
        if let intruder = try await login(.colleague, stage: .daemonDead) {
            await children.end(intruder.process)
        }
        let revived = TunnelCapture.now
        let newDaemon = try await startDaemon()
        let listing = try await listing(of: employee)
        try await letFlow(downloads)
        let alive = TunnelCapture.now
        let connected = downloads.allSatisfy(\.process.isRunning)
        let traffic = await capture.finish()
        await recordDownloads(
            .daemonDead, employee, traffic, from: dead, through: revived, connected: connected)
        for (row, outcome) in listing { await ledger.record(outcome, for: row) }
        await recordDownloads(
            .restarted, employee, traffic, from: revived, through: alive, connected: connected)
        await end(downloads)
        try await reach(.restarted, .employee, client: employee)
        _ = try await login(.colleague, stage: .restarted)
        return newDaemon
    }

    /// The daemon is killed once more and stays dead: within one lease the kernel has forgotten every session by
    /// itself. A new daemon is left behind for whoever wants to look around.
    func leasesRunOut(_ daemon: Child, employee: VPNClient?) async throws {
        guard let employee else { return await skip(.leasesOver, "no session") }
        try await kill(daemon)
        let limit = Duration.seconds(DaemonFiles.leaseSeconds + 5)
        try await Wait.until("the leases to run out", within: limit, every: .milliseconds(200)) {
            let map = ["nft", "list", "map", "inet", "gatehouse", "scope_of_4"]
            return !(try await Command(in: .gateway, map).succeed().contains("expires"))
        }
        try await reach(.leasesOver, .employee, client: employee)
        _ = try await startDaemon()
    }

    func kill(_ daemon: Child) async throws {
        daemon.signal(SIGKILL)
        try await Wait.until("the killed daemon to be gone") { !daemon.isRunning }
    }

    private func listing(of client: VPNClient) async throws -> [(Row, Outcome)] {
        var listing: [(Row, Outcome)] = []
        for row in Scenario.rows(of: .restarted) where row.subject == .listing {
            guard let address = row.family.flatMap(client.address) else { continue }
            let session = try? await Wait.forValue("the new daemon to list \(address)", within: .seconds(8)) {
                try await control.session(at: address)
            }
            let seen = session.map { "\($0.id) at \(address)" } ?? "not listed"
            listing.append(
                (row, Outcome(seen: seen, matches: session != nil, decidedBy: session?.className ?? "")))
        }
        return listing
    }

    /// Waits for more of each download, as long as they can bring more at all.
    private func letFlow(_ downloads: [Download]) async throws {
        for download in downloads {
            let enough = download.received + 1_500_000
            try? await Wait.until("more of the download", within: .seconds(4)) { download.received >= enough }
        }
    }

    /// A pause of a second is a lost second of somebody's work; curl itself pauses for less.
    func recordDownloads(
        _ stage: Row.Stage, _ client: VPNClient, _ traffic: TunnelTraffic, from: Int64, through: Int64,
        connected: Bool
    ) async {
        for row in Scenario.rows(of: stage) where row.subject == .download && row.actor == client.actor {
            guard let address = row.family.flatMap(client.address) else { continue }
            let pause = traffic.longestPause(to: address, after: from, through: through)
            let bytes = traffic.payload(to: address, after: from, through: through)
            let milliseconds = Int(pause / .milliseconds(1))
            let seen = "\(bytes) bytes, longest pause \(milliseconds) ms" + (connected ? "" : ", ended")
            await ledger.record(
                Outcome(seen: seen, matches: connected && pause < .seconds(1) && bytes > 500_000), for: row)
        }
    }
}
