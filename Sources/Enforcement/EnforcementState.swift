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
    var policy: Policy
    /// What administrators and imports stated, on top of the pack's registers: the later word wins.
    var facts: RegisterFacts
    /// The registers in force.
    var registers: Registers
    /// What was last reported of devices, by inventory id.
    var postures: [String: DevicePosture]
    var surroundings: Surroundings
    var holds: [Hold.Subject: Hold]
    var codes: TOTPVerifier
    /// Seeds of the seed file; `codes` has them together with those of `kept`.
    private var fileSeeds: [String: TOTPSeed]
    /// What holds only once it is on the disk.
    private(set) var kept: Kept
    var table = SessionTable()
    var enforced: [SessionID: EnforcedSession] = [:]
    var index = SessionIndex()
    var deadlines = DeadlineQueue<SessionID, Instant>()
    /// What should be in force: equal to the kernel's side after every committed transaction.
    var ruleset: Ruleset
    var scopes = ScopeNumbers()
    /// Interface indices of the tunnels, looked up before each burst.
    var interfaces: [String: UInt32] = [:]
    /// Sources that cannot be heard, since when.
    var detached: [String: Instant] = [:]
    /// What the packet path has looked at, by tunnel.
    var watches: [String: TunnelWatch] = [:]
    var scans = ScanMemory()
    /// When the first tick was; nil before.
    var startedAt: Instant?
    /// Tunnels of which it was said that nobody looks at them.
    var unwatched: Set<String> = []

    /// The flow-spaces of scopes under the policy in force: as many sessions as there are share a few.
    private var spaces: [Scope: FlowSpace] = [:]

    init(
        settings: EnforcementSettings, policy: Policy, codes: TOTPVerifier, recollection: Recollection,
        surroundings: Surroundings = Surroundings(), closedBecause: String? = nil
    ) {
        self.settings = settings
        self.policy = policy
        self.codes = codes
        fileSeeds = codes.seeds
        kept = Kept(closedBecause: closedBecause, seeds: recollection.seeds)
        self.codes.replaceSeeds(fileSeeds.merging(kept.seeds) { $1 })
        ruleset = Ruleset(layout: settings.layout)
        holds = Dictionary(recollection.holds.map { ($0.subject, $0) }, uniquingKeysWith: { $1 })
        facts = RegisterFacts(recollection.facts)
        postures = recollection.postures
        registers = facts.laid(over: policy.registers)
        self.surroundings = surroundings
    }

    // MARK: What must be on the disk to be believed

    /// What an order changes and what is given back when the disk does not take it: nobody may rely on a seed, or on
    /// the end of a closed state, that the next start knows nothing of.
    struct Kept: Sendable {
        /// Why nobody is let in; nil when people are.
        var closedBecause: String?
        /// Seeds of one-time codes that were given by order. They outrank the seed file.
        var seeds: [String: TOTPSeed]
    }

    mutating func replaceKept(with kept: Kept) {
        self.kept = kept
        codes.replaceSeeds(fileSeeds.merging(kept.seeds) { $1 })
    }

    /// Whoever put a new seed into the file and wonders why it does not count finds this in the log.
    func noteDoubleSeeds(_ effects: inout Effects) {
        for user in kept.seeds.keys.filter({ fileSeeds[$0] != nil }).sorted() {
            effects.note(
                .warning,
                "user '\(PlainText.shown(user))' has a seed in the seed file and one by order: that one counts"
            )
        }
    }

    var seedsOfFile: [String: TOTPSeed] { fileSeeds }

    mutating func replaceFileSeeds(_ seeds: [String: TOTPSeed]) {
        fileSeeds = seeds
        replaceKept(with: kept)
    }

    // MARK: Evidence and decisions

    /// Everything known about a session now.
    func evidence(for session: Session, _ proofs: SessionProofs, at now: Instant) -> SessionEvidence {
        let device = device(of: session, proofs)
        let outer = session.outer?.address
        return SessionEvidence(
            certificates: session.certificates, certificateReport: proofs.certificates,
            revocation: session.certificates.flatMap {
                surroundings.certificates?.revocation(of: $0, at: now)
            },
            device: device, loans: device.map { registers.loans.loans(of: $0.id) } ?? [],
            posture: device.flatMap { postures[$0.id] }, userName: session.userName,
            user: registers.users[session.userName],
            approvals: registers.approvals.approvals(of: session.userName),
            mfaVerifiedAt: proofs.mfaVerifiedAt, outer: outer,
            country: outer.flatMap { surroundings.countries?.country(of: $0) },
            scan: enforced[session.id]?.scan ?? scans.sighting(of: session.suspects),
            hold: hold(on: session, proofs))
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

    func decide(_ session: Session, _ proofs: SessionProofs, at now: Instant) -> Decision {
        Classifier.decide(evidence(for: session, proofs, at: now), under: policy, at: now)
    }

    /// The same with every reason, for people.
    func explain(_ session: Session, _ proofs: SessionProofs, at now: Instant) -> ExplainedDecision {
        Classifier.classify(evidence(for: session, proofs, at: now), under: policy, at: now)
    }

    private mutating func space(of decision: Decision) -> FlowSpace {
        if let known = spaces[decision.scope] { return known }
        let space = decision.flowSpace(under: policy)
        if spaces.count >= Self.keptSpaces { spaces.removeAll() }
        spaces[decision.scope] = space
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
            let later = decide(enforced.session, enforced.proofs, at: until)
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

    /// Puts or renews a session's elements as its decision says. The caller has made sure that it is admitted.
    ///
    /// - Parameter renews: false leaves elements alone that say already what they should, and whose lease runs.
    mutating func program(
        _ id: SessionID, at now: Instant, renews: Bool = true, _ effects: inout Effects
    ) {
        guard var session = enforced[id], session.decision.isAdmitted, session.cut == nil else { return }
        guard let index = interfaces[session.session.tunnel] else {
            effects.note(.error, "tunnel interface \(session.session.tunnel) does not exist", session.session)
            return shut(id, &effects)
        }
        let space = space(of: session.decision)
        let keys = session.session.addresses.map { SessionKey(interfaceIndex: index, address: $0) }
        let expires = expiry(of: session, at: now)
        if !renews, let old = session.programmed, old.keys == keys, old.expires <= expires, now < old.expires,
            scopes.number(of: space) == old.scope
        {
            schedule(session, renewal: deadlines[id] ?? now, at: now)
            return checkIdle(id)
        }
        let scope = scopes.retain(space, &effects.ruleset)
        if let old = session.programmed { scopes.release(old.scope) }
        let stale = Set(session.programmed?.keys ?? []).subtracting(keys)
        let element = Ruleset.Element(scope: scope, expires: expires)
        effects.ruleset += stale.map { .remove($0) } + keys.map { .put($0, element) }
        effects.path.append(.put(id, keys, space))
        session.programmed = .init(keys: keys, scope: scope, expires: expires)
        enforced[id] = session
        let handOver = expires - Self.handOverLead
        let renewal = now + settings.lease / 3
        schedule(session, renewal: handOver > now ? min(renewal, handOver) : renewal, at: now)
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
        effects.moves.append(SessionMove(session.session, from: session.decision, to: nil))
        effects.ledger.append(.forget(id))
        // RESTART and not HALT: the client asks again at once, and its person is told why it is refused.
        effects.disconnections.append((id, .restart))
        effects.note(.notice, "cut: \(log ?? reason)", session.session)
    }

    /// Two thirds of a lease before it ends, or when the decision does, whichever is first.
    private mutating func schedule(_ session: EnforcedSession, renewal: Instant, at now: Instant) {
        let review = session.decision.validUntil ?? renewal
        let next = min(renewal, review)
        deadlines.set(next > now ? next : now + Self.shortestReview, for: session.session.id)
    }

    /// Never look again sooner than this, whatever the decision says: a pack cannot make the daemon spin.
    private static let shortestReview: Duration = .milliseconds(1)

    // MARK: Looking again

    /// Decides a live session anew and does what follows: renews, changes the scope, or cuts.
    ///
    /// - Parameter renews: false for a look that the lease did not ask for: one change must not renew every lease.
    mutating func review(_ id: SessionID, at now: Instant, renews: Bool = true, _ effects: inout Effects) {
        guard let session = enforced[id], session.cut == nil, table.isOpen(id) else { return }
        let decision = decide(session.session, session.proofs, at: now)
        if decision.className != session.decision.className || decision.scope != session.decision.scope {
            let change = "class \(session.decision.className ?? "none") to \(decision.className ?? "none")"
            effects.note(.notice, change, session.session)
            if decision.isAdmitted {
                effects.moves.append(SessionMove(session.session, from: session.decision, to: decision))
            }
        }
        guard decision.isAdmitted else {
            let tell = explain(session.session, session.proofs, at: now).tell
            cut(id, because: tell, &effects)
            enforced[id]?.decision = decision
            return
        }
        if decision != session.decision { enforced[id]?.decision = decision }
        program(id, at: now, renews: renews, &effects)
    }

    /// Looks again at some sessions, for something that was learned.
    mutating func review(_ ids: some Sequence<SessionID>, at now: Instant, _ effects: inout Effects) {
        for id in ids { review(id, at: now, renews: false, &effects) }
    }

    mutating func reviewAll(at now: Instant, _ effects: inout Effects) {
        for session in table.open { review(session.id, at: now, renews: false, &effects) }
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
        spaces.removeAll()
        let overtaken = facts.drop(overtakenBy: policy.registers)
        if !overtaken.isEmpty { effects.ledger.append(.overtaken(overtaken, at: now)) }
        registers = facts.laid(over: policy.registers)
        reviewAll(at: now, &effects)
        effects.ruleset += scopes.sweep(keeping: 0)
    }

    // MARK: Who is known

    /// Begins to keep a session.
    mutating func keep(_ session: EnforcedSession) {
        enforced[session.session.id] = session
        index.add(session.session)
    }

    mutating func forget(_ id: SessionID) {
        guard let known = enforced.removeValue(forKey: id) else { return }
        index.remove(known.session)
    }
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
