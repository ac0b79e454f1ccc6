package import Sessions

/// What a pack says of the gateway as a whole, beside who reaches what. What is not said is nil.
package struct Settings: Sendable, Hashable {
    package var review: Review?
    package var idle: IdleTime?
    package var monitoring: Monitoring?
    package var audit: Audit?
    package var incidents: Incidents?
    package var changes: Changes?
    /// Clauses of the written policy that are served under every pack, by what serves them.
    package var always: [Protection: Serving]

    package init(
        review: Review? = nil, idle: IdleTime? = nil, monitoring: Monitoring? = nil, audit: Audit? = nil,
        incidents: Incidents? = nil, changes: Changes? = nil, always: [Protection: Serving] = [:]
    ) {
        self.review = review
        self.idle = idle
        self.monitoring = monitoring
        self.audit = audit
        self.incidents = incidents
        self.changes = changes
        self.always = always
    }

    /// The clauses that a setting serves, and where it stands.
    package struct Serving: Sendable, Hashable {
        package let cites: [String]
        package let location: SourceLocation

        package init(cites: [String] = [], at location: SourceLocation) {
            self.cites = cites
            self.location = location
        }
    }

    /// When the written policy is due for review; passing it warns and changes nothing.
    package struct Review: Sendable, Hashable {
        /// The last day that is in time.
        package let date: CivilDate
        package let serving: Serving

        /// The first instant that is too late.
        package var dueAt: Instant { ZoneClock.utc.first(date.adding(days: 1)) }
    }

    /// After how long without a packet a session ends, where its class does not say otherwise.
    package struct IdleTime: Sendable, Hashable {
        package let after: Duration
        package let serving: Serving
    }

    /// Whether flows of sessions are recorded. People are watched then, so it takes an assessment and an approval, both
    /// named, and an end to what is kept: a pack without them does not compile.
    package struct Monitoring: Sendable, Hashable {
        package let logsFlows: Bool
        /// The reference of the data protection impact assessment; there whenever flows are logged, as the next two are.
        package let dpia: String?
        package let approvedBy: String?
        package let retention: Duration?
        /// Whether records have pseudonyms instead of names.
        package let isPseudonymous: Bool
        package let serving: Serving
    }

    /// What is kept of decisions and orders, for whoever looks later.
    package struct Audit: Sendable, Hashable {
        /// Nil for ever.
        package let retention: Duration?
        package let spotChecks: SpotChecks?
        package let serving: Serving
    }

    /// That so many sessions are drawn by lot and looked at, so often.
    package struct SpotChecks: Sendable, Hashable {
        package let every: Duration
        package let sample: Int
        package let serving: Serving
    }

    /// What people are alerted of.
    package struct Incidents: Sendable, Hashable {
        package let alert: Set<Incident>
        package let serving: Serving
    }

    package enum Incident: String, Sendable, Hashable, CaseIterable {
        /// A login was refused that came from another country than the rules ask for.
        case refusedAbroad = "refused-abroad"
        /// A session from such a country was cut.
        case cutAbroad = "cut-abroad"
        /// A session was seen scanning.
        case scan
        /// A session sent packets with a source address that is not its own.
        case spoofing
    }

    /// How rules are changed.
    package struct Changes: Sendable, Hashable {
        /// Whether new rules come into force with the reference of an approved request only.
        package let needsReference: Bool
        /// New rules are taken back unless they are confirmed within so long; nil for no such wait.
        package let confirmWithin: Duration?
        package let serving: Serving
    }

    /// What the gateway does under every pack: no rule switches it off, and a pack says only which clauses it serves.
    package enum Protection: String, Sendable, Hashable, CaseIterable {
        /// A packet reaches systems of the pack, all of them inside, or nothing.
        case noDirectInternet = "no-direct-internet"
        /// A packet from a tunnel goes into no tunnel.
        case noSessionToSession = "no-session-to-session"
        /// A packet counts for the session whose address it has, on that session's tunnel, or for none.
        case ownAddressOnly = "own-address-only"
        /// Nobody opens a connection to a session.
        case noInbound = "no-inbound"
        /// An order ends access at once, on open connections too.
        case withdrawAtOnce = "withdraw-at-once"
        /// Clients are told to send everything through the tunnel.
        case fullTunnel = "full-tunnel"
    }
}
