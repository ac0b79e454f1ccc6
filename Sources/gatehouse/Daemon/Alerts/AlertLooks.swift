import Alerts
import AuditLog
import Diagnosis
import Enforcement
import Evidence
import Glibc
import PolicyLanguage
import RulesetCompiler
import Sessions

/// What is wrong now, and what ends soon, as far as the daemon knows: both are asked for, since nothing happens when a list
/// is not renewed.
struct AlertLooks: Sendable {
    let enforcer: Enforcer
    let trail: AuditTrail
    let state: String
    let knowledge: @Sendable (Policy) -> ControlMessages.RuleKnowledge

    // MARK: Faults

    func faults(at now: Instant) async -> [Sighting] {
        let policy = await enforcer.policy
        var faults: [Sighting] = []
        if let loss = trail.log.loss {
            faults.append(
                Sighting(
                    .recordFault, .alert, about: "record",
                    says:
                        "what happens is not on the audit record, and nobody new is let in: \(loss.because)",
                    fields: [.why: loss.because], clauses: policy.settings.audit?.serving.cites ?? []))
        }
        if let reason = await enforcer.closedBecause {
            faults.append(
                Sighting(
                    .storeDamage, .alert, about: "store", says: "nobody is let in: \(reason)",
                    fields: [.why: reason], clauses: policy.standingClauses))
        }
        if let fault = await enforcer.kernelFault {
            faults.append(
                Sighting(
                    .kernelFault, .alert, about: "kernel",
                    says: "the kernel does not take the rules: \(fault)",
                    fields: [.why: fault.description], clauses: policy.standingClauses))
        }
        for (name, since) in await enforcer.detachedSources where now - since >= Self.patience {
            faults.append(
                Sighting(
                    .sourceUnheard, .error, about: name,
                    says: "VPN server \(name) cannot be heard since \(since): nobody comes in over it"))
        }
        if let due = policy.settings.review, due.dueAt <= now {
            faults.append(
                Sighting(
                    .reviewDue, .warning, about: "review",
                    says: "the review of the written policy was due on \(due.date)",
                    fields: [.end: due.dueAt.description], clauses: due.serving.cites))
        }
        return faults + files(policy, at: now)
    }

    /// How long a VPN server may be away, as when it is started anew.
    private static let patience = Duration.seconds(60)

    private func files(_ policy: Policy, at now: Instant) -> [Sighting] {
        let known = knowledge(policy)
        var faults: [Sighting] = []
        for authority in known.authorities where authority.hasFiles {
            let next = authority.lists.compactMap(\.nextUpdate).map(Instant.init(nanosecondsSince1970:)).min()
            guard let says = Self.words(authority, next, at: now) else { continue }
            faults.append(
                Sighting(
                    .revocationOverdue, authority.isRequired ? .error : .warning, about: authority.name,
                    says: "authority \(authority.name): \(says)", fields: [.end: next?.description],
                    clauses: policy.clauses { test in
                        if case .certificate(let authorities) = test {
                            authorities.contains { $0.name == authority.name }
                        } else {
                            false
                        }
                    }))
        }
        let oldest = known.countries.compactMap { file in file.built.map { (file.path, $0) } }.min {
            $0.1 < $1.1
        }
        if known.asksForCountries, let (path, built) = oldest,
            Instant(nanosecondsSince1970: built) + Self.oldestCountries < now
        {
            faults.append(
                Sighting(
                    .countriesOverdue, .warning, about: path,
                    says:
                        "the country database \(path) was made \(Instant(nanosecondsSince1970: built)), more than 60 days ago",
                    fields: [.path: path], clauses: policy.countryClauses))
        } else if known.asksForCountries, known.countries.isEmpty {
            faults.append(
                Sighting(
                    .countriesOverdue, .error, about: "none",
                    says: "rules ask for the country of addresses, and no database is in force: "
                        + (known.countriesFault ?? "none is configured"), clauses: policy.countryClauses))
        }
        return faults + [space()].compactMap(\.self)
    }

