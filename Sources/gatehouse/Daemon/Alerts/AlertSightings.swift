import Alerts
import Audit
import Classification
import Enforcement
import Evidence
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions

/// Which of what happens people are alerted of, and in what words.
enum AlertSightings {
    /// - Parameter entries: What the record has of it.
    static func of(_ event: AuditEvent, _ entries: [AuditEntry]) -> [Sighting] {
        guard let entry = entries.first else { return [] }
        switch event.what {
        case .refused(let judged, _):
            return abroad(.refusedAbroad, .refusedAbroad, .warning, judged, entry, "login", "refused")
        case .cut(let judged, _, _):
            return abroad(.cutAbroad, .cutAbroad, .error, judged, entry, "session", "cut")
        case .scan(let session, let destinations, let policy):
            guard let clauses = policy.clauses(alertingOf: .scan) else { return [] }
            return [
                Sighting(
                    .scan, .error, about: session.id.description,
                    says: "session \(session.id) of \(session.alertName) was seen scanning: refused at about "
                        + "\(destinations) destinations",
                    fields: fields(entry), clauses: clauses)
            ]
        case .packets(let sighting, let policy): return packets(sighting, entry, policy)
        case .stranger(let id, let why):
            return [
                Sighting(
                    .stranger, .error, about: id.description, says: "session \(id) was thrown out: \(why)",
                    fields: fields(entry), clauses: entry[list: .clauses])
            ]
        case .drift(let drift, let policy):
            let outcome = drift.undoneAt == nil ? "not undone yet" : "undone"
            return [
                Sighting(
                    .drift, .critical,
                    about: "\(drift.change.author?.name ?? "somebody") \(drift.undoneAt == nil)",
                    says: "the kernel's rules were changed by another program, \(outcome): \(drift.change)",
                    fields: [.by: drift.change.author?.description, .why: drift.change.description],
                    clauses: policy.standingClauses)
            ]
        case .admitted, .opened, .decided, .closed, .order: return []
        }
    }

    /// What was wrong with the files of the record.
    static func of(finding entry: AuditEntry, folder: String) -> Sighting? {
        switch entry.kind {
        case .torn:
            Sighting(
                .recordTorn, .error, about: folder,
                says:
                    "the end of the audit record was half a line of \(entry[number: .count] ?? 0) bytes, and was "
                    + "cut off: the daemon, or the machine, ended while it wrote",
                fields: [.path: folder])
        case .damage:
            Sighting(
                .recordDamage, .critical, about: folder,
                says: "the audit record is not the one that was written: \(entry[.why] ?? "")",
                fields: [.path: folder, .why: entry[.why]])
        default: nil
        }
    }

    // MARK: Abroad

    private static func abroad(
        _ kind: AlertKind, _ incident: Settings.Incident, _ severity: AlertSeverity, _ judged: JudgedSession,
        _ entry: AuditEntry, _ what: String, _ done: String
    ) -> [Sighting] {
        guard let clauses = judged.policy.clauses(alertingOf: incident),
            let country = judged.evidence.country,
            let explained = judged.explanation, isAbroad(explained, country, judged.policy)
        else { return [] }
        let session = judged.session
        var fields = fields(entry)
        fields[.country] = country.description
        return [
            Sighting(
                kind, severity, about: "\(session.commonName) \(session.userName) \(country)",
                says:
                    "\(what) of \(session.alertName) from \(country) was \(done): \(entry[.why] ?? explained.tell)",
                fields: fields, clauses: clauses + entry[list: .clauses])
        ]
    }

    /// Whether the country is another than the rules ask for: the nearest class lacks it, or a class without access is for
    /// it, or no class that was looked at asks for this one and some ask for others. A country that is not known is none.
    static func isAbroad(_ explained: ExplainedDecision, _ country: CountryCode, _ policy: Policy) -> Bool {
        guard !explained.isAdmitted else { return false }
        if explained.missing.contains(where: { $0.countries.map { !$0.contains(country) } ?? false }) {
            return true
        }
        let matched = explained.findings.last { $0.matched }
        if matched?.findings.contains(where: { $0.condition.countries?.contains(country) ?? false }) ?? false
        {
            return explained.outcome == .refusedByClass
        }
        let asked = explained.findings.flatMap(\.findings).compactMap(\.condition.countries)
        return !asked.isEmpty && !asked.contains { $0.contains(country) }
    }

    // MARK: Packets

    private static func packets(
        _ sighting: PacketSighting, _ entry: AuditEntry, _ policy: Policy
    ) -> [Sighting] {
        // What was not told one by one was still told: it goes with what it repeats.
        let who = sighting.session?.id.description ?? sighting.source?.description ?? "more"
        let fields = fields(entry).merging([
            .tunnel: sighting.tunnel, .source: sighting.source?.description,
            .destination: sighting.destination?.description,
        ]) { $1 ?? $0 }
        switch sighting.kind {
        case .spoofed:
            guard let clauses = policy.clauses(alertingOf: .spoofing) else { return [] }
            return [
                Sighting(
                    .spoofing, .error, about: "\(sighting.tunnel ?? "") \(who)", says: sighting.says,
                    fields: fields, clauses: clauses + policy.cites(of: .ownAddressOnly))
            ]
        case .disagreement:
            return [
                Sighting(
                    .disagreement, .critical, about: who, says: sighting.says, fields: fields,
                    clauses: policy.standingClauses)
            ]
        }
    }

    // MARK: Fields

    private static func fields(_ entry: AuditEntry) -> [AlertField: String?] {
        [
            .session: entry[.session], .user: entry[.user], .commonName: entry[.commonName],
            .device: entry[.device], .outer: entry[.outer], .className: entry[.className],
            .why: entry[.why], .by: entry[.by],
        ]
    }
}

extension Session {
    /// Whose it is, as its client says.
    fileprivate var alertName: String {
        userName.isEmpty || userName == commonName ? "'\(commonName)'" : "'\(userName)' ('\(commonName)')"
    }
}

extension Condition {
    /// Those that it asks for, where it asks for countries.
    fileprivate var countries: Set<CountryCode>? {
        if case .country(let codes) = test { codes } else { nil }
    }
}

extension Policy {
    /// The clauses that alerts of this serve; nil where the rules ask for none.
    func clauses(alertingOf incident: Settings.Incident) -> [String]? {
        settings.incidents.flatMap { $0.alert.contains(incident) ? $0.serving.cites : nil }
    }

    /// Those that rest on the kernel doing what was decided, and on being told where it does not.
    var standingClauses: [String] {
        (settings.incidents?.serving.cites ?? [])
            + Settings.Protection.allCases.flatMap { settings.always[$0]?.cites ?? [] }
    }
}
