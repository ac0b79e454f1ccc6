package import Evidence
package import PolicyLanguage
package import Sessions

extension SessionDescription {
    /// The evidence that a session like this would have at an instant, under a pack's registers.
    ///
    /// An authority without a digest, a device or a user that the pack does not know are left out: the compiler has
    /// reported them already.
    package func evidence(under policy: Policy, at now: Instant) -> SessionEvidence {
        let record = device.flatMap { policy.devices[id: $0] }
        return SessionEvidence(
            certificates: chain(under: policy, device: record), device: record, userName: user,
            groups: policy.users.groups(of: user), mfaVerifiedAt: mfaAge.map { now - $0 },
            scan: scan.map { $0.sighting(at: now) })
    }

    private func chain(under policy: Policy, device: DeviceRecord?) -> CertificateChain? {
        guard
            let issuer = authority.flatMap({ policy.authority(named: $0) })?.digests.min(by: {
                $0.description < $1.description
            }),
            let leaf = device?.certificate ?? Self.unregisteredLeaf
        else { return nil }
        return CertificateChain(
            leaf: PresentedCertificate(digest: leaf, attributes: organisation.map { ["O": $0] } ?? [:]),
            issuers: [PresentedCertificate(digest: issuer)])
    }

    /// A digest that no certificate has, for a device that is not on the register.
    private static let unregisteredLeaf = CertificateDigest(bytes: Array(repeating: 0, count: 32))
}

extension SessionDescription.Scan {
    fileprivate func sighting(at now: Instant) -> ScanSighting {
        switch self {
        case .inThisSession: ScanSighting(seenAt: now, destinations: Self.destinations, isOwn: true)
        case .earlier(let ago): ScanSighting(seenAt: now - ago, destinations: Self.destinations, isOwn: false)
        }
    }

    /// Of no consequence to any condition.
    private static let destinations = 100
}
