import Foundation
import NetworkTypes

extension Demonstration {
    private static let reference = "RFC-1"
    /// Enough for the rows that are measured under the new rules.
    private static let confirmWithin = "20s"

    /// Rules are changed under a reference while the employee downloads. The plan names the downloads that will be cut,
    /// the change cuts them, and as nobody confirms it the rules of before come back.
    func rulesChange(employee: VPNClient?) async throws {
        guard let employee, let session = try await control.session(at: employee.address(.ipv4) ?? "") else {
            await skip(.rulesApplied, "no session")
            return await skip(.rulesBack, "no session")
        }
        let folder = try RulePack.withoutFinance(at: site)
        let capture = try await TunnelCapture.start(
            towards: Array(employee.addresses.values), children: children)
        let downloads = try await startDownloads(in: employee.actor.space, atLeast: 500_000)
        let plan = try await control.plan(folder)
        for row in Scenario.rows(of: .rulesApplied) where row.subject == .plan {
            await ledger.record(Self.planOutcome(row, employee, plan), for: row)
        }
        let applied = try await control.apply(
            folder, reference: Self.reference, confirmWithin: Self.confirmWithin)
        // As after any cut: longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(2500))
        let traffic = await capture.finish()
        for row in Scenario.rows(of: .rulesApplied) where row.subject == .download {
            await ledger.record(
                Self.cutOutcome(row, employee, traffic, at: applied.committedAt), for: row)
        }
        await end(downloads)
        try await reach(.rulesApplied, .employee, client: employee)
        guard let finance = Self.finance(.ipv4) else { return await skip(.rulesBack, "no address") }
        try await Wait.until("the rules of before to come back", within: .seconds(60)) {
            try await control.explain(session.id, to: finance).permits
        }
        try await reach(.rulesBack, .employee, client: employee)
    }

    private static func finance(_ family: AddressFamily) -> String? {
        Target.finance.fixedAddress(family).flatMap {
            Target.finance.destination(family, at: $0)?.description
        }
    }

    private static func planOutcome(_ row: Row, _ client: VPNClient, _ plan: PlannedChange) -> Outcome {
        guard let family = row.family, let address = client.address(family), let finance = finance(family)
        else { return .notMeasured("no address") }
        let count = plan.cuts(from: address, to: finance)
        return Outcome(seen: "cuts \(count) to \(finance)", matches: count > 0)
    }
}
