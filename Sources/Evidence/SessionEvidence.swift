package import NetworkTypes
package import Sessions

/// Everything known about one session at one instant, each fact dated: what classification looks at, and all of it.
///
/// A value with nothing in it is a session about which nothing is known. Taking any fact away must never widen what
/// the session reaches; only facts that speak against a session (a hold, a signal, a scan, a certificate that was withdrawn or
/// is faulty) do the reverse: with them it never reaches more.
package struct SessionEvidence: Sendable, Hashable {
    /// The verified chain that the client presented, by digest.
    package var certificates: CertificateChain?
    /// What a full look at the chain found; nil when the certificates themselves are not at hand.
    package var certificateReport: CertificateReport?
    /// Whether the authority withdrew a certificate of the chain; nil when nobody is asked.
    package var revocation: RevocationStatus?
    /// The register's record for the leaf certificate; nil when it has none.
    package var device: DeviceRecord?
    /// Every loan of the device, past ones too.
    package var loans: [Loan]
    /// What was last reported of the device; nil when nothing ever was.
    package var posture: DevicePosture?
    /// The name that the person gave; empty when none was given.
    package var userName: String
    /// The register's record for the user; nil when it has none.
    package var user: UserRecord?
    /// Everything that the user was ever allowed by name.
    package var approvals: [Approval]
    /// What the client says of itself.
    package var claims: NamedTexts
    /// When a second factor was last proved in this session.
    package var mfaVerifiedAt: Instant?
    /// When a code of a tenant was last proved in this session, by the tenant's name.
    package var tenantVerifiedAt: [String: Instant]
    /// The address that the device connects from; nil when the server does not say.
    package var outer: IPAddress?
    /// The country of that address; nil when it is not known.
    package var country: CountryCode?
    /// That this session, its device or its user was seen scanning; nil when nobody saw it.
    package var scan: ScanSighting?
    /// An administrator's order that this user, device or session stay out.
    package var hold: Hold?
    /// What other systems told against this session; what they took away of the rest is not there any more.
    package var signals: [SignalFact]

    package init(
        certificates: CertificateChain? = nil, certificateReport: CertificateReport? = nil,
        revocation: RevocationStatus? = nil, device: DeviceRecord? = nil, loans: [Loan] = [],
        posture: DevicePosture? = nil, userName: String = "", user: UserRecord? = nil,
        approvals: [Approval] = [], claims: NamedTexts = [:], mfaVerifiedAt: Instant? = nil,
        tenantVerifiedAt: [String: Instant] = [:], outer: IPAddress? = nil, country: CountryCode? = nil,
        scan: ScanSighting? = nil, hold: Hold? = nil, signals: [SignalFact] = []
    ) {
        self.certificates = certificates
        self.certificateReport = certificateReport
        self.revocation = revocation
        self.device = device
        self.loans = loans
        self.posture = posture
        self.userName = userName
        self.user = user
        self.approvals = approvals
        self.claims = claims
        self.mfaVerifiedAt = mfaVerifiedAt
        self.tenantVerifiedAt = tenantVerifiedAt
        self.outer = outer
        self.country = country
        self.scan = scan
        self.hold = hold
        self.signals = signals
    }
}

/// An order to keep somebody out until it is lifted: what `gatehouse disconnect` leaves behind.
///
/// It comes before every class. Nothing in a rule file can overrule it.
package struct Hold: Sendable, Hashable, Codable {
    package enum Subject: Sendable, Hashable, Codable {
        case user(String)
        /// By certificate, so that a device off the register can be held too.
        case certificate(CertificateDigest)
        /// By public key, for devices that are registered by it alone.
        case key(KeyDigest)
    }

    package var subject: Subject
    package var since: Instant
    /// Who gave the order, as the control socket's peer credentials say.
    package var by: String
    /// Why, in the administrator's words; empty when not said.
    package var reason: String

    package init(subject: Subject, since: Instant, by: String, reason: String = "") {
        self.subject = subject
        self.since = since
        self.by = by
        self.reason = reason
    }
}
