import Evidence
import PolicyLanguage
import Sessions

extension Condition {
    static func judge(_ authorities: [Authority], _ evidence: SessionEvidence, _ now: Instant) -> Judgement {
        guard let chain = evidence.certificates else { return Judgement(.fails, saw: "no certificate") }
        // By digest, never by name: any authority that the VPN server trusts can write any issuer name.
        let issued = authorities.first { authority in
            chain.issuers.contains { authority.digests.contains($0.digest) }
        }
        guard let issued else {
            let subject = chain.issuers.first.map { PlainText.shown($0.subject) }
            return Judgement(.fails, saw: "issued by \(subject ?? "an authority that is not named")")
        }
        let chainIsGood = judge(issued, evidence.certificateReport, now)
        guard chainIsGood.truth == .holds else { return chainIsGood }
        let isInForce = judge(issued, evidence.revocation, now)
        return Judgement(
            isInForce.truth, until: earliest(chainIsGood.until, isInForce.until), saw: isInForce.saw)
    }

    /// What a full look at the chain says. Without one, the VPN server's own check at the login is what there is.
    private static func judge(_ authority: Authority, _ report: CertificateReport?, _ now: Instant)
        -> Judgement
    {
        guard let report else {
            return authority.needsChain
                ? Judgement(.unknown, saw: "the certificates themselves are not at hand")
                : Judgement(.holds, saw: "issued by \(authority.name)")
        }
        if let problem = report.problems.first { return Judgement(.fails, saw: problem) }
        if now < report.validFrom {
            return Judgement(.fails, until: report.validFrom, saw: "valid from \(report.validFrom)")
        }
        guard now < report.validUntil else {
            return Judgement(.fails, saw: "expired at \(report.validUntil)")
        }
        return Judgement(.holds, until: report.validUntil, saw: "issued by \(authority.name)")
    }

    private static func judge(_ authority: Authority, _ status: RevocationStatus?, _ now: Instant)
        -> Judgement
    {
        let issued = "issued by \(authority.name)"
        switch (status, authority.revocation) {
        case (.revoked(let since), _):
            return Judgement(.fails, saw: "withdrawn by \(authority.name)\(since.map { " at \($0)" } ?? "")")
        case (_, .none): return Judgement(.holds, saw: issued)
        case (.good(let until), _) where now < until:
            return Judgement(.holds, until: until, saw: "\(issued), not withdrawn")
        case (_, .bestEffort): return Judgement(.holds, saw: "\(issued), which cannot be asked")
        case (.good(let until), .required):
            return Judgement(.unknown, saw: "the list of \(authority.name) is overdue since \(until)")
        case (.unknown(let reason), .required): return Judgement(.unknown, saw: reason)
        case (nil, .required): return Judgement(.unknown, saw: "\(authority.name) has not been asked")
        }
    }

    static func judge(organisation name: String, _ chain: CertificateChain?) -> Judgement {
        // The attribute that the server handed over by itself: in the one-line subject a common name such as
        // "x, O=Civica UK" cannot be told from an organisation.
        guard let seen = chain?.leaf.attributes["O"] else {
            return Judgement(.fails, saw: "no organisation in the certificate")
        }
        return Judgement(seen == name ? .holds : .fails, saw: "organisation '\(PlainText.shown(seen))'")
    }

    static func judge(
        _ attribute: CertificateAttribute, _ patterns: Set<TextPattern>, _ evidence: SessionEvidence
    ) -> Judgement {
        guard let values = attribute.values(in: evidence) else {
            return Judgement(.unknown, saw: "the certificate itself is not at hand")
        }
        let found = values.contains { value in
            patterns.contains { $0.matches(value, ignoringCase: attribute.ignoresCase) }
        }
        let shown = values.prefix(3).map { "'\(PlainText.shown($0))'" }.joined(separator: ", ")
        return Judgement(
            found ? .holds : .fails, saw: values.isEmpty ? "no \(attribute)" : "\(attribute) \(shown)")
    }
}

extension CertificateAttribute {
    /// What the leaf says; nil when that is not known.
    fileprivate func values(in evidence: SessionEvidence) -> [String]? {
        guard let attributes = evidence.certificateReport?.attributes else {
            // Some VPN servers hand over a few attributes of the subject by themselves.
            guard case .subject(let name) = self, let value = evidence.certificates?.leaf.attributes[name]
            else {
                return nil
            }
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
