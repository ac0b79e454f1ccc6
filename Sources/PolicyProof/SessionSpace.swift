import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// What must hold on one axis.
struct Constraint: Hashable, Sendable {
    let axis: Int
    let cells: CellSet
}

/// Constraints on different axes, ascending by axis: all must hold. Empty for what every session meets.
typealias Box = [Constraint]

/// Every possible session, as far as the conditions of a pack tell sessions apart: a product of axes, less what cannot be.
///
/// A condition looks at one axis, or at few. So what a class asks for is a box, or a few boxes, and questions about all
/// sessions become questions about finitely many boxes.
///
/// What is assumed: a chain of certificates has an issuer among one authority of the pack at most; names in attributes are
/// free, but for patterns that contain others; what the registers say is free, since commands change it.
struct SessionSpace: Sendable {
    private(set) var axes: [Axis] = []
    private var numbers: [AxisKind: Int] = [:]
    /// Combinations that no session has, such as a status without a device.
    private(set) var impossible: [Box] = []

    /// - Parameter base: from when on hours are looked at; any instant will do.
    init(_ conditions: some Sequence<Condition>, from base: Instant) {
        let atoms = Atoms(conditions)
        for axis in AxisMaker(atoms: atoms, base: base).axes {
            numbers[axis.kind] = axes.count
            axes.append(axis)
        }
        impossible = contradictions
    }

    func number(of kind: AxisKind) -> Int? { numbers[kind] }

    // MARK: Boxes

    /// Where all of these conditions hold, as alternatives.
    ///
    /// - Parameter unknownCounts: whether a condition that is unknown is as good as one that holds, as in a class that
    ///   gives nothing.
    func boxes(_ conditions: [Condition], unknownCounts: Bool = false) -> [Box] {
        conditions.reduce([[]]) { boxes, condition in
            let alternatives = self.boxes(condition, unknownCounts)
            return boxes.flatMap { box in alternatives.compactMap { intersection(box, $0) } }
        }
    }

    /// Nil when nothing is in both.
    func intersection(_ one: Box, _ other: Box) -> Box? {
        var cells = Dictionary(uniqueKeysWithValues: one.map { ($0.axis, $0.cells) })
        for constraint in other {
            let both = cells[constraint.axis]?.intersection(constraint.cells) ?? constraint.cells
            if both.isEmpty(of: axes[constraint.axis].cells.count) { return nil }
            cells[constraint.axis] = both
        }
        return cells.sorted { $0.key < $1.key }.map { Constraint(axis: $0.key, cells: $0.value) }
            .filter { !$0.cells.isAll(of: axes[$0.axis].cells.count) }
    }

    /// The cells of an axis whose fact is good; no constraint where there is no such axis, since nothing asks for it.
    func box(_ kind: AxisKind, where isGood: (Fact) -> Bool) -> Box {
        guard let number = numbers[kind] else { return [] }
        let cells = CellSet(axes[number].cells.indices.filter { isGood(axes[number].cells[$0].fact) })
        return cells.isAll(of: axes[number].cells.count) ? [] : [Constraint(axis: number, cells: cells)]
    }

