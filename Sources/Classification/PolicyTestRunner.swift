import FlowSpace
import NetworkTypes
package import PolicyLanguage
import Sessions

/// What became of one of a pack's own tests.
package struct PolicyTestResult: Sendable, Hashable {
    package let name: String
    package let location: SourceLocation
    /// Every expectation that was not met, in words; empty when the test passed.
    package let failures: [String]

    package var passed: Bool { failures.isEmpty }
}

/// Runs the tests that a pack carries. Pure: a test names its own instant.
package enum PolicyTestRunner {
    package static func run(_ policy: Policy) -> [PolicyTestResult] {
        policy.tests.map { test in
            PolicyTestResult(
                name: test.name, location: test.location, failures: failures(of: test, under: policy))
        }
            + policy.settingTests.map { test in
                PolicyTestResult(
                    name: test.name, location: test.location, failures: failures(of: test, policy.settings))
            }
    }

    private static func failures(of test: SettingTest, _ settings: Settings) -> [String] {
        let found = settings.words(of: test.setting)
        guard found != test.expected else { return [] }
        return [
            "expected \(test.setting.rawValue) to be \(words(test.expected)), found \(words(found))"
        ]
    }

    private static func words(_ values: [String]) -> String {
        values.isEmpty ? "none" : values.joined(separator: ", ")
    }

    private static func failures(of test: PolicyTest, under policy: Policy) -> [String] {
        let evidence = test.session.evidence(under: policy, at: test.at)
        let decision = Classifier.decide(evidence, under: policy, at: test.at)
        // Saying why costs ten times what deciding does, and few tests ask for it.
        let explained = { Classifier.classify(evidence, under: policy, at: test.at) }
        return classFailures(test, decision) + reachFailures(test, decision, policy, explained)
            + reasonFailures(test, explained) + timeFailures(test, decision)
    }

    private static func classFailures(_ test: PolicyTest, _ decision: Decision) -> [String] {
        guard let expected = test.expectedClass, expected != decision.className else { return [] }
        return ["expected class \(expected ?? "none"), got \(decision.className ?? "none")"]
    }

    private static func reachFailures(
        _ test: PolicyTest, _ decision: Decision, _ policy: Policy, _ explained: () -> ExplainedDecision
    ) -> [String] {
        let reachable = decision.flowSpace(under: policy)
        let shut = test.reaches.compactMap { target -> String? in
            let missing = space(of: target, policy).subtracting(reachable)
            guard let packet = missing.witness else { return nil }
            let why = words(explained(), packet, policy)
            return "expected to reach \(target), but \(packet) is refused: \(why)"
        }
        let open = test.refused.compactMap { target -> String? in
            let reached = space(of: target, policy).intersection(reachable)
            guard let packet = reached.witness else { return nil }
            let why = words(explained(), packet, policy)
            return "expected \(target) to be refused, but \(packet) is permitted: \(why)"
        }
        return shut + open
    }

    private static func space(of target: PolicyTest.Target, _ policy: Policy) -> FlowSpace {
        switch target {
        case .system(let name): policy.system(named: name)?.space ?? .empty
        case .destination(let packet): FlowSpace(FlowBox(packet))
        }
    }

    private static func words(_ decision: ExplainedDecision, _ packet: Destination, _ policy: Policy)
        -> String
    {
        switch decision.verdict(for: packet, under: policy) {
        case .permit(let system, _): "system '\(system)' of class '\(decision.className ?? "none")'"
        case .deny(let reason): reason.description
        }
    }

    private static func reasonFailures(
        _ test: PolicyTest, _ explained: () -> ExplainedDecision
    ) -> [String] {
        guard let text = test.because else { return [] }
        let decision = explained()
        let said = [decision.tell] + decision.findings.flatMap { $0.findings.map(\.judgement.saw) }
        return said.contains { $0.contains(text) }
            ? [] : ["expected the reason to say '\(text)', it says '\(decision.tell)'"]
    }

    private static func timeFailures(_ test: PolicyTest, _ decision: Decision) -> [String] {
        guard let until = test.until, decision.validUntil != until else { return [] }
        let got = decision.validUntil.map(\.description) ?? "no end"
        return ["expected the decision to be good until \(until), got \(got)"]
    }
}

extension PolicyTest.Target: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let name): "system '\(name)'"
        case .destination(let packet): packet.description
        }
    }
}
