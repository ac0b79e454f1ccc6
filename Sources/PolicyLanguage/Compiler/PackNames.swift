import Evidence

/// What has a name in a pack, and where it got it: what references are checked against.
struct PackNames {
    /// Kinds of things, as messages call them.
    enum Kind: String, CaseIterable {
        case authority, system, policyClass = "class", device, user, group, clause, vendor, test, office,
            label
        case loan, approval, tenant

        var undefined: DiagnosticID? {
            switch self {
            case .authority: .undefinedAuthority
            case .system: .undefinedSystem
            case .policyClass: .undefinedClass
            case .device: .undefinedDevice
            case .clause: .undefinedClause
            case .office: .undefinedOffice
            case .label: .undefinedLabel
            case .tenant: .undefinedTenant
            case .user, .group, .vendor, .test, .loan, .approval: nil
            }
        }
    }

    private var places: [Kind: [String: SourceLocation?]] = [:]
    private(set) var authorities: [String: Authority] = [:]
    private(set) var offices: [String: Office] = [:]
    private(set) var tenants: [String: Tenant] = [:]
    /// Kinds whose files could not be read whole: what they lack may be defined in the part that was not read, so
    /// references to them are not judged.
    private var unsure: Set<Kind> = []

    init() {}

    /// The names of a policy that is compiled already.
    init(_ policy: Policy) {
        for authority in policy.authorities { _ = add(.authority, authority.name, at: authority.location) }
        for system in policy.systems { _ = add(.system, system.name, at: system.location) }
        for policyClass in policy.classes {
            _ = add(.policyClass, policyClass.name, at: policyClass.location)
        }
        for device in policy.registers.devices.all { _ = add(.device, device.id, at: nil) }
        for user in policy.registers.users.names { _ = add(.user, user, at: nil) }
        for group in policy.registers.users.groups { _ = add(.group, group, at: nil) }
        for office in policy.offices { _ = add(.office, office.name, at: nil) }
        for tenant in policy.tenants { _ = add(.tenant, tenant.name, at: tenant.serving.location) }
    }

    /// The place of the first when the name is taken, which then stays as it is; nil when all is well.
    mutating func add(_ kind: Kind, _ name: String, at location: SourceLocation?) -> SourceLocation? {
        if let first = places[kind]?[name] { return first }
        places[kind, default: [:]][name] = .some(location)
        return nil
    }

    /// Keeps what conditions refer to by name.
    mutating func keep(_ authority: Authority) { authorities[authority.name] = authority }

    mutating func keep(_ office: Office) { offices[office.name] = office }

    mutating func keep(_ tenant: Tenant) { tenants[tenant.name] = tenant }

    /// What a name stands for. Of what could not be read there is only the name: enough for all else to be read, and the
    /// pack is not loaded.
    func authority(_ name: String) -> Authority {
        authorities[name]
            ?? Authority(name: name, digests: [], location: SourceLocation(file: "", line: 1, column: 1))
    }

    func office(_ name: String) -> Office { offices[name] ?? Office(name: name, networks: []) }

    func tenant(_ name: String) -> Tenant {
        tenants[name]
            ?? Tenant(
                name: name, organisation: name, mfaWithin: .seconds(1),
                serving: Settings.Serving(at: SourceLocation(file: "", line: 1, column: 1)))
    }

    mutating func doubt(_ kind: Kind) { unsure.insert(kind) }

    func has(_ kind: Kind, _ name: String) -> Bool { places[kind]?[name] != nil }

    func isUnsure(_ kind: Kind) -> Bool { unsure.contains(kind) }

    func all(_ kind: Kind) -> [String: SourceLocation?] { places[kind] ?? [:] }

    /// Reports a reference to something that is not defined. True when it is, or may be.
    @discardableResult
    func check(_ kind: Kind, _ name: Located<String>, log: DiagnosticLog) -> Bool {
        guard !has(kind, name.value), !isUnsure(kind) else { return true }
        let message: DiagnosticMessage =
            switch kind {
            case .group: .undefinedGroup(name.value)
            case .user: .unknownUser(name.value)
            default: .undefined(kind.undefined ?? .wrongValue, kind.rawValue, name.value)
            }
        log.addUnknown(message, name.value, at: name.range, among: all(kind))
        return false
    }
}
