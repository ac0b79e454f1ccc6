package import Sessions

extension SessionEvidence {
    /// The names of the person by which a signal can mean this session: the one that was given, or where none was, the
    /// certificate's and the one of whom the device was given to.
    package static func signalUsers(
        userName: String, commonName: String, device: DeviceRecord?
    ) -> [String] {
        let names = userName.isEmpty ? [commonName, device?.owner ?? ""] : [userName]
        return names.filter { !$0.isEmpty }.map(SignalSubject.folded)
    }

    /// The names of the device by which a signal can mean it: inventory id, serial number, and the digests of its
    /// certificate and key.
    package static func signalDevices(certificate: CertificateDigest?, device: DeviceRecord?) -> [String] {
        let names = [
            device?.id, device?.serial, device?.key?.description, device?.certificate?.description,
            certificate?.description,
        ]
        return Set(names.compactMap(\.self).map(SignalSubject.folded)).sorted()
    }

    /// Lays what stands against the session over what is known of it. Each takes facts away, or ends the session; none
    /// adds any.
    ///
    /// - Parameters:
    ///   - standing: what stands against its person and device.
    ///   - startedAt: when the session began: a revocation ends those that began until then. VPN servers say whole seconds,
    ///     rounded down, so one of the same second is over too.
    package mutating func take(away standing: [SignalFact], startedAt: Instant) {
        for fact in standing where fact.isAgainst {
            switch fact.key.kind {
            case .sessionRevoked:
                if startedAt <= fact.happenedAt { signals.append(fact) }
            case .accountDisabled: signals.append(fact)
            case .credentialChange, .assuranceLevel:
                let isOld = { (proved: Instant) in proved <= fact.happenedAt }
                guard mfaVerifiedAt.map(isOld) ?? false || tenantVerifiedAt.values.contains(where: isOld)
                else {
                    continue
                }
                if mfaVerifiedAt.map(isOld) ?? false { mfaVerifiedAt = nil }
                tenantVerifiedAt = tenantVerifiedAt.filter { !isOld($0.value) }
                signals.append(fact)
            case .deviceCompliance:
                posture = nil
                device?.isManaged = nil
                signals.append(fact)
            }
        }
    }
}
