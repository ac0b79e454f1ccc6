import Classification
import Logging
import NetworkTypes
package import PacketPath
package import Sessions

/// What the packet path tells, and is asked.
extension Enforcer {
    /// Takes what the workers saw: lines for the log with the session they are about. Called with what has come since
    /// the last time, every second or so; also with nothing, so that what was held back is said in the end.
    ///
    /// - Parameters:
    ///   - events: With ticks of milliseconds since 1970.
    ///   - lost: How many more there were for which the workers had no room.
    package func report(_ events: [PathEvent], lost: UInt64) {
        let now = clock.now()
        var notes: [Effects.Note] = []
        var scans: [Observation] = []
        for event in events {
            // That a session scans is said where it is looked at anew.
            if event.kind == .scan, let id = path?.session(of: event) {
                let destinations = Int(clamping: event.detail)
                scans.append(.scanning(id, destinations: destinations, at: event.instant))
            } else if let note = note(event, at: now) {
                notes.append(note)
            }
        }
        if !scans.isEmpty { send(scans) }
        notes += reporter.summaries(at: now)
        if lost > 0 {
            notes.append(
                Effects.Note(
                    level: .warning, message: "\(lost) events of the packet path were lost: too many at once")
            )
        }
        publish(notes)
    }

    private func note(_ event: PathEvent, at now: Instant) -> Effects.Note? {
        switch path?.origin(of: event) {
        case .session(let id, let changedAt):
            // Packets that the kernel judged before the change are no disagreement.
            if event.kind == .disagreement, event.instant <= changedAt + Self.transit { return nil }
            return reporter.note(event, context(id, event, at: now), at: now)
        case .nobody where event.kind == .spoofed && event.source.isOfOneLink: return nil
        case .nobody:
            let tunnel = state.interfaces.first { $0.value == UInt32(truncatingIfNeeded: event.detail) }?.key
            return reporter.note(event, PathReporter.Context(tunnel: tunnel), at: now)
        // Its client has not noticed yet; that it was cut has been said.
        case .gone, nil: return nil
        }
    }

    /// How long after a change packets may still be seen that the kernel judged before it: what a capture holds back.
    private static let transit: Duration = .milliseconds(500)

    private func context(_ id: SessionID, _ event: PathEvent, at now: Instant) -> PathReporter.Context {
        let known = state.enforced[id]
        let verdict = known.map { known in
            state.explain(known, at: now)
                .verdict(for: event.destination, under: state.policy)
        }
        return PathReporter.Context(
            session: known?.session, verdict: verdict, programmed: known?.programmed)
    }

    /// Tells which sessions of a tunnel were used since the last time, and how far it was looked at. Costs some
    /// tens of nanoseconds a session, and more for those that were used.
    ///
    /// - Parameters:
    ///   - watched: The time in which every packet was looked at; nil when that cannot be said, and then nobody is
    ///     found idle.
    ///   - workers: Those at the tunnels. They have counted everything up to the end of `watched`.
    package func reportUse(
        of tunnel: String, since: Instant, watched: ClosedRange<Instant>?, workers: [WorkerCounters]
    ) {
        let now = clock.now()
        let used = path?.used({ Self.lastUse(of: $0, in: workers, since: since) }, orElse: now) ?? []
        var observations = used.compactMap { id, at -> Observation? in
            state.enforced[id]?.session.tunnel == tunnel ? .used(id, at: at) : nil
        }
        if let watched {
            observations.append(
                .watched(tunnel: tunnel, from: watched.lowerBound, through: watched.upperBound))
        }
        if !observations.isEmpty { send(observations) }
    }

    private static func lastUse(
        of slot: SessionSlot, in workers: [WorkerCounters], since: Instant
    ) -> Instant? {
        let tick = workers.reduce(0) {
            max($0, $1.lastUsed(ofSlot: Int(slot.number), generation: UInt64(slot.generation)))
        }
        let at = Instant(milliseconds: tick)
        return tick != 0 && at >= since ? at : nil
    }

    /// What the workers counted of a session; nil when the packet path does not know it.
    package func use(of id: SessionID, in workers: [WorkerCounters]) -> SessionUse? {
        guard let slot = path?.slot(of: id) else { return nil }
        return workers.use(ofSlot: Int(slot.number), generation: UInt64(slot.generation))
    }
}

extension PathEvent {
    fileprivate var instant: Instant { Instant(milliseconds: tick) }
}

extension Instant {
    /// A worker's tick: milliseconds since 1970.
    fileprivate init(milliseconds: UInt64) {
        self.init(nanosecondsSince1970: Int64(min(milliseconds, 9_000_000_000_000)) * 1_000_000)
    }
}

extension IPAddress {
    /// What hosts say on one link before they have another address: link-local and unspecified. It goes nowhere, and
    /// every system says it when an interface comes up.
    fileprivate var isOfOneLink: Bool {
        switch family {
        case .ipv4: bits == 0 || bits >> 16 == 0xa9fe
        case .ipv6: bits == 0 || bits >> 118 == 0x3fa
        }
    }
}
