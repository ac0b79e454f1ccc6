package import PolicyLanguage
package import Sessions

/// One system that a session may reach, until when, citing which clauses.
package struct Grant: Sendable, Hashable {
    package let system: String
    /// When a need of the system's own runs out; nil when only the class bounds it.
    package let until: Instant?
    package let cites: [String]
}

/// A system of the class's that is not granted now, because a need of its own does not hold.
package struct WithheldGrant: Sendable, Hashable {
    package let system: String
    package let findings: [ConditionFinding]
}

/// One condition, looked at.
package struct ConditionFinding: Sendable, Hashable {
    package let condition: Condition
    package let judgement: Judgement
}

/// One class, looked at: why it matched, or was passed over.
package struct ClassFinding: Sendable, Hashable {
    package let name: String
    package let matched: Bool
    /// Every condition of the class, in the file's order: also those after the first that failed, since the person
    /// who asks wants to hear everything that is missing at once.
    package let findings: [ConditionFinding]
    package let location: SourceLocation
}

/// The set of systems that a session may reach. Sessions with equal scopes share one in the kernel.
package struct Scope: Sendable, Hashable {
    /// Names, sorted.
    package let systems: [String]

    package init(_ systems: some Sequence<String>) { self.systems = Set(systems).sorted() }

    /// - Parameter sorted: sorted, each once.
    init(sorted: [String]) { systems = sorted }

    package static let empty = Scope(sorted: [])
    package var isEmpty: Bool { systems.isEmpty }
}

/// What was decided about one session at one instant. Small: one is kept for every session.
package struct Decision: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// A class with access matched, and at least one of its systems is granted.
        case admitted
        /// A class without access matched.
        case refusedByClass
        /// A class matched, but every system of it is withheld.
        case nothingGranted
        /// No class matched: no access.
        case noClass
        /// An administrator's order.
        case held
    }

    package let outcome: Outcome
    /// The class that matched; nil when none did.
    package let className: String?
    package let scope: Scope
    /// The instant at which this must be looked at again; nil when the same evidence will always decide the same.
    package let validUntil: Instant?
    /// After how long without a packet a session of this class ends; nil for never.
    package let idle: Duration?

    init(
        _ outcome: Outcome, className: String? = nil, scope: Scope = .empty, validUntil: Instant?,
        idle: Duration? = nil
    ) {
        self.outcome = outcome
        self.className = className
        self.scope = scope
        self.validUntil = validUntil
        self.idle = idle
    }

    /// Only an explicit admission is one.
    package var isAdmitted: Bool { outcome == .admitted }
}

/// A decision with everything that was seen on the way to it, for whoever asks why.
package struct ExplainedDecision: Sendable, Hashable {
    package let decision: Decision
    package var grants: [Grant] = []
    package var withheld: [WithheldGrant] = []
    /// Every class up to the one that matched, in order.
    package let findings: [ClassFinding]
    /// What the person is told; in plain words, without names of classes.
    package let tell: String
    /// Clauses that the matching class serves.
    package var cites: [String] = []
    /// Where no class matched, the one with access that lacked least.
    var nearest: ClassFinding?

    package var outcome: Decision.Outcome { decision.outcome }
    package var className: String? { decision.className }
    package var scope: Scope { decision.scope }
    package var validUntil: Instant? { decision.validUntil }
    package var idle: Duration? { decision.idle }
    package var isAdmitted: Bool { decision.isAdmitted }
}

extension ExplainedDecision {
    /// What stood in the way, for administrators: what the person is told leaves out what would help an attacker. Nil where
    /// a class or an order says it all.
    package var obstacle: String? {
        switch outcome {
        case .noClass:
            nearest.map { "nearest class '\($0.name)' needs \(Self.words($0.missing))" }
        case .nothingGranted:
            withheld.first.map { "'\($0.system)' needs \(Self.words($0.findings.missing))" }
        case .admitted, .refusedByClass, .held: nil
        }
    }

    /// Conditions that the nearest class, or the first system that is withheld, needed and did not find.
    package var missing: [Condition] {
        switch outcome {
        case .noClass: nearest?.missing.map(\.condition) ?? []
        case .nothingGranted: withheld.first?.findings.missing.map(\.condition) ?? []
        case .admitted, .refusedByClass, .held: []
        }
    }

    /// Where no class matched, the name of the one with access that lacked least.
    package var nearestClass: String? { nearest?.name }

    private static func words(_ missing: [ConditionFinding]) -> String {
        missing.map { "\($0.condition): \($0.judgement.saw)" }.joined(separator: "; ")
    }
}
