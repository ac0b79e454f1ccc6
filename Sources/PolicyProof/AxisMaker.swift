import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// What a pack's conditions ask for, each once.
struct Atoms {
    var authorities: [String: Authority] = [:]
    var organisations: Set<String> = []
    var attributes: [AxisKind] = []
    var statuses: Set<DeviceStatus> = []
    var kinds: Set<DeviceKind> = []
    var asksForDevice = false
    var asksForManaged = false
    var deviceOrganisations: Set<String> = []
    var users: Set<String> = []
    var groups: Set<String> = []
    var userOrganisations: Set<String> = []
    var steps: Set<String> = []
    var countries: Set<CountryCode> = []
    var offices: [String: Office] = [:]
    var hours: Set<WeeklyHours> = []
    var contracts: [Contract] = []
    var approvals: [ApprovalNeed] = []
    var scans: Set<Duration> = []
    var locks: Set<PostureNeed> = []
    var platforms: Set<ClientPlatform> = []
    var versions: Set<ClientVersion> = []
    /// Of everything that grows old.
    var ages: [AxisKind: Set<Duration>] = [:]
    var switches: Set<AxisKind> = []

    private var seen: Set<AxisKind> = []

    init(_ conditions: some Sequence<Condition>) {
        for condition in conditions { add(condition.test) }
    }

    private mutating func add(_ test: Condition.Test) {
        switch test {
        case .certificate(let authorities):
            for authority in authorities { self.authorities[authority.name] = authority }
        case .organisation(let name): organisations.insert(name)
        case .attribute(let attribute, let patterns):
            let kind = AxisKind.attribute(attribute, patterns)
            if seen.insert(kind).inserted { attributes.append(kind) }
        case .device(let statuses): self.statuses.formUnion(statuses)
        case .deviceKind(let kinds): self.kinds.formUnion(kinds)
        case .deviceManaged: asksForManaged = true
        case .deviceOrganisation(let names): deviceOrganisations.formUnion(names)
        case .deviceOwned: switches.insert(.deviceOwned)
        case .deviceLent: switches.insert(.deviceLent)
        case .deviceOnSite(let age): ages[.deviceOnSite, default: []].insert(age)
        case .unregistered: asksForDevice = true
        case .posture(let need): add(need)
        case .mfa(let age): ages[.mfa, default: []].insert(age)
        case .user(let names): users.formUnion(names)
        case .group(let groups): self.groups.formUnion(groups)
        case .userOrganisation(let names): userOrganisations.formUnion(names)
        case .steps(let steps): self.steps.formUnion(steps)
        case .acknowledged(let age): ages[.acknowledged, default: []].insert(age)
        case .approval(let need): if seen.insert(.approval(need)).inserted { approvals.append(need) }
        case .country(let codes): countries.formUnion(codes)
        case .office(let offices): for office in offices { self.offices[office.name] = office }
        case .hours(let hours): self.hours.insert(hours)
        case .contract(let contract):
            if seen.insert(.contract(contract)).inserted { contracts.append(contract) }
        case .behaviour(let kinds): if let memory = kinds[.scanning] { scans.insert(memory) }
        case .client(.platform(let platforms)): self.platforms.formUnion(platforms)
        case .client(.version(let least)): versions.insert(least)
        case .client(.noSplitTunnel): switches.insert(.splitTunnel)
        case .tenant(let tenant):
            deviceOrganisations.insert(tenant.organisation)
            ages[.tenantCode(tenant.name), default: []].insert(tenant.mfaWithin)
        case .never: break
        }
    }

    private mutating func add(_ need: PostureNeed) {
        switch need {
        case .antivirus(let age): ages[.antivirus, default: []].insert(age)
        case .patches(let age): ages[.patches, default: []].insert(age)
        case .diskEncryption(let age): ages[.diskEncryption, default: []].insert(age)
        case .firewall(let age): ages[.firewall, default: []].insert(age)
        case .screenLock: locks.insert(need)
        }
    }
}

/// Makes the axes of what is asked for, in the order in which sessions are told apart.
struct AxisMaker {
    let atoms: Atoms
    let base: Instant

    var axes: [Axis] {
        [authority, organisation].compactMap(\.self) + atoms.attributes.map(attribute) + device + client
            + person
            + place + time + youth + rest
    }

    private static let nothing = Cell(text: "none", fact: .nothing)

    // MARK: The certificate

