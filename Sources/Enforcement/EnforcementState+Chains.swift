import Evidence
import PolicyLanguage
import Sessions

/// What full looks at chains found, when other authorities are in force than at the login.
extension EnforcementState {
    /// Has the chains of sessions judged by the authorities of rules that are about to take the place of those in force.
    ///
    /// Cost: nothing while the authorities stay the same; otherwise a question for each session. Whoever hands rules in
    /// has asked these questions before, on another thread, so that no signature is verified here.
    mutating func judgeChains(by new: Policy, _ effects: inout Effects) {
        guard ChainAnchors(new) != ChainAnchors(policy) else { return }
        for slot in Array(enforced.slots) {
            let known = enforced[slot]
            let id = known.session.id
            guard known.cut == nil, let chain = known.session.certificates else { continue }
            let old = known.proofs.certificates
            let report = report(on: chain, known: old, by: new)
            guard report != old else { continue }
            effects.judged.append(.init(session: id, before: old))
            put(report, of: id, &effects)
        }
    }

    /// Puts back what was found under the rules before.
    mutating func takeBack(_ judged: [Effects.Judged], _ effects: inout Effects) {
        for one in judged.reversed() where enforced[one.session]?.cut == nil {
            put(one.before, of: one.session, &effects)
        }
    }

    private mutating func put(
        _ report: CertificateReport?, of id: SessionID, _ effects: inout Effects
    ) {
        if let slot = enforced.slot(of: id) { enforced[slot].proofs.certificates = report }
        if table.isOpen(id) { record(id, &effects) }
    }

    /// What an earlier process found, as far as it holds under the rules of now.
    func held(_ proofs: SessionProofs, of session: Session) -> SessionProofs {
        guard let chain = session.certificates else { return proofs }
        var proofs = proofs
        proofs.certificates = report(on: chain, known: proofs.certificates, by: policy)
        return proofs
    }

    /// What a full look at a chain finds where the certificates are at hand, else what is known of it.
    ///
    /// A good report whose anchor is no authority of the rules says nothing of the chain under them: it is of the rules
    /// before, or of those that are just being loaded. It becomes a bad one and does not go, since without a report an
    /// authority that needs none would go by the digests alone, and that is more.
    func report(
        on chain: CertificateChain, known: CertificateReport? = nil, by rules: Policy
    ) -> CertificateReport? {
        guard var report = surroundings.certificates?.report(on: chain) ?? known else { return nil }
        let isAnchored = rules.authorities.contains { authority in
            report.anchor.map(authority.digests.contains) ?? false
        }
        if report.problems.isEmpty, !isAnchored { report.problems = [Self.otherAuthorities] }
        return report
    }

    private static let otherAuthorities =
        "the chain was verified for an authority that the rules do not name: connect again"
}

/// What a look at a chain rests on beside the chain's own certificates.
private struct ChainAnchors: Equatable {
    private let digests: Set<CertificateDigest>
    private let certificates: Set<[UInt8]>

    init(_ policy: Policy) {
        digests = Set(policy.authorities.flatMap(\.digests))
        certificates = Set(policy.authorities.flatMap(\.certificates))
    }
}
