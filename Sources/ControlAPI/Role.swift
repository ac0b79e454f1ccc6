/// What somebody at the control socket may do. Each role may do what those before it may.
package enum Role: String, Sendable, Hashable, CaseIterable, Comparable, Codable {
    /// Looks at everything but secrets, and changes nothing.
    case viewer
    /// Cuts, readmits, states what registers and evidence say.
    case `operator`
    /// Changes the rules in force.
    case policyAdmin = "policy-admin"

    package static func < (lhs: Role, rhs: Role) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .policyAdmin: 2
        }
    }
}

/// The Unix groups whose members have a role, by number. Nobody has a role by a group that is not there.
package struct RoleGroups: Sendable, Hashable {
    private let groups: [UInt32: Role]

    package static let none = RoleGroups([:])

    /// Where a group stands for several roles, the highest counts.
    package init(_ groups: [Role: UInt32]) {
        self.groups = Dictionary(groups.map { ($1, $0) }) { max($0, $1) }
    }

    package var isEmpty: Bool { groups.isEmpty }

    /// The highest role of those that the groups give; nil for none.
    package func role(ofMemberOf memberships: some Sequence<UInt32>) -> Role? {
        memberships.compactMap { groups[$0] }.max()
    }
}
