import Enforcement
import Evidence
import Sessions
import Store

/// What the reconciler wants remembered, in the words of the store.
struct StoreLedger: Ledger {
    let store: Store
    /// Nil where no seeds are given by order.
    var sealingKey: SealingKey?

    func record(_ changes: [LedgerChange]) async throws { try store.perform(try changes.flatMap(translate)) }

    private func translate(_ change: LedgerChange) throws -> [StoreChange] {
        switch change {
        case .facts(let facts): facts.map { .fact($0) }
        case .overtaken(let facts, let at, let change):
            facts.map { .overtaken($0.subject, field: $0.field, at: at, change: change) }
        case .reverted(let reversal):
            [
                .ruleChangeEnd(
                    number: reversal.change,
                    RuleChangeEnd(
                        .reverted, at: reversal.at, by: RuleChangeAuthor(reversal.by, uid: reversal.uid),
                        because: reversal.because))
            ]
        case .posture(let posture, let device, let reporter, let at):
            [.posture(device: device, posture, reporter: reporter, at: at)]
        case .hold(let hold): [.addHold(hold)]
        case .lift(let subject, let by, let at): [.liftHold(subject, by: by, at: at)]
        case .totp(let state, let owner): [.totpState(state, owner)]
        case .forgetCodes(let owner): [.forgetTOTPState(owner)]
        case .seed(let seed, let owner, let by, let at):
            [.seed(try seal(seed, for: owner, by: by, at: at))]
        case .forgetSeed(let owner): [.forgetSeed(owner)]
        case .acknowledgeDamage(let by, let at): [.acknowledgeDamage(by: by, at: at)]
        case .token(let token, let until, let at): [.token(token, until: until, at: at)]
        case .signal(let fact): [.signal(fact)]
        case .session(let known):
            [
                .putSession(
                    StoredSession(
                        session: known.session, mfaVerifiedAt: known.proofs.mfaVerifiedAt,
                        tenantVerifiedAt: known.proofs.tenantVerifiedAt,
                        certificateReport: known.proofs.certificates, interfaceIndex: known.interfaceIndex))
            ]
        case .forget(let id): [.removeSession(id)]
        }
    }

    private func seal(_ seed: TOTPSeed, for owner: CodeOwner, by: String, at instant: Instant) throws
        -> SealedSeed
    {
        guard let sealingKey else { throw StartProblem("there is no key to seal a seed with") }
        return try sealingKey.seal(seed, for: owner, by: by, at: instant)
    }
}
