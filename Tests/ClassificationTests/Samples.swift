import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// Values that tests of conditions share.
enum Samples {
    /// Monday, 23 November 2026, 14:03:07 UTC and a bit: nothing falls on a whole second by luck.
    static let now = Instant(nanosecondsSince1970: 1_795_442_587_123_456_789)
    static let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

    static func digest(_ byte: UInt8) -> CertificateDigest {
        guard let digest = CertificateDigest(bytes: Array(repeating: byte, count: 32)) else {
            preconditionFailure("32 bytes are a digest")
        }
        return digest
    }

    static func key(_ byte: UInt8) -> KeyDigest {
        guard let key = KeyDigest(bytes: Array(repeating: byte, count: 32)) else {
            preconditionFailure("32 bytes are a digest")
        }
        return key
    }

    static func country(_ text: String) -> CountryCode {
        guard let code = CountryCode(text) else { preconditionFailure("'\(text)' is no country code") }
        return code
    }

    static func pattern(_ text: String) -> TextPattern {
        guard let pattern = TextPattern(text) else { preconditionFailure("'\(text)' is no pattern") }
        return pattern
    }

    static func authority(
        _ name: String = "corporate", _ byte: UInt8 = 0xCA, needsChain: Bool = false,
        revocation: Authority.Revocation = .none
    ) -> Authority {
        Authority(
            name: name, digests: [digest(byte)], needsChain: needsChain, revocation: revocation,
            location: place)
    }

    static func chain(_ issuers: UInt8..., attributes: NamedTexts = [:]) -> CertificateChain {
        CertificateChain(
            leaf: PresentedCertificate(digest: digest(1), attributes: attributes),
            issuers: issuers.map { PresentedCertificate(digest: digest($0), subject: "CN=CA \($0)") })
    }

    static func report(
        from: Instant = now - .seconds(86_400), until: Instant = now + .seconds(86_400),
        problems: [String] = [], _ change: (inout CertificateAttributes) -> Void = { _ in }
    ) -> CertificateReport {
        var attributes = CertificateAttributes(notBefore: from, notAfter: until, key: key(1))
        change(&attributes)
        return CertificateReport(
            attributes: attributes, anchor: nil, validFrom: from, validUntil: until, problems: problems)
    }

    static func device(_ change: (inout DeviceRecord) -> Void = { _ in }) -> DeviceRecord {
        var device = DeviceRecord(id: "lt-1", certificate: digest(1))
        change(&device)
        return device
    }

    static func user(_ change: (inout UserRecord) -> Void = { _ in }) -> UserRecord {
        var user = UserRecord(name: "alice")
        change(&user)
        return user
    }

    static func posture(_ change: (inout DevicePosture) -> Void) -> DevicePosture {
        var posture = DevicePosture()
        change(&posture)
        return posture
    }

    /// Seconds from now on.
    static func loan(_ reference: String = "L-1", user: String = "alice", from: Int64, until: Int64?) -> Loan
    {
        Loan(
            reference: reference, device: "lt-1", user: user, from: now + .seconds(from),
            until: until.map { now + .seconds($0) })
    }

    /// Seconds from now on.
    static func approval(
        _ reference: String = "A-1", _ kind: Approval.Kind = .remoteWorking, from: Int64 = -60, until: Int64?,
        countries: Set<String> = [], systems: Set<String> = [], labels: Set<String> = [],
        exception: String? = nil
    ) -> Approval {
        Approval(
            reference: reference, kind: kind, user: "alice", approver: "head", from: now + .seconds(from),
            until: until.map { now + .seconds($0) }, countries: Set(countries.map(country)), systems: systems,
            labels: labels, exception: exception)
    }

    static func tenant(
        _ name: String = "boston", _ organisation: String = "Boston", within age: Duration = .seconds(28_800)
    ) -> Tenant {
        Tenant(
            name: name, organisation: organisation, mfaWithin: age, serving: Settings.Serving(at: place))
    }

    static func office(_ name: String, _ networks: String...) -> Office {
        Office(name: name, networks: networks.compactMap { try? IPPrefix(parsing: $0) })
    }
}

extension Instant {
    static func + (lhs: Instant, seconds: Int64) -> Instant { lhs + .seconds(seconds) }

    var before: Instant { self - .nanoseconds(1) }
}