    private func boxes(_ condition: Condition, _ unknownCounts: Bool) -> [Box] {
        switch condition.test {
        case .certificate(let authorities):
            let names = Set(authorities.map(\.name))
            return one(.authority) { fact in
                guard case .authority(let name, let revocation, let isUnseen) = fact, names.contains(name)
                else {
                    return false
                }
                return isUnseen ? unknownCounts : revocation == nil
            }
        case .organisation(let name): return one(.organisation) { $0.isName(name) }
        case .attribute(let attribute, let patterns):
            return one(.attribute(attribute, patterns)) { $0.isYes || unknownCounts && $0.isNothing }
        case .device(let statuses):
            return one(.deviceStatus) { fact in
                if case .status(let status) = fact { statuses.contains(status) } else { unknownCounts }
            }
        case .deviceKind(let kinds):
            return one(.deviceKind) { fact in
                if case .kind(let kind) = fact { kinds.contains(kind) } else { unknownCounts }
            }
        case .deviceManaged(let wanted):
            return one(.deviceManaged) { fact in
                if case .managed(let isManaged) = fact { isManaged == wanted } else { unknownCounts }
            }
        case .deviceOrganisation(let names):
            return one(.deviceOrganisation) { $0.isName(of: names) || unknownCounts && $0.isNothing }
        case .deviceOwned: return one(.deviceOwned) { $0.isYes }
        case .deviceLent: return one(.deviceLent) { $0.isYes }
        case .deviceOnSite(let age): return one(.deviceOnSite) { $0.isYounger(than: age) }
        case .unregistered: return one(.deviceRecord) { $0.isNothing }
        case .posture(let need): return posture(need)
        case .mfa(let age): return one(.mfa) { $0.isYounger(than: age) }
        case .user(let names): return one(.userName) { $0.isName(of: names) }
        case .group(let groups):
            let known = groups.sorted().map { box(.group($0)) { $0.isYes } }
            return unknownCounts ? known + one(.userRecord) { $0.isNothing } : known
        case .userOrganisation(let names):
            return one(.userOrganisation) { $0.isName(of: names) || unknownCounts && $0.isNothing }
        case .steps(let steps):
            return [steps.sorted().flatMap { box(.step($0)) { $0.isYes } }.sorted { $0.axis < $1.axis }]
        case .acknowledged(let age): return one(.acknowledged) { $0.isYounger(than: age) }
        case .approval(let need): return one(.approval(need)) { $0.isYes }
        case .country(let codes):
            return one(.country) { fact in
                if case .country(let code) = fact { codes.contains(code) } else { unknownCounts }
            }
        case .office(let offices):
            let networks = offices.flatMap(\.networks)
            return one(.outer) { fact in
                guard case .outer(let address) = fact else { return unknownCounts }
                return networks.contains { $0.range.contains(address) }
            }
        case .hours(let hours): return self.hours(hours)
        case .contract(let contract): return one(.contract(contract)) { $0.isYes }
        case .behaviour(let kinds):
            guard let memory = kinds[.scanning] else { return [] }
            return one(.scan) { fact in
                if case .ownScan = fact { true } else { fact.isYounger(than: memory) }
            }
        case .client(let need): return client(need, unknownCounts)
        case .tenant(let tenant):
            let own = box(.deviceOrganisation) { $0.isName(tenant.organisation) }
            let code = box(.tenantCode(tenant.name)) { $0.isYounger(than: tenant.mfaWithin) }
            return [own] + [intersection(code, box(.deviceRecord) { $0.isYes })].compactMap(\.self)
        case .never: return []
        }
    }

    private func one(_ kind: AxisKind, where isGood: (Fact) -> Bool) -> [Box] { [box(kind, where: isGood)] }

    private func posture(_ need: PostureNeed) -> [Box] {
        switch need {
        case .antivirus(let age): one(.antivirus) { $0.isYounger(than: age) }
        case .patches(let age): one(.patches) { $0.isYounger(than: age) }
        case .diskEncryption(let age): one(.diskEncryption) { $0.isYounger(than: age) }
        case .firewall(let age): one(.firewall) { $0.isYounger(than: age) }
        case .screenLock(let atMost, let age):
            one(.screenLock) { fact in
                if case .lock(let minutes, let seen) = fact { minutes <= atMost && seen < age } else { false }
            }
        }
    }

    private func client(_ need: ClientNeed, _ unknownCounts: Bool) -> [Box] {
        switch need {
        case .platform(let platforms):
            one(.clientPlatform) { fact in
                if case .platform(let platform) = fact { platforms.contains(platform) } else { unknownCounts }
            }
        case .version(let least):
            one(.clientVersion) { fact in
                if case .version(let version) = fact { version >= least } else { unknownCounts }
            }
        case .noSplitTunnel: one(.splitTunnel) { $0.isYes || unknownCounts && $0.isNothing }
        }
    }

    private func hours(_ hours: WeeklyHours) -> [Box] {
        guard numbers[.week] != nil else { return one(.hours(hours)) { $0.isYes } }
        return one(.week) { fact in
            if case .instant(let instant) = fact { hours.judge(at: instant).within } else { false }
        }
    }
}

extension Fact {
    var isNothing: Bool { if case .nothing = self { true } else { false } }
    var isYes: Bool { if case .yes = self { true } else { false } }
    func isName(_ name: String) -> Bool { if case .name(name) = self { true } else { false } }

    func isName(of names: Set<String>) -> Bool {
        if case .name(let name) = self { names.contains(name) } else { false }
    }

    func isYounger(than limit: Duration) -> Bool {
        if case .age(let age) = self { age < limit } else { false }
    }
}

