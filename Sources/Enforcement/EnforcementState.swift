import Classification
import Evidence
import FlowSpace
import Logging
import PolicyLanguage
import RulesetCompiler
package import Sessions

/// Everything that enforcement knows, and every step that it takes: an input and an instant go in, effects come out.
///
/// No I/O and no clock. `Enforcer` carries the effects out, and is the only owner of a value of this type.
struct EnforcementState: Sendable {
    let settings: EnforcementSettings
    var policy: Policy { didSet { rules = RulesAtHand(policy) } }
    /// The same, to be handed along with decisions.
    private(set) var rules: RulesAtHand
    /// Whether what happens is noted for the record.
    var isAudited = false
    /// What administrators and imports stated, on top of the pack's registers: the later word wins.
    var facts: RegisterFacts
    /// The registers in force.
    var registers: Registers
    var registerRevision: RegisterRevision
    /// What was last reported of devices, by inventory id.
    var postures: [String: DevicePosture]
    var surroundings: Surroundings
    /// What other systems told of people and devices.
    var signals: SignalMemory
    var holds: [Hold.Subject: Hold]
    var codes: TOTPVerifier
    /// Seeds of the seed file; `codes` has them together with those of `kept`.
    private var fileSeeds: [CodeOwner: TOTPSeed]
    /// What holds only once it is on the disk.
    private(set) var kept: Kept
    var table = SessionTable()
    var enforced = EnforcedSessions()
    var scopes = ScopeNumbers()
    /// Interface indices of the tunnels, looked up before each burst.
    var interfaces: [String: UInt32] = [:]
    /// Sources that cannot be heard, since when.
    var detached: [String: Instant] = [:]
    /// What the packet path has looked at, by tunnel.
    var watches: [String: TunnelWatch] = [:]
    var scans = ScanMemory()
    /// The wall clock at the last tick; nil before the first.
    var latest: Instant?
    /// When the first tick was; nil before.
    var startedAt: Instant?
    /// Tunnels of which it was said that nobody looks at them.
    var unwatched: Set<String> = []

    /// The flow-spaces of scopes under the policy in force: as many sessions as there are share a few.
    var spaces: [Scope: FlowSpace] = [:]

    init(
        settings: EnforcementSettings, policy: Policy, codes: TOTPVerifier, recollection: Recollection,
        surroundings: Surroundings = Surroundings(), closedBecause: String? = nil, startedAt: Instant
    ) {
        self.settings = settings
        self.policy = policy
        rules = RulesAtHand(policy)
        self.codes = codes
        fileSeeds = codes.seeds
        kept = Kept(closedBecause: closedBecause, seeds: recollection.seeds)
        self.codes.replaceSeeds(fileSeeds.merging(kept.seeds) { $1 })
        holds = Dictionary(recollection.holds.map { ($0.subject, $0) }, uniquingKeysWith: { $1 })
        facts = RegisterFacts(recollection.facts)
        postures = recollection.postures
        signals = SignalMemory(facts: recollection.signals, heard: recollection.heardTokens)
        registers = facts.laid(over: policy.registers)
        registerRevision = RegisterRevision(epoch: startedAt)
        self.surroundings = surroundings
    }

    // MARK: What must be on the disk to be believed

    /// What an order changes and what is given back when the disk does not take it: nobody may rely on a seed, or on
    /// the end of a closed state, that the next start knows nothing of.
    struct Kept: Sendable {
        /// Why nobody is let in; nil when people are.
        var closedBecause: String?
        /// Seeds of one-time codes that were given by order. They outrank the seed file.
        var seeds: [CodeOwner: TOTPSeed]
    }

    mutating func replaceKept(with kept: Kept) {
        self.kept = kept
        codes.replaceSeeds(fileSeeds.merging(kept.seeds) { $1 })
    }

    /// Whoever put a new seed into the file and wonders why it does not count finds this in the log.
    func noteDoubleSeeds(_ effects: inout Effects) {
        for owner in kept.seeds.keys.filter({ fileSeeds[$0] != nil }).sorted() {
            effects.note(
                .warning,
                "user '\(PlainText.shown(owner.user))' has a seed in the seed file and one by order: that one counts"
            )
        }
    }

    var seedsOfFile: [CodeOwner: TOTPSeed] { fileSeeds }

    mutating func replaceFileSeeds(_ seeds: [CodeOwner: TOTPSeed]) {
        fileSeeds = seeds
        replaceKept(with: kept)
    }

    // MARK: Evidence and decisions

