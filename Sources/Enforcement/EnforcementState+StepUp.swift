import Evidence
import Logging
import PolicyLanguage
package import Sessions

/// Codes that are given while a session lives, and the seeds behind them.
extension EnforcementState {
    /// Proves a factor anew in a live session, and decides at once what follows.
    mutating func stepUp(
        _ id: SessionID, tenant: String?, _ code: Secret, by: String, at now: Instant,
        _ effects: inout Effects
    ) throws(OrderRefusal) {
        guard let slot = enforced.slot(of: id), enforced[slot].cut == nil, table.isOpen(id) else {
            throw .noSuchSession(id)
        }
        try checkTenant(tenant)
        let session = enforced[slot].session
        let owner = CodeOwner(session.userName, tenant: tenant)
        guard codes.hasSeed(owner) else { throw .noCodes(owner) }
        if let problem = CodeProblem(verify(code, of: owner, at: now, &effects)) {
            effects.note(.notice, "step-up by \(by) refused\(owner.tenantWords): \(problem)", session)
            throw .code(problem)
        }
        prove(slot, at: now, &effects) { proofs in
            if let tenant { proofs.tenantVerifiedAt[tenant] = now } else { proofs.mfaVerifiedAt = now }
        }
        effects.note(.info, "one-time code\(owner.tenantWords) proved, by \(by)", session)
        review([id], at: now, &effects)
    }

    private func checkTenant(_ name: String?) throws(OrderRefusal) {
        guard let name, policy.tenant(named: name) == nil else { return }
        throw .noSuchTenant(name, known: policy.tenants.map(\.name))
    }

    mutating func enrol(
        _ owner: CodeOwner, _ seed: TOTPSeed, replaces: Bool, by: String, at now: Instant,
        _ effects: inout Effects
    ) throws(OrderRefusal) {
        try checkTenant(owner.tenant)
        guard replaces || kept.seeds[owner] == nil else { throw .alreadyEnrolled(owner) }
        var changed = kept
        changed.seeds[owner] = seed
        replaceKept(with: changed)
        effects.ledger.append(.seed(seed, owner, by: by, at: now))
    }

    /// Also of a tenant that the rules do not have any more.
    mutating func unenrol(_ owner: CodeOwner, by: String, _ effects: inout Effects) throws(OrderRefusal) {
        var changed = kept
        guard changed.seeds.removeValue(forKey: owner) != nil else {
            throw .notEnrolled(owner, isInSeedFile: seedsOfFile[owner] != nil)
        }
        replaceKept(with: changed)
        effects.ledger.append(.forgetSeed(owner))
        effects.note(
            .notice,
            "the one-time-code seed of '\(PlainText.shown(owner.user))'\(owner.tenantWords) was taken back by \(by)"
        )
    }
}

/// Why a code proved nothing.
package enum CodeProblem: Error, Sendable, Hashable, CustomStringConvertible {
    case wrong
    case usedBefore
    case tooMany(until: Instant)
    case malformed

    /// Nil for a code that was accepted.
    init?(_ outcome: TOTPVerifier.Outcome) {
        switch outcome {
        case .accepted: return nil
        case .alreadyUsed: self = .usedBefore
        case .tooManyAttempts(let until): self = .tooMany(until: until)
        case .malformed: self = .malformed
        case .wrong, .noSeed: self = .wrong
        }
    }

    package var description: String {
        switch self {
        case .wrong: "the code is wrong"
        case .usedBefore: "the code was used before: wait for the next one"
        case .tooMany(let until): "too many wrong codes: none is looked at until \(until)"
        case .malformed: "a code has six or eight digits"
        }
    }
}

extension CodeOwner {
    /// For messages.
    var words: String { "user '\(PlainText.shown(user))'" }
    /// Follows on what the owner has; empty for the user's own.
    var tenantWords: String { tenant.map { " of tenant '\(PlainText.shown($0))'" } ?? "" }
}
