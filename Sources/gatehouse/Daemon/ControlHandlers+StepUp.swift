import Classification
import Control
import ControlAPI
import Enforcement
import Evidence
import Sessions

/// Codes that are given while a session lives.
extension ControlHandlers {
    func stepUp(
        _ arguments: ControlMessages.StepUpArguments, _ peer: Peer
    ) async throws -> ControlMessages.SteppedUp {
        let id = try await session(arguments.session).session.id
        let order = Order.stepUp(
            id, tenant: arguments.tenant, code: arguments.code.secret, by: peer.name)
        let done = try await carryOutIfKept(order, peer)
        guard let decision = await enforcer.explain(id) else {
            throw ControlFailure(id: "not-found", message: "session \(arguments.session) has just ended")
        }
        let look = Explanations.grants(of: decision)
        return ControlMessages.SteppedUp(
            session: arguments.session, class: decision.className, grants: look.granted,
            withheld: look.withheld, until: decision.validUntil?.description, committedAt: done.committedAt)
    }
}
