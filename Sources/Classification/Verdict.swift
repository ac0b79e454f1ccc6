package import FlowSpace
package import NetworkTypes
package import PolicyLanguage

/// Permit or deny for one packet of a session, with its reason.
package enum Verdict: Sendable, Hashable {
    case permit(system: String, cites: [String])
    case deny(DenyReason)
}

/// Why a packet is not permitted, as data; `description` says it in words.
package enum DenyReason: Sendable, Hashable, CustomStringConvertible {
    /// The session reaches nothing at all.
    case notAdmitted
    /// No system of the pack takes this packet: the internet, or an address that nobody named.
    case noSystem
    /// A system would take it, but the session's class does not list that system.
    case notGranted(system: String)
    /// The class lists it, but a need of the system's own does not hold.
    case withheld(system: String, saw: [String])

    package var description: String {
        switch self {
        case .notAdmitted: "the session is not admitted"
        case .noSystem: "no system of the rules takes this packet"
        case .notGranted(let system): "the class does not reach system '\(system)'"
        case .withheld(let system, let saw): "system '\(system)' needs more: \(saw.joined(separator: "; "))"
        }
    }
}

extension ExplainedDecision {
    /// Judges a packet that the session sends. The kernel's ruleset must agree with this on every packet.
    package func verdict(for destination: Destination, under policy: Policy) -> Verdict {
        guard isAdmitted else { return .deny(.notAdmitted) }
        let takers = policy.systems.filter { $0.space.contains(destination) }
        for taker in takers {
            if let grant = grants.first(where: { $0.system == taker.name }) {
                return .permit(system: grant.system, cites: grant.cites)
            }
        }
        for taker in takers {
            if let missing = withheld.first(where: { $0.system == taker.name }) {
                return .deny(.withheld(system: taker.name, saw: missing.findings.map(\.judgement.saw)))
            }
        }
        guard let taker = takers.first else { return .deny(.noSystem) }
        return .deny(.notGranted(system: taker.name))
    }
}

extension ExplainedDecision {
    package func flowSpace(under policy: Policy) -> FlowSpace { decision.flowSpace(under: policy) }
}

extension Decision {
    /// Everything that the session may send, as a set: what is programmed.
    ///
    /// Cost: that of the union of the scope's systems; keep it by scope where many sessions share one.
    package func flowSpace(under policy: Policy) -> FlowSpace {
        isAdmitted ? scope.flowSpace(under: policy) : .empty
    }
}

extension Scope {
    /// Everything that may be sent to its systems.
    package func flowSpace(under policy: Policy) -> FlowSpace {
        FlowSpace(unionOf: systems.compactMap { policy.system(named: $0)?.space })
    }
}
