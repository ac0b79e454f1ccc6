package import Sessions

/// What is known of certificates beside the digests that a VPN server tells: the certificates themselves, where they were
/// handed over, and what their authorities say of them. An answer costs no I/O.
package protocol CertificateKnowledge: Sendable {
    /// What a full look at a chain found; nil when its certificates are not at hand.
    func report(on chain: CertificateChain) -> CertificateReport?
    /// Whether a certificate of the chain was withdrawn; nil when none of its authorities is asked.
    func revocation(of chain: CertificateChain, at now: Instant) -> RevocationStatus?
}
