import Classification
import Evidence
import Logging
import PolicyLanguage
import RulesetCompiler
import Sessions

extension EnforcementState {
    /// What the packet path saw, in its order. A bulk costs one look-up a session that was used (230 ns at 100,000
    /// sessions); new scans cost one look at every session (60 ms), once for all of a bulk.
    mutating func handle(_ observations: [Observation], at now: Instant, _ effects: inout Effects) {
        var suspects: Set<Hold.Subject> = []
        for observation in observations {
            switch observation {
            case .used(let id, let instant): used(id, at: min(instant, now), now)
            case .scanning(let id, let destinations, let instant):
                let sighting = ScanSighting(
                    seenAt: min(instant, now), destinations: destinations, isOwn: true)
                suspects.formUnion(scanned(id, sighting, at: now, &effects))
            case .watched(let tunnel, let from, let through):
                watches[tunnel, default: TunnelWatch()].extend(from: from, through: min(through, now))
                endIdle(on: tunnel, at: now, &effects)
            }
        }
        reviewAll(suspects, at: now, &effects)
    }

    // MARK: Idle time

    private mutating func used(_ id: SessionID, at instant: Instant, _ now: Instant) {
        guard let slot = enforced.slot(of: id) else { return }
        // A use in the future was noted before the clock went back.
        let isLater = enforced[slot].lastUsed.map { $0 < instant || $0 > now } ?? true
        if isLater { enforced[slot].lastUsed = instant }
    }

    /// When a session will have been idle for too long; nil when its class has no idle time, or nobody watches.
    ///
    /// Silence counts from the last use, from when the session was opened or taken over, and from when the packet path
    /// began to look, whichever is last. What passed before a restart of the daemon is not known: a session gets the
    /// benefit of it once, since the other way a restart would end everybody who is reading. A clock that is set back
    /// makes it later by as much.
    func idleEnd(of known: EnforcedSession) -> Instant? {
        guard let since = watches[known.session.tunnel]?.since else { return nil }
        return unwatchedIdleEnd(of: known).map { end in
            max(end, since + (known.decision.idle ?? .zero))
        }
    }

    private func unwatchedIdleEnd(of known: EnforcedSession) -> Instant? {
        guard let idle = known.decision.idle, let opened = known.openedAt, known.cut == nil else {
            return nil
        }
        return max(opened, known.lastUsed ?? opened) + idle
    }

    /// To be called whenever a session is put in force: its class, and with it the idle time, may be another.
    mutating func checkIdle(_ slot: Int) {
        let known = enforced[slot]
        let end = unwatchedIdleEnd(of: known)
        guard end != nil || watches[known.session.tunnel] != nil else { return }
        watches[known.session.tunnel, default: TunnelWatch()].check(slot, by: end)
    }

    private mutating func endIdle(on tunnel: String, at now: Instant, _ effects: inout Effects) {
        guard let due = watches[tunnel]?.popDue(), let through = watches[tunnel]?.through else { return }
        for slot in due {
            let known = enforced[slot]
            guard let end = idleEnd(of: known) else { continue }
            guard end <= through else {
                watches[tunnel]?.check(slot, by: end)
                continue
            }
            let reason = "idle for \(TimeText.text(known.decision.idle ?? .zero))"
            let lastUse = known.lastUsed.map { "last use \($0)" } ?? "not used since it was opened"
            cut(known.session.id, because: reason, log: "\(reason), \(lastUse)", at: now, &effects)
        }
    }

    /// Says once for each tunnel when rules rest on what the packet path sees, and it tells nothing.
    mutating func noteUnwatched(at now: Instant, _ effects: inout Effects) {
        startedAt = startedAt ?? now
        guard policy.restsOnObservation, let startedAt else { return unwatched = [] }
        for tunnel in settings.layout.tunnels {
            let last = watches[tunnel]?.through ?? startedAt
            if now - last <= Self.patience {
                if unwatched.remove(tunnel) != nil { effects.note(.notice, "tunnel \(tunnel) is looked at") }
            } else if unwatched.insert(tunnel).inserted {
                effects.note(
                    .warning,
                    "nobody looks at tunnel \(tunnel) since \(last): no session there is ended for being idle, and no "
                        + "scan is seen")
            }
        }
    }

    /// After how long without a report that is said: longer than the packet path takes to begin.
    private static let patience: Duration = .seconds(60)

    // MARK: Scans

    /// Notes a scan with the session, and with its device and person; returns those for whom it is news.
    private mutating func scanned(
        _ id: SessionID, _ sighting: ScanSighting, at now: Instant, _ effects: inout Effects
    ) -> [Hold.Subject] {
        let slot = enforced.slot(of: id)
        let known = slot.map { enforced[$0] }
        let subjects = known?.subjects ?? scans.departed(id)
        if let slot, let known, ScanMemory.isNews(sighting.seenAt, after: known.scan) {
            enforced[slot].scan = sighting
            effects.note(
                .warning, "seen scanning: refused at about \(sighting.destinations) destinations",
                known.session)
            audit(
                .scan(known.session, destinations: sighting.destinations, under: policy), at: now, &effects)
            review(id, at: now, renews: false, &effects)
        } else if known == nil, !subjects.isEmpty {
            effects.note(.warning, "session \(id), which has ended, was seen scanning")
        }
        return scans.note(sighting, of: subjects, forgetting: now - policy.longestScanMemory)
    }

    /// Looks again at every session of these devices and people.
    private mutating func reviewAll(
        _ suspects: Set<Hold.Subject>, at now: Instant, _ effects: inout Effects
    ) {
        guard !suspects.isEmpty else { return }
        let sharers = enforced.all.map(\.session).filter { $0.isAmong(suspects) }.map(\.id).sorted()
        review(sharers, at: now, &effects)
    }
}

extension EnforcedSession {
    /// By what its scan is remembered. Its user only when a code proved the name: else somebody could put another
    /// person under suspicion by typing a name.
    var subjects: [Hold.Subject] {
        let certificate = session.certificates.map { [Hold.Subject.certificate($0.leaf.digest)] } ?? []
        let hasProvedUser = mfaVerifiedAt != nil && !session.userName.isEmpty
        return certificate + (hasProvedUser ? [.user(session.userName)] : [])
    }
}

extension Session {
    /// Whose scans count against it: its device's, and those of the user that it claims to be.
    var suspects: [Hold.Subject] {
        let certificate = certificates.map { [Hold.Subject.certificate($0.leaf.digest)] } ?? []
        return userName.isEmpty ? certificate : certificate + [.user(userName)]
    }
    /// The same without an array, for a look at every session.
    fileprivate func isAmong(_ suspects: Set<Hold.Subject>) -> Bool {
        if let leaf = certificates?.leaf.digest, suspects.contains(.certificate(leaf)) { return true }
        return suspects.contains(.user(userName))
    }
}
