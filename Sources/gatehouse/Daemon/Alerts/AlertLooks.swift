import Alerts
import AuditLog
import Diagnosis
import Enforcement
import Evidence
import Glibc
import PolicyLanguage
import RulesetCompiler
import Sessions

/// What is wrong now, as far as the daemon knows: asked for, since nothing happens when a list is not renewed.
struct AlertLooks: Sendable {
    let enforcer: Enforcer
    let trail: AuditTrail
    let state: String
    let knowledge: @Sendable (Policy) -> ControlMessages.RuleKnowledge

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
}

extension Policy {
    /// Of every class, and system, that has such a condition; of incidents where none has.
    func clauses(_ isMeant: (Condition.Test) -> Bool) -> [String] {
        let cites = classes.filter { $0.conditions.contains { isMeant($0.test) } }.flatMap(\.cites)
        return cites.isEmpty ? settings.incidents?.serving.cites ?? [] : cites
    }

    fileprivate var countryClauses: [String] {
        clauses { if case .country = $0 { true } else { false } }
    }
}
