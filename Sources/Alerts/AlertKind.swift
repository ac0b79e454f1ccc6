/// What people are alerted of. The words are those of configurations and of what goes to other systems: never change one.
package enum AlertKind: String, Sendable, Hashable, Codable, CaseIterable {
    // Sessions.
    /// A login was refused that came from another country than the rules ask for.
    case refusedAbroad = "refused-abroad"
    /// A session from such a country was cut.
    case cutAbroad = "cut-abroad"
    case scan
    /// Packets with a source address that is no session's.
    case spoofing
    /// The VPN server had a client that nobody admitted, or contradicted itself about one.
    case stranger

    // The kernel.
    /// Another program changed what is in force.
    case drift
    /// The kernel let a packet pass that the packet path refuses.
    case disagreement
    /// The kernel does not take the rules.
    case kernelFault = "kernel-fault"

    // What ends.
    case contractEnding = "contract-ending"
    case approvalEnding = "approval-ending"
    case loanEnding = "loan-ending"
    case certificateEnding = "certificate-ending"
    /// A device must be brought on site soon.
    case visitDue = "visit-due"
    /// The written policy is due for review.
    case reviewDue = "review-due"

    // The gateway itself.
    /// What happens is not on the audit record.
    case recordFault = "record-fault"
    /// The end of the audit record was half a line.
    case recordTorn = "record-torn"
    /// The audit record is not the one that was written.
    case recordDamage = "record-damage"
    /// The database was damaged, and nobody is let in.
    case storeDamage = "store-damage"
    case revocationOverdue = "revocation-overdue"
    case countriesOverdue = "countries-overdue"
    case diskSpace = "disk-space"
    /// A VPN server cannot be heard.
    case sourceUnheard = "source-unheard"

    // Alerts themselves.
    /// Alerts that a sink did not get, and will not.
    case alertsDropped = "alerts-dropped"
    case test

    /// For a subject line.
    package var words: String {
        switch self {
        case .refusedAbroad: "login refused abroad"
        case .cutAbroad: "session cut abroad"
        case .scan: "scan"
        case .spoofing: "spoofed source"
        case .stranger: "client that nobody admitted"
        case .drift: "kernel changed by others"
        case .disagreement: "kernel and core disagree"
        case .kernelFault: "kernel takes no rules"
        case .contractEnding: "contract about to end"
        case .approvalEnding: "approval about to end"
        case .loanEnding: "loan about to end"
        case .certificateEnding: "certificate about to end"
        case .visitDue: "device due on site"
        case .reviewDue: "review of the policy due"
        case .recordFault: "no audit record"
        case .recordTorn: "audit record torn"
        case .recordDamage: "audit record damaged"
        case .storeDamage: "database damaged"
        case .revocationOverdue: "revocation list overdue"
        case .countriesOverdue: "country database overdue"
        case .diskSpace: "disk almost full"
        case .sourceUnheard: "VPN server not heard"
        case .alertsDropped: "alerts dropped"
        case .test: "test"
        }
    }
}

/// How bad it is, in the numbers of RFC 5424 section 6.2.1: less is worse.
package enum AlertSeverity: Int, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case emergency, alert, critical, error, warning, notice, informational, debug

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    /// As configurations write it.
    package var word: String {
        switch self {
        case .emergency: "emergency"
        case .alert: "alert"
        case .critical: "critical"
        case .error: "error"
        case .warning: "warning"
        case .notice: "notice"
        case .informational: "info"
        case .debug: "debug"
        }
    }
}
