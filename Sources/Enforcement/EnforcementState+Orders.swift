package import Evidence
import Logging
package import PolicyLanguage
package import RulesetCompiler
package import Sessions

/// What an administrator can order.
package enum Order: Sendable {
    /// Cut, and keep out until `readmit`.
    case disconnect(Target, by: String, reason: String)
    case readmit(Target, by: String)
    /// What registers are to say: all of it, or none where some of it is no good, or where the registers are not those
    /// any more that were read.
    case state([RegisterStatement], ifRevision: RegisterRevision? = nil, by: String, reason: String)
    /// What somebody at the control socket saw on a device. What devices and management systems report comes in thousands,
    /// and is no order: `Enforcer.take`.
    case report(PostureReport, by: String)
    /// Forget a user's wrong codes, and which codes were used: for a clock that was wrong, or somebody who typed wrong
    /// ones in another's name. A code that was used in the last minute or so could be used again.
    case forgetCodes(CodeOwner, by: String)
    /// Give a user a seed of one-time codes, which outranks the seed file. Live sessions stay as they are.
    case enrol(CodeOwner, TOTPSeed, replaces: Bool, by: String)
    /// Take back the seed that `enrol` gave; one in the seed file counts again.
    case unenrol(CodeOwner, by: String)
    /// Prove a factor anew in a live session: a tenant's, or the user's own where no tenant is named.
    case stepUp(SessionID, tenant: String?, code: Secret, by: String)
    /// What another system told, checked. Taken once, however often it comes.
    case signal(ReceivedSignal)
    /// Somebody has looked at what was lost, and lets people in again.
    case acknowledgeDamage(by: String)
    /// New rules, and new seeds of the seed file, unless they stay as they are; what codes were used stays known.
    ///
    /// - `change`: the number of the recorded change of rules that this is, so that what the new files overtake can come
    ///   back with the old ones.
    case load(Policy, seeds: [String: TOTPSeed]?, change: Int64? = nil)
    /// The rules of before, in place of those that nobody confirmed. What these overtook of the registers comes back,
    /// where nobody has stated anything since; nothing that was stated meanwhile is overtaken.
    case goBack(Policy, reviving: [RegisterFact], of: RuleReversal)

    var loadsRules: Bool {
        switch self {
        case .load, .goBack: true
        default: false
        }
    }

    /// The most urgent statement of all.
    package static func setStatus(
        _ status: DeviceStatus, device: String, by: String, reason: String
    ) -> Order {
        let fields = ["status": [status.rawValue]]
        return .state(
            [RegisterStatement(subject: RegisterSubject(.device, device), fields: fields)], by: by,
            reason: reason)
    }

    /// Whom an order is about.
    package enum Target: Sendable, Hashable {
        case session(SessionID)
        case user(String)
        /// By inventory id.
        case device(String)
    }
}

/// Why an order was not carried out; nothing changed.
package enum OrderRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case noSuchSession(SessionID)
    case noSuchDevice(String)
    case badStatement(RegisterProblem)
    case badReport(PostureRefusal)
    case notHeld
    case noCodes(CodeOwner)
    case alreadyEnrolled(CodeOwner)
    case notEnrolled(CodeOwner, isInSeedFile: Bool)
    case noSuchTenant(String, known: [String])
    /// Nothing was proved, for this reason.
    case code(CodeProblem)
    /// What an order would do cannot be said without carrying it out.
    case cannotBeTried
    case notClosed
    /// The token was taken before: nothing changes.
    case heardBefore
    /// So many tokens or subjects are known that no more are taken.
    case tooManySignals
    /// There is such a line already.
    case taken(RegisterSubject)
    case noSuchLine(RegisterSubject)
    /// They were changed, or loaded anew, since they were read.
    case registersMoved
    /// The device is lent to somebody in that time.
    case onLoan(Loan)
    case noCertificate(SessionID)
    /// The kernel refused the new rules, twice; the old ones are in force.
    case kernelRefused(CommitFailure)
    /// In force in the kernel, but not recorded: it would not survive a restart.
    case notRecorded(String)
    /// In force, and nowhere to be found later who it was.
    case notAudited(String)

    /// Whether it was carried out all the same, and only not written down.
    package var isInForce: Bool {
        switch self {
        case .notRecorded, .notAudited: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .noSuchSession(let id): "no session \(id)"
        case .noSuchDevice(let id): "no device '\(id)' on the register"
        case .badStatement(let problem): "\(problem)"
        case .badReport(let refusal): "\(refusal)"
        case .noCodes(let owner): "\(owner.words) has no seed for one-time codes\(owner.tenantWords)"
        case .alreadyEnrolled(let owner):
            "\(owner.words) has a seed\(owner.tenantWords) already: an authenticator that has it would go wrong"
        case .notEnrolled(let owner, let isInSeedFile):
            "\(owner.words) was given no seed\(owner.tenantWords)"
                + (isInSeedFile ? "; the one that counts is in the seed file" : "")
        case .noSuchTenant(let name, let known):
            "no tenant '\(PlainText.shown(name))' in the rules"
                + (known.isEmpty ? "" : ", which have: \(known.joined(separator: ", "))")
        case .code(let problem): "\(problem)"
        case .cannotBeTried: "what this would do cannot be said without doing it"
        case .notClosed: "nothing was lost: people are let in"
        case .heardBefore: "the token was taken before"
        case .tooManySignals: "no more than \(SignalMemory.limit) signals are kept"
        case .taken(let subject):
            "\(subject) is on the register already, or something is stated of it; 'set' changes that"
        case .noSuchLine(let subject): "no \(subject) on the register"
        case .registersMoved:
            "the registers have changed since they were read, so nothing was stated: read them again"
        case .onLoan(let loan):
            "device '\(loan.device)' is on loan to '\(loan.user)' from \(loan.from)"
                + (loan.until.map { " until \($0)" } ?? "") + " (\(loan.reference))"
        case .notHeld: "nobody holds this user or device out"
        case .noCertificate(let id): "session \(id) has no certificate to hold out; name its user instead"
        case .kernelRefused(let failure): "the kernel refused, the old rules stay in force: \(failure)"
        case .notAudited(let reason): "in force, but not on the audit record: \(reason)"
        case .notRecorded(let reason): "in force, but not recorded for after a restart: \(reason)"
        }
    }
}

