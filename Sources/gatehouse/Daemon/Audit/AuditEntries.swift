import Audit
import Classification
import Enforcement
import Evidence
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions

/// What happened, in the words of the record.
enum AuditEntries {
    static func of(_ event: AuditEvent) -> [AuditEntry] {
        switch event.what {
        case .admitted(let judged): [entry(.admitted, judged, at: event.at)]
        case .refused(let judged, let why): [entry(.refused, judged, because: why, at: event.at)]
        case .decided(let judged, let former):
            [entry(.decided, judged, from: former, at: event.at)]
        case .cut(let judged, let former, let why):
            [entry(.cut, judged, from: former, because: why, at: event.at)]
        case .opened(let session, let decision):
            [opened(session, decision, at: event.at)]
        case .closed(let session, let end): [closed(session, end, at: event.at)]
        case .order(let order, let refusal, let orderer, let policy):
            orders(order, refusal, by: orderer, under: policy, at: event.at)
        case .scan(let session, let destinations, let policy):
            [scan(session, destinations, under: policy, at: event.at)]
        case .stranger(let id, let why): [stranger(id, why, at: event.at)]
        case .drift(let drift, let policy): [entry(drift, under: policy, at: event.at)]
        case .packets(let sighting, let policy): [packets(sighting, under: policy, at: event.at)]
        }
    }

    // MARK: Sessions

    private static func about(_ session: Session, _ kind: AuditKind, at now: Instant) -> AuditEntry {
        var entry = AuditEntry(kind, at: now)
        entry[.session] = session.id.description
        entry[number: .server] = UInt64(exactly: session.id.serverProcess)
        entry[.user] = session.userName
        entry[.commonName] = session.commonName
        entry[.certificate] = session.certificates?.leaf.digest.description
        entry[.outer] = session.outer?.description
        entry[list: .addresses] = session.addresses.map(\.description)
        return entry
    }

    private static func entry(
        _ kind: AuditKind, _ judged: JudgedSession, from former: Decision? = nil, because: String? = nil,
        at now: Instant
    ) -> AuditEntry {
        var entry = about(judged.session, kind, at: now)
        entry[.device] = judged.evidence.device?.id
        entry[.former] = former?.className
        entry[.why] = because
        if let decision = judged.decision { state(decision, in: &entry) }
        if let explained = judged.explanation {
            state(explained, under: judged.policy, in: &entry)
        } else if judged.decision == nil, kind == .cut, former?.idle != nil {
            // Only silence ends a session without a decision and without a contradiction of its server.
            entry[list: .clauses] = judged.policy.settings.idle?.serving.cites ?? []
        }
        entry.evidence = EvidenceText.facts(judged.evidence, judged.session).map { fact in
            AuditFact(
                kind: fact.kind, what: fact.what, value: fact.value, at: fact.at, until: fact.until)
        }
        return entry
    }

    private static func state(_ decision: Decision, in entry: inout AuditEntry) {
        entry[.outcome] = word(decision.outcome)
        entry[.className] = decision.className
        entry[list: .scope] = decision.scope.systems
        entry[.until] = decision.validUntil?.description
    }

    private static func state(
        _ explained: ExplainedDecision, under policy: Policy, in entry: inout AuditEntry
    ) {
        if let matched = explained.findings.last, matched.matched {
            entry[.rule] = matched.location.description
        }
        // A refusal serves the clauses of what it kept the session from.
        let nearest = explained.nearestClass.flatMap { policy.policyClass(named: $0)?.cites } ?? []
        let held = explained.outcome == .held ? policy.cites(of: .withdrawAtOnce) : []
        entry[list: .clauses] = explained.cites + nearest + held
        entry[list: .missing] = explained.missing.map(\.description)
        if !explained.isAdmitted, entry[.why] == nil { entry[.why] = explained.tell }
    }

