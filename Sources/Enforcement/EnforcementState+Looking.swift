import Classification
import Evidence
import Logging
import PolicyLanguage
import RulesetCompiler
import Sessions

/// Looking again: at one session, at those that are due, and at all under new rules.
extension EnforcementState {
    /// Decides a live session anew and does what follows: renews, changes the scope, or cuts.
    ///
    /// - Parameter renews: false for a look that the lease did not ask for: one change must not renew every lease.
    mutating func review(_ id: SessionID, at now: Instant, renews: Bool = true, _ effects: inout Effects) {
        if let slot = enforced.slot(of: id) { review(slot, at: now, renews: renews, &effects) }
    }

    private mutating func review(
        _ slot: Int, at now: Instant, renews: Bool = true, _ effects: inout Effects
    ) {
        let session = enforced[slot]
        guard session.cut == nil, table.isOpen(session.session.id) else { return }
        review(slot, decide(session, at: now), at: now, renews: renews, &effects)
    }

    /// Does what follows from a decision about a live session.
    private mutating func review(
        _ slot: Int, _ decision: Decision, at now: Instant, renews: Bool, _ effects: inout Effects
    ) {
        let session = enforced[slot]
        if decision.className != session.decision.className || decision.scope != session.decision.scope {
            let change = "class \(session.decision.className ?? "none") to \(decision.className ?? "none")"
            effects.note(.notice, change, session.session)
            if decision.isAdmitted {
                audit(.decided(judged(session, decision, at: now), from: session.decision), at: now, &effects)
                effects.moves.append(SessionMove(session.session, from: session.decision, to: decision))
            }
        }
        guard decision.isAdmitted else {
            let why = explain(session, at: now)
            cut(session.session.id, because: why.tell, log: why.logLine, decision, at: now, &effects)
            enforced[slot].decision = decision
            return
        }
        if decision != session.decision { enforced[slot].decision = decision }
        program(slot, at: now, renews: renews, &effects)
    }

    /// Looks again at some sessions, for something that was learned.
    mutating func review(_ ids: some Sequence<SessionID>, at now: Instant, _ effects: inout Effects) {
        for id in ids { review(id, at: now, renews: false, &effects) }
    }

    mutating func reviewAll(at now: Instant, _ effects: inout Effects) {
        for slot in Array(enforced.slots) { review(slot, at: now, renews: false, &effects) }
    }

    /// Looks at every session that is due. Sessions of a server that was not heard for too long are left to lapse.
    ///
    /// When the wall clock was set back, every session is due: the kernel counts leases by a clock of its own, and would
    /// forget them long before the wall clock comes to where they were to be renewed.
    mutating func tick(at now: Instant, _ effects: inout Effects) {
        if let latest, latest - now > Self.clockTolerance {
            effects.note(
                .warning,
                "the clock went back by \((latest - now).components.seconds) s: every session is looked at again"
            )
            reviewAll(at: now, &effects)
        }
        latest = now
        for id in enforced.popDue(at: now) {
            if let since = detached[id.source], since + settings.grace <= now { continue }
            review(id, at: now, &effects)
        }
        noteUnwatched(at: now, &effects)
    }

    /// Less than this is no step: leases are renewed long before they end.
    private static let clockTolerance: Duration = .seconds(1)

    /// A new pack takes the place of the old one, for every session at once, with the facts as they are.
    mutating func replace(policy: Policy, at now: Instant, _ effects: inout Effects) {
        self.policy = policy
        spaces.removeAll()
        registers = facts.laid(over: policy.registers)
        registerRevision.move()
        let decisions = decisions(at: now)
        redefineScopes(decisions, &effects)
        for (slot, decision) in decisions {
            review(slot, decision, at: now, renews: false, &effects)
            // Those whose elements stay as they are get no other word of a scope that is another now.
            if let programmed = enforced[slot].programmed {
                effects.path.append(
                    .put(enforced[slot].session.id, programmed.keys, space(of: decision.scope)))
            }
        }
        effects.ruleset += scopes.sweep(keeping: 0)
    }

    private typealias SlotDecision = (slot: Int, decision: Decision)

    /// What would be decided of every live session now.
    private func decisions(at now: Instant) -> [SlotDecision] {
        enforced.slots.compactMap { slot in
            let known = enforced[slot]
            guard known.cut == nil, table.isOpen(known.session.id) else { return nil }
            return (slot, decide(known, at: now))
        }
    }

    /// Lets scopes become what most of their sessions have next. That is one change of the scope, and none of their
    /// elements: a system that moves costs as much with a hundred thousand sessions as with one.
    private mutating func redefineScopes(_ decisions: [SlotDecision], _ effects: inout Effects) {
        var successors: [ScopeNumber: [Scope: Int]] = [:]
        for (slot, decision) in decisions where decision.isAdmitted {
            guard let number = enforced[slot].programmed?.scope else { continue }
            successors[number, default: [:]][decision.scope, default: 0] += 1
        }
        for (number, followers) in successors.sorted(by: { $0.key < $1.key }) {
            // By name among equals, so that the same change is always made the same way.
            let most = followers.max {
                ($0.value, $1.key.systems.joined()) < ($1.value, $0.key.systems.joined())
            }
            guard let most else { continue }
            scopes.redefine(number, as: space(of: most.key), &effects.ruleset)
        }
    }
}
