import Classification
import Enforcement
import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// Turns decisions into what is shown: the same words for `show`, `explain` and `packets`.
enum Explanations {
    /// What of a session is not in its own record.
    struct Surroundings {
        var device: DeviceRecord?
        var use: ControlMessages.SessionUseSummary?
        var idleEnd: Instant?
        var scan: ScanSighting?
    }

    static func summary(
        _ known: EnforcedSession, _ around: Surroundings
    ) -> ControlMessages.SessionSummary {
        let session = known.session
        return ControlMessages.SessionSummary(
            id: session.id.description, user: session.userName, device: around.device?.id,
            commonName: session.commonName, class: known.decision.className, state: state(of: known),
            addresses: session.addresses.map(\.description), outer: session.outer?.description,
            scope: known.programmed == nil ? [] : known.decision.scope.systems,
            startedAt: session.startedAt.description, reviewAt: known.decision.validUntil?.description,
            leaseUntil: known.programmed?.expires.description, cut: known.cut, use: around.use,
            idleEndsAt: around.idleEnd?.description,
            scan: around.scan.map {
                ControlMessages.ScanSummary(
                    seenAt: $0.seenAt.description, destinations: $0.destinations, inThisSession: $0.isOwn)
            })
    }

    private static func state(of known: EnforcedSession) -> String {
        if known.cut != nil { return "cut" }
        return known.programmed == nil ? "connecting" : "open"
    }

    static func explanation(
        _ session: ControlMessages.SessionSummary, _ decision: ExplainedDecision, claims: NamedTexts,
        packet: ControlMessages.PacketAnswer?
    ) -> ControlMessages.Explanation {
        ControlMessages.Explanation(
            session: session, class: decision.className, outcome: words(decision.outcome),
            tell: decision.tell,
            cites: packet?.cites ?? decision.cites,
            grants: grants(of: decision).granted, withheld: grants(of: decision).withheld,
            classes: decision.findings.map { finding in
                ControlMessages.ClassLook(
                    name: finding.name, place: finding.location.description, matched: finding.matched,
                    conditions: finding.findings.map(look))
            }, client: client(claims),
            destination: packet?.destination, verdict: packet?.verdict, system: packet?.system,
            reason: packet?.reason)
    }

    static func grants(
        of decision: ExplainedDecision
    ) -> (granted: [ControlMessages.Grant], withheld: [ControlMessages.Withheld]) {
        (
            decision.grants.map {
                ControlMessages.Grant(system: $0.system, until: $0.until?.description, cites: $0.cites)
            },
            decision.withheld.map {
                ControlMessages.Withheld(system: $0.system, conditions: $0.findings.map(look))
            }
        )
    }

    private static func client(_ claims: NamedTexts) -> ControlMessages.ClientSummary? {
        let client = ControlMessages.ClientSummary(
            platform: claims[claim: .platform].map(PlainText.shown),
            version: claims[claim: .version].map(PlainText.shown), splitsTunnel: claims.splitsTunnel)
        let saysNothing = client.platform == nil && client.version == nil && client.splitsTunnel == nil
        return saysNothing ? nil : client
    }

    static func packet(
        _ destination: Destination, _ decision: ExplainedDecision, _ policy: Policy
    ) -> ControlMessages.PacketAnswer {
        let answer = { (verdict: String, system: String?, cites: [String], reason: String) in
            ControlMessages.PacketAnswer(
                destination: destination.description, verdict: verdict, system: system, cites: cites,
                reason: reason)
        }
        switch decision.verdict(for: destination, under: policy) {
        case .permit(let system, let cites):
            return answer(
                "permit", system, cites, "class '\(decision.className ?? "none")' reaches '\(system)'")
        case .deny(.notAdmitted):
            let reason = DenyReason.notAdmitted.description
            return answer(
                "deny", nil, decision.cites, decision.tell.isEmpty ? reason : "\(reason): \(decision.tell)")
        case .deny(let reason): return answer("deny", nil, decision.cites, reason.description)
        }
    }

    private static func look(_ finding: ConditionFinding) -> ControlMessages.ConditionLook {
        ControlMessages.ConditionLook(
            condition: finding.condition.description, place: finding.condition.location.description,
            truth: finding.judgement.truth.rawValue, saw: finding.judgement.saw,
            until: finding.judgement.until?.description)
    }

    private static func words(_ outcome: Decision.Outcome) -> String {
        switch outcome {
        case .admitted: "admitted"
        case .refusedByClass: "refused by its class"
        case .nothingGranted: "nothing granted: what its systems need is missing"
        case .noClass: "no class matches: no access"
        case .held: "held out by an administrator"
        }
    }
}
