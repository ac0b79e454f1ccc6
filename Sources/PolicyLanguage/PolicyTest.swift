package import Evidence
package import NetworkTypes
package import Sessions

/// One expectation that a pack carries about itself. A pack with a failing test is not loaded.
package struct PolicyTest: Sendable {
    package let name: String
    /// The instant that the session is looked at.
    package let at: Instant
    package let session: SessionDescription
    /// The class that must match; nil when the test does not say. `"none"` in the file is `.some(nil)`.
    package let expectedClass: String??
    package let reaches: [Target]
    package let refused: [Target]
    /// A text that the reason must hold.
    package let because: String?
    /// The instant until which the decision must be good.
    package let until: Instant?
    /// Clauses of the written policy that this test shows to hold. No expectation: a refusal may be what a clause asks.
    package let cites: [String]
    package let location: SourceLocation

    /// What a test tries to reach: a whole system, or one packet.
    package enum Target: Sendable, Hashable {
        case system(String)
        case destination(Destination)
    }

    package init(
        name: String, at: Instant, session: SessionDescription, expectedClass: String??, reaches: [Target],
        refused: [Target], because: String?, until: Instant?, cites: [String], location: SourceLocation
    ) {
        self.name = name
        self.at = at
        self.session = session
        self.expectedClass = expectedClass
        self.reaches = reaches
        self.refused = refused
        self.because = because
        self.until = until
        self.cites = cites
        self.location = location
    }
}

/// One expectation that a pack carries about its own settings.
package struct SettingTest: Sendable, Hashable {
    package let name: String
    package let setting: Setting
    /// In the words that settings are compared by, sorted; empty for a setting that is not there.
    package let expected: [String]
    package let cites: [String]
    package let location: SourceLocation

    package init(
        name: String, setting: Setting, expected: [String], cites: [String] = [], location: SourceLocation
    ) {
        self.name = name
        self.setting = setting
        self.expected = expected
        self.cites = cites
        self.location = location
    }
}

/// A session as a test or `gatehouse packets` describes it. Names stand for what the pack's registers say of them; what
/// stands here itself is laid over that.
package struct SessionDescription: Sendable, Hashable {
    /// The name of the authority that issued the certificate; nil for no certificate.
    package var authority: String?
    /// The leaf's organisation attribute, as a VPN server hands it over.
    package var organisation: String?
    /// What the certificate says, where it is at hand; nil when it is not.
    package var attributes: [CertificateAttribute: [String]]?
    /// What the authority answers where it is asked; good unless said.
    package var revocation: Revocation?
    /// The inventory id of a registered device; nil for one that is not on the register.
    package var device: String?
    /// What is said of the device on top of the register, or instead of it.
    package var deviceFields: RegisterFields
    package var user: String
    package var userFields: RegisterFields
    /// Loans and approvals beside those of the pack.
    package var loans: [Loan]
    package var approvals: [Approval]
    /// What the client says of itself.
    package var claims: NamedTexts
    /// How long before the test's instant the second factor was proved; nil for never.
    package var mfaAge: Duration?
    /// The same of tenants' codes, by tenant.
    package var tenantMFAAges: [String: Duration]
    package var posture: [Posture]
    /// The address that the device connects from; nil when the server does not say.
    package var outer: IPAddress?
    package var country: CountryCode?
    /// Whether and where it was seen scanning; nil for not.
    package var scan: Scan?
    /// Whether an administrator keeps it out.
    package var isWithdrawn: Bool

    package enum Revocation: String, Sendable, Hashable, CaseIterable {
        case good, revoked, unknown
    }

    /// One item of a report, with ages counted back from the test's instant.
    package enum Posture: Sendable, Hashable {
        case antivirus(age: Duration)
        case patches(age: Duration)
        case diskEncryption(Bool, seen: Duration)
        case firewall(Bool, seen: Duration)
        /// 0 for never.
        case screenLock(minutes: Int, seen: Duration)
    }

    package enum Scan: Sendable, Hashable {
        /// In the session itself, at the test's instant.
        case inThisSession
        /// In an earlier session of the same device or person, so long before the test's instant.
        case earlier(ago: Duration)
    }

    package init(
        authority: String? = nil, organisation: String? = nil,
        attributes: [CertificateAttribute: [String]]? = nil,
        revocation: Revocation? = nil, device: String? = nil, deviceFields: RegisterFields = [:],
        user: String = "",
        userFields: RegisterFields = [:], loans: [Loan] = [], approvals: [Approval] = [],
        claims: NamedTexts = [:], mfaAge: Duration? = nil, tenantMFAAges: [String: Duration] = [:],
        posture: [Posture] = [], outer: IPAddress? = nil, country: CountryCode? = nil, scan: Scan? = nil,
        isWithdrawn: Bool = false
    ) {
        self.authority = authority
        self.organisation = organisation
        self.attributes = attributes
        self.revocation = revocation
        self.device = device
        self.deviceFields = deviceFields
        self.user = user
        self.userFields = userFields
        self.loans = loans
        self.approvals = approvals
        self.claims = claims
        self.mfaAge = mfaAge
        self.tenantMFAAges = tenantMFAAges
        self.posture = posture
        self.outer = outer
        self.country = country
        self.scan = scan
        self.isWithdrawn = isWithdrawn
    }
}