    /// Everything known about a session now.
    func evidence(
        for session: Session, _ proofs: SessionProofs, scan: ScanSighting? = nil, at now: Instant
    ) -> SessionEvidence {
        let device = device(of: session, proofs)
        let outer = session.outer?.address
        var evidence = SessionEvidence(
            certificates: session.certificates, certificateReport: proofs.certificates,
            revocation: session.certificates.flatMap {
                surroundings.certificates?.revocation(of: $0, at: now)
            },
            device: device, loans: device.map { registers.loans.loans(of: $0.id) } ?? [],
            posture: device.flatMap { postures[$0.id] }, userName: session.userName,
            user: registers.users[session.userName],
            approvals: registers.approvals.approvals(of: session.userName), claims: session.claims,
            mfaVerifiedAt: proofs.mfaVerifiedAt, tenantVerifiedAt: proofs.tenantVerifiedAt, outer: outer,
            country: outer.flatMap { surroundings.countries?.country(of: $0) },
            scan: scan ?? scans.sighting(of: session),
            hold: hold(on: session, proofs))
        if !signals.isEmpty {
            evidence.take(away: standing(against: session, device), startedAt: session.startedAt)
        }
        return evidence
    }

    /// By its certificate, or by its key where the certificate itself is at hand.
    func device(of session: Session, _ proofs: SessionProofs) -> DeviceRecord? {
        session.certificates.flatMap { registers.devices[$0.leaf.digest] }
            ?? proofs.certificates.flatMap { registers.devices[$0.attributes.key] }
    }

    private func hold(on session: Session, _ proofs: SessionProofs) -> Hold? {
        guard !holds.isEmpty else { return nil }
        return session.certificates.flatMap { holds[.certificate($0.leaf.digest)] }
            ?? proofs.certificates.flatMap { holds[.key($0.attributes.key)] }
            ?? holds[.user(session.userName)]
    }

    func evidence(about known: EnforcedSession, at now: Instant) -> SessionEvidence {
        evidence(for: known.session, known.proofs, scan: known.scan, at: now)
    }

    func decide(_ known: EnforcedSession, at now: Instant) -> Decision {
        Classifier.decide(evidence(about: known, at: now), under: policy, at: now)
    }

    /// The same with every reason, for people.
    func explain(_ known: EnforcedSession, at now: Instant) -> ExplainedDecision {
        Classifier.classify(evidence(about: known, at: now), under: policy, at: now)
    }

    func explain(_ session: Session, _ proofs: SessionProofs, at now: Instant) -> ExplainedDecision {
        Classifier.classify(evidence(for: session, proofs, at: now), under: policy, at: now)
    }

    mutating func space(of scope: Scope) -> FlowSpace {
        if let known = spaces[scope] { return known }
        let space = scope.flowSpace(under: policy)
        if spaces.count >= Self.keptSpaces { spaces.removeAll() }
        spaces[scope] = space
        return space
    }

    /// Needs of systems can make as many scopes as there are sets of systems.
    private static let keptSpaces = 4096

    /// How long the kernel may keep a session with this decision: at most a lease, and not past the instant at which
    /// its scope would change. A re-evaluation that comes to the same scope is no end: the element outlives it, so that
    /// nobody's connection is reset because a class hands over to another with the same grants.
    func expiry(of enforced: EnforcedSession, at now: Instant) -> Instant {
        let horizon = now + settings.lease
        var decision = enforced.decision
        for _ in 0..<Self.lookahead {
            guard let until = decision.validUntil, until < horizon else { return horizon }
            let later = decide(enforced, at: until)
            guard later.isAdmitted, until > now else { return until }
            guard later.scope == decision.scope else {
                return until - now <= Self.handOverLead && later.shares(with: decision)
                    ? until + Self.handOverOverlap : until
            }
            guard later.validUntil != decision.validUntil else { return until }
            decision = later
        }
        return decision.validUntil.map { min($0, horizon) } ?? horizon
    }

    /// How long before a scope changes by itself, and some of it stays, its element is given the overlap. One that ended
    /// at the same instant would be gone until the daemon has put the next one there: a few milliseconds in which what
    /// stays allowed is refused, and a refused packet resets its connection.
    private static let handOverLead: Duration = .milliseconds(100)
    /// How long the element then outlives the change, at which the daemon puts the next one in its place. This is what
    /// a grant gains that ends at the moment at which the daemon dies.
    private static let handOverOverlap: Duration = .milliseconds(250)

    /// Changes of class that are followed ahead of time within one lease; more is a pack that flickers.
    private static let lookahead = 8

    // MARK: Elements

    /// What should be in force: equal to the kernel's side after every committed transaction. Made when it is asked for,
    /// since that is once in the life of most daemons.
    var ruleset: Ruleset {
        var ruleset = Ruleset(layout: settings.layout, scopes: scopes.all)
        ruleset.editions = scopes.editions
        for case let programmed? in enforced.all.map(\.programmed) {
            for key in programmed.keys.all { ruleset.sessions[key] = programmed.element }
        }
        return ruleset
    }

    /// What should be said of these keys: the elements that they should have, and removal of the others. Takes time linear
    /// in the number of sessions.
    func elements(of keys: Set<SessionKey>) -> [RulesetChange] {
        var wanted: [SessionKey: Ruleset.Element] = [:]
        for case let programmed? in enforced.all.map(\.programmed) {
            for key in programmed.keys.all where keys.contains(key) { wanted[key] = programmed.element }
        }
        return keys.map { key in wanted[key].map { .put(key, $0) } ?? .remove(key) }
    }

