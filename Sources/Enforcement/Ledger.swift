package import Evidence
package import Sessions

/// What must outlive the process. Whoever implements it makes `record` durable before it returns.
package protocol Ledger: Sendable {
    /// All of the changes or none; when this returns they survive a kill -9 and a loss of power.
    func record(_ changes: [LedgerChange]) async throws
}

/// One durable change.
package enum LedgerChange: Sendable {
    /// Stated by an administrator or an import; in this order.
    case facts([RegisterFact])
    /// Not in force any more, since the rule files say something newer; those of a recorded change of rules, if so.
    case overtaken([RegisterFact], at: Instant, change: Int64? = nil)
    /// A recorded change of rules is taken back.
    case reverted(RuleReversal)
    case posture(DevicePosture, device: String, reporter: String, at: Instant)
    case hold(Hold)
    case lift(Hold.Subject, by: String, at: Instant)
    /// Written before an accepted code is acted on, so that no crash lets it be used twice.
    case totp(TOTPState, CodeOwner)
    case forgetCodes(CodeOwner)
    /// To be kept sealed.
    case seed(TOTPSeed, CodeOwner, by: String, at: Instant)
    case forgetSeed(CodeOwner)
    case acknowledgeDamage(by: String, at: Instant)
    /// Written before its sender is told that it was taken, so that no crash lets it be lost, or counted twice.
    case token(ReceivedSignal.Token, until: Instant, at: Instant)
    case signal(SignalFact)
    case session(RememberedSession)
    case forget(SessionID)
}

/// A session as it is kept for the next process.
package struct RememberedSession: Sendable {
    package var session: Session
    package var proofs: SessionProofs
    /// The kernel's number of the tunnel interface, as it was. Another after the interface was made anew.
    package var interfaceIndex: UInt32

    package init(session: Session, proofs: SessionProofs, interfaceIndex: UInt32) {
        self.session = session
        self.proofs = proofs
        self.interfaceIndex = interfaceIndex
    }
}

/// What was proved in a session, at its login or since, and counts for it alone.
package struct SessionProofs: Sendable, Hashable {
    /// When a one-time code was last accepted in this session.
    package var mfaVerifiedAt: Instant?
    /// When a code of a tenant was last accepted in it, by the tenant's name.
    package var tenantVerifiedAt: [String: Instant]
    /// What a full look at its certificates found; nil when they were not at hand.
    package var certificates: CertificateReport? {
        get { report?.content }
        set { report = newValue.map(Report.init) }
    }
    private var report: Report?

    /// In a box: most gateways have no certificates at hand, and every session has room for one of these.
    private final class Report: Sendable, Hashable {
        let content: CertificateReport

        init(_ content: CertificateReport) { self.content = content }

        static func == (lhs: Report, rhs: Report) -> Bool { lhs === rhs || lhs.content == rhs.content }
        func hash(into hasher: inout Hasher) { hasher.combine(content) }
    }

    package init(
        mfaVerifiedAt: Instant? = nil, tenantVerifiedAt: [String: Instant] = [:],
        certificates: CertificateReport? = nil
    ) {
        self.mfaVerifiedAt = mfaVerifiedAt
        self.tenantVerifiedAt = tenantVerifiedAt
        report = certificates.map(Report.init)
    }
}

/// What an earlier process left, read once at the start.
package struct Recollection: Sendable {
    /// Those in force, in the order in which they were stated.
    package var facts: [RegisterFact]
    /// By inventory id.
    package var postures: [String: DevicePosture]
    package var holds: [Hold]
    package var sessions: [RememberedSession]
    /// Seeds of one-time codes that were given by order.
    package var seeds: [CodeOwner: TOTPSeed]
    /// The last word of each transmitter on each subject.
    package var signals: [SignalFact]
    /// Tokens that count no second time, with the instant from which on they are refused for their age.
    package var heardTokens: [ReceivedSignal.Token: Instant]

    package init(
        facts: [RegisterFact] = [], postures: [String: DevicePosture] = [:], holds: [Hold] = [],
        sessions: [RememberedSession] = [], seeds: [CodeOwner: TOTPSeed] = [:],
        signals: [SignalFact] = [], heardTokens: [ReceivedSignal.Token: Instant] = [:]
    ) {
        self.facts = facts
        self.postures = postures
        self.holds = holds
        self.sessions = sessions
        self.seeds = seeds
        self.signals = signals
        self.heardTokens = heardTokens
    }
}

/// That a recorded change of rules is taken back: whose word that was, and why.
package struct RuleReversal: Sendable, Hashable {
    /// The number of the change.
    package let change: Int64
    package let at: Instant
    package let by: String
    /// Nil when it was no user.
    package let uid: UInt32?
    package let because: String?

    package init(change: Int64, at: Instant, by: String, uid: UInt32?, because: String?) {
        self.change = change
        self.at = at
        self.by = by
        self.uid = uid
        self.because = because
    }
}
