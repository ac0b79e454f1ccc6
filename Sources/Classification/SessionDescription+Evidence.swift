package import Evidence
package import PolicyLanguage
package import Sessions

extension SessionDescription {
    /// The evidence that a session like this would have at an instant, under a pack's registers.
    ///
    /// An authority without a digest, a device or a user that the pack does not know are left out: the compiler has
    /// reported them already.
    package func evidence(under policy: Policy, at now: Instant) -> SessionEvidence {
        let registers = registers(over: policy.registers)
        let record = device.flatMap { registers.devices[id: $0] }
        return SessionEvidence(
            certificates: chain(under: policy, device: record),
            certificateReport: report(under: policy, at: now),
            revocation: (revocation ?? .good).status, device: record,
            loans: record.map { registers.loans.loans(of: $0.id) } ?? [], posture: posture(at: now),
            userName: user, user: registers.users[user], approvals: registers.approvals.approvals(of: user),
            claims: claims,
            mfaVerifiedAt: mfaAge.map { now - $0 },
            tenantVerifiedAt: tenantMFAAges.mapValues { now - $0 }, outer: outer, country: country,
            scan: scan.map { $0.sighting(at: now) }, hold: hold(at: now))
    }

    private func hold(at now: Instant) -> Hold? {
        isWithdrawn ? Hold(subject: .user(user), since: now, by: "the test") : nil
    }

    /// What the pack's registers say of this session's device and user, with what is said here on top. Of nobody else:
    /// a pack has hundreds of tests, and its registers as many thousand lines.
    private func registers(over pack: Registers) -> Registers {
        var registers = Registers()
        if let device {
            if let record = pack.devices[id: device] { try? registers.devices.put(record) }
            for loan in pack.loans.loans(of: device) { registers.loans.put(loan) }
        }
        if let record = pack.users[user] { registers.users.put(record) }
        for approval in pack.approvals.approvals(of: user) { registers.approvals.put(approval) }
        if let device, !deviceFields.isEmpty {
            let subject = RegisterSubject(.device, device)
            var fields = pack.fields(of: subject) ?? Self.usualDevice
            fields.merge(deviceFields) { $1 }
            if !fields.nameAnotherDevice(than: device, in: pack) { try? registers.put(subject, fields) }
        }
        if !user.isEmpty, !userFields.isEmpty {
            let subject = RegisterSubject(.user, user)
            let fields = (pack.fields(of: subject) ?? [:]).merging(userFields) { $1 }
            try? registers.put(subject, fields)
        }
        for loan in loans { registers.loans.put(loan) }
        for approval in approvals { registers.approvals.put(approval) }
        return registers
    }

    private static let usualDevice: RegisterFields = [
        "kind": ["laptop"], "status": ["in-use"], "digest": [unregisteredLeaf?.description ?? ""],
    ]

    private func posture(at now: Instant) -> DevicePosture? {
        guard !posture.isEmpty else { return nil }
        var result = DevicePosture()
        for item in posture {
            switch item {
            case .antivirus(let age): result.antivirus = .init(now - age, observedAt: now)
            case .patches(let age): result.patches = .init(now - age, observedAt: now)
            case .diskEncryption(let isOn, let seen):
                result.diskEncryption = .init(isOn, observedAt: now - seen)
            case .firewall(let isOn, let seen): result.firewall = .init(isOn, observedAt: now - seen)
            case .screenLock(let minutes, let seen):
                result.screenLockMinutes = .init(minutes, observedAt: now - seen)
            }
        }
        return result
    }

    /// A chain without fault, in date for ever. Its key is nobody's. Also where the test says nothing of the certificate,
    /// but its authority wants to see it.
    private func report(under policy: Policy, at now: Instant) -> CertificateReport? {
        let isWanted = authority.flatMap { policy.authority(named: $0) }?.needsChain ?? false
        guard attributes != nil || isWanted, let leaf = Self.unregisteredLeaf,
            let key = KeyDigest(bytes: leaf.bytes)
        else { return nil }
        let (from, until) = (now - .seconds(86_400), Instant(nanosecondsSince1970: .max))
        var report = CertificateReport(
            attributes: CertificateAttributes(notBefore: from, notAfter: until, key: key), anchor: nil,
            validFrom: from, validUntil: until)
        for (attribute, values) in attributes ?? [:] {
            switch attribute {
            case .subject(let name): report.attributes.subject[name] = values
            case .email: report.attributes.emails = values
            case .uri: report.attributes.uris = values
            case .dns: report.attributes.dnsNames = values
            case .userPrincipalName: report.attributes.userPrincipalNames = values
            case .extension(let identifier): report.attributes.extensions[identifier] = values.first
            }
        }
        return report
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

extension RegisterFields {
    /// Whether these have the certificate or the key of another device of the pack: no two devices share one.
    fileprivate func nameAnotherDevice(than id: String, in pack: Registers) -> Bool {
        let digest = self["digest"]?.first.flatMap { CertificateDigest($0) }
        let key = self["key"]?.first.flatMap { KeyDigest($0) }
        return [digest.flatMap { pack.devices[$0] }, key.flatMap { pack.devices[$0] }]
            .contains { $0.map { $0.id != id } ?? false }
    }
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

extension SessionDescription.Revocation {
    fileprivate var status: RevocationStatus {
        switch self {
        case .good: .good(until: Instant(nanosecondsSince1970: .max))
        case .revoked: .revoked(since: nil)
        case .unknown: .unknown(reason: "the authority cannot be asked")
        }
    }
}
