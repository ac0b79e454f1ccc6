package import Classification
import Evidence
import Logging
import NetworkTypes
import RulesetCompiler
import Sessions

extension EnforcementState {
    /// One event of a VPN server.
    mutating func handle(_ event: SessionEvent, at now: Instant, _ effects: inout Effects) {
        switch event {
        case .detached(let source, let reason):
            detached[source] = detached[source] ?? now
            effects.note(.warning, "source \(source) cannot be heard: \(reason)")
        case .snapshot(let source, _, _): detached[source] = nil
        case .problem(let source, let problem): effects.note(.error, "source \(source): \(problem)")
        case .login, .established, .ended: break
        }
        for change in table.apply(event) { handle(change, at: now, &effects) }
        if case .snapshot(let source, _, _) = event { resume(source, at: now, &effects) }
    }

    /// Leases that lapsed while the server could not be heard are taken up again, now that it lists the sessions.
    private mutating func resume(_ source: String, at now: Instant, _ effects: inout Effects) {
        for session in table.open where session.id.source == source {
            guard let programmed = enforced[session.id]?.programmed, programmed.expires <= now else {
                continue
            }
            review(session.id, at: now, &effects)
        }
    }

    private mutating func handle(_ change: SessionChange, at now: Instant, _ effects: inout Effects) {
        switch change {
        case .asked(let login, let rival):
            switch login.kind {
            case .initial: answerInitial(login, rival, at: now, &effects)
            case .renewal: answerRenewal(login, at: now, &effects)
            }
        case .impostor(let login, let session, let difference):
            refuse(login, log: difference, tell: Self.tellAgain, at: now, &effects)
            cut(session.id, because: difference, at: now, &effects)
        case .opened(let session): open(session, at: now, &effects)
        case .roamed(let session):
            if let slot = enforced.slot(of: session.id) { enforced[slot].session = session }
            effects.note(.info, "roamed to \(session.outer?.description ?? "an unknown address")", session)
            review(session.id, at: now, &effects)
        case .withdrawn(let session, let newcomer):
            if let slot = enforced.slot(of: session.id) { shut(slot, &effects) }
            effects.note(.info, "displaced by \(newcomer)", session)
        case .closed(let session, let end): closed(session, end, at: now, &effects)
        case .stranger(let id, let reason):
            effects.disconnections.append((id, .restart))
            audit(.stranger(id, reason), at: now, &effects)
            effects.note(.warning, "client \(id) is thrown out: \(reason)")
        }
    }

    private static let tellAgain = "Your login could not be verified. Connect again."

    private mutating func closed(
        _ session: Session, _ end: SessionEnd, at now: Instant, _ effects: inout Effects
    ) {
        if let slot = enforced.slot(of: session.id) {
            shut(slot, &effects)
            let isLookedAt = settings.pathSlots != nil || watches[session.tunnel]?.through != nil
            if isLookedAt { scans.depart(session.id, enforced[slot].subjects, at: now) }
            enforced.remove(session.id)
        }
        effects.ledger.append(.forget(session.id))
        audit(.closed(session, end), at: now, &effects)
        effects.note(.info, "session closed: \(end)", session)
    }

    // MARK: Logins

    private static let tellClosed =
        "The gateway lost its records and lets nobody in until an administrator has looked."

    private mutating func answerInitial(
        _ login: Login, _ rival: Session?, at now: Instant, _ effects: inout Effects
    ) {
        if let reason = kept.closedBecause {
            return refuse(login, log: reason, tell: Self.tellClosed, at: now, &effects)
        }
        if let rival, rival.hasOtherAuthority(than: login.session) {
            // Letting it in would throw the other device out and hand over its address. A name is no claim to that.
            return refuse(
                login, log: "common name of session \(rival.id), by another authority",
                tell: "The name in this certificate belongs to another device. Call the help desk.", at: now,
                &effects)
        }
        // Whoever stays out even with a fresh code hears why, and the code is not spent on it: a lost device is told
        // that it is lost, whatever is typed on it.
        var proofs = SessionProofs(
            mfaVerifiedAt: now,
            certificates: login.session.certificates.flatMap { report(on: $0, by: policy) })
        let best = explain(login.session, proofs, at: now)
        guard best.isAdmitted else {
            return refuse(login, log: best.logLine, tell: best.tell, proofs, best.decision, at: now, &effects)
        }
        proofs.mfaVerifiedAt = nil
        switch proof(login, at: now, &effects) {
        case .none: break
        case .proved: proofs.mfaVerifiedAt = now
        case .refused(let log, let tell):
            return refuse(login, log: log, tell: tell, proofs, at: now, &effects)
        }
        let decision = explain(login.session, proofs, at: now)
        guard decision.isAdmitted else {
            return refuse(
                login, log: decision.logLine, tell: decision.tell, proofs, decision.decision, at: now,
                &effects)
        }
        for change in table.admit(login) { handle(change, at: now, &effects) }
        enforced.add(
            EnforcedSession(
                session: table[login.session.id] ?? login.session, proofs: proofs,
                decision: decision.decision, password: login.password))
        let push = settings.push[login.session.id.source] ?? []
        effects.answers.append((login, .admit(push: push)))
        audit(.admitted(judged(login.session, proofs, decision.decision, at: now)), at: now, &effects)
        effects.note(.info, "login admitted as \(decision.logLine)", login.session)
    }

