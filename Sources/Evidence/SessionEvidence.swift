package import Sessions

/// Everything known about one session at one instant, each fact dated: what classification looks at, and all of it.
///
/// A value with nothing in it is a session about which nothing is known. Taking any fact away must never widen what
/// the session reaches; only facts that speak against a session (a hold, a scan) do the reverse: with them it never
/// reaches more.
package struct SessionEvidence: Sendable, Hashable {
    /// The verified chain that the client presented, by digest.
    package var certificates: CertificateChain?
    /// The register's record for the leaf certificate; nil when it has none.
    package var device: DeviceRecord?
    /// The name that the person gave; empty when none was given.
    package var userName: String
    /// The groups of the user; nil when no user of that name is registered.
    package var groups: Set<String>?
    /// When a second factor was last proved in this session.
    package var mfaVerifiedAt: Instant?
    /// That this session, its device or its user was seen scanning; nil when nobody saw it.
    package var scan: ScanSighting?
    /// An administrator's order that this user, device or session stay out.
    package var hold: Hold?

    package init(
        certificates: CertificateChain? = nil, device: DeviceRecord? = nil, userName: String = "",
        groups: Set<String>? = nil, mfaVerifiedAt: Instant? = nil, scan: ScanSighting? = nil,
        hold: Hold? = nil
    ) {
        self.certificates = certificates
        self.device = device
        self.userName = userName
        self.groups = groups
        self.mfaVerifiedAt = mfaVerifiedAt
        self.scan = scan
        self.hold = hold
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
