package import Evidence
package import PolicyLanguage
package import Sessions

/// The decision point: evidence, policy and an instant in; a decision out, with its explanation where that is asked for.
///
/// Pure: the same three values give the same decision, always. The first class whose conditions all hold decides;
/// where no class does, there is no access.
package enum Classifier {
    /// Decides, without saying why. Equal to the decision of ``classify(_:under:at:)``, at a fraction of its cost.
    ///
    /// Cost: linear in the classes up to the one that matches, without those of other organisations, and in the needs of
    /// its systems.
    package static func decide(_ evidence: SessionEvidence, under policy: Policy, at now: Instant) -> Decision
    {
        if evidence.hold != nil || evidence.signals.contains(where: \.endsSessions) {
            return Decision(.held, validUntil: nil)
        }
        let judge = ConditionJudge(evidence: evidence, now: now, explains: false)
        var until: Instant?
        // By index: a class is dear to copy, and there may be thousands.
        let organisation = evidence.certificates?.leaf.attributes["O"]
        for index in policy.candidates(ofOrganisation: organisation) {
            let look = judge.look(policy.classes[index].conditions, for: policy.classes[index].access)
            until = earliest(until, look.until)
            guard look.matches else { continue }
            let candidate = policy.classes[index]
            return decide(candidate, policy.gifts[index], until) { system in
                judge.look(system.needs, for: candidate.access)
            }
        }
        return Decision(.noClass, validUntil: until)
    }

    /// Decides, and says what every condition saw on the way.
    package static func classify(
        _ evidence: SessionEvidence, under policy: Policy, at now: Instant
    ) -> ExplainedDecision {
        if let hold = evidence.hold { return held(hold) }
        if let signal = evidence.signals.first(where: \.endsSessions) { return held(signal) }
        let judge = ConditionJudge(evidence: evidence, now: now, explains: true)
        var passed: [ClassFinding] = []
        var until: Instant?
        for (index, candidate) in policy.classes.enumerated() {
            let findings = judge.findings(candidate.conditions)
            let look = findings.look(for: candidate.access)
            until = earliest(until, look.until)
            passed.append(
                ClassFinding(
                    name: candidate.name, matched: look.matches, findings: findings,
                    location: candidate.location))
            if look.matches { return explain(candidate, policy.gifts[index], passed, until, judge) }
        }
        let nearest = nearest(passed, policy)
        return ExplainedDecision(
            decision: Decision(.noClass, validUntil: until), findings: passed,
            tell: RefusalText.signals(evidence.signals) ?? RefusalText.noClass(nearest, evidence, at: now),
            nearest: nearest)
    }

    /// One for other certificates is not near, and then one for other people, whatever else they ask for. What somebody
    /// would reach for scanning is nothing to miss. Of classes that lack as much, the first.
    private static func nearest(_ passed: [ClassFinding], _ policy: Policy) -> ClassFinding? {
        let open = passed.filter { finding in
            guard let policyClass = policy.policyClass(named: finding.name) else { return false }
            return policyClass.access != .none && !policyClass.asksForBehaviour
        }
        let fitting = open.filter { finding in
            finding.findings.allSatisfy { $0.judgement.truth != .fails || !$0.condition.isAboutCertificate }
        }
        let near = fitting.isEmpty ? open : fitting
        let theirs = near.filter { finding in !finding.missing.contains { $0.condition.asksWho } }
        return (theirs.isEmpty ? near : theirs).min { $0.missing.count < $1.missing.count }
    }

    private static func held(_ hold: Hold) -> ExplainedDecision {
        let reason = hold.reason.isEmpty ? "" : " (\(hold.reason))"
        return ExplainedDecision(
            decision: Decision(.held, validUntil: nil), findings: [],
            tell: "Your access was withdrawn by an administrator\(reason). Call the help desk.")
    }

    private static func held(_ signal: SignalFact) -> ExplainedDecision {
        ExplainedDecision(
            decision: Decision(.held, validUntil: nil), findings: [],
            tell: RefusalText.signals([signal]) ?? "")
    }

    /// What the class that matched gives: those of its systems whose needs hold.
    private static func decide(
        _ matched: PolicyClass, _ gift: Policy.Gift, _ until: Instant?, look: (System) -> Look
    ) -> Decision {
        guard matched.access != .none else {
            return Decision(.refusedByClass, className: matched.name, validUntil: until)
        }
        var until = until
        var withheld: Set<String> = []
        for system in gift.systems where !system.needs.isEmpty {
            let look = look(system)
            until = earliest(until, look.until)
            if !look.matches { withheld.insert(system.name) }
        }
        let scope =
            withheld.isEmpty
            ? Scope(sorted: gift.sortedNames)
            : Scope(sorted: gift.sortedNames.filter { !withheld.contains($0) })
        return Decision(
            scope.isEmpty ? .nothingGranted : .admitted, className: matched.name, scope: scope,
            validUntil: until, idle: matched.idle)
    }

    private static func explain(
        _ matched: PolicyClass, _ gift: Policy.Gift, _ findings: [ClassFinding], _ until: Instant?,
        _ judge: ConditionJudge
    ) -> ExplainedDecision {
        guard matched.access != .none else {
            return ExplainedDecision(
                decision: decide(matched, gift, until) { _ in .never }, findings: findings,
                tell: RefusalText.refused(by: matched, findings.last, judge.evidence.signals),
                cites: matched.cites)
        }
        var looks: [String: Look] = [:]
        var grants: [Grant] = []
        var withheld: [WithheldGrant] = []
        for system in gift.systems {
            let needs = judge.findings(system.needs)
            let look = needs.look(for: matched.access)
            looks[system.name] = look
            if look.matches {
                grants.append(Grant(system: system.name, until: look.until, cites: matched.cites))
            } else {
                withheld.append(WithheldGrant(system: system.name, findings: needs))
            }
        }
        return ExplainedDecision(
            decision: decide(matched, gift, until) { looks[$0.name] ?? .never }, grants: grants,
            withheld: withheld, findings: findings,
            tell: matched.tell
                ?? (grants.isEmpty
                    ? RefusalText.signals(judge.evidence.signals) ?? RefusalText.nothingGranted(withheld)
                    : RefusalText.admitted(to: matched)),
            cites: matched.cites)
    }
}

