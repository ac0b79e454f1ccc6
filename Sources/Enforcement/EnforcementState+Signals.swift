import Evidence
import Logging
import Sessions

/// What other systems tell of people and devices while their sessions live.
extension EnforcementState {
    /// Takes one checked token: what is new in it is known from now on, and every session that it is about is looked at
    /// again, all in one burst.
    mutating func hear(
        _ signal: ReceivedSignal, at now: Instant, _ effects: inout Effects
    ) throws(OrderRefusal) {
        signals.forgetTokens(before: now)
        guard !signals.hasHeard(signal.token) else { throw .heardBefore }
        guard !signals.isFull else { throw .tooManySignals }
        signals.hear(signal.token, until: signal.until)
        effects.ledger.append(.token(signal.token, until: signal.until, at: now))
        var changes: [(key: SignalFact.Key, before: SignalFact?)] = []
        let movesBefore = effects.moves.count
        for fact in signal.facts where signals.isNews(fact) {
            changes.append((fact.key, signals[fact.key]))
            signals.put(fact, for: fact.key)
            effects.ledger.append(.signal(fact))
            review(sessions(of: fact.key.subject), at: now, &effects)
        }
        effects.signals.append((signal.token, changes))
        for fact in signal.facts {
            let isNew = changes.contains { $0.key == fact.key }
            effects.note(
                .notice,
                "signal of \(signal.transmitter): \(fact.words)"
                    + (isNew ? ", \(effects.moves.count - movesBefore) sessions moved" : ", nothing new"))
        }
        for note in signal.notes { effects.note(.notice, "signal of \(signal.transmitter): \(note)") }
    }

    /// Undoes what a token gave back whose record failed: it will come again, and must find things as they were. What it
    /// took away stays away.
    mutating func withdrawSignals(at now: Instant, _ effects: inout Effects) {
        let recorded = effects.ledger.count
        for (token, changes) in effects.signals.reversed() {
            signals.forget(token)
            for (key, before) in changes.reversed() where signals[key]?.isAgainst == false {
                signals.put(before, for: key)
                review(sessions(of: key.subject), at: now, &effects)
            }
        }
        effects.ledgerAfterwards += effects.ledger[recorded...]
        effects.signals = []
    }

    /// What stands against a session: folded names of its person and its device are looked up.
    func standing(against session: Session, _ device: DeviceRecord?) -> [SignalFact] {
        signals.standing(
            users: SessionEvidence.signalUsers(
                userName: session.userName, commonName: session.commonName, device: device),
            devices: SessionEvidence.signalDevices(
                certificate: session.certificates?.leaf.digest, device: device))
    }

    /// Sessions that a signal can be about. Cost: a look at every session's names, since no two transmitters write them
    /// the same way.
    private func sessions(of subject: SignalSubject) -> [SessionID] {
        enforced.all.filter { known in
            let session = known.session
            // Most are somebody else's, whatever device they have.
            if !subject.users.isEmpty, !session.userName.isEmpty,
                !subject.users.contains(SignalSubject.folded(session.userName))
            {
                return false
            }
            let device = device(of: session, known.proofs)
            return subject.matches(
                users: SessionEvidence.signalUsers(
                    userName: session.userName, commonName: session.commonName, device: device),
                devices: SessionEvidence.signalDevices(
                    certificate: session.certificates?.leaf.digest, device: device))
        }.map(\.session.id).sorted()
    }
}
