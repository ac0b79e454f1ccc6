import Evidence
import PolicyLanguage
import Sessions

extension ConditionJudge {
    func certificate(of authorities: [Authority]) -> Judgement {
        guard let chain = evidence.certificates else { return answer(.fails, saw: "no certificate") }
        // By digest, never by name: any authority that the VPN server trusts can write any issuer name.
        let issued = authorities.filter { authority in
            chain.issuers.contains { authority.digests.contains($0.digest) }
        }
        guard !issued.isEmpty else {
            return answer(.fails, saw: "issued by \(Self.shown(chain.issuers))")
        }
        // A chain that several authorities have signed is good when it is for one of them.
        let judgements = issued.map(certificate)
        if let good = judgements.first(where: { $0.truth == .holds }) { return good }
        let best = judgements.first { $0.truth == .unknown } ?? judgements[0]
        // Whichever of them turns first may be the one that is good then.
        return Judgement(
            best.truth, until: judgements.reduce(nil) { earliest($0, $1.until) }, saw: best.saw)
    }

    /// Both ends: an authority that is named like ours is told by what it is below.
    private static func shown(_ issuers: [PresentedCertificate]) -> String {
        guard let first = issuers.first, let last = issuers.last else {
            return "an authority that is not named"
        }
        let name = PlainText.shown(first.subject)
        return issuers.count == 1 ? name : "\(name), below \(PlainText.shown(last.subject))"
    }

    private func certificate(of issued: Authority) -> Judgement {
        let chainIsGood = chainIsGood(of: issued)
        guard chainIsGood.truth == .holds else { return chainIsGood }
        let isInForce = isInForce(of: issued)
        // What is withdrawn stays so, however long the chain is good.
        guard isInForce.truth != .fails else { return isInForce }
        return Judgement(
            isInForce.truth, until: earliest(chainIsGood.until, isInForce.until), saw: isInForce.saw)
    }

    /// What a full look at the chain says. Without one, the VPN server's own check at the login is what there is.
    private func chainIsGood(of authority: Authority) -> Judgement {
        guard let report = evidence.certificateReport else {
            return authority.needsChain
                ? answer(.unknown, saw: "the certificates themselves are not at hand")
                : answer(.holds, saw: "issued by \(authority.name)")
        }
        if let problem = report.problems.first { return answer(.fails, saw: problem) }
        if now < report.validFrom {
            return answer(.fails, until: report.validFrom, saw: "valid from \(report.validFrom)")
        }
        guard now < report.validUntil else {
            return answer(.fails, saw: "expired at \(report.validUntil)")
        }
        return answer(.holds, until: report.validUntil, saw: "issued by \(authority.name)")
    }

    private func isInForce(of authority: Authority) -> Judgement {
        switch (evidence.revocation, authority.revocation) {
        case (.revoked(let since), _):
            answer(.fails, saw: "issued by \(authority.name), withdrawn\(since.map { " at \($0)" } ?? "")")
        case (_, .none): answer(.holds, saw: "issued by \(authority.name)")
        case (.good(let until), _) where now < until:
            answer(.holds, until: until, saw: "issued by \(authority.name), not withdrawn")
        case (_, .bestEffort): answer(.holds, saw: "issued by \(authority.name), which cannot be asked")
        case (.good(let until), .required):
            answer(.unknown, saw: "the list of \(authority.name) is overdue since \(until)")
        case (.unknown(let reason), .required): answer(.unknown, saw: reason)
        case (nil, .required): answer(.unknown, saw: "\(authority.name) has not been asked")
        }
    }

    func organisation(_ name: String) -> Judgement {
        // The attribute that the server handed over by itself: in the one-line subject a common name such as
        // "x, O=Civica UK" cannot be told from an organisation.
        guard let seen = evidence.certificates?.leaf.attributes["O"] else {
            return answer(.fails, saw: "no organisation in the certificate")
        }
        return answer(seen == name ? .holds : .fails, saw: "organisation '\(PlainText.shown(seen))'")
    }

    func value(of attribute: CertificateAttribute, matches patterns: Set<TextPattern>) -> Judgement {
        guard let values = attribute.values(in: evidence) else {
            return answer(.unknown, saw: "the certificate itself is not at hand")
        }
        // What a chain says that is no good, nobody says.
        if let problem = evidence.certificateReport?.problems.first { return answer(.fails, saw: problem) }
        let found = values.contains { value in
            patterns.contains { $0.matches(value, ignoringCase: attribute.ignoresCase) }
        }
        return answer(found ? .holds : .fails, saw: Self.shown(attribute, values))
    }

    private static func shown(_ attribute: CertificateAttribute, _ values: [String]) -> String {
        let shown = values.prefix(3).map { "'\(PlainText.shown($0))'" }.joined(separator: ", ")
        return values.isEmpty ? "no \(attribute)" : "\(attribute) \(shown)"
    }
}

extension CertificateAttribute {
    /// What the leaf says; nil when that is not known.
    fileprivate func values(in evidence: SessionEvidence) -> [String]? {
        guard let attributes = evidence.certificateReport?.attributes else {
            // Some VPN servers hand over a few attributes of the subject by themselves.
            guard case .subject(let name) = self, let value = evidence.certificates?.leaf.attributes[name]
            else { return nil }
            return [value]
        }
        return switch self {
        case .subject(let name): attributes.subject[name] ?? []
        case .email: attributes.emails
        case .uri: attributes.uris
        case .dns: attributes.dnsNames
        case .userPrincipalName: attributes.userPrincipalNames
        case .extension(let identifier): attributes.extensions[identifier].map { [$0] } ?? []
        }
    }

    fileprivate var ignoresCase: Bool {
        switch self {
        case .email, .dns, .userPrincipalName: true
        case .subject, .uri, .extension: false
        }
    }
}
