/// What the daemon alone knows of what `gatehouse doctor` looks at. Times are nanoseconds since 1970.
extension ControlMessages {
    struct GatewayKnowledge: Codable, Sendable {
        /// The digest of the pack in force.
        var inForce: String
        var rules: RuleKnowledge
        /// The change that waits for its confirmation.
        var waiting: WaitingSummary?
        /// Why nobody is let in.
        var closedBecause: String?
        /// Why the database cannot be read.
        var storeFault: String?
        /// Why there is no audit record of what happens now.
        var auditFault: String?
        /// Sources that cannot be heard, since when.
        var detachedSources: [String: String]
        /// Of security events.
        var transmitters: [TransmitterSummary]
    }

    struct TransmitterSummary: Codable, Sendable {
        var name: String
        /// Whether there is a key by which a token of it could be good.
        var hasKeys: Bool
        /// Why its keys could not be fetched when that was last tried.
        var keysFault: String?
        /// Why it could not be asked for tokens when that was last tried.
        var pollFault: String?
        /// In a row.
        var pollFailures: Int
    }

    struct WaitingSummary: Codable, Sendable {
        var reference: String
        var until: String
    }

    /// What rules ask of the world, and what is at hand of it.
    struct RuleKnowledge: Codable, Sendable {
        var reviewDue: Int64?
        var contracts: [ContractSummary]
        /// Time zones that the rules name.
        var zones: [String]
        var authorities: [AuthoritySummary]
        var asksForCountries: Bool
        /// Files of the country database in force.
        var countries: [CountryFile]
        /// Why none is in force though some are configured.
        var countriesFault: String?
    }

    struct ContractSummary: Codable, Sendable {
        var vendor: String
        var reference: String
        var until: Int64
        var warnBeforeSeconds: Int64
    }

    struct AuthoritySummary: Codable, Sendable {
        var name: String
        var lists: [RevocationListSummary]
        var troubles: [String]
        var hasFiles: Bool
        var hasResponder: Bool
        var isRequired: Bool
    }

    struct RevocationListSummary: Codable, Sendable {
        var thisUpdate: Int64
        var nextUpdate: Int64?
    }

    struct CountryFile: Codable, Sendable {
        var path: String
        var built: Int64?
    }
}