// MARK: What cannot be

extension SessionSpace {
    private var contradictions: [Box] {
        let noCertificate = box(.authority) { $0.isNothing }
        let noDevice = box(.deviceRecord) { $0.isNothing }
        let noName = box(.userName) { $0.isNothing }
        let noUser = box(.userRecord) { $0.isNothing }
        var pairs: [(Box, Box)] = []
        // Who has no certificate has no names in it, and no device: that is found by its certificate.
        pairs.append((noCertificate, something(.organisation)))
        pairs += attributes.map { (noCertificate, something($0)) }
        pairs.append((noCertificate, something(.deviceRecord)))
        // Who is on no register has nothing there, and reports of nobody's device are not taken.
        pairs += Self.ofDevice.map { (noDevice, something($0)) }
        let ofRecord: [AxisKind] = [.deviceStatus, .deviceKind]
        pairs += ofRecord.map { (something(.deviceRecord), nothing($0)) }
        pairs += ofUser.map { (noUser, something($0)) }
        pairs += ofName.map { (noName, something($0)) }
        // An address that is not known is in no country, and nobody's travel was approved to a country that is not known.
        pairs.append((nothing(.outer), something(.country)))
        pairs.append((nothing(.country), something(.approval(.travel))))
        return pairs.compactMap { one, other in
            one.isEmpty || other.isEmpty ? nil : intersection(one, other)
        } + attributeContradictions + chainContradictions
    }

    private func nothing(_ kind: AxisKind) -> Box { box(kind) { $0.isNothing } }
    private func something(_ kind: AxisKind) -> Box { box(kind) { !$0.isNothing } }

    static let ofDevice: [AxisKind] = [
        .deviceStatus, .deviceKind, .deviceManaged, .deviceOrganisation, .deviceOwned, .deviceLent,
        .deviceOnSite, .antivirus, .patches, .diskEncryption, .firewall, .screenLock,
    ]

    var attributes: [AxisKind] {
        axes.map(\.kind).filter { if case .attribute = $0 { true } else { false } }
    }

    var approvals: [AxisKind] {
        axes.map(\.kind).filter { if case .approval = $0 { true } else { false } }
    }

    /// What the register says of a user.
    var ofUser: [AxisKind] {
        axes.map(\.kind).filter { kind in
            switch kind {
            case .group, .userOrganisation, .acknowledged, .step: true
            default: false
            }
        }
    }

    /// What is known of a user by name.
    var ofName: [AxisKind] { [.userRecord, .deviceOwned, .deviceLent] + ofUser + approvals }

    /// A look at a certificate tells all of its attributes or none, and what fits a pattern fits a wider list of them.
    private var attributeContradictions: [Box] {
        var result: [Box] = []
        for case .attribute(let this, let these) in attributes {
            for case .attribute(let that, let those) in attributes where this == that && these != those {
                let (one, other) = (AxisKind.attribute(this, these), AxisKind.attribute(that, those))
                if let box = intersection(nothing(one), something(other)) { result.append(box) }
                guard these.isSubset(of: those) else { continue }
                if let box = intersection(box(one) { $0.isYes }, self.box(other) { !$0.isYes }) {
                    result.append(box)
                }
            }
        }
        return result
    }

    /// Where a chain counts only after a full look at it, one that counts has told its attributes, and one that was not
    /// looked at has told none.
    private var chainContradictions: [Box] {
        guard let number = numbers[.authority] else { return [] }
        var seen: [Int] = []
        var unseen: [Int] = []
        for (index, cell) in axes[number].cells.enumerated() {
            guard case .authority(_, let revocation, let isUnseen) = cell.fact else { continue }
            if isUnseen && revocation == nil { unseen.append(index) }
            let hasUnseen = axes[number].cells.contains { other in
                if case .authority(let name, nil, true) = other.fact, cell.fact.isAuthority(name) {
                    true
                } else {
                    false
                }
            }
            if !isUnseen, hasUnseen { seen.append(index) }
        }
        return attributes.flatMap { kind in
            [
                intersection([Constraint(axis: number, cells: CellSet(seen))], nothing(kind)),
                intersection([Constraint(axis: number, cells: CellSet(unseen))], something(kind)),
            ].compactMap(\.self)
        }
    }
}

extension Fact {
    func isAuthority(_ name: String) -> Bool {
        if case .authority(name, _, _) = self { true } else { false }
    }
}
