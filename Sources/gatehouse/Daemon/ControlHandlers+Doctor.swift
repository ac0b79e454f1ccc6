import AuditLog
import Enforcement
import Place
import PolicyLanguage
import Sessions
import Store

extension ControlHandlers {
    /// What only the daemon knows of what can be wrong with the gateway. The kernel's side is `kernel.inspect`.
    func knowledge() async throws -> ControlMessages.GatewayKnowledge {
        let policy = await enforcer.policy
        let waiting = await changes.waiting
        return ControlMessages.GatewayKnowledge(
            inForce: await changes.pack.digest, rules: ruleKnowledge(policy),
            waiting: waiting.map { change in
                .init(reference: change.reference, until: change.deadline.description)
            },
            closedBecause: await enforcer.closedBecause, storeFault: storeFault(),
            auditFault: trail?.log.loss?.because,
            detachedSources: await enforcer.detachedSources.mapValues(\.description),
            transmitters: transmitters())
    }

    private func storeFault() -> String? {
        do {
            _ = try changes.store.standingDamage()
            return nil
        } catch {
            return "\(error)"
        }
    }
}

extension EvidenceSources {
    func knowledge(of policy: Policy) -> ControlMessages.RuleKnowledge {
        ControlMessages.RuleKnowledge(
            policy, trust,
            countries: countries.map { watched in
                watched.database.map { .success($0) }
                    ?? .failure(.init(description: "none of the files could be read since the start"))
            })
    }
}
