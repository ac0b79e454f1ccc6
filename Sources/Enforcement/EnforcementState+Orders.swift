package import Evidence
package import PolicyLanguage
package import RulesetCompiler
package import Sessions

/// What an administrator can order.
package enum Order: Sendable {
    /// Cut, and keep out until `readmit`.
    case disconnect(Target, by: String, reason: String)
    case readmit(Target, by: String)
    /// What registers are to say: all of it, or none where some of it is no good.
    case state([RegisterStatement], by: String, reason: String)
    /// Forget a user's wrong codes, and which codes were used: for a clock that was wrong, or somebody who typed wrong
    /// ones in another's name. A code that was used in the last minute or so could be used again.
    case forgetCodes(user: String, by: String)
    /// New rules, and new seeds of one-time codes; what codes were used stays known.
    case load(Policy, seeds: [String: TOTPSeed])

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
    case notHeld
    case noCodes(user: String)
    case noCertificate(SessionID)
    /// The kernel refused the new rules, twice; the old ones are in force.
    case kernelRefused(CommitFailure)
    /// In force in the kernel, but not recorded: it would not survive a restart.
    case notRecorded(String)

    package var description: String {
        switch self {
        case .noSuchSession(let id): "no session \(id)"
        case .noSuchDevice(let id): "no device '\(id)' on the register"
        case .badStatement(let problem): "\(problem)"
        case .noCodes(let user): "user '\(user)' has no seed for one-time codes"
        case .notHeld: "nobody holds this user or device out"
        case .noCertificate(let id): "session \(id) has no certificate to hold out; name its user instead"
        case .kernelRefused(let failure): "the kernel refused, the old rules stay in force: \(failure)"
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
        case .state(let statements, let by, let reason):
            try state(statements, by: by, reason: reason, at: now, &effects)
        case .forgetCodes(let user, _):
            guard codes.hasSeed(user) else { throw .noCodes(user: user) }
            codes.forget(user)
            effects.ledger.append(.forgetCodes(user: user))
        case .load(let policy, let seeds):
            codes.replaceSeeds(seeds)
            replace(policy: policy, at: now, &effects)
        }
    }

    private func sessions(of subject: Hold.Subject) -> [SessionID] {
        switch subject {
        case .user(let name): index.sessions(ofUser: name).sorted()
        case .certificate(let digest): index.sessions(ofLeaf: digest).sorted()
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
