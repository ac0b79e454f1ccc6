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

/// A session as a test or `gatehouse packets` describes it: by names that the pack knows. Resolved against the pack's
/// registers into evidence.
package struct SessionDescription: Sendable, Hashable {
    /// The name of the authority that issued the certificate; nil for no certificate.
    package var authority: String?
    /// The leaf's organisation attribute.
    package var organisation: String?
    /// The inventory id of a registered device; nil for one that is not on the register.
    package var device: String?
    package var user: String
    /// How long before the test's instant the second factor was proved; nil for never.
    package var mfaAge: Duration?
    /// Whether and where it was seen scanning; nil for not.
    package var scan: Scan?

    package enum Scan: Sendable, Hashable {
        /// In the session itself, at the test's instant.
        case inThisSession
        /// In an earlier session of the same device or person, so long before the test's instant.
        case earlier(ago: Duration)
    }

    package init(
        authority: String? = nil, organisation: String? = nil, device: String? = nil, user: String = "",
        mfaAge: Duration? = nil, scan: Scan? = nil
    ) {
        self.authority = authority
        self.organisation = organisation
        self.device = device
        self.user = user
        self.mfaAge = mfaAge
        self.scan = scan
    }
}
