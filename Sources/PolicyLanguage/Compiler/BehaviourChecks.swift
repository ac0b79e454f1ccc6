/// What was seen of a session speaks against it, so no class may give more for it than without.
///
/// A quarantine is a class that asks for a behaviour and gives little. Whoever is in it would, had nothing been seen, be
/// in the first later class that matches; that one must give at least as much. What cannot be shown here is an error:
/// the class can always be put right before one that it differs from in the behaviour alone.
struct BehaviourChecks {
    let classes: [PolicyClass]
    let log: DiagnosticLog

    /// Cost: quadratic in the classes, for those that ask for a behaviour and give access.
    func run() {
        for (index, policyClass) in classes.enumerated() {
            guard case .systems(let systems) = policyClass.access,
                let behaviour = policyClass.conditions.first(where: \.isAboutBehaviour)
            else { continue }
            let others = policyClass.conditions.filter { !$0.isAboutBehaviour }
            switch Self.outcome(others, systems, classes[(index + 1)...]) {
            case .noLess: continue
            case .less(let culprit): report(policyClass, behaviour, culprit)
            }
        }
    }

    private enum Outcome {
        case noLess
        /// Perhaps less, in this class; nil when there is no class that surely matches.
        case less(PolicyClass?)
    }

    /// What a session that meets `conditions` reaches of `systems` through the first class that matches.
    private static func outcome(
        _ conditions: [Condition], _ systems: [String], _ later: ArraySlice<PolicyClass>
    ) -> Outcome {
        for next in later where !next.isOutOfReach(conditions) {
            guard case .systems(let given) = next.access, Set(systems).isSubset(of: given) else {
                return .less(next)
            }
            if next.conditions.allSatisfy({ asked in conditions.contains { $0.implies(asked) } }) {
                return .noLess
            }
        }
        return .less(nil)
    }

    private func report(_ policyClass: PolicyClass, _ behaviour: Condition, _ culprit: PolicyClass?) {
        let notes = culprit.map { next in
            [
                Diagnostic.Note(
                    "it might be in \(quoted(next.name)) otherwise, defined at \(next.location)",
                    at: next.location)
            ]
        }
        log.add(
            .behaviourGains(policyClass.name), at: behaviour.behaviourRange,
            notes: notes ?? [Diagnostic.Note("it might be in no class otherwise")])
    }
}

extension PolicyClass {
    /// Whether no session that meets these conditions, with nothing seen, can be in this class. May say no where the
    /// answer is yes.
    fileprivate func isOutOfReach(_ met: [Condition]) -> Bool {
        asksForBehaviour || conditions.contains { asked in met.contains { $0.excludes(asked) } }
    }
}

extension Condition {
    /// Where it was written: what a diagnostic about it marks.
    var behaviourRange: SourceRange { SourceRange(start: location, length: "behaviour".count) }

    /// Whether the other is false, and not merely unknown, wherever this one is true. May say no where the answer is
    /// yes: a chain can have issuers of several authorities, so certificates exclude nothing.
    func excludes(_ other: Condition) -> Bool {
        switch (test, other.test) {
        case (.device(let these), .device(let those)): these.isDisjoint(with: those)
        case (.device, .unregistered), (.unregistered, .device): true
        case (.user(let these), .user(let those)): these.isDisjoint(with: those)
        case (.organisation(let this), .organisation(let that)): this != that
        case (.client(.platform(let these)), .client(.platform(let those))): these.isDisjoint(with: those)
        default: false
        }
    }
}