    private var authority: Axis? {
        let asksForNames = !atoms.organisations.isEmpty || !atoms.attributes.isEmpty
        guard !atoms.authorities.isEmpty || asksForNames || asksForRecord else { return nil }
        var cells = [
            Cell(text: "no certificate", fact: .nothing),
            Cell(text: "of an authority that the pack does not name", fact: .unnamedAuthority),
        ]
        var weaker = [[], [0]]
        for name in atoms.authorities.keys.sorted() {
            guard let authority = atoms.authorities[name] else { continue }
            let good = cells.count
            cells.append(Cell(text: name, fact: .authority(name, nil, isUnseen: false)))
            weaker.append([0])
            if authority.revocation != .none {
                weaker[good].append(cells.count)
                cells.append(
                    Cell(text: "\(name), withdrawn", fact: .authority(name, .revoked, isUnseen: false)))
                weaker.append([0])
            }
            if authority.revocation == .required {
                weaker[good].append(cells.count)
                cells.append(
                    Cell(
                        text: "\(name), which cannot be asked",
                        fact: .authority(name, .unknown, isUnseen: true)))
                weaker.append([0])
            }
            if authority.needsChain {
                weaker[good].append(cells.count)
                cells.append(
                    Cell(text: "\(name), not looked at in full", fact: .authority(name, nil, isUnseen: true)))
                weaker.append([0])
            }
        }
        return Axis(.authority, cells, weaker: weaker)
    }

    private var organisation: Axis? { names(.organisation, atoms.organisations) }

    private func attribute(_ kind: AxisKind) -> Axis {
        Axis(
            kind,
            [
                Cell(text: "not at hand", fact: .nothing), Cell(text: "other", fact: .name("another")),
                Cell(text: "as asked", fact: .yes),
            ])
    }

    /// None, another, and those that are asked for.
    private func names(_ kind: AxisKind, _ names: Set<String>) -> Axis? {
        guard !names.isEmpty else { return nil }
        let other = Self.unused("another", names)
        let named = names.sorted().map { Cell(text: $0, fact: .name($0)) }
        return Axis(kind, [Self.nothing, Cell(text: "another", fact: .name(other))] + named)
    }

    private static func unused(_ name: String, _ taken: Set<String>) -> String {
        var candidate = name
        while taken.contains(candidate) { candidate += "-other" }
        return candidate
    }

    // MARK: The device

    private var asksForRecord: Bool {
        atoms.asksForDevice || !atoms.statuses.isEmpty || !atoms.kinds.isEmpty || atoms.asksForManaged
            || !atoms.deviceOrganisations.isEmpty
            || !atoms.switches.isDisjoint(with: [.deviceOwned, .deviceLent])
            || SessionSpace.ofDevice.contains { atoms.ages[$0] != nil } || !atoms.locks.isEmpty
    }

    private var device: [Axis] {
        guard asksForRecord else { return [] }
        var axes = [
            Axis(
                .deviceRecord,
                [Cell(text: "not on the register", fact: .nothing), Cell(text: "registered", fact: .yes)])
        ]
        if !atoms.statuses.isEmpty {
            axes.append(
                Axis(
                    .deviceStatus,
                    [Self.nothing] + DeviceStatus.allCases.map { Cell(text: $0.rawValue, fact: .status($0)) })
            )
        }
        if !atoms.kinds.isEmpty {
            axes.append(
                Axis(
                    .deviceKind,
                    [Self.nothing] + DeviceKind.allCases.map { Cell(text: $0.rawValue, fact: .kind($0)) }))
        }
        if atoms.asksForManaged {
            axes.append(
                Axis(
                    .deviceManaged,
                    [
                        Cell(text: "not said", fact: .nothing),
                        Cell(text: "not managed", fact: .managed(false)),
                        Cell(text: "managed", fact: .managed(true)),
                    ]))
        }
        return axes + [names(.deviceOrganisation, atoms.deviceOrganisations)].compactMap(\.self)
    }

    // MARK: The client

    private var client: [Axis] {
        var axes: [Axis] = []
        let silent = Cell(text: "not said", fact: .nothing)
        if !atoms.platforms.isEmpty {
            let other = ClientPlatform.allCases.filter { !atoms.platforms.contains($0) }.prefix(1)
            let cells = other + atoms.platforms.sorted { $0.rawValue < $1.rawValue }
            axes.append(
                Axis(.clientPlatform, [silent] + cells.map { Cell(text: $0.rawValue, fact: .platform($0)) }))
        }
        if !atoms.versions.isEmpty {
            let cells = ([ClientVersion("0")].compactMap(\.self) + atoms.versions.sorted())
                .map { Cell(text: "\($0)", fact: .version($0)) }
            axes.append(Axis(.clientVersion, [silent] + cells))
        }
        if atoms.switches.contains(.splitTunnel) {
            axes.append(
                Axis(
                    .splitTunnel,
                    [
                        silent, Cell(text: "split", fact: .name("split")),
                        Cell(text: "not split", fact: .yes),
                    ]))
        }
        return axes
    }

