package import Evidence
package import NetworkTypes
package import Sessions

/// The checked, immutable meaning of a pack of rule files. Made by `PolicyCompiler` only; swapped whole.
package struct Policy: Sendable {
    /// What the pack says of itself, in a line for people; empty when it does not.
    package let about: String
    /// Networks that belong to the organisation: every system lies inside them, so that no rule opens the internet.
    package let inside: [IPPrefix]
    package let authorities: [Authority]
    package let systems: [System]
    /// In order: the first that matches decides. Vendor classes stand where the pack puts them.
    package let classes: [PolicyClass]
    /// What the pack's own files say of devices, users, loans and approvals.
    package let registers: Registers
    package let offices: [Office]
    package let tenants: [Tenant]
    package let tests: [PolicyTest]
    package let settingTests: [SettingTest]
    package let settings: Settings
    /// The written policy's, in the order of the file; empty where the pack does not list them.
    package let clauses: [Clause]
    /// What must hold for every session.
    package let properties: Properties

    package init(
        about: String = "", inside: [IPPrefix], authorities: [Authority], systems: [System],
        classes: [PolicyClass],
        registers: Registers = Registers(), offices: [Office] = [],
        tenants: [Tenant] = [], tests: [PolicyTest] = [],
        settingTests: [SettingTest] = [], settings: Settings = Settings(), clauses: [Clause] = [],
        properties: Properties = Properties()
    ) {
        self.about = about
        self.inside = inside
        self.authorities = authorities
        self.systems = systems
        self.classes = classes
        self.registers = registers
        self.offices = offices
        self.tenants = tenants
        self.tests = tests
        self.settingTests = settingTests
        self.settings = settings
        self.clauses = clauses
        self.properties = properties
        systemsByName = Dictionary(systems.map { ($0.name, $0) }) { first, _ in first }
        classesByName = Dictionary(classes.map { ($0.name, $0) }) { first, _ in first }
        gifts = classes.map { [systemsByName] in Gift($0, systemsByName) }
        candidates = Candidates(classes)
    }

    /// After how long without a packet a session ends, where its class does not say otherwise; nil for never.
    package var idle: Duration? { settings.idle?.after }

    /// What a class gives, looked up once: its systems in the pack's order, and their names in the order of names.
    package struct Gift: Sendable {
        package let systems: [System]
        package let sortedNames: [String]

        fileprivate init(_ policyClass: PolicyClass, _ systems: [String: System]) {
            guard case .systems(let names) = policyClass.access else {
                (self.systems, sortedNames) = ([], [])
                return
            }
            self.systems = names.compactMap { systems[$0] }
            sortedNames = Set(self.systems.map(\.name)).sorted()
        }
    }

    /// By the index of the class.
    package let gifts: [Gift]

    private let candidates: Candidates

    /// Indices, ascending, of the classes that a session can be in whose certificate names this organisation, or none:
    /// all but those of other vendors.
    package func candidates(ofOrganisation organisation: String?) -> [Int] {
        organisation.flatMap { candidates.ofOrganisation[$0] } ?? candidates.ofAll
    }

    private let systemsByName: [String: System]
    private let classesByName: [String: PolicyClass]

    /// Whether some rule rests on what the packet path sees: whoever puts the pack in force without one should warn.
    package var restsOnObservation: Bool {
        idle != nil || classes.contains { $0.idle != nil || $0.asksForBehaviour }
    }

    /// Whether some rule rests on the country of an address: whoever puts the pack in force without a database should warn.
    package var restsOnCountry: Bool {
        let conditions = classes.flatMap(\.conditions) + systems.flatMap(\.needs)
        return conditions.contains { condition in
            switch condition.test {
            case .country, .approval(.travel): true
            default: false
            }
        }
    }

    /// The longest time that some rule wants a scan remembered.
    package var longestScanMemory: Duration {
        let memories = classes.flatMap(\.conditions).flatMap { condition -> [Duration] in
            if case .behaviour(let kinds) = condition.test { Array(kinds.values) } else { [] }
        }
        return memories.max() ?? Behaviour.usualMemory
    }

    package func tenant(named name: String) -> Tenant? { tenants.first { $0.name == name } }
    package func system(named name: String) -> System? { systemsByName[name] }
    package func authority(named name: String) -> Authority? { authorities.first { $0.name == name } }
    package func policyClass(named name: String) -> PolicyClass? { classesByName[name] }
}

/// A certificate authority under a name that rules use, known by the digests of its certificates.
package struct Authority: Sendable, Hashable {
    /// Whether a certificate counts of which its authority cannot be asked.
    package enum Revocation: String, Sendable, Hashable, CaseIterable {
        /// No list or service is named: certificates are withdrawn by taking the device off the register.
        case none
        /// Not hearing from the authority, or an overdue list, makes its certificates unknown: nothing passes on them.
        case required
        /// They count until the authority is heard to have withdrawn them.
        case bestEffort = "best-effort"
    }

    package let name: String
    /// Any of these, among a chain's issuers, makes the chain this authority's.
    package let digests: Set<CertificateDigest>
    /// The authority's own certificates in DER, where the pack has them: chains can be verified in full then.
    package let certificates: [[UInt8]]
    /// Whether chains of this authority count only after a full look at them, and not by digests alone.
    package let needsChain: Bool
    package let revocation: Revocation
    /// Files of revocation lists, or folders of such; absolute paths.
    package let revocationLists: [String]
    /// Where the authority answers questions about single certificates (OCSP); nil for nowhere.
    package let responder: String?
    package let location: SourceLocation

    package init(
        name: String, digests: Set<CertificateDigest>, certificates: [[UInt8]] = [], needsChain: Bool = false,
        revocation: Revocation = .none, revocationLists: [String] = [], responder: String? = nil,
        location: SourceLocation
    ) {
        self.name = name
        self.digests = digests
        self.certificates = certificates
        self.needsChain = needsChain
        self.revocation = revocation
        self.revocationLists = revocationLists
        self.responder = responder
        self.location = location
    }
}

/// Most classes of a big pack are vendors', each for an organisation of its own. They need not be looked at for anybody
/// else: what a certificate says of its organisation stays so, and a class that gives something asks for no less.
private struct Candidates: Sendable {
    /// Those that ask for no organisation.
    var ofAll: [Int] = []
    /// With those that ask for this one.
    var ofOrganisation: [String: [Int]] = [:]

    init(_ classes: [PolicyClass]) {
        let organisations = classes.map(Self.organisation)
        var own: [String: [Int]] = [:]
        for (index, organisation) in organisations.enumerated() {
            if let organisation { own[organisation, default: []].append(index) } else { ofAll.append(index) }
        }
        ofOrganisation = own.mapValues { [ofAll] in ($0 + ofAll).sorted() }
    }

    private static func organisation(_ policyClass: PolicyClass) -> String? {
        // A class that gives nothing also takes those of whom it cannot tell.
        guard policyClass.access != .none else { return nil }
        for condition in policyClass.conditions {
            if case .organisation(let name) = condition.test { return name }
        }
        return nil
    }
}
