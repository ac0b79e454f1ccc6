import Classification
import FlowSpace
import NetworkTypes
import PacketPath
import PolicyLanguage

/// What the rules would have done with the packets of a row.
package enum RowVerdict: String, Sendable, Hashable, Encodable, CaseIterable {
    case permitted
    case refused
    /// The recording does not say what the kernel would have gone by.
    case cannotTell = "cannot tell"

    init(_ outcome: Outcome) {
        switch outcome.verdict {
        case .permitted: self = .permitted
        case .denied: self = .refused
        case .cannotTell: self = .cannotTell
        }
    }
}

/// A verdict with the rule behind it. Rows with the same share one.
package struct Explanation: Sendable, Hashable {
    package var verdict: RowVerdict
    /// Nil where there is no session, or no class matched.
    package var className: String?
    /// The system that takes the packets; several, where there is no session, when they overlap.
    package var systems: [String] = []
    package var cites: [String] = []
    /// Classes that reach the systems; told only where there is no session.
    package var reachedBy: [String] = []
    /// Empty when there is nothing to say.
    package var reason = ""
}

/// Finds the rule behind each flow, and holds the two verdicts on it against each other.
struct Explainer {
    private let policy: Policy
    private(set) var explanations: [Explanation] = []
    private var numbers: [Explanation: UInt32] = [:]
    /// Where the packet path and the decision do not say the same of a packet: a mistake in gatehouse. The first few.
    private(set) var disagreements: [String] = []
    private(set) var disagreementCount = 0

    private static let mostDisagreements = 20

    init(_ policy: Policy) { self.policy = policy }

    /// The number of the explanation of a flow.
    ///
    /// - Parameters:
    ///   - decision: Of the flow's session; nil when it has none.
    ///   - isTowardClient: When the flow's far end is a session's address.
    mutating func number(for key: FlowKey, decision: ExplainedDecision?, isTowardClient: Bool) -> UInt32 {
        let explanation =
            decision.map { explain(key, $0, isTowardClient: isTowardClient) } ?? explainNobody(key)
        if let known = numbers[explanation] { return known }
        let number = UInt32(explanations.count)
        explanations.append(explanation)
        numbers[explanation] = number
        return number
    }

    private func explainNobody(_ key: FlowKey) -> Explanation {
        let takers = policy.systems.filter { $0.space.contains(key.destination) }.map(\.name)
        let reachedBy = policy.classes.filter { candidate in
            guard case .systems(let names) = candidate.access else { return false }
            return names.contains { takers.contains($0) }
        }.map(\.name)
        let what =
            takers.isEmpty
            ? Classification.DenyReason.noSystem.description
            : "system \(takers.joined(separator: ", ")), reached by: "
                + (reachedBy.isEmpty ? "no class" : reachedBy.joined(separator: ", "))
        return Explanation(
            verdict: .refused, systems: takers, reachedBy: reachedBy,
            reason: "\(PacketPath.DenyReason.noScope); \(what)")
    }

    private mutating func explain(
        _ key: FlowKey, _ decision: ExplainedDecision, isTowardClient: Bool
    ) -> Explanation {
        let answer = decision.verdict(for: key.destination, under: policy)
        check(key, answer)
        var explanation = Explanation(verdict: RowVerdict(key.outcome), className: decision.className)
        switch answer {
        case .permit(let system, let cites):
            (explanation.systems, explanation.cites) = ([system], cites)
        case .deny(let reason):
            (explanation.systems, explanation.cites) = (reason.system.map { [$0] } ?? [], decision.cites)
        }
        explanation.reason = Self.words(key.outcome.verdict, answer)
        // The ruleset asks for this before anything else.
        if isTowardClient {
            explanation.verdict = .refused
            explanation.reason = PacketPath.DenyReason.betweenTunnels.description
        }
        return explanation
    }

    /// The rules' reason, and the packet path's where that says more.
    private static func words(
        _ verdict: PacketPath.Verdict, _ answer: Classification.Verdict
    ) -> String {
        switch (verdict, answer) {
        case (.permitted, .permit): ""
        // What no rule names, and the ruleset lets pass by what it quotes.
        case (.permitted, .deny): "an ICMP error about a packet that may pass"
        case (.denied(.destination), .deny(let reason)), (.denied(.noScope), .deny(let reason)):
            reason.description
        case (.denied(let own), .deny(let reason)): "\(own); \(reason)"
        case (.denied(let own), .permit): own.description
        case (.cannotTell(let doubt), _): words(doubt)
        }
    }

    private static func words(_ doubt: Doubt) -> String {
        switch doubt {
        case .fragment: "a fragment: the kernel judges the whole datagram"
        case .flow: "an answer to no question in this recording"
        }
    }

    /// TCP and UDP are judged by destination alone, so there both must say the same.
    private mutating func check(_ key: FlowKey, _ answer: Classification.Verdict) {
        guard key.hasPort else { return }
        let isPermitted: Bool
        switch key.outcome.verdict {
        case .permitted: isPermitted = true
        case .denied(.destination): isPermitted = false
        case .denied, .cannotTell: return
        }
        if case .permit = answer, isPermitted { return }
        if case .deny = answer, !isPermitted { return }
        disagreementCount += 1
        guard disagreements.count < Self.mostDisagreements else { return }
        disagreements.append(
            "\(key.destination): the packet path says \(isPermitted ? "permit" : "deny"), the decision \(answer)"
        )
    }
}

extension Classification.DenyReason {
    /// The system that it is about.
    fileprivate var system: String? {
        switch self {
        case .notGranted(let system), .withheld(let system, _): system
        case .notAdmitted, .noSystem: nil
        }
    }
}
