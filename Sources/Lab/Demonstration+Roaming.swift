import Foundation
import NetworkTypes

extension Demonstration {
    /// The assessed laptop goes from home to the office, abroad, and to where nobody knows, and the VPN server lets it:
    /// its session and its downloads go along. What asks for a place ends there.
    func roam(_ climber: Climber) async throws {
        var sights: [Whereabouts: [Sweep.Door: Look]] = [:]
        var stops: [Rung: [AddressFamily: Stop]] = [:]
        sights[.home] = try await look(Rung.placed, climber)
        for (from, to) in zip(Self.journey, Self.journey.dropFirst()) {
            let lost = Rung.placed.filter { $0.holds(at: from) && !$0.holds(at: to) }
            if lost.isEmpty {
                _ = try await move(climber, to: to)
            } else {
                stops.merge(try await move(climber, to: to, losing: lost)) { first, _ in first }
            }
            sights[to] = try await look(Rung.placed, climber)
            if to == .abroad { try await climb([Rung.travel], .roaming, climber) }
        }
        for row in Scenario.rows(of: .roaming) {
            guard case .rung(let rung) = row.subject, Rung.placed.contains(rung), let family = row.family
            else {
                continue
            }
            let looks = Whereabouts.allCases.map { ($0, sights[$0]?[Sweep.Door(rung, family)]) }
            await ledger.record(Self.outcome(rung, looks, stops[rung]?[family]), for: row)
        }
    }

    private static let journey: [Whereabouts] = [.home, .office, .abroad, .nowhere, .home]

    /// The last byte of a download, against the time that the laptop left and that the daemon's list said so.
    struct Stop: Sendable {
        let afterLeaving: Duration
        let afterListing: Duration
    }

    /// Returns when it left, and when the daemon's list said so. From then on packets come from another address of the
    /// laptop's; the VPN server follows whoever has the keys.
    private func move(
        _ climber: Climber, to place: Whereabouts
    ) async throws -> (left: Int64, listed: Int64) {
        let left = TunnelCapture.now
        try await Command([
            "ip", "-n", climber.client.actor.space.name, "route", "replace", "\(Network.server)/32", "dev",
            "outer0", "src", place.address,
        ]).succeed()
        // Something to be followed by: an idle client would be noticed at its next packet.
        _ = try await Sweep.run([Sweep.Door(Rung.placed[0], .ipv4)], from: climber.client.actor.space)
        try await Wait.until("the daemon to see the laptop \(place.title)", within: .seconds(8)) {
            try await socket.sessions().contains {
                $0.id == climber.session && ($0.outer?.hasPrefix(place.address + ":") ?? false)
            }
        }
        return (left, TunnelCapture.now)
    }

    private func move(
        _ climber: Climber, to place: Whereabouts, losing rungs: [Rung]
    ) async throws -> [Rung: [AddressFamily: Stop]] {
        let capture = try await TunnelCapture.start(towards: climber.addresses, children: children)
        let streams = try await stream(rungs, climber)
        let (left, listed) = try await move(climber, to: place)
        try await Task.sleep(for: .milliseconds(700))
        let traffic = await capture.finish()
        await children.end(streams)
        var stops: [Rung: [AddressFamily: Stop]] = [:]
        for rung in rungs {
            for family in AddressFamily.allCases {
                guard let last = traffic.lastPayload(to: climber.address(family), from: rung.port) else {
                    continue
                }
                stops[rung, default: [:]][family] = Stop(
                    afterLeaving: .nanoseconds(last - left), afterListing: .nanoseconds(last - listed))
            }
        }
        return stops
    }

    private static func outcome(
        _ rung: Rung, _ looks: [(Whereabouts, Look?)], _ stop: Stop?
    ) -> Outcome {
        let why = looks.compactMap { rung.holds(at: $0) ? nil : $1?.explanation.text }.last ?? ""
        for (place, look) in looks where look?.isOpen(rung.holds(at: place)) != true {
            let seen = look.map { "\($0.finding.text), explained as \($0.explanation.verdict)" }
            return Outcome(seen: "\(place.title): \(seen ?? "not tried")", matches: false, decidedBy: why)
        }
        guard let stop else { return .notMeasured("no download") }
        let seconds = (stop.afterLeaving / .seconds(1)).formatted(.number.precision(.fractionLength(2)))
        // The server's list is asked for each second; it may be answered slowly.
        let isInTime = stop.afterLeaving < .seconds(DaemonFiles.pollSeconds + 2)
        return Outcome(
            seen: "last byte \(seconds) s after leaving",
            matches: isInTime && stop.afterListing < .milliseconds(200), decidedBy: why)
    }
}

extension Rung {
    package func holds(at place: Whereabouts) -> Bool {
        if case .places(let places) = evidence { places.contains(place) } else { false }
    }
}
