import Classification
import Evidence
import FlowSpace
import Foundation
import PolicyLanguage
import PolicyProof
import Sessions
import TestSupport
import Testing

/// Rules are for people to change, and a pack's tests and properties say what must not be lost. So little of it can be
/// lost without a word: every condition of a class and every need of a system is dropped, and every grant is widened by
/// every other system of the pack, one at a time.
@Suite(.timeLimit(.minutes(20)))
struct MutationTests {
    /// One thing changed.
    private struct Mutant {
        let what: String
        let policy: Policy
        /// Those that could tell: sessions that end before the class are no different.
        let tests: [PolicyTest]
        /// The class that got more, and what; nil where something was dropped.
        var widened: (index: Int, system: System)?
    }

    @Test(arguments: ShippedPack.written) func littleIsLostUnnoticed(pack: ShippedPack) async throws {
        let files = try pack.files().map { PackFile(path: $0.path, text: $0.text) }
        let policy = try #require(PolicyCompiler.compile(files, now: Packs.now).policy)
        var (total, byTests, byProofs, same) = (0, 0, 0, 0)
        var unnoticed: [String] = []
        for mutant in Self.mutants(of: policy) {
            await Task.yield()
            total += 1
            if Self.isNoticedByTests(mutant) {
                byTests += 1
                continue
            }
            let prover = Prover(mutant.policy, from: Packs.now)
            if let (index, system) = mutant.widened, !prover.canReach(system, in: index) {
                same += 1
            } else if Property.allCases.contains(where: {
                $0.isRequired && !prover.prove($0).counterexamples.isEmpty
            }) {
                byProofs += 1
            } else {
                unnoticed.append(mutant.what)
            }
        }
        let real = total - same
        let share = 100 * Double(byTests + byProofs) / Double(max(1, real))
        print(
            "\(pack): \(total) mutants, \(same) of them without a session to tell; noticed "
                + String(format: "%.1f %%", share) + " (\(byTests) by tests, \(byProofs) by proofs)")
        for what in unnoticed.sorted() { print("  unnoticed: \(what)") }
        #expect(share >= 95, "\(pack)")
    }

    private static func isNoticedByTests(_ mutant: Mutant) -> Bool {
        // A few at a time: the first that fails is enough.
        stride(from: 0, to: mutant.tests.count, by: 8).contains { first in
            let some = Array(mutant.tests[first..<min(first + 8, mutant.tests.count)])
            return PolicyTestRunner.run(mutant.policy.with(tests: some)).contains { !$0.passed }
        }
    }

    private static func mutants(of policy: Policy) -> [Mutant] {
        let numbers = Dictionary(uniqueKeysWithValues: policy.classes.enumerated().map { ($1.name, $0) })
        let ended = policy.tests.map { test -> (test: PolicyTest, index: Int) in
            let evidence = test.session.evidence(under: policy, at: test.at)
            let name = Classifier.decide(evidence, under: policy, at: test.at).className
            return (test, name.flatMap { numbers[$0] } ?? .max)
        }
        var mutants: [Mutant] = []
        for (index, policyClass) in policy.classes.enumerated() {
            for condition in policyClass.conditions {
                let fewer = policyClass.conditions.filter { $0 != condition }
                mutants.append(
                    Mutant(
                        what: "\(condition.location): '\(policyClass.name)' without \(condition)",
                        policy: policy.with(policyClass.with(conditions: fewer), at: index),
                        tests: ended.filter { $0.index >= index }.map(\.test)))
            }
            let own = ended.filter { $0.index == index }.map(\.test)
            for system in policy.systems where !policy.gifts[index].sortedNames.contains(system.name) {
                let wider = policyClass.with(
                    access: .systems(policy.gifts[index].systems.map(\.name) + [system.name]))
                mutants.append(
                    Mutant(
                        what: "\(policyClass.location): '\(policyClass.name)' with \(system.name)",
                        policy: policy.with(wider, at: index), tests: own, widened: (index, system)))
            }
        }
        for (index, system) in policy.systems.enumerated() {
            // That of a label which says never stands or falls with the label.
            for need in system.needs where !need.isNever {
                var systems = policy.systems
                systems[index] = system.with(needs: system.needs.filter { $0 != need })
                mutants.append(
                    Mutant(
                        what: "\(need.location): '\(system.name)' without \(need)",
                        policy: policy.with(systems: systems), tests: policy.tests))
            }
        }
        return mutants
    }
}

extension Condition {
    fileprivate var isNever: Bool {
        if case .never = test { true } else { false }
    }
}

extension PolicyClass {
    fileprivate func with(conditions: [Condition]? = nil, access: Access? = nil) -> Self {
        Self(
            name: name, conditions: conditions ?? self.conditions, access: access ?? self.access,
            cites: cites, tell: tell, contract: contract, idle: idle, location: location)
    }
}

extension System {
    fileprivate func with(needs: [Condition]) -> Self {
        Self(
            name: name, about: about, addresses: addresses, services: services, label: label, needs: needs,
            location: location)
    }
}

extension Policy {
    fileprivate func with(_ policyClass: PolicyClass, at index: Int) -> Self {
        var classes = classes
        classes[index] = policyClass
        return with(classes: classes)
    }

    /// The same with other classes, systems or tests.
    fileprivate func with(
        classes: [PolicyClass]? = nil, systems: [System]? = nil, tests: [PolicyTest]? = nil
    ) -> Self {
        Self(
            about: about, inside: inside, authorities: authorities, systems: systems ?? self.systems,
            classes: classes ?? self.classes, registers: registers, offices: offices, tenants: tenants,
            tests: tests ?? self.tests, settings: settings, clauses: clauses, properties: properties)
    }
}
