/// Whose one-time codes: a user's own, or those that the user has for one tenant.
///
/// Each has a seed and a count of tries of its own: a code of one is no code of another, and wrong ones for one do not
/// block the others.
package struct CodeOwner: Sendable, Hashable, Comparable {
    package let user: String
    /// By name; nil for the user's own.
    package let tenant: String?

    package init(_ user: String, tenant: String? = nil) {
        self.user = user
        self.tenant = tenant
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.user, lhs.tenant ?? "") < (rhs.user, rhs.tenant ?? "")
    }
}

extension Dictionary where Key == String {
    /// What is known by user, as the users' own.
    package var byOwner: [CodeOwner: Value] {
        Dictionary<CodeOwner, Value>(uniqueKeysWithValues: map { (CodeOwner($0.key), $0.value) })
    }
}
