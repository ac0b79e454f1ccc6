package import Evidence
package import Sessions

/// A fact of a register, as it was stated, and since when a rule file says otherwise.
package struct FactRecord: Sendable, Hashable {
    package var fact: RegisterFact
    /// Nil for a fact that is in force, and for one that a later fact has replaced.
    package var overtakenAt: Instant?

    package init(fact: RegisterFact, overtakenAt: Instant? = nil) {
        self.fact = fact
        self.overtakenAt = overtakenAt
    }
}

/// What is known of a device's protection, and who told it last.
package struct PostureRecord: Sendable, Hashable {
    package var posture: DevicePosture
    package var reporter: String
    package var receivedAt: Instant

    package init(posture: DevicePosture, reporter: String, receivedAt: Instant) {
        self.posture = posture
        self.reporter = reporter
        self.receivedAt = receivedAt
    }
}

/// A hold and, once it is lifted, by whom and when.
package struct HoldRecord: Sendable, Hashable {
    package var hold: Hold
    package var lifted: SignOff?

    package init(hold: Hold, lifted: SignOff? = nil) {
        self.hold = hold
        self.lifted = lifted
    }
}

/// That somebody has a one-time-code seed, and who gave it when. Says nothing of the seed.
package struct SeedEnrolment: Sendable, Hashable {
    package var owner: CodeOwner
    package var since: Instant
    package var by: String

    package init(owner: CodeOwner, since: Instant, by: String) {
        self.owner = owner
        self.since = since
        self.by = by
    }
}

/// That the database was found damaged, and what was done about it.
///
/// While it is not acknowledged, nobody can say who was kept out: holds, lost devices and used codes are gone.
package struct DamageRecord: Sendable, Hashable {
    package var since: Instant
    package var reason: String
    /// The path of the database that was set aside.
    package var keptAs: String
    package var acknowledged: SignOff?

    package init(since: Instant, reason: String, keptAs: String, acknowledged: SignOff? = nil) {
        self.since = since
        self.reason = reason
        self.keptAs = keptAs
        self.acknowledged = acknowledged
    }
}

/// Who ended something, and when.
package struct SignOff: Sendable, Hashable {
    package var at: Instant
    package var by: String

    package init(at: Instant, by: String) {
        self.at = at
        self.by = by
    }
}

/// A live session with what a restarted daemon cannot learn again from the VPN server.
package struct StoredSession: Sendable, Hashable {
    package var session: Session
    /// When its second factor was last proved.
    package var mfaVerifiedAt: Instant?
    /// When a code of a tenant was last proved in it, by the tenant's name.
    package var tenantVerifiedAt: [String: Instant]
    /// What a full look at its certificates found; nil when they were not at hand.
    package var certificateReport: CertificateReport?
    /// The kernel's number of the tunnel interface, as it was. Another after the interface was made anew.
    package var interfaceIndex: UInt32

    package init(
        session: Session, mfaVerifiedAt: Instant? = nil, tenantVerifiedAt: [String: Instant] = [:],
        certificateReport: CertificateReport? = nil,
        interfaceIndex: UInt32
    ) {
        self.session = session
        self.mfaVerifiedAt = mfaVerifiedAt
        self.tenantVerifiedAt = tenantVerifiedAt
        self.certificateReport = certificateReport
        self.interfaceIndex = interfaceIndex
    }
}
