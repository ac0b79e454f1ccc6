import Classification
import Enforcement
import NetworkTypes
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// A long random life of sessions that are used or not, under a packet path that looks away now and then, rules that
/// change, and keys that are renewed. Who is ended must be who a slow look at all that ever happened says.
@Suite struct IdleModelTests {
    /// Everything that happened, and nothing derived from it.
    fileprivate struct History {
        var reports: [(from: Instant, through: Instant)] = []
        var uses: [SessionID: [Instant]] = [:]
        var openings: [SessionID: Instant] = [:]
        var ended: Set<SessionID> = []

        /// The beginning of the time before now that was looked at without a gap.
        var watchedSince: Instant? {
            guard var since = reports.last?.through else { return nil }
            for (index, report) in reports.enumerated().reversed() {
                let isLast = index == reports.count - 1
                guard isLast || report.through >= since else { return since }
                guard report.through - report.from <= .seconds(30) else {
                    return isLast ? since : report.through
                }
                since = min(since, report.from)
            }
            return since
        }

        func isIdle(_ id: SessionID, longerThan idle: Duration?) -> Bool {
            guard let idle, let since = watchedSince, let through = reports.last?.through,
                let opened = openings[id]
            else { return false }
            let last = ([opened, since] + (uses[id] ?? [])).max() ?? since
            return through - last >= idle
        }
    }

    private static let idleTimes: [Duration?] = [
        nil, .seconds(20), .seconds(60), .seconds(61), .seconds(150),
    ]

    @Test(arguments: [UInt64(41), 42, 43, 44, 45, 46])
    func endsWhoeverASlowLookEnds(seed: UInt64) async throws {
        var random = Seeded(seed)
        var idle: [String: Duration] = ["employee": .seconds(60)]
        let world = try await World(policy: try Cast.policy(idle: idle))
        var history = History()
        var next: UInt64 = 1
        var ends = 0
        for step in 0..<600 {
            var what = "report"
            switch Int.random(in: 0..<16, using: &random) {
            case 0 where history.openings.count < 12, 1 where history.openings.count < 12:
                what = "open \(next)"
                try await open(next, world, &history, &random)
                next += 1
            case 2:
                what = "close"
                await close(world, &history, &random)
            case 3:
                idle["employee"] = Self.idleTimes.randomElement(using: &random) ?? nil
                idle["no-code"] = Self.idleTimes.randomElement(using: &random) ?? nil
                what = "rules \(idle)"
                let policy = try Cast.policy(contractEnds: .seconds(1_000_000), idle: idle)
                _ = try await world.enforcer.carryOut(.load(policy, seeds: try World.seeds))
            case 4:
                what = "renewal"
                await renew(world, &history, &random)
            case 5:
                what = "nobody looks"
                await world.pass(.seconds(Int.random(in: 0...40, using: &random)))
            default: break
            }
            await report(world, &history, &random)
            for (id, _) in history.openings where !history.ended.contains(id) {
                let known = try #require(await world.enforcer.session(id))
                let isIdle = history.isIdle(id, longerThan: known.decision.idle)
                #expect((known.cut != nil) == isIdle, "\(id), seed \(seed), step \(step): \(what)")
                #expect(
                    known.decision.idle == idle[known.decision.className ?? ""],
                    "seed \(seed), step \(step): \(what)")
                if isIdle {
                    history.ended.insert(id)
                    ends += 1
                }
            }
        }
        #expect(ends > 20, "\(ends) ends, seed \(seed): hardly anything was tried")
    }

    private func open(
        _ client: UInt64, _ world: World, _ history: inout History, _ random: inout Seeded
    ) async throws {
        var session = try Cast.session(client, "laptop-\(client)", leaf: 1, user: "alice")
        let code = Bool.random(using: &random) ? try world.code : nil
        await world.send(.login(world.login(session, code: code)))
        // A code that was used by another of alice's sessions just now.
        guard await world.enforcer.session(session.id) != nil else { return }
        session.addresses = [try #require(IPAddress("10.8.\(client / 250).\(client % 250)"))]
        await world.send(.established(session))
        history.openings[session.id] = world.clock.now()
    }

    private func close(_ world: World, _ history: inout History, _ random: inout Seeded) async {
        guard let id = history.openings.keys.sorted().randomElement(using: &random) else { return }
        history.openings[id] = nil
        history.uses[id] = nil
        await world.send(.ended(id, nil))
    }

    private func renew(_ world: World, _ history: inout History, _ random: inout Seeded) async {
        guard let id = history.openings.keys.sorted().randomElement(using: &random),
            let known = await world.enforcer.session(id), known.cut == nil
        else { return }
        await world.send(.login(world.login(known.session, kind: .renewal)), .established(known.session))
    }

    /// Some sessions were used at some time since the last report, which joins the one before or does not.
    private func report(_ world: World, _ history: inout History, _ random: inout Seeded) async {
        let length = Int.random(in: 0..<20, using: &random) == 0 ? 35 : Int.random(in: 0...12, using: &random)
        let overlap = Int.random(in: 0..<4, using: &random) == 0 ? 3 : 0
        let began = history.reports.last.map(\.through) ?? world.clock.now()
        let isJoined = Int.random(in: 0..<12, using: &random) > 0
        if !isJoined { world.clock.move(by: .seconds(1)) }
        let start = isJoined ? min(began, world.clock.now()) : world.clock.now()
        world.clock.move(by: .seconds(length))
        let now = world.clock.now()
        let from = isJoined ? max(start - .seconds(overlap), history.reports.last?.from ?? start) : start
        var observations: [Observation] = []
        for id in history.openings.keys.sorted() where Int.random(in: 0..<24, using: &random) == 0 {
            let at = now - .seconds(Int.random(in: 0...max(0, length), using: &random))
            history.uses[id, default: []].append(at)
            observations.append(.used(id, at: at))
        }
        history.reports.append((from, now))
        world.enforcer.send(observations + [.watched(tunnel: "tun0", from: from, through: now)])
        await world.enforcer.settled()
        world.enforcer.tick()
        await world.enforcer.settled()
    }
}