    private static func word(_ outcome: Decision.Outcome) -> String {
        switch outcome {
        case .admitted: "admitted"
        case .refusedByClass: "refused by class"
        case .nothingGranted: "nothing granted"
        case .noClass: "no class"
        case .held: "held"
        }
    }

    private static func opened(
        _ session: Session, _ decision: Decision, at now: Instant
    ) -> AuditEntry {
        var entry = about(session, .opened, at: now)
        state(decision, in: &entry)
        return entry
    }

    private static func closed(_ session: Session, _ end: SessionEnd, at now: Instant) -> AuditEntry {
        var entry = about(session, .closed, at: now)
        entry[.why] = end.description
        if case .ended(let usage?) = end {
            let (sum, overflow) = usage.octetsFromClient.addingReportingOverflow(usage.octetsToClient)
            entry[number: .bytes] = overflow ? .max : sum
        }
        return entry
    }

    private static func stranger(_ id: SessionID, _ why: String, at now: Instant) -> AuditEntry {
        var entry = AuditEntry(.incident, at: now)
        entry[.session] = id.description
        entry[number: .server] = UInt64(exactly: id.serverProcess)
        entry[.outcome] = "thrown out"
        entry[.why] = why
        return entry
    }

    private static func scan(
        _ session: Session, _ destinations: Int, under policy: Policy, at now: Instant
    ) -> AuditEntry {
        var entry = about(session, .incident, at: now)
        entry[.outcome] = "scan"
        entry[number: .count] = UInt64(exactly: destinations)
        if let incidents = policy.settings.incidents, incidents.alert.contains(.scan) {
            entry[list: .clauses] = incidents.serving.cites
        }
        return entry
    }

    private static func packets(
        _ sighting: PacketSighting, under policy: Policy, at now: Instant
    ) -> AuditEntry {
        var entry =
            sighting.session.map { about($0, .incident, at: now) } ?? AuditEntry(.incident, at: now)
        switch sighting.kind {
        case .spoofed:
            entry[.outcome] = "spoofed source"
            entry[list: .clauses] =
                (policy.clauses(alertingOf: .spoofing) ?? []) + policy.cites(of: .ownAddressOnly)
        case .disagreement:
            entry[.outcome] = "kernel and core disagree"
            entry[list: .clauses] = policy.standingClauses
        }
        if let source = sighting.source { entry[list: .addresses] = [source.description] }
        entry[.destination] = sighting.destination?.description
        entry[number: .count] = UInt64(exactly: sighting.count)
        entry[.why] = sighting.says
        return entry
    }

    private static func entry(_ drift: Drift, under policy: Policy, at now: Instant) -> AuditEntry {
        var entry = AuditEntry(.drift, at: now)
        entry[.by] = drift.change.author?.description
        entry[.why] = drift.change.description
        entry[.outcome] = drift.undoneAt == nil ? "not undone yet" : "undone"
        entry[list: .clauses] = policy.standingClauses
        return entry
    }

    // MARK: The daemon and its rules

    /// What a pack says for the gateway as a whole is kept from the moment on that it is in force.
    static func daemon(
        _ kind: AuditKind, pack: String, under policy: Policy, at now: Instant
    ) -> AuditEntry {
        var entry = AuditEntry(kind, at: now)
        entry[list: .clauses] = policy.settings.standingCites
        entry[.pack] = pack
        return entry
    }
}

extension Policy {
    func cites(of protection: Settings.Protection) -> [String] {
        settings.always[protection]?.cites ?? []
    }
}

extension Settings {
    /// Clauses that are served by what the gateway does all the time, each once.
    var standingCites: [String] {
        let serving =
            [review?.serving, monitoring?.serving, audit?.serving, incidents?.serving, changes?.serving]
            + Protection.allCases.map { always[$0] }
        var seen: Set<String> = []
        return serving.compactMap(\.self).flatMap(\.cites).filter { seen.insert($0).inserted }
    }
}
