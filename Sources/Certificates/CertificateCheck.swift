package import Evidence
package import Sessions

/// The whole question about one leaf at one time: its chain, its validity and, when there are lists, whether it or an
/// intermediate was withdrawn.
package struct CertificateCheck: Sendable {
    package struct Revocation: Sendable {
        package let role: ChainReason.Role
        package let certificate: String
        package let issuer: String
        package let status: RevocationStatus
        /// Lists of the issuer that do not count, and why, beside others that do.
        package let obstacles: [String]
    }

    package let verdict: ChainVerdict
    /// For every certificate below the authority; empty when no lists were given.
    package let revocation: [Revocation]
    /// Each in one line; empty means yes.
    package let reasons: [String]

    /// With `lists` every certificate of the chain below the authority must be known to be good, so every issuer needs
    /// one; nil is not to ask.
    package init(
        _ leaf: DecodedCertificate, intermediates: [DecodedCertificate], verifier: ChainVerifier,
        lists: [RevocationList]?, at instant: Instant
    ) {
        let verdict = verifier.verify(leaf, intermediates: intermediates, at: instant)
        self.verdict = verdict
        var reasons = (verdict.reasons + verdict.reasons(at: instant)).map(\.description)
        var revocation: [Revocation] = []
        if let lists {
            for index in verdict.chain.indices.dropLast() {
                let (certificate, issuer) = (verdict.chain[index], verdict.chain[index + 1])
                let known = IssuerRevocation(issuer: issuer, lists: lists, chain: verdict.chain)
                revocation.append(
                    Revocation(
                        role: verdict.role(at: index), certificate: certificate.shownName,
                        issuer: issuer.shownName,
                        status: known.status(of: certificate, at: instant), obstacles: known.obstacles))
            }
            reasons += revocation.compactMap(\.reason)
        }
        self.revocation = revocation
        self.reasons = reasons
    }
}

extension CertificateCheck.Revocation {
    /// Why the status stands in the way, or nil.
    package var reason: String? {
        switch status {
        case .good: nil
        case .revoked(let since): "\(role) \(certificate) is revoked" + (since.map { " since \($0)" } ?? "")
        case .unknown(let why): "\(role) \(certificate) may have been revoked: \(why)"
        }
    }
}
