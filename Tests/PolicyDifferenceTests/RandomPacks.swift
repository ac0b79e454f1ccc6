import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions
import TestSupport

/// Packs of a few systems and classes over the small universe, by chance, and changes of them.
struct RandomPacks {
    var random: Seeded
    /// Different for each thing that is made: where things stand must make no difference.
    private var line = 0

    static let now = Instant(secondsSince1970: 1_795_442_587)
    private static let systemNames = ["s1", "s2", "s3", "s4", "s5"]
    private static let classNames = ["c1", "c2", "c3", "c4", "vendor:v1", "vendor:v2"]

    init(seed: UInt64) { random = Seeded(seed) }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    private mutating func some<Value>(_ values: [Value]) -> [Value] { values.filter { _ in chance(50) } }

    private mutating func place() -> SourceLocation {
        line += 1
        return SourceLocation(file: "policy.yaml", line: line, column: 1)
    }

    // MARK: Packs

    /// The parts of a policy, to be changed one by one.
    struct Parts {
        var systems: [System]
        var classes: [PolicyClass]

        var policy: Policy {
            // A class names systems that there are.
            let names = Set(systems.map(\.name))
            return Policy(
                inside: [], authorities: [], systems: systems,
                classes: classes.map { policyClass in
                    guard case .systems(let given) = policyClass.access else { return policyClass }
                    return policyClass.with(access: .systems(given.filter(names.contains)))
                })
        }
    }

    mutating func parts() -> Parts {
        var names = Self.systemNames.shuffled(using: &random)
        let systems = (0..<Int.random(in: 1...4, using: &random)).map { _ in system(names.removeLast()) }
        var classNames = Self.classNames.shuffled(using: &random)
        let classes = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            policyClass(classNames.removeLast())
        }
        return Parts(systems: systems, classes: classes)
    }

    /// The same pack, written elsewhere.
    mutating func moved(_ parts: Parts) -> Parts {
        Parts(
            systems: parts.systems.map { system in
                System(
                    name: system.name, addresses: system.addresses.reversed(), services: system.services,
                    label: system.label, needs: system.needs.map { Condition($0.test, at: place()) },
                    location: place())
            },
            classes: parts.classes.map { policyClass in
                PolicyClass(
                    name: policyClass.name,
                    conditions: policyClass.conditions.map { condition in
                        guard case .certificate(let authorities) = condition.test else {
                            return Condition(condition.test, at: place())
                        }
                        return Condition(
                            .certificate(authorities: authorities.map { authority($0.name) }), at: place())
                    }, access: policyClass.access, cites: policyClass.cites, contract: policyClass.contract,
                    location: place())
            })
    }

    mutating func changed(_ parts: Parts) -> Parts {
        var result = moved(parts)
        for _ in 0..<pick([1, 1, 1, 2, 3, 5]) { change(&result) }
        return result
    }

    private mutating func change(_ parts: inout Parts) {
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: changeSystem(&parts)
        case 2:
            let free = Self.systemNames.filter { name in !parts.systems.contains { $0.name == name } }
            if !free.isEmpty { parts.systems.append(system(pick(free))) }
        case 3: if parts.systems.count > 1 { parts.systems.remove(at: pick(Array(parts.systems.indices))) }
        case 4:
            let free = Self.classNames.filter { name in !parts.classes.contains { $0.name == name } }
            guard !free.isEmpty else { return }
            parts.classes.insert(policyClass(pick(free)), at: pick(Array(0...parts.classes.count)))
        case 5: if parts.classes.count > 1 { parts.classes.remove(at: pick(Array(parts.classes.indices))) }
        case 6: parts.classes.shuffle(using: &random)
        default: changeClass(&parts)
        }
    }

    private mutating func changeSystem(_ parts: inout Parts) {
        let index = pick(Array(parts.systems.indices))
        let old = parts.systems[index]
        let new = system(old.name)
        let takes = chance(60)
        parts.systems[index] = System(
            name: old.name, addresses: takes ? new.addresses : old.addresses,
            services: chance(50) ? new.services : old.services, label: old.label,
            needs: takes && chance(60) ? old.needs : new.needs, location: place())
    }

    private mutating func changeClass(_ parts: inout Parts) {
        let index = pick(Array(parts.classes.indices))
        let old = parts.classes[index]
        let new = policyClass(old.name)
        let gives = chance(50)
        parts.classes[index] = PolicyClass(
            name: old.name, conditions: gives ? old.conditions : new.conditions,
            access: gives ? new.access : old.access, cites: old.cites,
            contract: gives ? old.contract : new.contract, location: place())
    }

    // MARK: Systems

    private mutating func system(_ name: String) -> System {
        System(
            name: name, addresses: (0..<pick([1, 1, 2])).map { _ in range() },
            services: (0..<pick([1, 1, 2])).map { _ in service() }, needs: needs(name), location: place())
    }

    private mutating func range() -> AddressRange {
        let family = chance(75) ? Array(Universe.addresses[0..<4]) : Array(Universe.addresses[4..<6])
        let (one, other) = (pick(family), pick(family))
        return AddressRange(first: min(one, other), last: max(one, other)) ?? AddressRange(one)
    }

    private mutating func service() -> Service {
        let (one, other) = (UInt16(pick([0, 1, 2, 3])), UInt16(pick([0, 1, 2, 3])))
        let ports =
            chance(15) ? PortRange.all : PortRange(first: min(one, other), last: max(one, other)) ?? .all
        return pick([.tcp(ports), .tcp(ports), .udp(ports), .ping, Service("esp") ?? .ping])
    }

    private mutating func needs(_ name: String) -> [Condition] {
        let tests: [Condition.Test] = pick([
            [], [], [], [.mfa(within: .seconds(3600))], [.mfa(within: .seconds(7200))],
            [.approval(.system(name: name, label: nil))], [.never(label: "secret")],
            [.mfa(within: .seconds(3600)), .approval(.remoteWorking)],
        ])
        return tests.map { Condition($0, at: place()) }
    }

    // MARK: Classes

    private mutating func policyClass(_ name: String) -> PolicyClass {
        let isVendor = name.hasPrefix("vendor:")
        let contract = isVendor ? contract(name) : nil
        var tests = some(conditions())
        if let contract { tests += [.organisation(pick(["o1", "o2"])), .contract(contract)] }
        let access: PolicyClass.Access =
            !isVendor && chance(25) ? .none : .systems(some(Self.systemNames).shuffled(using: &random))
        return PolicyClass(
            name: name, conditions: tests.map { Condition($0, at: place()) }, access: access,
            contract: contract, location: place())
    }

    /// One of each kind at most, as the language has it.
    private mutating func conditions() -> [Condition.Test] {
        let minute: Int64 = 60
        return [
            .certificate(authorities: [authority(pick(["a", "b"]))]),
            .device(Set(pick([[DeviceStatus.inUse], [.lost], [.lost, .stolen], [.inUse, .lost]]))),
            .mfa(within: .seconds(pick([60, 120]) * minute)),
            .group(Set(pick([["g1"], ["g2"], ["g1", "g2"]]))),
            .country(Set(["GB", "FR"].compactMap { CountryCode($0) }.prefix(pick([1, 2])))),
            .user(Set(pick([["alice"], ["bob"], ["alice", "bob"]]))),
        ]
    }

    private mutating func authority(_ name: String) -> Authority {
        let byte: UInt8 = name == "a" ? 0xCA : 0xCB
        let digest = CertificateDigest(bytes: Array(repeating: byte, count: 32))
        return Authority(name: name, digests: Set([digest].compactMap(\.self)), location: place())
    }

    private mutating func contract(_ name: String) -> Contract {
        Contract(
            vendor: name, reference: pick(["C-1", "C-2"]), sponsor: "head",
            from: Self.now - .seconds(pick([-60, 3600])), until: Self.now + .seconds(pick([60, 7200])),
            warnBefore: .zero)
    }
}

