package import Classification
package import PolicyLanguage
package import Sessions

/// Where a session stands: its class, and what it may reach.
package struct SessionStanding: Sendable, Hashable {
    /// Nil when no class matched.
    package let className: String?
    /// Empty for a session that is refused.
    package let scope: Scope

    package init(className: String?, scope: Scope) {
        self.className = className
        self.scope = scope
    }

    package init(_ decision: Decision) {
        self.init(className: decision.className, scope: decision.isAdmitted ? decision.scope : .empty)
    }
}

/// One session that is in another class, or reaches something else, under the new pack.
package struct SessionMovement: Sendable, Hashable {
    package let name: String
    package let before: SessionStanding
    package let after: SessionStanding
    /// Packets that it reaches now and did not, and the other way. On what conditions is no part of this: they hold, or do
    /// not, at the instant that it is looked at.
    package let opens: [SystemPackets]
    package let closes: [SystemPackets]

    /// Whether it loses everything.
    package var isCut: Bool { after.scope.isEmpty && !before.scope.isEmpty }
}

/// Looks at sessions under two policies. Sessions with equal scopes share the work.
package struct MovementJudge {
    private let old: Policy
    private let new: Policy
    private let difference: PolicyDifference
    private var changes: [Pair: AccessChange] = [:]

    private struct Pair: Hashable {
        let before: Scope
        let after: Scope
    }

    /// - Parameter difference: of the same two policies.
    package init(from old: Policy, to new: Policy, _ difference: PolicyDifference) {
        self.old = old
        self.new = new
        self.difference = difference
    }

    /// Nil for a session to which nothing happens.
    package mutating func movement(
        of name: String, from before: SessionStanding, to after: SessionStanding
    ) -> SessionMovement? {
        let pair = Pair(before: before.scope, after: after.scope)
        let change = changes[pair] ?? difference.change(from: pair.before, to: pair.after)
        changes[pair] = change
        if before == after, change.opens.isEmpty, change.closes.isEmpty { return nil }
        return SessionMovement(
            name: name, before: before, after: after, opens: change.opens, closes: change.closes)
    }

    /// A session as tests describe it, under the registers of either pack.
    package mutating func movement(
        of name: String, _ session: SessionDescription, at now: Instant
    ) -> SessionMovement? {
        movement(
            of: name, from: Self.standing(of: session, under: old, at: now),
            to: Self.standing(of: session, under: new, at: now))
    }

    private static func standing(
        of session: SessionDescription, under policy: Policy, at now: Instant
    ) -> SessionStanding {
        SessionStanding(Classifier.decide(session.evidence(under: policy, at: now), under: policy, at: now))
    }

    /// The sessions of the tests that the packs carry. A test that is in both as it was is one; of one that is
    /// changed, both its sessions are looked at.
    package mutating func movementsOfTests() -> [SessionMovement] {
        let known = Dictionary(new.tests.map { ($0.name, $0) }) { first, _ in first }
        let alone = old.tests.filter { test in
            known[test.name].map { $0.session != test.session || $0.at != test.at } ?? true
        }
        var movements: [SessionMovement] = []
        for test in new.tests + alone {
            if let moved = movement(of: test.name, test.session, at: test.at) { movements.append(moved) }
        }
        return movements
    }
}
