import Classification
import Evidence
import FlowSpace
import Logging
import PolicyLanguage
import RulesetCompiler
import Sessions

/// Everything that enforcement knows, and every step that it takes: an input and an instant go in, effects come out.
///
/// No I/O and no clock. `Enforcer` carries the effects out, and is the only owner of a value of this type.
struct EnforcementState: Sendable {
    let settings: EnforcementSettings
    var policy: Policy
    /// The pack's register with the commands of administrators on top: the later fact wins.
    var devices: DeviceRegister
    var holds: [Hold.Subject: Hold]
    var codes: TOTPVerifier
    var table = SessionTable()
    var enforced: [SessionID: EnforcedSession] = [:]
    var deadlines = DeadlineQueue<SessionID, Instant>()
    /// What should be in force: equal to the kernel's side after every committed transaction.
    var ruleset: Ruleset
    var scopes = ScopeNumbers()
    /// Interface indices of the tunnels, looked up before each burst.
    var interfaces: [String: UInt32] = [:]
    /// Sources that cannot be heard, since when.
    var detached: [String: Instant] = [:]
    /// Statuses that administrators set, to be laid over the register of the next pack too.
    var statusOrders: [String: (status: DeviceStatus, at: Instant)] = [:]
    /// What the packet path has looked at, by tunnel.
    var watches: [String: TunnelWatch] = [:]
    var scans = ScanMemory()
    /// When the first tick was; nil before.
    var startedAt: Instant?
    /// Tunnels of which it was said that nobody looks at them.
    var unwatched: Set<String> = []

    init(
        settings: EnforcementSettings, policy: Policy, codes: TOTPVerifier, recollection: Recollection
    ) {
        self.settings = settings
        self.policy = policy
        self.codes = codes
        ruleset = Ruleset(layout: settings.layout)
        holds = Dictionary(recollection.holds.map { ($0.subject, $0) }, uniquingKeysWith: { $1 })
        devices = policy.devices
        for order in recollection.deviceStatuses {
            statusOrders[order.device] = (order.status, order.at)
        }
        applyStatusOrders()
    }

    mutating func applyStatusOrders() {
        devices = policy.devices
        for (device, order) in statusOrders { _ = devices.setStatus(order.status, of: device, at: order.at) }
    }

    // MARK: Evidence and decisions

    /// Everything known about a session now.
    func evidence(for session: Session, mfaVerifiedAt: Instant?) -> SessionEvidence {
        let leaf = session.certificates?.leaf.digest
        let hold = leaf.flatMap { holds[.certificate($0)] } ?? holds[.user(session.userName)]
        return SessionEvidence(
            certificates: session.certificates, device: leaf.flatMap { devices[$0] },
            userName: session.userName,
            groups: policy.users.groups(of: session.userName), mfaVerifiedAt: mfaVerifiedAt,
            scan: enforced[session.id]?.scan ?? scans.sighting(of: session.suspects), hold: hold)
    }

    func decide(_ session: Session, mfaVerifiedAt: Instant?, at now: Instant) -> Decision {
        Classifier.classify(evidence(for: session, mfaVerifiedAt: mfaVerifiedAt), under: policy, at: now)
    }

    /// How long the kernel may keep a session with this decision: at most a lease, and not past the instant at which
    /// its scope would change. A re-evaluation that comes to the same scope is no end: the element outlives it, so that
    /// nobody's connection is reset because a class hands over to another with the same grants.
    func expiry(of enforced: EnforcedSession, at now: Instant) -> Instant {
        let horizon = now + settings.lease
        var decision = enforced.decision
        for _ in 0..<Self.lookahead {
            guard let until = decision.validUntil, until < horizon else { return horizon }
            let later = decide(enforced.session, mfaVerifiedAt: enforced.mfaVerifiedAt, at: until)
            guard later.isAdmitted, later.scope == decision.scope, until > now else { return until }
            guard later.validUntil != decision.validUntil else { return until }
            decision = later
        }
        return decision.validUntil.map { min($0, horizon) } ?? horizon
    }

    /// Changes of class that are followed ahead of time within one lease; more is a pack that flickers.
    private static let lookahead = 8

    // MARK: Elements

