/// What a pack says must hold for every session, beyond what must hold for every pack.
package struct Properties: Sendable {
    /// Systems that may be reached without a second factor; nil when the pack does not say.
    package let withoutMFA: Set<String>?
    /// Systems, or labels of systems, that hold personal or confidential data.
    package let personalData: Set<String>
    /// Systems that have addresses of one family and are meant to.
    package let oneFamily: Set<String>
    package let mustNever: [MustNever]

    package init(
        withoutMFA: Set<String>? = nil, personalData: Set<String> = [], oneFamily: Set<String> = [],
        mustNever: [MustNever] = []
    ) {
        self.withoutMFA = withoutMFA
        self.personalData = personalData
        self.oneFamily = oneFamily
        self.mustNever = mustNever
    }
}

/// Something that must never be: a session that meets all of this and reaches one of the systems.
package struct MustNever: Sendable {
    /// Names of classes; nil for any class.
    package let policyClass: TextPattern?
    package let conditions: [Condition]
    /// Names and labels of systems; nil for any system.
    package let reach: Set<String>?
    package let cites: [String]
    package let location: SourceLocation

    package init(
        policyClass: TextPattern?, conditions: [Condition], reach: Set<String>?, cites: [String],
        location: SourceLocation
    ) {
        self.policyClass = policyClass
        self.conditions = conditions
        self.reach = reach
        self.cites = cites
        self.location = location
    }

    package func isAbout(_ candidate: PolicyClass) -> Bool { policyClass?.matches(candidate.name) ?? true }

    package func isAbout(_ system: System) -> Bool {
        guard let reach else { return true }
        return reach.contains(system.name) || system.label.map(reach.contains) ?? false
    }
}
