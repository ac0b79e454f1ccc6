package import Classification
package import Evidence
package import NetworkTypes
package import PolicyLanguage
package import Sessions

/// Keeps what happened for whoever looks later. Whoever implements it makes `record` durable before it returns.
///
/// Asked after the kernel has taken a burst and before anybody is answered: what is let in, and what an order did, is told
/// only once it is on the record. Where it cannot be, nobody new is let in; what cuts has cut by then.
package protocol Auditor: Sendable {
    func record(_ events: [AuditEvent]) async throws
}

/// One thing that happened.
package struct AuditEvent: Sendable {
    package let at: Instant
    package let what: What

    package enum What: Sendable {
        /// A login was let in.
        case admitted(JudgedSession)
        /// A login was refused, for this reason.
        case refused(JudgedSession, because: String)
        /// A session has its addresses.
        case opened(Session, Decision)
        /// A live session came to another class, or reaches something else.
        case decided(JudgedSession, from: Decision)
        /// A live session lost everything, for this reason. Its judgement has no decision where none said so.
        case cut(JudgedSession, from: Decision, because: String)
        case closed(Session, SessionEnd)
        /// An order, carried out or not. It may hold a seed or a code, which are nobody's to write down.
        case order(Order, OrderRefusal?, by: Orderer? = nil, under: Policy)
        /// A session was seen refused at so many destinations.
        case scan(Session, destinations: Int, under: Policy)
        /// The VPN server had a client that nobody admitted, or contradicted itself about one.
        case stranger(SessionID, String)
        case drift(Drift, under: Policy)
        /// Packets that the packet path reports.
        case packets(PacketSighting, under: Policy)
    }

    package init(_ what: What, at: Instant) {
        self.what = what
        self.at = at
    }
}

/// Packets that should not be.
package struct PacketSighting: Sendable {
    package enum Kind: Sendable, Hashable {
        /// No session has their source address.
        case spoofed
        /// The kernel let one pass that the core refuses.
        case disagreement
    }

    package let kind: Kind
    /// Nil where it is nobody's.
    package let session: Session?
    package let tunnel: String?
    /// Nil for those that were too many to be told one by one.
    package let source: IPAddress?
    package let destination: Destination?
    /// In words.
    package let says: String
    package let count: Int

    package init(
        _ kind: Kind, _ session: Session?, tunnel: String?, source: IPAddress?, destination: Destination?,
        says: String, count: Int = 1
    ) {
        self.kind = kind
        self.session = session
        self.tunnel = tunnel
        self.source = source
        self.destination = destination
        self.says = says
        self.count = count
    }
}

/// Somebody at the control socket: their number on the gateway, and by which right they order.
package struct Orderer: Sendable, Hashable {
    package let uid: UInt32
    package let role: String

    package init(uid: UInt32, role: String) {
        self.uid = uid
        self.role = role
    }
}

/// A session with everything that was known of it when it was decided about, so that the decision can be explained later,
/// off the way that packets wait for.
package struct JudgedSession: Sendable {
    package let session: Session
    package let evidence: SessionEvidence
    /// Nil where it did not come to one.
    package let decision: Decision?
    private let rules: RulesAtHand
    private let at: Instant

    init(
        _ session: Session, _ evidence: SessionEvidence, _ decision: Decision?, under rules: RulesAtHand,
        at: Instant
    ) {
        self.session = session
        self.evidence = evidence
        self.decision = decision
        self.rules = rules
        self.at = at
    }

    package var policy: Policy { rules.policy }

    /// What was decided, with every reason. Nil where nothing was, or where the reasons come to something else: then the
    /// decision stands without them.
    package var explanation: ExplainedDecision? {
        guard let decision else { return nil }
        let explained = Classifier.classify(evidence, under: rules.policy, at: at)
        return explained.className == decision.className && explained.outcome == decision.outcome
            ? explained : nil
    }
}

/// The policy in force, in a box: many decisions are made under it, and each can say so for a word.
final class RulesAtHand: Sendable {
    let policy: Policy

    init(_ policy: Policy) { self.policy = policy }
}

extension EnforcementState {
    /// What is known and decided of a session, for the record.
    func judged(
        _ session: Session, _ proofs: SessionProofs, scan: ScanSighting? = nil, _ decision: Decision?,
        at now: Instant
    ) -> JudgedSession {
        JudgedSession(
            session, evidence(for: session, proofs, scan: scan, at: now), decision, under: rules, at: now)
    }

    func judged(_ known: EnforcedSession, _ decision: Decision?, at now: Instant) -> JudgedSession {
        judged(known.session, known.proofs, scan: known.scan, decision, at: now)
    }

    /// Notes what happened, where there is a record of it.
    func audit(
        _ what: @autoclosure () -> AuditEvent.What, at now: Instant, _ effects: inout Effects
    ) {
        if isAudited { effects.audit.append(AuditEvent(what(), at: now)) }
    }
}
