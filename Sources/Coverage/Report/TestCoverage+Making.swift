import Classification
import FlowSpace
import PolicyLanguage
import Sessions

extension TestCoverage {
    /// Decides for every test that passed, and looks at what was looked at on the way.
    init(_ policy: Policy, _ results: [PolicyTestResult]) {
        let passed = Set(results.filter(\.passed).map(\.name))
        var trial = Trial(policy)
        for test in policy.tests where passed.contains(test.name) { trial.add(test) }
        self.results = results
        classes = policy.classes.map { candidate in
            TriedClass(
                name: candidate.name, location: candidate.location, tests: trial.ends[candidate.name] ?? 0)
        }
        conditions = trial.conditions
        grants = trial.grants
        let looks = policy.settingTests.filter { passed.contains($0.name) }
        settings = Setting.allCases.filter { policy.settings.words(of: $0) != Settings().words(of: $0) }
            .map { setting in
                TriedSetting(setting: setting, tests: looks.count { $0.setting == setting })
            }
        withoutClause =
            policy.tests.filter(\.cites.isEmpty).map(\.name)
            + policy.settingTests.filter(\.cites.isEmpty).map(\.name)
    }
}

/// Counts what tests come by.
private struct Trial {
    private struct Owner: Hashable {
        let isSystem: Bool
        let name: String
    }

    private struct Grant: Hashable {
        let policyClass: String
        let system: String
    }

    private struct Sightings {
        var held = 0
        var failed = 0
    }

    private let policy: Policy
    private(set) var ends: [String: Int] = [:]
    /// By the condition's index.
    private var sightings: [Owner: [Sightings]] = [:]
    private var reached: [Grant: Int] = [:]
    private var refused: [String: Int] = [:]

    init(_ policy: Policy) {
        self.policy = policy
        for (owner, conditions) in owners {
            sightings[owner] = Array(repeating: Sightings(), count: conditions.count)
        }
    }

    private var owners: [(Owner, [Condition])] {
        policy.classes.map { (Owner(isSystem: false, name: $0.name), $0.conditions) }
            + policy.systems.map { (Owner(isSystem: true, name: $0.name), $0.needs) }
    }

    mutating func add(_ test: PolicyTest) {
        let decision = Classifier.classify(
            test.session.evidence(under: policy, at: test.at), under: policy, at: test.at)
        for finding in decision.findings {
            let access = policy.policyClass(named: finding.name)?.access ?? .none
            count(finding.findings, Owner(isSystem: false, name: finding.name), access)
        }
        for system in systems(of: test.refused) { refused[system, default: 0] += 1 }
        guard let name = decision.className, let matched = policy.policyClass(named: name) else { return }
        ends[name, default: 0] += 1
        for grant in decision.grants {
            // What is granted needs nothing that does not hold.
            let owner = Owner(isSystem: true, name: grant.system)
            for index in sightings[owner, default: []].indices { sightings[owner]?[index].held += 1 }
        }
        for grant in decision.withheld {
            count(grant.findings, Owner(isSystem: true, name: grant.system), matched.access)
        }
        let given = Set(decision.grants.map(\.system))
        for system in systems(of: test.reaches).intersection(given) {
            reached[Grant(policyClass: name, system: system), default: 0] += 1
        }
    }

    private mutating func count(
        _ findings: [ConditionFinding], _ owner: Owner, _ access: PolicyClass.Access
    ) {
        for (index, finding) in findings.enumerated() {
            if finding.judgement.counts(in: access) {
                sightings[owner]?[index].held += 1
            } else {
                sightings[owner]?[index].failed += 1
            }
        }
    }

    /// The systems that a test names, by themselves or by a packet of theirs.
    private func systems(of targets: [PolicyTest.Target]) -> Set<String> {
        targets.reduce(into: []) { names, target in
            switch target {
            case .system(let name): names.insert(name)
            case .destination(let packet):
                names.formUnion(policy.systems.filter { $0.space.contains(packet) }.map(\.name))
            }
        }
    }

    /// Without those that hold for nobody: no test could see them hold.
    var conditions: [TestCoverage.TriedCondition] {
        owners.flatMap { owner, conditions in
            zip(conditions, sightings[owner] ?? []).filter { !$0.0.isNever }.map { condition, seen in
                TestCoverage.TriedCondition(
                    owner: "\(owner.isSystem ? "system" : "class") \(owner.name)",
                    text: condition.description, location: condition.location, held: seen.held,
                    failed: seen.failed)
            }
        }
    }

    /// Without those of systems that no session may reach.
    var grants: [TestCoverage.TriedGrant] {
        zip(policy.classes, policy.gifts).flatMap { policyClass, gift in
            gift.systems.filter { !$0.needs.contains(where: \.isNever) }.map { system in
                let grant = Grant(policyClass: policyClass.name, system: system.name)
                return TestCoverage.TriedGrant(
                    policyClass: policyClass.name, system: system.name, reached: reached[grant] ?? 0,
                    refused: refused[system.name] ?? 0)
            }
        }
    }
}

extension Condition {
    fileprivate var isNever: Bool {
        if case .never = test { true } else { false }
    }
}
