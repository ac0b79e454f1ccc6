import PolicyLanguage

/// Finds classes that a session could be in two of, without holding each class against each other one.
///
/// Nearly all classes of a large pack are vendors', and each of those asks for an organisation of its own: they are kept
/// apart by that, and only the few classes that ask for none have to be looked at one by one.
struct ClassOverlaps {
    /// Positions in the order of `classes`, by organisation; nil for classes that ask for none.
    private let byOrganisation: [String?: [Int]]
    private let classes: [PolicyClass]
    private let positions: [String: Int]

    init(_ policy: Policy) {
        classes = policy.classes
        byOrganisation = Dictionary(grouping: classes.indices) { [classes] in classes[$0].organisation }
        positions = Dictionary(classes.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in first
        }
    }

    /// Positions of classes that may share sessions with one, itself left out, in order.
    func sharing(with candidate: PolicyClass) -> [Int] {
        let places =
            candidate.organisation == nil
            ? Array(classes.indices)
            : ((byOrganisation[candidate.organisation] ?? []) + (byOrganisation[nil] ?? [])).sorted()
        return places.filter {
            classes[$0].name != candidate.name && classes[$0].mayShareSessions(with: candidate)
        }
    }

    /// Names of the classes behind one of the policy's that may share sessions with it, in order.
    func behind(_ candidate: PolicyClass, where isWanted: (String) -> Bool) -> [String] {
        let own = positions[candidate.name] ?? classes.count
        return sharing(with: candidate).filter { $0 > own }.map { classes[$0].name }.filter(isWanted)
    }
}

extension PolicyClass {
    /// That the certificate must name; one class asks for one at most.
    fileprivate var organisation: String? {
        for condition in conditions {
            if case .organisation(let name) = condition.test { return name }
        }
        return nil
    }
}
