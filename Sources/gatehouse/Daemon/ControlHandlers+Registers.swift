import Control
import ControlAPI
import Enforcement
import Evidence
import Sessions
import Store

/// What was ever said of a line, seeds of one-time codes, and the end of a closed state.
extension ControlHandlers {
    func history(
        _ arguments: ControlMessages.RegisterSubjectArguments
    ) async throws -> ControlMessages.RegisterHistory {
        let subject = RegisterSubject(try Self.kind(arguments.kind), arguments.key)
        let facts = try history(subject)
        let fields = await enforcer.registers.fields(of: subject)
        guard fields != nil || !facts.isEmpty else {
            throw ControlFailure(
                id: "not-found", message: "no \(subject.kind.rawValue) '\(PlainText.shown(subject.key))'")
        }
        let stated = await enforcer.facts(about: subject).map(ControlMessages.StatedField.init)
        let line = fields.map {
            ControlMessages.RegisterLineMessage(key: subject.key, fields: $0, stated: stated)
        }
        return .init(line: line, facts: facts.map(ControlMessages.HistoricFact.init))
    }

    /// Makes a seed, and says it once it is on the disk.
    func enrol(
        _ arguments: ControlMessages.EnrolArguments, _ peer: Peer
    ) async throws -> ControlMessages.Enrolment {
        guard canSeal else {
            throw ControlFailure(
                id: "no-sealing-key",
                message:
                    "there is no key to seal seeds with: name a file of 32 random bytes as 'seal-key' in the "
                    + "daemon's configuration, or load the credential 'gatehouse-seal-key' by systemd, and restart"
            )
        }
        guard PlainText.isName(arguments.user) else {
            throw ControlFailure(id: "bad-request", message: "that is no user name")
        }
        var generator = SystemRandomNumberGenerator()
        let seed = TOTPSeed(using: &generator)
        guard let uri = seed.enrolmentURI(user: arguments.user, issuer: arguments.issuer) else {
            throw ControlFailure(
                id: "bad-request",
                message:
                    "neither the user's name nor the issuer may be empty or have a colon: authenticators take it "
                    + "for the end of the issuer")
        }
        let owner = CodeOwner(arguments.user, tenant: arguments.tenant)
        let order = Order.enrol(owner, seed, replaces: arguments.replaces ?? false, by: peer.name)
        _ = try await carryOutIfKept(order, peer)
        return .init(
            user: arguments.user, tenant: arguments.tenant, uri: Self.text(uri),
            secret: Self.text(seed.base32))
    }

    private static func text(_ secret: Secret) -> String {
        secret.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    func unenrol(
        _ arguments: ControlMessages.UserArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        try await carryOutIfKept(.unenrol(arguments.owner, by: peer.name), peer)
    }

    func acknowledgeDamage(_ peer: Peer) async throws -> ControlMessages.OrderDone {
        try await carryOutIfKept(.acknowledgeDamage(by: peer.name), peer)
    }

    /// For orders that are taken back when the disk does not take them.
    func carryOutIfKept(_ order: Order, _ peer: Peer) async throws -> ControlMessages.OrderDone {
        do {
            return done(try await enforcer.carryOut(order, by: peer.orderer))
        } catch .alreadyEnrolled(let owner) {
            let refusal = OrderRefusal.alreadyEnrolled(owner)
            throw ControlFailure(id: "refused", message: "\(refusal); --replace does it all the same")
        } catch .notRecorded(let reason) {
            throw ControlFailure(
                id: "refused", message: "it could not be recorded, so nothing has changed: \(reason)")
        }
    }
}