extension PolicyClass {
    fileprivate func with(access: Access) -> PolicyClass {
        PolicyClass(
            name: name, conditions: conditions, access: access, cites: cites, tell: tell, contract: contract,
            idle: idle, location: location)
    }
}

/// Every session of a finite set: each value of what the packs' conditions ask for, with each of the others.
enum Sessions {
    static let all: [SessionEvidence] = {
        var all: [SessionEvidence] = []
        for issuer in [UInt8(0xCA), 0xCB] {
            for organisation in [nil, "o1", "o2"] {
                for status in [DeviceStatus?.none, .inUse, .lost] {
                    for age in [Int64?.none, 30, 90] {
                        for user in ["alice", "bob"] {
                            for country in [String?.none, "GB", "FR"] {
                                all.append(
                                    evidence(issuer, organisation, status, age, user, country))
                            }
                        }
                    }
                }
            }
        }
        return all
    }()

    private static func evidence(
        _ issuer: UInt8, _ organisation: String?, _ status: DeviceStatus?, _ age: Int64?, _ user: String,
        _ country: String?
    ) -> SessionEvidence {
        var evidence = SessionEvidence()
        if let leaf = digest(1), let issuer = digest(issuer) {
            evidence.certificates = CertificateChain(
                leaf: PresentedCertificate(
                    digest: leaf, attributes: NamedTexts(organisation.map { ["O": $0] } ?? [:])),
                issuers: [PresentedCertificate(digest: issuer)])
        }
        evidence.device = status.map { DeviceRecord(id: "lt-1", certificate: digest(1), status: $0) }
        evidence.mfaVerifiedAt = age.map { RandomPacks.now - .seconds($0 * 60) }
        evidence.userName = user
        evidence.user = UserRecord(name: user, groups: [user == "alice" ? "g1" : "g2"])
        evidence.country = country.flatMap { CountryCode($0) }
        if user == "alice" {
            evidence.approvals = [
                Approval(
                    reference: "A-1", kind: .system, user: user, approver: "head",
                    from: RandomPacks.now - .seconds(60), until: RandomPacks.now + .seconds(60),
                    systems: ["s1", "s2"])
            ]
        }
        return evidence
    }

    private static func digest(_ byte: UInt8) -> CertificateDigest? {
        CertificateDigest(bytes: Array(repeating: byte, count: 32))
    }
}