extension EnforcementState {
    /// Carries out an order on the state; what must happen outside is in the effects.
    mutating func handle(
        _ order: Order, at now: Instant, _ effects: inout Effects
    ) throws(OrderRefusal) {
        switch order {
        case .disconnect(let target, let by, let reason):
            let hold = Hold(subject: try subject(of: target), since: now, by: by, reason: reason)
            holds[hold.subject] = hold
            effects.ledger.append(.hold(hold))
            review(sessions(of: hold.subject), at: now, &effects)
        case .readmit(let target, let by):
            let subject = try subject(of: target)
            guard holds.removeValue(forKey: subject) != nil else { throw .notHeld }
            effects.ledger.append(.lift(subject, by: by, at: now))
        case .state(let statements, let revision, let by, let reason):
            if let revision, revision != registerRevision { throw .registersMoved }
            try state(statements, by: by, reason: reason, at: now, &effects)
        case .report(let report, _): try takeOrdered(report, at: now, &effects)
        case .forgetCodes(let owner, _):
            guard codes.hasSeed(owner) else { throw .noCodes(owner) }
            codes.forget(owner)
            effects.ledger.append(.forgetCodes(owner))
        case .enrol(let owner, let seed, let replaces, let by):
            try enrol(owner, seed, replaces: replaces, by: by, at: now, &effects)
        case .unenrol(let owner, let by): try unenrol(owner, by: by, &effects)
        case .stepUp(let id, let tenant, let code, let by):
            try stepUp(id, tenant: tenant, code, by: by, at: now, &effects)
        case .signal(let signal): try hear(signal, at: now, &effects)
        case .acknowledgeDamage(let by):
            guard kept.closedBecause != nil else { throw .notClosed }
            replaceKept(with: Kept(closedBecause: nil, seeds: kept.seeds))
            effects.ledger.append(.acknowledgeDamage(by: by, at: now))
            effects.note(.notice, "\(by) has acknowledged what was lost: people are let in again")
        case .load(let policy, let seeds, let change):
            if let seeds { replaceFileSeeds(seeds.byOwner) }
            noteDoubleSeeds(&effects)
            judgeChains(by: policy, &effects)
            let overtaken = facts.drop(overtakenBy: policy.registers)
            if !overtaken.isEmpty { effects.ledger.append(.overtaken(overtaken, at: now, change: change)) }
            replace(policy: policy, at: now, &effects)
        case .goBack(let policy, let revived, let reversal):
            let restated = facts.goBack(to: policy.registers, reviving: revived)
            effects.ledger.append(.reverted(reversal))
            if !restated.isEmpty { effects.ledger.append(.facts(restated)) }
            judgeChains(by: policy, &effects)
            replace(policy: policy, at: now, &effects)
        }
    }

    private mutating func takeOrdered(
        _ report: PostureReport, at now: Instant, _ effects: inout Effects
    ) throws(OrderRefusal) {
        do throws(PostureRejection) {
            _ = try take(report, at: now, &effects)
        } catch {
            throw OrderRefusal(error, of: report.subject)
        }
    }

    private func sessions(of subject: Hold.Subject) -> [SessionID] {
        switch subject {
        case .user(let name): enforced.sessions(ofUser: name)
        case .certificate(let digest): enforced.sessions(ofLeaf: digest)
        case .key(let key): sessions(withKey: key)
        }
    }

    private func subject(of target: Order.Target) throws(OrderRefusal) -> Hold.Subject {
        switch target {
        case .user(let name): return .user(name)
        case .device(let id):
            guard let record = registers.devices[id: id] else { throw .noSuchDevice(id) }
            if let certificate = record.certificate { return .certificate(certificate) }
            guard let key = record.key else { throw .noSuchDevice(id) }
            return .key(key)
        case .session(let id):
            guard let session = table[id] else { throw .noSuchSession(id) }
            guard let leaf = session.certificates?.leaf.digest else { throw .noCertificate(id) }
            return .certificate(leaf)
        }
    }
}

extension OrderRefusal {
    fileprivate init(_ rejection: PostureRejection, of subject: PostureReport.Subject) {
        switch (rejection, subject) {
        case (.unknownDevice, .device(let id)): self = .noSuchDevice(id)
        case (.unknownDevice, .certificate(let digest)): self = .noSuchDevice("\(digest)")
        case (.refused(let refusal), _): self = .badReport(refusal)
        case (.notRecorded(let reason), _): self = .notRecorded(reason)
        }
    }
}