    /// Keys are renewed. A new code makes the second factor young again; the same password as before proves nothing
    /// new and loses nothing.
    private mutating func answerRenewal(_ login: Login, at now: Instant, _ effects: inout Effects) {
        let id = login.session.id
        guard let slot = enforced.slot(of: id), enforced[slot].cut == nil else {
            return refuse(login, log: "the session was cut", tell: Self.tellAgain, at: now, &effects)
        }
        let sendsTheSame = enforced[slot].password?.matches(login.password) ?? false
        if !sendsTheSame, case .proved = proof(login, at: now, &effects) {
            prove(slot, at: now, &effects) { $0.mfaVerifiedAt = now }
            enforced[slot].password = login.password
        }
        review(id, at: now, &effects)
        if let reason = enforced[slot].cut {
            return refuse(login, log: "no longer admitted", tell: reason, at: now, &effects)
        }
        effects.answers.append((login, .admit(push: [])))
    }

    /// - Parameter decision: The one that says so; nil when it is for another reason.
    private mutating func refuse(
        _ login: Login, log: String, tell: String, _ proofs: SessionProofs = .init(),
        _ decision: Decision? = nil, at now: Instant, _ effects: inout Effects
    ) {
        table.refuse(login)
        audit(.refused(judged(login.session, proofs, decision, at: now), because: log), at: now, &effects)
        effects.answers.append((login, .refuse(log: log, tell: tell)))
        effects.note(.notice, "login refused: \(log)", login.session)
    }

    private enum Proof {
        /// No code was given. What the session may reach without one, the rules say.
        case none
        case proved
        /// A code was given and is no good: the person must hear so, and not land in a lesser class.
        case refused(log: String, tell: String)
    }

    private mutating func proof(_ login: Login, at now: Instant, _ effects: inout Effects) -> Proof {
        guard !login.isTokenRenewal, !login.password.isEmpty else { return .none }
        let code: Secret?
        do {
            code = try LoginPassword(login.password).code
        } catch {
            return .refused(
                log: "password slot: \(error)", tell: "The login could not be read. Connect again.")
        }
        guard let code else { return .none }
        switch verify(code, of: CodeOwner(login.session.userName), at: now, &effects) {
        case .accepted: return .proved
        case .alreadyUsed:
            return .refused(
                log: "code used before",
                tell: "This code was used already. Wait for the next one and connect again.")
        case .tooManyAttempts(let until):
            return .refused(
                log: "too many wrong codes, until \(until)",
                tell: "Too many wrong codes. Wait \((until - now).briefly) and connect again.")
        case .wrong, .noSeed, .malformed:
            return .refused(log: "wrong code", tell: "The code is wrong. Connect again with the current one.")
        }
    }

    /// Judges a code, and has the judgement recorded: before it counts when it is accepted, after the answer else.
    mutating func verify(
        _ code: Secret, of owner: CodeOwner, at now: Instant, _ effects: inout Effects
    ) -> TOTPVerifier.Outcome {
        let outcome = codes.verify(code: code, of: owner, at: now)
        // Invented names leave nothing on disk.
        if codes.hasSeed(owner), let state = codes.state(of: owner) {
            let change = LedgerChange.totp(state, owner)
            if case .accepted = outcome {
                effects.ledger.append(change)
            } else {
                effects.ledgerAfterwards.append(change)
            }
        }
        return outcome
    }

    /// Notes that something was proved in a live session, so that it is recorded, and given back if it cannot be.
    mutating func prove(
        _ slot: Int, at now: Instant, _ effects: inout Effects, _ change: (inout SessionProofs) -> Void
    ) {
        let id = enforced[slot].session.id
        effects.proofs.append((id, enforced[slot].proofs))
        change(&enforced[slot].proofs)
        record(id, &effects)
    }

    // MARK: Openings

    private mutating func open(_ session: Session, at now: Instant, _ effects: inout Effects) {
        guard let slot = enforced.slot(of: session.id), enforced[slot].cut == nil else {
            effects.disconnections.append((session.id, .restart))
            return
        }
        enforced[slot].session = session
        // A renewal of keys is told as an opening too, and is no use: what is in force was opened before.
        let isNew = enforced[slot].programmed == nil
        if isNew { enforced[slot].openedAt = now }
        record(session.id, &effects)
        review(session.id, at: now, &effects)
        guard enforced[slot].cut == nil else { return }
        if isNew { audit(.opened(session, enforced[slot].decision), at: now, &effects) }
        let addresses = session.addresses.map(\.description).joined(separator: " ")
        effects.note(
            .info, "session open at \(addresses) as \(enforced[slot].decision.logLine)", session)
    }

    /// Remembers a live session, so that a later process can take it over.
    mutating func record(_ id: SessionID, _ effects: inout Effects) {
        guard let known = enforced[id], let index = interfaces[known.session.tunnel] else { return }
        effects.ledger.append(
            .session(
                RememberedSession(session: known.session, proofs: known.proofs, interfaceIndex: index)))
    }
}

extension Session {
    /// Whether two sessions of one common name were certified by different authorities.
    fileprivate func hasOtherAuthority(than other: Session) -> Bool {
        guard certificates?.leaf.digest != other.certificates?.leaf.digest else { return false }
        return certificates?.issuers.first?.digest != other.certificates?.issuers.first?.digest
    }
}

extension Decision {
    /// One line for logs: the class, and what it gives.
    var logLine: String {
        isAdmitted
            ? "\(className ?? "none") -> \(scope.systems.joined(separator: " "))" : className ?? "no class"
    }
}

extension ExplainedDecision {
    /// One line for logs: the class, what it gives, or what stands in the way.
    package var logLine: String {
        isAdmitted
            ? decision.logLine : "\(decision.logLine): \(tell)" + (obstacle.map { " (\($0))" } ?? "")
    }
}
