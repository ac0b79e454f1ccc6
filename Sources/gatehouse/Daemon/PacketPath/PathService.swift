import Capture
import Enforcement
import Logging
import PacketPath
import ServiceLifecycle
import Sessions

/// The packet path of the running daemon: its taps, and what becomes of what they see.
struct PathService: Service {
    let taps: [Tap]
    let tunnels: [String]
    let sampling: UInt32
    let enforcer: Enforcer
    let log: Logger

    /// Begins to watch. Nil when the packet path has no memory, which has been logged.
    init?(
        _ configuration: PathConfiguration, tunnels: [String], enforcer: Enforcer, log: Logger
    ) {
        guard let readers = enforcer.pathReaders else { return nil }
        self.enforcer = enforcer
        self.log = log
        self.tunnels = tunnels
        sampling = configuration.sampling
        taps = Self.places(configuration, tunnels).compactMap { place in
            // Scans are seen where sessions send.
            let watches = place.place == .tunnel && place.direction == .inbound
            let scans = ScanDetector(
                slotCount: watches ? configuration.slotCount : 0,
                threshold: configuration.scanDestinations,
                windowTicks: UInt64(configuration.scanWindow.milliseconds), key: Self.secret())
            let tap = Tap(place, readers: readers, slotCount: configuration.slotCount, scans: scans)
            if tap == nil {
                log.critical(
                    "packet path: no memory to watch \(place.interface), \(place.direction.rawValue)")
            }
            return tap
        }
        if configuration.sampling > 1 {
            log.notice(
                "the packet path looks at one packet in \(configuration.sampling): no session is found idle")
        }
    }

    private static func secret() -> (UInt64, UInt64) {
        var random = SystemRandomNumberGenerator()
        return (random.next(), random.next())
    }

    private static func places(_ configuration: PathConfiguration, _ tunnels: [String]) -> [Tap.Place] {
        let atTunnels = tunnels.flatMap { tunnel in
            LiveSource.Direction.ways.map { direction in
                Tap.Place(
                    interface: tunnel, direction: direction, place: .tunnel, tunnels: [tunnel],
                    sampling: configuration.sampling)
            }
        }
        let inside = configuration.inside.map { interface in
            Tap.Place(
                interface: interface, direction: .outbound, place: .inside, tunnels: tunnels,
                sampling: configuration.sampling)
        }
        return atTunnels + inside
    }

    /// What the taps at the tunnels counted of a session.
    func use(of id: SessionID) async -> ControlMessages.SessionUseSummary? {
        let counters = taps.filter { $0.place.place == .tunnel }.map(\.counters)
        guard let use = await enforcer.use(of: id, in: counters) else { return nil }
        return ControlMessages.SessionUseSummary(
            packetsOut: use.outward.packets, bytesOut: use.outward.octets, packetsIn: use.toward.packets,
            bytesIn: use.toward.octets, refused: use.denied, lastSeen: Self.time(use.lastSeen),
            lastUsed: Self.time(use.lastUsed))
    }

    private static func time(_ tick: UInt64) -> String? {
        guard tick != 0, let milliseconds = Int64(exactly: tick) else { return nil }
        return (Instant(secondsSince1970: 0) + .milliseconds(milliseconds)).description
    }

    /// Interfaces that are not watched now, with the reason.
    var unwatched: [String: String] {
        var reasons: [String: String] = [:]
        for tap in taps {
            if case .waiting(let reason) = tap.state { reasons[tap.place.interface] = reason }
        }
        return reasons
    }

    // MARK: Running

    func run() async throws {
        await withGracefulShutdownHandler {
            var seen = Seen()
            while !Task.isShuttingDownGracefully {
                await round(&seen)
                // Events are at most a second old when they are read; a shutdown does not wait for the sleep's end.
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
            }
        } onGracefulShutdown: {
            for tap in taps { tap.stop() }
        }
    }

    /// What the last round saw, to tell what is new.
    private struct Seen {
        var lostEvents: UInt64 = 0
        var droppedFrames: [String: UInt64] = [:]
        var states: [Tap.Place: Tap.State] = [:]
        var progress: [Tap.Place: Tap.Progress] = [:]
        /// When the use of a tunnel's sessions was last told.
        var told: [String: Instant] = [:]
    }

    private func round(_ seen: inout Seen) async {
        var events: [PathEvent] = []
        for tap in taps { tap.drainEvents { events.append($0) } }
        let lost = taps.reduce(0) { $0 + $1.lostEvents }
        await enforcer.report(events, lost: lost - seen.lostEvents)
        seen.lostEvents = lost
        for tunnel in tunnels { await reportUse(of: tunnel, &seen) }
        for tap in taps {
            reportState(of: tap, &seen)
            reportDrops(of: tap, &seen)
        }
    }

    /// The time since the last round counts as watched when both taps of the tunnel looked all through it.
    private func reportUse(of tunnel: String, _ seen: inout Seen) async {
        let mine = taps.filter { $0.place.place == .tunnel && $0.place.interface == tunnel }
        // Before the counters: what they say is then at least as new.
        let progress = Dictionary(uniqueKeysWithValues: mine.map { ($0.place, $0.progress) })
        let before = seen.progress
        // One direction alone says nothing of silence.
        let isBothWays = mine.count == LiveSource.Direction.ways.count
        let isWhole =
            isBothWays
            && progress.allSatisfy { place, now in
                guard let before = before[place], sampling == 1, now.capture != 0 else { return false }
                return now.capture == before.capture && now.dropped == before.dropped
            }
        let from = mine.compactMap { before[$0.place]?.through }.min()
        let through = progress.values.map(\.through).min()
        var watched: ClosedRange<Instant>?
        if isWhole, let from, let through, from < through {
            watched =
                Instant(nanosecondsSince1970: Int64(from))...Instant(nanosecondsSince1970: Int64(through))
        }
        let now = SystemClock().now()
        await enforcer.reportUse(
            of: tunnel, since: seen.told[tunnel] ?? now - .seconds(60), watched: watched,
            workers: mine.map(\.counters))
        // Twice what a tap holds back: use that is counted late is told late, and not left out.
        seen.told[tunnel] = now - .seconds(2)
        for (place, progress) in progress { seen.progress[place] = progress }
    }

    private func reportState(of tap: Tap, _ seen: inout Seen) {
        let state = tap.state
        guard state != seen.states[tap.place] else { return }
        seen.states[tap.place] = state
        let name = "\(tap.place.interface), \(tap.place.direction.rawValue)"
        switch state {
        case .watching: log.notice("packet path: watching \(name)")
        case .waiting(let reason): log.error("packet path: not watching \(name): \(reason)")
        case .starting, .stopped: break
        }
    }

    private func reportDrops(of tap: Tap, _ seen: inout Seen) {
        let name = "\(tap.place.interface), \(tap.place.direction.rawValue)"
        let dropped = tap.statistics.dropped
        let before = seen.droppedFrames[name] ?? 0
        guard dropped > before else { return }
        seen.droppedFrames[name] = dropped
        log.warning("packet path: the kernel dropped \(dropped - before) frames of \(name): it is too busy")
    }
}

extension Duration {
    /// Whole ones.
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension LiveSource.Direction {
    /// A tap each at every tunnel.
    fileprivate static let ways: [Self] = [.inbound, .outbound]
}
