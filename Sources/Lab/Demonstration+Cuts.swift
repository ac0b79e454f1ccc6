import Foundation
import NetworkTypes

extension Demonstration {
    /// A laptop is reported lost in the middle of a download; not one byte may follow.
    func stolen(thief: VPNClient?) async throws {
        guard let thief else { return await skip(.stolen, "no session") }
        let capture = try await TunnelCapture.start(
            towards: Array(thief.addresses.values), children: children)
        let downloads = try await startDownloads(in: thief.actor.space, atLeast: 2_000_000)
        let cut = try await control.setStatus("lost", of: thief.actor.device)
        // The time for which nothing may be seen: longer than a server waits before it sends a segment again.
        try await Task.sleep(for: .milliseconds(2500))
        let traffic = await capture.finish()
        for row in Scenario.rows(of: .stolen) where row.subject == .download {
            await ledger.record(Self.cutOutcome(row, thief, traffic, at: cut.committedAt), for: row)
        }
        await end(downloads)
        await children.end(thief.process)
        _ = try await login(.thief, stage: .stolen)
    }

    static func cutOutcome(
        _ row: Row, _ client: VPNClient, _ traffic: TunnelTraffic, at cut: Int64
    ) -> Outcome {
        guard let address = row.family.flatMap(client.address) else { return .notMeasured("no address") }
        if traffic.dropped > 0 { return .notMeasured("the capture lost \(traffic.dropped) packets") }
        let before = traffic.payload(to: address, after: cut - 1_000_000_000, through: cut)
        let after = traffic.payload(to: address, after: cut)
        return Outcome(
            seen: "\(after) bytes, \(before) in the second before", matches: after == 0 && before > 100_000)
    }

    /// The vendor's contract runs out while the vendor is connected and busy.
    func contractEnds(vendor: VPNClient?) async throws {
        guard let vendor else { return await skip(.contractEnds, "no session") }
        let capture = try await TunnelCapture.start(
            towards: Array(vendor.addresses.values), children: children)
        let downloads = try await startDownloads(in: vendor.actor.space, atLeast: 500_000)
        let end = try await endBeyondReload()
        try VendorContract(from: .now - 86400, until: end).write(at: site)
        _ = try await control.reload()
        try await Wait.until("the end of the contract to be past", within: .seconds(60)) {
            Date() > end.addingTimeInterval(2)
        }
        let traffic = await capture.finish()
        for row in Scenario.rows(of: .contractEnds) where row.subject == .download {
            let address = row.family.flatMap(vendor.address) ?? "?"
            await ledger.record(Self.endOutcome(traffic, to: address, at: end), for: row)
        }
        await self.end(downloads)
        try await reach(.contractEnds, .vendor, client: vendor)
    }

    /// A whole second far enough ahead that rules, which are read and proved before they count, count well before it.
    func endBeyondReload() async throws -> Date {
        let took = try await ContinuousClock().measure { _ = try await control.reload() } / .seconds(1)
        return Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 3 + 2 * took).rounded(.up))
    }

    /// The daemon's clock may look up to a second late; early would be wrong too.
    static func endOutcome(
        _ traffic: TunnelTraffic, to address: String, from port: UInt16? = nil, at end: Date
    ) -> Outcome {
        if traffic.dropped > 0 { return .notMeasured("the capture lost \(traffic.dropped) packets") }
        guard let last = traffic.lastPayload(to: address, from: port) else {
            return .notMeasured("no download")
        }
        let late = (Double(last) / 1e9) - end.timeIntervalSince1970
        let text = late.formatted(.number.precision(.fractionLength(2)).sign(strategy: .always()))
        return Outcome(seen: "last byte \(text) s from the end", matches: abs(late) <= 1)
    }

    /// Both families at once, from finance; returns when each has at least that many bytes.
    func startDownloads(in space: Network.Space, atLeast bytes: Int) async throws -> [Download] {
        var downloads: [Download] = []
        for family in AddressFamily.allCases {
            downloads.append(
                try await Download.start(
                    from: .finance, family: family, in: space, site: site, children: children))
        }
        for download in downloads {
            try await Wait.until(
                "\(bytes) bytes over \(download.family) in \(space.name)", log: download.process.log
            ) { download.received >= bytes }
        }
        return downloads
    }

    func end(_ downloads: [Download]) async {
        for download in downloads { await children.end(download.process) }
    }

    /// Records that a stage could not be measured.
    func skip(_ stage: Row.Stage, _ why: String) async {
        for row in Scenario.rows(of: stage) { await ledger.record(.notMeasured(why), for: row) }
    }
}
