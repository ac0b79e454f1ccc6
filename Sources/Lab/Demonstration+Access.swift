import Foundation
import NetworkTypes

extension Demonstration {
    /// The employee forgot the code: the portal, and nothing else.
    func loginWithoutCode() async throws {
        let client = try await login(.employeeWithoutCode, stage: .withoutCode)
        try await reach(.withoutCode, .employeeWithoutCode, client: client)
        if let client { try await leave(client) }
    }

    func loginUnregistered() async throws {
        if let client = try await login(.unregistered, stage: .unregistered) { try await leave(client) }
    }

    /// An ordinary day: the employee, a colleague's laptop that is yet to be stolen, and the vendor.
    func atWork() async throws -> [Actor: VPNClient] {
        var clients: [Actor: VPNClient] = [:]
        for actor in [Actor.employee, .thief, .vendor] {
            clients[actor] = try await login(actor, stage: .atWork)
        }
        try await reach(.atWork, .employee, client: clients[.employee], otherSession: clients[.thief])
        try await reach(.atWork, .vendor, client: clients[.vendor])
        return clients
    }

    /// The vendor's second certificate bears the name of the employee's laptop. OpenVPN, left alone, would throw the
    /// employee out and hand the vendor the employee's address.
    func sameName(employee: VPNClient?) async throws {
        let impostor = try await start(.impostor)
        switch impostor.login {
        case .connected: try await reach(.sameName, .impostor, client: impostor)
        case .turnedAway(let reason): await recordWithoutTunnel("no tunnel: \(reason)")
        case .unanswered: await recordWithoutTunnel("no tunnel: no answer")
        }
        await children.end(impostor.process)
        try await reach(.sameName, .employee, client: employee)
    }

    private func recordWithoutTunnel(_ seen: String) async {
        for row in Scenario.rows(of: .sameName) where row.actor == .impostor {
            await ledger.record(Outcome(seen: seen, matches: true), for: row)
        }
    }

    /// Ends a client and waits until its session is gone from the daemon's list.
    private func leave(_ client: VPNClient) async throws {
        await children.end(client.process)
        guard let address = client.address(.ipv4) else { return }
        try await Wait.until("the session at \(address) to end", within: .seconds(15)) {
            try await control.sessions().allSatisfy { !$0.holds(address) }
        }
    }
}