/// Whether conditions let their class match, or their grant be there, and until when that stays so.
struct Look {
    let matches: Bool
    let until: Instant?

    static let never = Look(matches: false, until: nil)
}

extension ConditionJudge {
    func findings(_ conditions: [Condition]) -> [ConditionFinding] {
        conditions.map { ConditionFinding(condition: $0, judgement: judge($0)) }
    }

    /// Equal to what ``findings(_:)`` come to, looking at no more conditions than it takes.
    func look(_ conditions: [Condition], for access: PolicyClass.Access) -> Look {
        var firstChange: Instant?
        var lastFailure: Instant?
        var fails = false
        for index in conditions.indices {
            let judgement = judge(conditions[index])
            if judgement.counts(in: access) {
                firstChange = earliest(firstChange, judgement.until)
            } else {
                lastFailure = fails ? latest(lastFailure, judgement.until) : judgement.until
                fails = true
                // It fails for good: no other condition can make the class match.
                if lastFailure == nil { return .never }
            }
        }
        return Look(matches: !fails, until: fails ? lastFailure : firstChange)
    }
}

extension Judgement {
    /// Whether this lets its class match. Unknown matches where the class gives nothing, and nowhere else.
    package func counts(in access: PolicyClass.Access) -> Bool {
        switch (truth, access) {
        case (.holds, _), (.unknown, .none): true
        case (.fails, _), (.unknown, .systems): false
        }
    }
}

extension [ConditionFinding] {
    /// When all of them hold: good until the first instant at which one of them could cease to. When some fail: the class
    /// stays passed over while any one of these goes on failing, so until the instant at which the most lasting one could
    /// change. Earlier than any possible match, and never needlessly early.
    func look(for access: PolicyClass.Access) -> Look {
        let failing = filter { !$0.judgement.counts(in: access) }
        guard let first = failing.first else {
            return Look(matches: true, until: reduce(nil) { earliest($0, $1.judgement.until) })
        }
        return Look(
            matches: false,
            until: failing.dropFirst().reduce(first.judgement.until) { latest($0, $1.judgement.until) })
    }
}

extension Condition {
    fileprivate var asksWho: Bool {
        switch test {
        case .user, .group: true
        default: false
        }
    }
}
