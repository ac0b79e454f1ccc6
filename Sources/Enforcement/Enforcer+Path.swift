import Classification
import Evidence
import Logging
package import NetworkTypes
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
                hear(event, note, at: now)
            }
        }
        if !scans.isEmpty { send(scans) }
        for summary in reporter.summaries(at: now) {
            notes.append(summary.note)
            hear(summary, at: now)
        }
        if lost > 0 {
            notes.append(
                Effects.Note(
                    level: .warning, message: "\(lost) events of the packet path were lost: too many at once")
            )
        }
        publish(notes)
        // Nothing else may happen for a while, and what was heard is recorded with what happens next.
        if !heard.isEmpty { tick() }
    }

    /// Keeps an event for the record.
    private func hear(_ event: PathEvent, _ note: Effects.Note, at now: Instant) {
        guard auditor != nil, let kind = PacketSighting.Kind(event.kind) else { return }
        let sighting = PacketSighting(
            kind, note.session, tunnel: note.session?.tunnel ?? tunnel(of: event), source: event.source,
            destination: event.destination, says: note.message)
        heard.append(AuditEvent(.packets(sighting, under: state.policy), at: now))
    }

    private func hear(_ summary: PathReporter.Summary, at now: Instant) {
        guard auditor != nil, let kind = PacketSighting.Kind(summary.subject.kind) else { return }
        let session = summary.subject.session.flatMap { state.enforced[$0]?.session }
        let sighting = PacketSighting(
            kind, session, tunnel: session?.tunnel, source: nil, destination: nil,
            says: summary.note.message, count: summary.count)
        heard.append(AuditEvent(.packets(sighting, under: state.policy), at: now))
    }

    private func tunnel(of event: PathEvent) -> String? {
        state.interfaces.first { $0.value == UInt32(truncatingIfNeeded: event.detail) }?.key
    }

    private func note(_ event: PathEvent, at now: Instant) -> Effects.Note? {
        switch path?.origin(of: event) {
        case .session(let id, let changedAt):
            // Packets that the kernel judged before the change are no disagreement.
            if event.kind == .disagreement, event.instant <= changedAt + Self.transit { return nil }
            return reporter.note(event, context(id, event, at: now), at: now)
        case .nobody where event.kind == .spoofed && event.source.isOfOneLink: return nil
        case .nobody:
            return reporter.note(event, PathReporter.Context(tunnel: tunnel(of: event)), at: now)
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

    /// Says whose flows these are. Those that are nobody's any more are left out.
    package func flows(_ counts: [FlowCount]) -> [FlowSighting] {
        counts.compactMap { count in
            guard let id = path?.session(of: count.session) else { return nil }
            let session = state.enforced[id]?.session
            return FlowSighting(
                id: id, userName: session?.userName, device: session.flatMap(device),
                destination: count.destination, packets: count.packets, octets: count.octets,
                from: Instant(milliseconds: count.firstTick), through: Instant(milliseconds: count.lastTick))
        }
    }

    private func device(of session: Session) -> String? {
        state.enforced[session.id].flatMap { known in
            state.evidence(for: session, known.proofs, scan: known.scan, at: clock.now()).device?.id
        }
    }

    /// What the workers counted of a session; nil when the packet path does not know it.
    package func use(of id: SessionID, in workers: [WorkerCounters]) -> SessionUse? {
        guard let slot = path?.slot(of: id) else { return nil }
        return workers.use(ofSlot: Int(slot.number), generation: UInt64(slot.generation))
    }
}

/// What a session and one place said to each other for a while.
package struct FlowSighting: Sendable, Hashable {
    package let id: SessionID
    /// Nil where the session has ended meanwhile, as the next one is: by its number the record says whose it was.
    package let userName: String?
    /// The inventory id.
    package let device: String?
    package let destination: Destination
    package let packets: UInt64
    package let octets: UInt64
    /// Of the first packet and of the last.
    package let from: Instant
    package let through: Instant
}

extension PacketSighting.Kind {
    fileprivate init?(_ kind: PathEvent.Kind) {
        switch kind {
        case .spoofed: self = .spoofed
        case .disagreement: self = .disagreement
        case .refused, .scan: return nil
        }
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
