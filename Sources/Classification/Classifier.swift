package import Evidence
package import PolicyLanguage
package import Sessions

/// The decision point: evidence, policy and an instant in; a decision with its explanation out.
///
/// Pure: the same three values give the same decision, always. The first class whose conditions all hold decides;
/// where no class does, there is no access.
package enum Classifier {
    /// Cost: linear in the classes up to the one that matches and in the systems of that one.
    package static func classify(_ evidence: SessionEvidence, under policy: Policy, at now: Instant)
        -> Decision
    {
        if let hold = evidence.hold { return held(hold) }
        var passed: [ClassFinding] = []
        var until: Instant?
        for candidate in policy.classes {
            let findings = look(candidate.conditions, evidence, now)
            let matches = findings.allSatisfy { $0.counts(in: candidate.access) }
            until = earliest(
                until, matches ? findings.firstChange : findings.lastFailure(in: candidate.access))
            passed.append(
                ClassFinding(
                    name: candidate.name, matched: matches, findings: findings, location: candidate.location))
            if matches { return decide(candidate, passed, until, evidence, policy, now) }
        }
        return Decision(
            outcome: .noClass, className: nil, grants: [], withheld: [], findings: passed, cites: [],
            validUntil: until, tell: RefusalText.noClass(passed, policy))
    }

    private static func held(_ hold: Hold) -> Decision {
        let reason = hold.reason.isEmpty ? "" : " (\(hold.reason))"
        return Decision(
            outcome: .held, className: nil, grants: [], withheld: [], findings: [], cites: [],
            validUntil: nil,
            tell: "Your access was withdrawn by an administrator\(reason). Call the help desk.")
    }

    private static func decide(
        _ matched: PolicyClass, _ findings: [ClassFinding], _ until: Instant?, _ evidence: SessionEvidence,
        _ policy: Policy, _ now: Instant
    ) -> Decision {
        guard case .systems(let names) = matched.access else {
            return Decision(
                outcome: .refusedByClass, className: matched.name, grants: [], withheld: [],
                findings: findings,
                cites: matched.cites, validUntil: until, tell: RefusalText.refused(by: matched, findings.last)
            )
        }
        var until = until
        var grants: [Grant] = []
        var withheld: [WithheldGrant] = []
        for name in names {
            guard let system = policy.system(named: name) else { continue }
            let needs = look(system.needs, evidence, now)
            if needs.allSatisfy({ $0.judgement.truth == .holds }) {
                until = earliest(until, needs.firstChange)
                grants.append(Grant(system: name, until: needs.firstChange, cites: matched.cites))
            } else {
                until = earliest(until, needs.lastFailure(in: matched.access))
                withheld.append(WithheldGrant(system: name, findings: needs))
            }
        }
        return Decision(
            outcome: grants.isEmpty ? .nothingGranted : .admitted, className: matched.name, grants: grants,
            withheld: withheld, findings: findings, cites: matched.cites, validUntil: until,
            tell: matched.tell
                ?? (grants.isEmpty
                    ? RefusalText.nothingGranted(withheld) : RefusalText.admitted(to: matched)),
            idle: matched.idle)
    }

    private static func look(
        _ conditions: [Condition], _ evidence: SessionEvidence, _ now: Instant
    ) -> [ConditionFinding] {
        conditions.map { ConditionFinding(condition: $0, judgement: $0.judge(evidence, at: now)) }
    }
}

extension ConditionFinding {
    /// Whether this finding lets its class match. Unknown matches where the class gives nothing, and nowhere else.
    func counts(in access: PolicyClass.Access) -> Bool {
        switch (judgement.truth, access) {
        case (.holds, _), (.unknown, .none): true
        case (.fails, _), (.unknown, .systems): false
        }
    }
}

extension [ConditionFinding] {
    /// When all of them hold: the first instant at which one of them could cease to.
    var firstChange: Instant? { reduce(nil) { earliest($0, $1.judgement.until) } }

    /// When some fail: the class stays passed over while any one of these goes on failing, so the instant at which the
    /// most lasting one could change. Earlier than any possible match, and never needlessly early.
    func lastFailure(in access: PolicyClass.Access) -> Instant? {
        let failing = filter { !$0.counts(in: access) }
        guard let first = failing.first else { return firstChange }
        return failing.dropFirst().reduce(first.judgement.until) { latest($0, $1.judgement.until) }
    }
}
