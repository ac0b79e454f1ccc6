package import Classification
package import PolicyLanguage
import Sessions

/// A live session, and what would be decided of it under other rules.
package struct SessionOutlook: Sendable {
    package let known: EnforcedSession
    package let after: Decision
}

extension Enforcer {
    /// What would be decided of every live session if these rules came into force now, by id. Nothing is changed by it: a
    /// copy of everything goes through what a load does.
    package func outlook(under policy: Policy) -> [SessionOutlook] {
        var copy = state
        var effects = Effects()
        do {
            try copy.handle(.load(policy, seeds: nil), at: clock.now(), &effects)
        } catch {
            return []
        }
        return sessions.compactMap { known in
            guard known.cut == nil, state.table.isOpen(known.session.id),
                let after = copy.enforced[known.session.id]
            else { return nil }
            return SessionOutlook(known: known, after: after.decision)
        }
    }
}
