import Audit
import Control
import Enforcement
import Evidence
import PolicyLanguage
import Sessions
import Store

/// What people asked for, and what came of it.
extension AuditEntries {
    /// One for each thing that it is about. None for rules: whoever changes them knows the reference (`rules`).
    static func orders(
        _ order: Order, _ refusal: OrderRefusal?, by orderer: Orderer? = nil, under policy: Policy,
        at now: Instant
    ) -> [AuditEntry] {
        named(order, under: policy, at: now).map { entry in
            var entry = entry
            entry[number: .uid] = orderer.map { UInt64($0.uid) }
            entry[.role] = orderer?.role
            entry[.outcome] = word(refusal)
            entry[.why] = refusal?.description
            return entry
        }
    }

    private static func word(_ refusal: OrderRefusal?) -> String {
        guard let refusal else { return "done" }
        return refusal.isInForce ? "in force, not recorded" : "refused"
    }

    private static func named(
        _ order: Order, under policy: Policy, at now: Instant
    ) -> [AuditEntry] {
        var entry = AuditEntry(.order, at: now)
        switch order {
        case .disconnect(let target, let by, let reason):
            entry.ask("disconnect", subject(target), by: by, reason)
            entry[list: .clauses] = policy.cites(of: .withdrawAtOnce)
        case .readmit(let target, let by): entry.ask("readmit", subject(target), by: by)
        case .state(let statements, _, let by, let reason):
            return statements.map { statement in
                var line = entry
                line.ask(
                    "state", "\(statement.subject.kind.rawValue) \(statement.subject.key)", by: by, reason)
                line[list: .changes] = changes(statement)
                return line
            }
        case .report(let report, let by):
            entry.ask("report-posture", subject(report), by: by)
            entry[list: .changes] = report.posture.items.map {
                "\($0.name): \($0.value), seen \($0.observedAt)"
            }
        case .forgetCodes(let owner, let by): entry.ask("forget-codes", words(owner), by: by)
        case .enrol(let owner, _, let replaces, let by):
            entry.ask("enrol", words(owner), by: by)
            if replaces { entry[list: .changes] = ["in place of another"] }
        case .unenrol(let owner, let by): entry.ask("unenrol", words(owner), by: by)
        case .stepUp(let id, let tenant, _, let by):
            entry.ask("step-up", "session \(id)", by: by)
            entry[.session] = id.description
            if let tenant { entry[list: .changes] = ["code of tenant \(tenant)"] }
        case .signal(let signal): return signals(signal, entry)
        case .acknowledgeDamage(let by): entry.ask("acknowledge-damage", nil, by: by)
        case .load, .goBack: return []
        }
        return [entry]
    }

    /// One for each event of the token, its number in the reference.
    private static func signals(_ signal: ReceivedSignal, _ entry: AuditEntry) -> [AuditEntry] {
        let facts = signal.facts.map { fact in
            var line = entry
            let subject =
                fact.key.subject.users.map { "user \($0)" } + fact.key.subject.devices.map { "device \($0)" }
            line.ask(
                fact.key.kind.rawValue, subject.joined(separator: ", "), by: signal.token.issuer, fact.reason)
            line[list: .changes] = ["\(fact.words) since \(fact.happenedAt)"]
            line[.reference] = signal.token.id
            return line
        }
        let notes = signal.notes.map { note in
            var line = entry
            line.ask("signal", nil, by: signal.token.issuer)
            line[list: .changes] = [note]
            line[.reference] = signal.token.id
            return line
        }
        return facts + notes
    }

    private static func subject(_ target: Order.Target) -> String {
        switch target {
        case .session(let id): "session \(id)"
        case .user(let name): "user \(name)"
        case .device(let id): "device \(id)"
        }
    }

    private static func subject(_ report: PostureReport) -> String {
        switch report.subject {
        case .certificate(let digest): "certificate \(digest)"
        case .device(let id): "device \(id)"
        }
    }

    private static func words(_ owner: CodeOwner) -> String {
        "user \(owner.user)" + (owner.tenant.map { " of tenant \($0)" } ?? "")
    }

    private static func changes(_ statement: RegisterStatement) -> [String] {
        let lists = [(statement.fields, ""), (statement.added, "+"), (statement.removed, "-")]
        let named = lists.flatMap { fields, sign in
            fields.sorted { $0.key < $1.key }.map {
                "\($0.key): \(sign)\($0.value.joined(separator: ", "))"
            }
        }
        return named + statement.asInFiles.sorted().map { "\($0): as in the rule files" }
    }

    // MARK: Spot checks

    /// A draw of live sessions.
    struct SpotCheck {
        var seed: String
        /// How many were asked for.
        var sample: Int
        /// How many there were.
        var population: Int
        var drawn: [String]
    }

    /// That somebody looked at sessions that were drawn by lot: one record, or several where more were drawn than one holds.
    static func spotCheck(
        _ check: SpotCheck, by name: String, _ orderer: Orderer?, under policy: Policy, at now: Instant
    ) -> [AuditEntry] {
        var entry = AuditEntry(.order, at: now)
        entry.ask("spot-check", nil, by: name)
        entry[number: .uid] = orderer.map { UInt64($0.uid) }
        entry[.role] = orderer?.role
        entry[.outcome] = word(nil)
        entry[list: .clauses] = policy.settings.audit?.spotChecks?.serving.cites ?? []
        entry[.seed] = check.seed
        entry[number: .count] = UInt64(exactly: check.sample)
        entry[number: .population] = UInt64(exactly: check.population)
        guard !check.drawn.isEmpty else { return [entry] }
        return stride(from: 0, to: check.drawn.count, by: AuditBounds.items).map { start in
            var part = entry
            part[list: .drawn] = Array(check.drawn[start...].prefix(AuditBounds.items))
            return part
        }
    }

    // MARK: Rules

    /// What was done to the rules.
    ///
    /// - Parameter plan: What it opened and closed, in lines. Of a long one the record keeps the first 512 lines; all of
    ///   it is beside the record, and the record has its hash.
    static func rules(
        _ order: String, _ change: RuleChange, by author: RuleChangeAuthor, outcome: String,
        plan: [String] = [], because: String? = nil, under policy: Policy, at now: Instant
    ) -> AuditEntry {
        var entry = daemon(.rules, pack: change.pack, under: policy, at: now)
        entry[.order] = order
        entry[.by] = author.name
        entry[number: .uid] = author.uid.map { UInt64($0) }
        entry[.role] = author.role
        entry[.reference] = change.reference
        entry[.packBefore] = change.before
        entry[.outcome] = outcome
        entry[list: .changes] = plan
        entry[.difference] = change.differenceDigest
        entry[.why] = because
        return entry
    }
}

extension RuleChange {
    /// What ties the exact difference in the database to the line of the record: a SHA-256.
    var differenceDigest: String? {
        difference.map { AuditHash(of: Array($0.utf8)[...]).description }
    }
}

extension AuditEntry {
    fileprivate mutating func ask(
        _ order: String, _ subject: String?, by: String, _ reason: String? = nil
    ) {
        self[.order] = order
        self[.subject] = subject
        self[.by] = by
        self[.reason] = reason
    }
}
