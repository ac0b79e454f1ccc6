import Capture
import Enforcement
import Logging
import PacketPath
import ServiceLifecycle
import Sessions

/// The packet path of the running daemon: its taps, and what becomes of what they see.
struct PathService: Service {
    let taps: [Tap]
    let enforcer: Enforcer
    let log: Logger

    /// Begins to watch. Nil when the packet path has no memory, which has been logged.
    init?(
        _ configuration: PathConfiguration, tunnels: [String], enforcer: Enforcer, log: Logger
    ) {
        guard let readers = enforcer.pathReaders else { return nil }
        self.enforcer = enforcer
        self.log = log
        taps = Self.places(configuration, tunnels).compactMap { place in
            // Scans are seen where sessions send.
            let watches = place.place == .tunnel && place.direction == .inbound
            let scans = ScanDetector(
                slotCount: watches ? configuration.slotCount : 0,
                threshold: configuration.scanDestinations,
                windowTicks: UInt64(configuration.scanWindow.milliseconds), key: Self.secret())
            return Tap(place, readers: readers, slotCount: configuration.slotCount, scans: scans)
        }
        if configuration.sampling > 1 {
            log.notice("the packet path looks at one packet in \(configuration.sampling)")
        }
    }

    private static func secret() -> (UInt64, UInt64) {
        var random = SystemRandomNumberGenerator()
        return (random.next(), random.next())
    }

    private static func places(_ configuration: PathConfiguration, _ tunnels: [String]) -> [Tap.Place] {
        let atTunnels = tunnels.flatMap { tunnel in
            [LiveSource.Direction.inbound, .outbound].map { direction in
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

    /// What sessions are counted by: the taps at the tunnels.
    var counters: [WorkerCounters] { taps.filter { $0.place.place == .tunnel }.map(\.counters) }

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
    }

    private func round(_ seen: inout Seen) async {
        var events: [PathEvent] = []
        for tap in taps { tap.drainEvents { events.append($0) } }
        let lost = taps.reduce(0) { $0 + $1.lostEvents }
        await enforcer.report(events, lost: lost - seen.lostEvents)
        seen.lostEvents = lost
        for tap in taps {
            reportState(of: tap, &seen)
            reportDrops(of: tap, &seen)
        }
    }

    private func reportState(of tap: Tap, _ seen: inout Seen) {
        let state = tap.state
        guard state != seen.states[tap.place] else { return }
        seen.states[tap.place] = state
        let name = "\(tap.place.interface), \(tap.place.direction.rawValue)"
        switch state {
        case .watching: log.notice("packet path: watching \(name)")
        case .waiting(let reason): log.error("packet path: not watching \(name): \(reason)")
        case .stopped: break
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
    fileprivate var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
