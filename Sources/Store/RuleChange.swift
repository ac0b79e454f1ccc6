package import Sessions

/// One change of the rules in force: who put which pack there in place of which, and what became of it.
package struct RuleChange: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// Sent by an administrator, with a reference.
        case apply
        /// Read from the configured folder, by order.
        case reload
        /// Read from the configured folder, at a start.
        case start
    }

    /// Given by the store.
    package var number: Int64
    package var kind: Kind
    /// Of the request that was approved; nil for what was read from the folder.
    package var reference: String?
    /// Who gave the order, as the kernel knows them.
    package var author: RuleChangeAuthor
    package var at: Instant
    /// Digests of the packs; nil when there was none before.
    package var pack: String
    package var before: String?
    /// When it is taken back unless it was confirmed; nil for one that waits for nothing.
    package var confirmBy: Instant?
    /// What it opened and closed, as JSON; nil when that is not known.
    package var difference: String?
    /// Nil while it is under way, or waits.
    package var end: RuleChangeEnd?

    package init(
        number: Int64 = 0, kind: Kind, reference: String? = nil, author: RuleChangeAuthor, at: Instant,
        pack: String, before: String?, confirmBy: Instant? = nil, difference: String? = nil,
        end: RuleChangeEnd? = nil
    ) {
        self.number = number
        self.kind = kind
        self.reference = reference
        self.author = author
        self.at = at
        self.pack = pack
        self.before = before
        self.confirmBy = confirmBy
        self.difference = difference
        self.end = end
    }
}

/// Whoever ordered something at the control socket.
package struct RuleChangeAuthor: Sendable, Hashable {
    package var name: String
    /// Nil when it was no user: a signal, or the daemon itself.
    package var uid: UInt32?
    /// By which right they ordered, for the audit record; not kept in the database.
    package var role: String?

    package init(_ name: String, uid: UInt32? = nil, role: String? = nil) {
        self.name = name
        self.uid = uid
        self.role = role
    }

    /// The daemon, by what the rules and the time say.
    package static let daemon = RuleChangeAuthor("gatehouse")
}

/// How a change of rules ended.
package struct RuleChangeEnd: Sendable, Hashable {
    package enum Outcome: String, Sendable, Hashable {
        case confirmed
        /// The rules of before are in force again.
        case reverted
        /// It never was in force.
        case refused
    }

    package var outcome: Outcome
    package var at: Instant
    package var by: RuleChangeAuthor
    package var because: String?

    package init(_ outcome: Outcome, at: Instant, by: RuleChangeAuthor, because: String? = nil) {
        self.outcome = outcome
        self.at = at
        self.by = by
        self.because = because
    }
}
