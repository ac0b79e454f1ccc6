package import Evidence
package import NetworkTypes
package import Sessions

/// The checked, immutable meaning of a pack of rule files. Made by `PolicyCompiler` only; swapped whole.
package struct Policy: Sendable {
    /// Networks that belong to the organisation: every system lies inside them, so that no rule opens the internet.
    package let inside: [IPPrefix]
    package let authorities: [Authority]
    package let systems: [System]
    /// In order: the first that matches decides. Vendor classes stand where the pack puts them.
    package let classes: [PolicyClass]
    package let devices: DeviceRegister
    package let users: UserRegister
    package let tests: [PolicyTest]
    /// When the written policy is due for review; passing it warns and changes nothing.
    package let reviewBy: Instant?
    /// After how long without a packet a session ends, where its class does not say otherwise; nil for never.
    package let idle: Duration?

    package init(
        inside: [IPPrefix], authorities: [Authority], systems: [System], classes: [PolicyClass],
        devices: DeviceRegister = DeviceRegister(), users: UserRegister = UserRegister(),
        tests: [PolicyTest] = [], reviewBy: Instant? = nil, idle: Duration? = nil
    ) {
        self.inside = inside
        self.authorities = authorities
        self.systems = systems
        self.classes = classes
        self.devices = devices
        self.users = users
        self.tests = tests
        self.reviewBy = reviewBy
        self.idle = idle
    }

    /// Whether some rule rests on what the packet path sees: whoever puts the pack in force without one should warn.
    package var restsOnObservation: Bool {
        idle != nil || classes.contains { $0.idle != nil || $0.asksForBehaviour }
    }

    /// The longest time that some rule wants a scan remembered.
    package var longestScanMemory: Duration {
        let memories = classes.flatMap(\.conditions).flatMap { condition -> [Duration] in
            if case .behaviour(let kinds) = condition.test { Array(kinds.values) } else { [] }
        }
        return memories.max() ?? Behaviour.usualMemory
    }

    package func system(named name: String) -> System? { systems.first { $0.name == name } }
    package func authority(named name: String) -> Authority? { authorities.first { $0.name == name } }
    package func policyClass(named name: String) -> PolicyClass? { classes.first { $0.name == name } }
}

/// A certificate authority under a name that rules use, known by the digests of its certificates.
package struct Authority: Sendable, Hashable {
    package let name: String
    /// Any of these, among a chain's issuers, makes the chain this authority's.
    package let digests: Set<CertificateDigest>
    package let location: SourceLocation

    package init(name: String, digests: Set<CertificateDigest>, location: SourceLocation) {
        self.name = name
        self.digests = digests
        self.location = location
    }
}
