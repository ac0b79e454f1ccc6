/// What one check came to.
package struct Finding: Sendable, Hashable {
    package enum Level: String, Sendable, Hashable, CaseIterable {
        case problem, warning
        /// It could not be found out.
        case unknown
        case ok

        var words: String { self == .unknown ? "not known" : rawValue }
    }

    /// The same for every version: scripts ask for it.
    package var check: Check
    /// Which of several things that the check looks at; nil where there is one.
    package var subject: String?
    package var level: Level
    /// A sentence for people.
    package var says: String
    /// Why it matters; nil where nothing is wrong.
    package var why: String?
    /// What to do; nil where nothing is wrong.
    package var remedy: String?

    package init(
        _ check: Check, _ subject: String?, _ level: Level, _ says: String, why: String? = nil,
        remedy: String? = nil
    ) {
        self.check = check
        self.subject = subject
        self.level = level
        self.says = says
        self.why = why
        self.remedy = remedy
    }

    /// Of a check that looks at one thing.
    package init(
        _ check: Check, _ level: Level, _ says: String, why: String? = nil, remedy: String? = nil
    ) {
        self.init(check, nil, level, says, why: why, remedy: remedy)
    }

    package static func ok(_ check: Check, _ subject: String?, _ says: String) -> Finding {
        Finding(check, subject, .ok, says)
    }

    package static func ok(_ check: Check, _ says: String) -> Finding { Finding(check, .ok, says) }

    /// - Parameter reason: Why it is not known.
    package static func unknown(_ check: Check, _ subject: String?, _ reason: String) -> Finding {
        Finding(check, subject, .unknown, reason)
    }

    package static func unknown(_ check: Check, _ reason: String, remedy: String? = nil) -> Finding {
        Finding(check, .unknown, reason, remedy: remedy)
    }
}

/// Something that was looked at, or why it could not be.
package enum Known<Value: Sendable>: Sendable {
    case known(Value)
    case unknown(String)

    package var value: Value? {
        if case .known(let value) = self { value } else { nil }
    }

    package func map<Other>(_ change: (Value) -> Other) -> Known<Other> {
        switch self {
        case .known(let value): .known(change(value))
        case .unknown(let reason): .unknown(reason)
        }
    }
}

extension Known: Equatable where Value: Equatable {}
extension Known: Hashable where Value: Hashable {}

/// Every check, in the order in which they are told.
package enum Check: String, Sendable, Hashable, CaseIterable {
    case daemon = "daemon"
    case kernelTable = "kernel.table"
    case kernelElements = "kernel.elements"
    case kernelFault = "kernel.fault"
    case kernelDrifts = "kernel.drifts"
    case guardTable = "kernel.guard"
    case heldTable = "kernel.held"

    case foreignTables = "foreign.tables"
    case foreignDrop = "foreign.drop"
    case foreignOffload = "foreign.offload"
    case foreignTracking = "foreign.tracking"
    case foreignMark = "foreign.mark"
    case foreignNAT = "foreign.nat"
    case foreignProxy = "foreign.proxy"
    case foreignLink = "foreign.link"
    case legacyTables = "foreign.legacy"

    case forwarding = "host.forwarding"
    case tunnel = "host.tunnel"
    case reversePath = "host.rp-filter"
    case sourceRoutes = "host.source-routes"
    case redirects = "host.redirects"
    case offloads = "host.offloads"
    case mtu = "host.mtu"
    case tracking = "host.conntrack"
    case clock = "host.clock"
    case zones = "host.zones"

    case revocation = "files.revocation"
    case countries = "files.countries"
    case store = "files.store"
    case space = "files.space"
    case damage = "files.damage"
    case audit = "files.audit"
    case secrets = "files.secrets"
    case controlSocket = "files.control-socket"

    case folder = "rules.folder"
    case waiting = "rules.waiting"
    case review = "rules.review"
    case contracts = "rules.contracts"

    case source = "vpn.source"
    case management = "vpn.management"

    case alertSink = "alerts.sink"
    case transmitter = "signals.transmitter"
}