    // MARK: The person

    private var person: [Axis] {
        let asksForUser =
            !atoms.groups.isEmpty || !atoms.userOrganisations.isEmpty || !atoms.steps.isEmpty
            || atoms.ages[.acknowledged] != nil
        let asksForName =
            asksForUser || !atoms.users.isEmpty || !atoms.approvals.isEmpty
            || !atoms.switches.isDisjoint(with: [.deviceOwned, .deviceLent])
        var axes: [Axis] = []
        if asksForName {
            let named = atoms.users.sorted().map { Cell(text: $0, fact: .name($0)) }
            let other = Cell(text: "somebody", fact: .name(Self.unused("somebody", atoms.users)))
            axes.append(Axis(.userName, [Cell(text: "no name", fact: .nothing), other] + named))
        }
        if asksForUser {
            axes.append(
                Axis(
                    .userRecord,
                    [Cell(text: "not registered", fact: .nothing), Cell(text: "registered", fact: .yes)]))
        }
        return axes + [names(.userOrganisation, atoms.userOrganisations)].compactMap(\.self)
    }

    private func yesOrNo(_ kind: AxisKind) -> Axis {
        Axis(kind, [Cell(text: "no", fact: .nothing), Cell(text: "yes", fact: .yes)])
    }

    // MARK: Place and time

    private var place: [Axis] {
        var axes: [Axis] = []
        if !atoms.scans.isEmpty {
            let sorted = atoms.scans.sorted(by: >)
            let ages = sorted.indices.map { index in
                let age = index + 1 < sorted.count ? sorted[index + 1] : Axis.youngest(sorted[index])
                return Cell(text: "in an earlier session, \(TimeText.text(age)) ago", fact: .age(age))
            }
            let cells =
                [Cell(text: "not seen", fact: .nothing)] + ages
                + [Cell(text: "in this session", fact: .ownScan)]
            // It speaks against the session: the later, the more.
            axes.append(Axis(.scan, cells, weaker: cells.indices.map { Array(($0 + 1)..<cells.count) }))
        }
        if !atoms.offices.isEmpty || !atoms.countries.isEmpty { axes.append(outer) }
        if !atoms.countries.isEmpty || atoms.approvals.contains(.travel) { axes.append(country) }
        return axes
    }

    private var outer: Axis {
        let offices = atoms.offices.keys.sorted().compactMap { name in
            atoms.offices[name]?.networks.first.map {
                Cell(text: "the office \(name)", fact: .outer($0.range.first))
            }
        }
        let networks = atoms.offices.values.flatMap(\.networks)
        let candidates = ["198.51.100.77", "203.0.113.77", "192.0.2.77", "2001:db8:77::1", "233.252.0.77"]
        let elsewhere = candidates.compactMap { IPAddress($0) }.first { address in
            !networks.contains { $0.range.contains(address) }
        }
        let other = elsewhere.map { [Cell(text: "elsewhere", fact: .outer($0))] } ?? []
        return Axis(.outer, [Cell(text: "not known", fact: .nothing)] + other + offices)
    }

    private var country: Axis {
        let candidates = ["NZ", "UY", "BT", "FJ", "IS"].compactMap { CountryCode($0) }
        let other =
            candidates.first { !atoms.countries.contains($0) }
            .map { [Cell(text: "another country", fact: .country($0))] } ?? []
        return Axis(
            .country,
            [Cell(text: "not known", fact: .nothing)] + other
                + atoms.countries.sorted().map { Cell(text: $0.description, fact: .country($0)) })
    }

    /// Up to so many hours are looked at together: which of them can be at once, no algebra tells as simply as a calendar.
    private static let hoursTogether = 24

    private var time: [Axis] {
        let contracts = atoms.contracts.map { contract in
            Axis(
                .contract(contract),
                [
                    Cell(text: "contract \(contract.reference) not in force", fact: .nothing),
                    Cell(text: "contract \(contract.reference) in force", fact: .yes),
                ], weaker: [[], []])
        }
        return (atoms.hours.count <= Self.hoursTogether ? week : eachHours) + contracts
    }