    /// As doctor has it.
    private static let oldestCountries = Duration.seconds(60 * 86_400)

    private static func words(
        _ authority: ControlMessages.AuthoritySummary, _ next: Instant?, at now: Instant
    ) -> String? {
        if authority.lists.isEmpty {
            return "no revocation list is in force" + (authority.troubles.first.map { ": \($0)" } ?? "")
        }
        if let next, next <= now { return "a revocation list is overdue since \(next)" }
        return nil
    }

    private func space() -> Sighting? {
        guard case .known(let space) = FileLook.space(state) else { return nil }
        let share = space.freeBytes / max(1, space.totalBytes / 100)
        // As doctor warns; what is free changes all the time, and is no part of what it is about.
        guard space.freeBytes < 200_000_000 || share < 10 else { return nil }
        return Sighting(
            .diskSpace, space.freeBytes < 10_000_000 ? .critical : .warning, about: state,
            says:
                "\(space.freeBytes >> 20) MiB (\(share) %) are free where \(state) is: a change that cannot be recorded "
                + "is refused, and nobody is let in on a full disk", fields: [.path: state])
    }

    // MARK: Ends

    /// - Parameter ahead: How far it is worth looking.
    func endings(within ahead: Duration, at now: Instant) async -> [Ending] {
        let policy = await enforcer.policy
        let registers = await enforcer.registers
        var endings: [Ending] = policy.classes.compactMap { known in
            known.contract.map { contract in
                Ending(
                    .contractEnding, "\(contract.vendor) \(contract.reference)", until: contract.until,
                    what:
                        "contract \(contract.reference) of \(contract.vendor) (sponsor \(contract.sponsor))",
                    fields: [.reference: contract.reference], clauses: known.cites)
            }
        }
        let approvals = policy.clauses { if case .approval = $0 { true } else { false } }
        endings += registers.approvals.all.compactMap { approval in
            approval.until.map { until in
                Ending(
                    .approvalEnding, approval.reference, until: until,
                    what: "approval \(approval.reference) (\(approval.kind.rawValue)) of \(approval.user)",
                    fields: [.reference: approval.reference, .user: approval.user], clauses: approvals)
            }
        }
        let loans = policy.clauses { if case .deviceLent = $0 { true } else { false } }
        endings += registers.loans.all.compactMap { loan in
            loan.until.map { until in
                Ending(
                    .loanEnding, loan.reference, until: until,
                    what: "loan \(loan.reference) of device \(loan.device) to \(loan.user)",
                    fields: [.reference: loan.reference, .user: loan.user, .device: loan.device],
                    clauses: loans)
            }
        }
        let certificates = policy.clauses { if case .certificate = $0 { true } else { false } }
        endings += await enforcer.certificates(endingBefore: now + ahead).map { known in
            Ending(
                .certificateEnding, "\(known.commonName) \(known.digest)", until: known.until,
                what: "the certificate of '\(AlertText.plain(known.commonName))'",
                fields: [.commonName: known.commonName, .user: known.user], clauses: certificates)
        }
        if let review = policy.settings.review {
            endings.append(
                Ending(
                    .reviewDue, review.date.description, until: review.dueAt,
                    what: "the time for the review of the written policy", clauses: review.serving.cites))
        }
        return endings.filter { $0.until <= now + ahead }
    }
}

extension Policy {
    /// Of every class, and system, that has such a condition; of incidents where none has.
    fileprivate func clauses(_ isMeant: (Condition.Test) -> Bool) -> [String] {
        let cites = classes.filter { $0.conditions.contains { isMeant($0.test) } }.flatMap(\.cites)
        return cites.isEmpty ? settings.incidents?.serving.cites ?? [] : cites
    }

    fileprivate var countryClauses: [String] {
        clauses { if case .country = $0 { true } else { false } }
    }
}
