package import NetworkTypes

/// The maps that hold the sessions.
package enum SessionMap {
    /// The verdict map that has one element a scope: what leads from a scope's number to its chain.
    package static let scopes = ScopeObjects.Way.out.map

    /// `scope_of_4` or `scope_of_6`.
    package static func name(_ family: AddressFamily) -> String { "scope_of_\(family.suffix)" }

    static func definition(_ family: AddressFamily, capacity: UInt32) -> SetDefinition {
        SetDefinition(
            name(family), key: [.interfaceIndex, .address(family)], data: .mark, hasTimeouts: true,
            size: capacity)
    }
}
