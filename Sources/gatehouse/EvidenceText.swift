import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// Everything that is known about a session, as dated facts: what was judged, for whoever asks why.
enum EvidenceText {
    typealias Fact = ControlMessages.EvidenceFact

    static func facts(_ evidence: SessionEvidence, _ session: Session) -> [Fact] {
        certificate(evidence) + device(evidence) + person(evidence) + client(evidence)
            + place(evidence) + against(evidence)
    }

    private static func certificate(_ evidence: SessionEvidence) -> [Fact] {
        guard let chain = evidence.certificates else {
            return [Fact(kind: "certificate", what: "certificate", value: "none")]
        }
        var facts = [
            Fact(kind: "certificate", what: "digest", value: chain.leaf.digest.description),
            Fact(kind: "certificate", what: "subject", value: PlainText.shown(chain.leaf.subject)),
        ]
        facts += chain.issuers.map {
            Fact(kind: "certificate", what: "issuer", value: "\($0.digest) \(PlainText.shown($0.subject))")
        }
        if let report = evidence.certificateReport {
            facts.append(
                Fact(
                    kind: "certificate", what: "chain",
                    value: report.problems.first ?? "verified", at: report.validFrom.description,
                    until: report.validUntil.description))
        }
        switch evidence.revocation {
        case .good(let until)?:
            facts.append(
                Fact(kind: "certificate", what: "withdrawn", value: "no", until: until.description))
        case .revoked(let since)?:
            facts.append(
                Fact(kind: "certificate", what: "withdrawn", value: "yes", at: since?.description))
        case .unknown(let reason)?:
            facts.append(Fact(kind: "certificate", what: "withdrawn", value: "not known: \(reason)"))
        case nil: break
        }
        return facts
    }

    private static func device(_ evidence: SessionEvidence) -> [Fact] {
        guard let device = evidence.device else {
            return [Fact(kind: "device", what: "register", value: "not on the register")]
        }
        var facts = [Fact(kind: "device", what: "id", value: device.id)]
        facts += device.fields.sorted { $0.key < $1.key }.filter { $0.key != "digest" && $0.key != "key" }
            .map { Fact(kind: "device", what: $0.key, value: $0.value.joined(separator: ", ")) }
        facts += evidence.loans.map {
            Fact(
                kind: "loan", what: $0.reference, value: $0.user, at: $0.from.description,
                until: $0.until?.description)
        }
        facts += (evidence.posture?.items ?? []).map {
            Fact(kind: "posture", what: $0.name, value: $0.value, at: $0.observedAt.description)
        }
        return facts
    }

    private static func person(_ evidence: SessionEvidence) -> [Fact] {
        var facts = [Fact(kind: "user", what: "name", value: PlainText.shown(evidence.userName))]
        facts += (evidence.user?.fields ?? [:]).sorted { $0.key < $1.key }.map {
            Fact(kind: "user", what: $0.key, value: $0.value.joined(separator: ", "))
        }
        if evidence.user == nil {
            facts.append(Fact(kind: "user", what: "register", value: "not registered"))
        }
        if let proved = evidence.mfaVerifiedAt {
            facts.append(Fact(kind: "mfa", what: "one-time code", value: "proved", at: proved.description))
        }
        facts += evidence.tenantVerifiedAt.sorted { $0.key < $1.key }.map {
            Fact(
                kind: "mfa", what: "one-time code of \($0.key)", value: "proved", at: $0.value.description)
        }
        facts += evidence.approvals.map {
            Fact(
                kind: "approval", what: $0.reference, value: "\($0.kind.rawValue), by \($0.approver)",
                at: $0.from.description, until: $0.until?.description)
        }
        return facts
    }

    /// Its own words, in its own names.
    private static func client(_ evidence: SessionEvidence) -> [Fact] {
        ClientClaim.allCases.compactMap { claim in
            evidence.claims[claim: claim].map {
                Fact(kind: "client", what: claim.rawValue, value: PlainText.shown($0))
            }
        }
    }

    private static func place(_ evidence: SessionEvidence) -> [Fact] {
        [
            Fact(kind: "place", what: "outer address", value: evidence.outer?.description ?? "not known"),
            Fact(kind: "place", what: "country", value: evidence.country?.description ?? "not known"),
        ]
    }

    /// What speaks against the session.
    private static func against(_ evidence: SessionEvidence) -> [Fact] {
        var facts: [Fact] = []
        if let scan = evidence.scan {
            facts.append(
                Fact(
                    kind: "behaviour", what: "scanning",
                    value: scan.isOwn ? "in this session" : "in another session",
                    at: scan.seenAt.description))
        }
        facts += evidence.signals.map { signal in
            Fact(
                kind: "signal", what: PlainText.shown(signal.key.issuer),
                value: signal.words + (signal.reason.isEmpty ? "" : ": \(PlainText.shown(signal.reason))"),
                at: signal.happenedAt.description)
        }
        if let hold = evidence.hold {
            facts.append(
                Fact(
                    kind: "hold", what: hold.by, value: PlainText.shown(hold.reason),
                    at: hold.since.description))
        }
        return facts
    }
}