    /// Puts or renews a session's elements as its decision says. The caller has made sure that it is admitted.
    mutating func program(_ id: SessionID, at now: Instant, _ effects: inout Effects) {
        guard var session = enforced[id], session.decision.isAdmitted, session.cut == nil else { return }
        guard let index = interfaces[session.session.tunnel] else {
            effects.note(.error, "tunnel interface \(session.session.tunnel) does not exist", session.session)
            return shut(id, &effects)
        }
        let space = session.decision.flowSpace(under: policy)
        let scope = scopes.retain(space, &effects.ruleset)
        if let old = session.programmed { scopes.release(old.scope) }
        let keys = session.session.addresses.map { SessionKey(interfaceIndex: index, address: $0) }
        let expires = expiry(of: session, at: now)
        let stale = Set(session.programmed?.keys ?? []).subtracting(keys)
        let element = Ruleset.Element(scope: scope, expires: expires)
        effects.ruleset += stale.map { .remove($0) } + keys.map { .put($0, element) }
        effects.path.append(.put(id, keys, space))
        session.programmed = .init(keys: keys, scope: scope, expires: expires)
        enforced[id] = session
        schedule(session, at: now)
        checkIdle(id)
    }

    /// Takes a session's elements away. Nothing else changes: whether it may come back is the caller's affair.
    mutating func shut(_ id: SessionID, _ effects: inout Effects) {
        deadlines.set(nil, for: id)
        if let tunnel = enforced[id]?.session.tunnel { watches[tunnel]?.check(id, by: nil) }
        guard let programmed = enforced[id]?.programmed else { return }
        effects.ruleset += programmed.keys.map { .remove($0) }
        effects.path.append(.remove(id))
        scopes.release(programmed.scope)
        enforced[id]?.programmed = nil
    }

    /// Cuts a session: kernel first, then the VPN server. It stays cut. `log` is for the log, where it says more.
    mutating func cut(
        _ id: SessionID, because reason: String, log: String? = nil, _ effects: inout Effects
    ) {
        guard let session = enforced[id], session.cut == nil else { return }
        shut(id, &effects)
        enforced[id]?.cut = reason
        effects.cut.append(id)
        effects.ledger.append(.forget(id))
        // RESTART and not HALT: the client asks again at once, and its person is told why it is refused.
        effects.disconnections.append((id, .restart))
        effects.note(.notice, "cut: \(log ?? reason)", session.session)
    }

    /// Two thirds of a lease before it ends, or when the decision does, whichever is first.
    private mutating func schedule(_ session: EnforcedSession, at now: Instant) {
        let renewal = now + settings.lease / 3
        let review = session.decision.validUntil ?? renewal
        deadlines.set(max(min(renewal, review), now + Self.shortestReview), for: session.session.id)
    }

    /// Never look again sooner than this, whatever the decision says: a pack cannot make the daemon spin.
    private static let shortestReview: Duration = .milliseconds(1)

    // MARK: Looking again

    /// Decides a live session anew and does what follows: renews, changes the scope, or cuts.
    mutating func review(_ id: SessionID, at now: Instant, _ effects: inout Effects) {
        guard let session = enforced[id], session.cut == nil, table.isOpen(id) else { return }
        let decision = decide(session.session, mfaVerifiedAt: session.mfaVerifiedAt, at: now)
        if decision.className != session.decision.className || decision.scope != session.decision.scope {
            let change = "class \(session.decision.className ?? "none") to \(decision.className ?? "none")"
            effects.note(.notice, change, session.session)
        }
        enforced[id]?.decision = decision
        guard decision.isAdmitted else { return cut(id, because: decision.tell, &effects) }
        program(id, at: now, &effects)
    }

    /// Looks at every session that is due. Sessions of a server that was not heard for too long are left to lapse.
    mutating func tick(at now: Instant, _ effects: inout Effects) {
        for id in deadlines.popDue(at: now) {
            if let since = detached[id.source], since + settings.grace <= now { continue }
            review(id, at: now, &effects)
        }
        noteUnwatched(at: now, &effects)
    }

    /// A new pack takes the place of the old one, for every session at once.
    mutating func replace(policy: Policy, at now: Instant, _ effects: inout Effects) {
        self.policy = policy
        applyStatusOrders()
        for session in table.open { review(session.id, at: now, &effects) }
        effects.ruleset += scopes.sweep(keeping: 0)
    }
}
