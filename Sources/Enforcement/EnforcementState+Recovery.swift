import Classification
import FlowSpace
import Logging
import NetworkTypes
import RulesetCompiler
import Sessions

extension EnforcementState {
    /// Takes over the sessions of an earlier process.
    ///
    /// Only those that the kernel still knows by the same address and interface, whose decision holds under the rules of
    /// now, and only for the time that their elements have left: their VPN server has not confirmed them yet. The rest
    /// come back, if they are still there, when the server lists them.
    mutating func takeOver(
        _ remembered: [RememberedSession],
        alive: [SessionKey: Ruleset.Element], at now: Instant, _ effects: inout Effects
    ) {
        table.restore(remembered.map(\.session))
        for known in remembered where table.isOpen(known.session.id) {
            let (session, index) = (known.session, known.interfaceIndex)
            guard interfaces[session.tunnel] == index else {
                _ = table.apply(.ended(session.id, nil))
                continue
            }
            let proofs = held(known.proofs, of: session)
            let decision = Classifier.decide(
                evidence(for: session, proofs, at: now), under: policy, at: now)
            enforced.add(
                EnforcedSession(
                    session: table[session.id] ?? session, proofs: proofs, decision: decision, openedAt: now))
            guard decision.isAdmitted, let slot = enforced.slot(of: session.id) else { continue }
            resume(slot, index, decision.flowSpace(under: policy), alive, &effects)
        }
    }

    private mutating func resume(
        _ slot: Int, _ index: UInt32, _ space: FlowSpace, _ alive: [SessionKey: Ruleset.Element],
        _ effects: inout Effects
    ) {
        let session = enforced[slot].session
        let keys = SessionKeys(interfaceIndex: index, addresses: session.addresses)
        let left = keys.all.compactMap { alive[$0]?.expires }
        guard let expires = left.min(), left.count == keys.addresses.count else { return }
        let scope = scopes.retain(space, &effects.ruleset)
        effects.path.append(.put(session.id, keys, space))
        enforced[slot].programmed = .init(keys: keys, scope: scope, expires: expires)
        checkIdle(slot)
        effects.note(.info, "taken over for the rest of its lease", session)
    }

    /// Gives back what was proved in a burst whose record failed: a code that is not known to be used, when the process
    /// after this one asks, must open nothing.
    ///
    /// To be called before the kernel is told. What follows is in the effects, and its record comes last.
    mutating func withdrawProofs(at now: Instant, _ effects: inout Effects) {
        let recorded = effects.ledger.count
        for (id, before) in effects.proofs.reversed() {
            guard let slot = enforced.slot(of: id) else { continue }
            enforced[slot].proofs = before
            review(id, at: now, &effects)
        }
        effects.ledgerAfterwards += effects.ledger[recorded...]
        effects.proofs = []
    }

    /// Turns every admission of a burst into a refusal, because what it rests on is not in force or not recorded.
    ///
    /// The newcomer would inherit an address whose old element may still be there, or a code could be used twice.
    mutating func withdrawAdmissions(at now: Instant, _ effects: inout Effects) {
        for index in effects.answers.indices {
            guard case .admit = effects.answers[index].answer else { continue }
            let login = effects.answers[index].login
            effects.answers[index].answer = .refuse(
                log: "not in force or not recorded",
                tell: "The gateway has a fault and lets nobody in. Try again in a minute.")
            if login.kind == .initial {
                enforced.remove(login.session.id)
                // Whoever it displaced is in again, and is put back with the next burst.
                for case .opened(let rival) in table.apply(.ended(login.session.id, nil)) {
                    if let slot = enforced.slot(of: rival.id) { enforced.setDeadline(now, of: slot) }
                }
            }
        }
    }
}