    private var week: [Axis] {
        guard !atoms.hours.isEmpty else { return [] }
        let hours = Array(atoms.hours)
        var seen: Set<[Bool]> = []
        var cells: [Cell] = []
        for instant in Calendar.changes(of: hours, from: base) {
            guard seen.insert(hours.map { $0.judge(at: instant).within }).inserted else { continue }
            cells.append(Cell(text: "\(instant)", fact: .instant(instant)))
        }
        return [Axis(.week, cells, weaker: cells.map { _ in [] })]
    }

    private var eachHours: [Axis] {
        atoms.hours.sorted { "\($0)" < "\($1)" }.map { hours in
            let within = Set(Calendar.changes(of: [hours], from: base).map { hours.judge(at: $0).within })
            let cells = [false, true].filter(within.contains).map { isWithin in
                Cell(
                    text: isWithin ? "within \(hours)" : "outside \(hours)", fact: isWithin ? .yes : .nothing)
            }
            return Axis(.hours(hours), cells, weaker: cells.map { _ in [] })
        }
    }

    // MARK: What grows old, and the rest

    private var youth: [Axis] {
        let kinds: [AxisKind] = [.mfa, .antivirus, .patches, .diskEncryption, .firewall]
        let tenants = atoms.ages.keys.compactMap { kind -> String? in
            if case .tenantCode(let name) = kind { name } else { nil }
        }
        let ages = (kinds + tenants.sorted().map { .tenantCode($0) })
            .compactMap { kind in atoms.ages[kind].map { Axis.ages(kind, $0) } }
        return atoms.locks.isEmpty ? ages : ages + [screenLock]
    }

    /// Minutes that are asked for, each at the ages that are asked for.
    private var screenLock: Axis {
        var minutes: Set<Int> = []
        var ages: Set<Duration> = []
        for case .screenLock(let atMost, let age) in atoms.locks {
            minutes.insert(atMost)
            ages.insert(age)
        }
        let sorted = ages.sorted(by: >)
        let starts = sorted.indices.map {
            $0 + 1 < sorted.count ? sorted[$0 + 1] : Axis.youngest(sorted[$0])
        }
        var cells = [Cell(text: "never locks, or not seen", fact: .nothing)]
        var facts: [(minutes: Int, age: Duration)] = [(.max, .zero)]
        for minutes in minutes.sorted(by: >) {
            for age in starts {
                cells.append(
                    Cell(
                        text: "locks after \(minutes)m, seen \(TimeText.text(age)) ago",
                        fact: .lock(minutes: minutes, age: age)))
                facts.append((minutes, age))
            }
        }
        let weaker = cells.indices.map { cell in
            cell == 0
                ? []
                : cells.indices.filter { other in
                    other == 0
                        || other != cell && facts[other].minutes >= facts[cell].minutes
                            && facts[other].age >= facts[cell].age
                }
        }
        return Axis(.screenLock, cells, weaker: weaker)
    }

    private var rest: [Axis] {
        let switches: [AxisKind] = [.deviceOwned, .deviceLent]
        let ages: [AxisKind] = [.deviceOnSite, .acknowledged]
        return switches.filter(atoms.switches.contains).map(yesOrNo)
            + ages.compactMap { kind in atoms.ages[kind].map { Axis.ages(kind, $0) } }
            + atoms.steps.sorted().map { yesOrNo(.step($0)) } + atoms.approvals.map { yesOrNo(.approval($0)) }
            + groups
    }

    /// Last of all: somebody can be in any number of groups. Where classes differ in nothing else, the first group that is
    /// looked at decides; told apart earlier, there would be a list of classes for each set of groups.
    private var groups: [Axis] {
        atoms.groups.sorted().map { yesOrNo(.group($0)) }
    }
}

/// When hours begin and end.
enum Calendar {
    /// The beginning, and every instant within sixteen days at which one of the hours begins or ends: hours repeat by the
    /// week, and a skipped day can put off the only one of a week to the next.
    static func changes(of hours: [WeeklyHours], from base: Instant) -> [Instant] {
        let end = base + .seconds(16 * 86_400)
        var instants: Set<Instant> = [base]
        for one in hours {
            var next = one.judge(at: base).until
            while next < end {
                instants.insert(next)
                next = one.judge(at: next).until
            }
        }
        return instants.sorted()
    }
}
