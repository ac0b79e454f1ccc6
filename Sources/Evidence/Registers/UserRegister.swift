/// The people that the pack knows, and their groups.
package struct UserRegister: Sendable, Hashable {
    private var groupsByName: [String: Set<String>] = [:]

    package init(_ groupsByName: [String: Set<String>] = [:]) { self.groupsByName = groupsByName }

    /// The groups of a user; nil when no such user is registered.
    package func groups(of user: String) -> Set<String>? { groupsByName[user] }

    /// Every group that some user is in.
    package var groups: Set<String> { groupsByName.values.reduce(into: []) { $0.formUnion($1) } }

    package var names: [String] { groupsByName.keys.sorted() }
}
