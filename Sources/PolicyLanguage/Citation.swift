/// That something of a pack serves a clause of the written policy, and where it stands.
package struct Citation: Sendable, Hashable {
    /// What cites the clause.
    package enum Source: Sendable, Hashable {
        /// By name; vendors' classes among them.
        case policyClass(String)
        /// By the key of `policy.yaml`: `audit`, `audit.spot-checks`, `always.no-inbound`.
        case setting(String)
        /// By name.
        case tenant(String)
        /// By name; it shows that the clause is kept, and keeps nothing itself.
        case test(String)
    }

    package let clause: String
    package let source: Source
    package let location: SourceLocation

    package init(_ clause: String, by source: Source, at location: SourceLocation) {
        self.clause = clause
        self.source = source
        self.location = location
    }

    /// Whether this is a rule or a setting, and not a test.
    package var isRule: Bool {
        if case .test = source { false } else { true }
    }
}

extension Citation.Source: CustomStringConvertible {
    package var description: String {
        switch self {
        case .policyClass(let name): "class \(quoted(name))"
        case .setting(let name): "setting \(quoted(name))"
        case .tenant(let name): "tenant \(quoted(name))"
        case .test(let name): "test \(quoted(name))"
        }
    }
}

extension Policy {
    /// Every rule, setting and test that cites a clause, by clause, in the order of their places.
    package var everyCitation: [String: [Citation]] {
        let cited = classCitations + tenantCitations + settings.citations + testCitations
        return Dictionary(grouping: cited, by: \.clause).mapValues { citations in
            citations.sorted { ($0.location, $0.source.description) < ($1.location, $1.source.description) }
        }
    }

    private var classCitations: [Citation] {
        classes.flatMap { policyClass in
            policyClass.cites.map {
                Citation($0, by: .policyClass(policyClass.name), at: policyClass.location)
            }
        }
    }

    private var tenantCitations: [Citation] {
        tenants.flatMap { tenant in
            tenant.serving.cites.map {
                Citation($0, by: .tenant(tenant.name), at: tenant.serving.location)
            }
        }
    }

    private var testCitations: [Citation] {
        tests.flatMap { test in test.cites.map { Citation($0, by: .test(test.name), at: test.location) } }
            + settingTests.flatMap { test in
                test.cites.map { Citation($0, by: .test(test.name), at: test.location) }
            }
    }
}

extension Settings {
    fileprivate var citations: [Citation] {
        let all: [(String, Serving?)] =
            [
                ("review-by", review?.serving), ("idle", idle?.serving), ("monitoring", monitoring?.serving),
                ("audit", audit?.serving), ("audit.spot-checks", audit?.spotChecks?.serving),
                ("incidents", incidents?.serving), ("changes", changes?.serving),
            ] + Protection.allCases.map { ("always.\($0.rawValue)", always[$0]) }
        return all.flatMap { name, serving in
            guard let serving else { return [Citation]() }
            return serving.cites.map { Citation($0, by: .setting(name), at: serving.location) }
        }
    }
}
