package import Sessions

/// The group that a session falls into when every condition holds.
package struct PolicyClass: Sendable, Hashable {
    /// Vendor classes are named `vendor:` and the vendor's name.
    package let name: String
    package let conditions: [Condition]
    package let access: Access
    /// Identifiers of the written policy's clauses that this class serves.
    package let cites: [String]
    /// What the person is told who is refused, or limited, by this class.
    package let tell: String?
    /// Set for classes made from a vendor file.
    package let contract: Contract?
    /// A session of this class in which no packet passed for so long, in either direction, is ended; nil for never.
    /// What the pack says for every class stands here too, unless the class says otherwise.
    package let idle: Duration?
    package let location: SourceLocation

    package enum Access: Sendable, Hashable {
        /// Nothing, and the login is refused. Unknown values match here, and in no other class.
        case none
        /// These systems, by name, in the pack's order.
        case systems([String])
    }

    package init(
        name: String, conditions: [Condition], access: Access, cites: [String] = [], tell: String? = nil,
        contract: Contract? = nil, idle: Duration? = nil, location: SourceLocation
    ) {
        self.name = name
        self.conditions = conditions
        self.access = access
        self.cites = cites
        self.tell = tell
        self.contract = contract
        self.idle = idle
        self.location = location
    }

    /// Whether it is for sessions that were seen doing something.
    package var asksForBehaviour: Bool { conditions.contains(where: \.isAboutBehaviour) }
}

/// A vendor's contract: a grant to a vendor ends with it, by itself.
package struct Contract: Sendable, Hashable {
    package let vendor: String
    package let reference: String
    package let sponsor: String
    /// Half-open: the first instant of the contract and the first after it.
    package let from: Instant
    package let until: Instant
    /// How long before the end the administrators are warned.
    package let warnBefore: Duration

    package init(
        vendor: String, reference: String, sponsor: String, from: Instant, until: Instant,
        warnBefore: Duration
    ) {
        self.vendor = vendor
        self.reference = reference
        self.sponsor = sponsor
        self.from = from
        self.until = until
        self.warnBefore = warnBefore
    }
}
