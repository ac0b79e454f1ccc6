package import NetworkTypes
package import PolicyLanguage
package import Sessions

/// Something that must hold for every possible session of a pack.
package enum Property: String, Sendable, Hashable, CaseIterable {
    /// Nobody reaches an address outside the organisation's own networks; the internet is reached through its proxies.
    case internet
    /// Whoever has a vendor's certificate reaches what the vendor is contracted for, while it is, and nothing else.
    case vendors
    /// Without a second factor nobody reaches more than the pack says.
    case oneFactor = "one-factor"
    /// No personal device reaches personal data.
    case personalData = "personal-data"
    /// What is granted over IPv4 is granted over IPv6, and the other way round.
    case families
    /// Every class is met by some session.
    case shadowed
    /// Taking evidence away, or letting it grow old, never widens what a session reaches.
    case evidence
    /// What the pack itself says must never be.
    case mustNever = "must-never"

    /// Whether a pack for which it does not hold is not loaded. The others are warnings: such a pack does what it says,
    /// and perhaps not what was meant.
    package var isRequired: Bool {
        switch self {
        case .internet, .vendors, .oneFactor, .personalData, .evidence, .mustNever: true
        case .families, .shadowed: false
        }
    }

    /// As a sentence that is true when the property holds.
    package var statement: String {
        switch self {
        case .internet: "nobody reaches the internet but through a proxy"
        case .vendors: "no vendor reaches a system outside its contract"
        case .oneFactor: "nobody without a second factor reaches more than the pack allows"
        case .personalData: "no personal device reaches personal data"
        case .families: "IPv4 and IPv6 grants are equal"
        case .shadowed: "no class is shadowed"
        case .evidence: "taking evidence away never widens what a session reaches"
        case .mustNever: "what the pack says must never be never is"
        }
    }
}

/// What became of one property.
package struct Proof: Sendable {
    package enum Outcome: Sendable {
        /// For every session.
        case holds
        case fails([Counterexample])
        /// The pack does not say what it would be about; how to say it.
        case notStated(String)
        /// Neither shown nor refuted; why.
        case undecided(String)
    }

    package let property: Property
    package let outcome: Outcome

    package var holds: Bool { if case .holds = outcome { true } else { false } }
    package var counterexamples: [Counterexample] {
        if case .fails(let all) = outcome { all } else { [] }
    }
}

/// A session, and a packet of it, for which a property does not hold.
package struct Counterexample: Sendable {
    /// One sentence: who reaches what, and should not.
    package let message: String
    /// The rule that it comes from.
    package let location: SourceLocation
    /// Nil where no session is needed to see it.
    package let session: SessionDescription?
    package let at: Instant?
    /// What it can send.
    package let packet: Destination?

    init(
        _ message: String, at location: SourceLocation, session: RealSession? = nil,
        packet: Destination? = nil
    ) {
        self.message = message
        self.location = location
        self.session = session?.description
        at = session?.at
        self.packet = packet
    }
}