    /// Puts or renews a session's elements as its decision says. The caller has made sure that it is admitted.
    ///
    /// - Parameter renews: false leaves elements alone that say already what they should, and whose lease runs.
    mutating func program(
        _ slot: Int, at now: Instant, renews: Bool = true, _ effects: inout Effects
    ) {
        let session = enforced[slot]
        guard session.decision.isAdmitted, session.cut == nil else { return }
        guard let index = interfaces[session.session.tunnel] else {
            effects.note(.error, "tunnel interface \(session.session.tunnel) does not exist", session.session)
            return shut(slot, &effects)
        }
        let space = space(of: session.decision.scope)
        let keys = SessionKeys(interfaceIndex: index, addresses: session.session.addresses)
        let expires = expiry(of: session, at: now)
        if !renews, let old = session.programmed, old.keys == keys, old.expires <= expires, now < old.expires,
            scopes.number(of: space) == old.scope
        {
            schedule(slot, renewal: enforced.deadline(of: slot) ?? now, at: now)
            return checkIdle(slot)
        }
        let scope = scopes.retain(space, &effects.ruleset)
        let programmed = EnforcedSession.Programmed(keys: keys, scope: scope, expires: expires)
        if let old = session.programmed {
            scopes.release(old.scope)
            for key in old.keys.all where !keys.contains(key) { effects.ruleset.append(.remove(key)) }
        }
        for key in keys.all { effects.ruleset.append(.put(key, programmed.element)) }
        effects.path.append(.put(session.session.id, keys, space))
        enforced[slot].programmed = programmed
        let handOver = expires - Self.handOverLead
        let renewal = now + settings.lease / 3
        schedule(slot, renewal: handOver > now ? min(renewal, handOver) : renewal, at: now)
        checkIdle(slot)
    }

    /// Takes a session's elements away. Nothing else changes: whether it may come back is the caller's affair.
    mutating func shut(_ slot: Int, _ effects: inout Effects) {
        let session = enforced[slot].session
        enforced.setDeadline(nil, of: slot)
        watches[session.tunnel]?.check(slot, by: nil)
        guard let programmed = enforced[slot].programmed else { return }
        for key in programmed.keys.all { effects.ruleset.append(.remove(key)) }
        effects.path.append(.remove(session.id))
        scopes.release(programmed.scope)
        enforced[slot].programmed = nil
    }

    /// Cuts a session: kernel first, then the VPN server. It stays cut. `log` is for the log, where it says more.
    ///
    /// - Parameter decision: The one that says so; nil when it is for another reason.
    mutating func cut(
        _ id: SessionID, because reason: String, log: String? = nil, _ decision: Decision? = nil,
        at now: Instant, _ effects: inout Effects
    ) {
        guard let slot = enforced.slot(of: id), enforced[slot].cut == nil else { return }
        let session = enforced[slot]
        shut(slot, &effects)
        enforced[slot].cut = reason
        audit(
            .cut(judged(session, decision, at: now), from: session.decision, because: log ?? reason), at: now,
            &effects)
        effects.cut.append(id)
        effects.moves.append(SessionMove(session.session, from: session.decision, to: nil))
        effects.ledger.append(.forget(id))
        // RESTART and not HALT: the client asks again at once, and its person is told why it is refused.
        effects.disconnections.append((id, .restart))
        effects.note(.notice, "cut: \(log ?? reason)", session.session)
    }

    /// Two thirds of a lease before it ends, or when the decision does, whichever is first.
    private mutating func schedule(_ slot: Int, renewal: Instant, at now: Instant) {
        let review = enforced[slot].decision.validUntil ?? renewal
        let next = min(renewal, review)
        enforced.setDeadline(next > now ? next : now + Self.shortestReview, of: slot)
    }

    /// Never look again sooner than this, whatever the decision says: a pack cannot make the daemon spin.
    private static let shortestReview: Duration = .milliseconds(1)
}

/// That a session was put into another class or scope, or lost everything.
package struct SessionMove: Sendable, Hashable {
    package var session: SessionID
    package var user: String
    /// Names of classes; nil for none.
    package var from: String?
    package var to: String?
    /// What it reaches now; empty when it was cut.
    package var scope: [String]
    package var isCut: Bool

    init(_ session: Session, from: Decision, to: Decision?) {
        self.session = session.id
        user = session.userName
        self.from = from.className
        self.to = to?.className
        scope = to?.scope.systems ?? []
        isCut = to == nil
    }
}

extension Decision {
    /// Whether both give something.
    fileprivate func shares(with other: Decision) -> Bool {
        !Set(scope.systems).isDisjoint(with: other.scope.systems)
    }
}
