/// What is doubtful about the classes of a pack taken together. All of it warnings: such packs say what they say.
struct ClassChecks {
    let classes: [PolicyClass]
    let log: DiagnosticLog

    func run() {
        var earlier = EarlierClasses()
        for (index, policyClass) in classes.enumerated() {
            checkAccess(policyClass)
            let shadow = earlier.first(for: policyClass) { Self.shadows(classes[$0], policyClass) }
            earlier.add(policyClass, at: index)
            guard let first = shadow.map({ classes[$0] }) else { continue }
            let note = Diagnostic.Note(
                "\(quoted(first.name)) is defined at \(first.location)", at: first.location)
            log.add(
                .shadowedClass(policyClass.name, by: first.name), at: Self.range(policyClass), notes: [note]
            )
        }
    }

    private static func range(_ policyClass: PolicyClass) -> SourceRange {
        let written = policyClass.contract?.vendor ?? policyClass.name
        return SourceRange(start: policyClass.location, length: written.count)
    }

    private func checkAccess(_ policyClass: PolicyClass) {
        guard case .systems = policyClass.access else { return }
        if policyClass.conditions.isEmpty {
            log.add(.matchesEveryone(policyClass.name), at: Self.range(policyClass))
        } else if !policyClass.conditions.contains(where: \.asksForCertificate) {
            log.add(.accessWithoutCertificate(policyClass.name), at: Self.range(policyClass))
        }
    }

    /// Whether every session that meets the later class's conditions meets the earlier one's.
    static func shadows(_ earlier: PolicyClass, _ later: PolicyClass) -> Bool {
        // A class without access is met by the unknown too; one with access is not, and so leaves it to the later.
        let leavesUnknown = earlier.access != .none && later.access == .none
        return earlier.conditions.allSatisfy { condition in
            if leavesUnknown, condition.canBeUnknown { return false }
            return later.conditions.contains { $0.implies(condition) }
        }
    }
}

/// Which classes may shadow one, without holding it against all before it: thousands of vendors, each with a contract of
/// its own, shadow nothing but what asks for the same contract.
private struct EarlierClasses {
    private var byDemand: [Condition.Test: [Int]] = [:]
    /// Those without a demand.
    private var others: [Int] = []

    mutating func add(_ policyClass: PolicyClass, at index: Int) {
        if let demand = policyClass.conditions.lazy.compactMap(\.demand).first {
            byDemand[demand, default: []].append(index)
        } else {
            others.append(index)
        }
    }

    /// The first of which `isOne` is true, among those of which it can be.
    func first(for later: PolicyClass, where isOne: (Int) -> Bool) -> Int? {
        let demanding = later.conditions.compactMap { condition in
            condition.demand.flatMap { byDemand[$0]?.first(where: isOne) }
        }
        return (demanding + [others.first(where: isOne)].compactMap(\.self)).min()
    }
}

extension Condition {
    /// The test, where no other test than itself implies it.
    fileprivate var demand: Test? {
        switch test {
        case .organisation, .contract: test
        default: nil
        }
    }

    fileprivate var asksForCertificate: Bool {
        if case .certificate = test { true } else { false }
    }

    /// Whether there are sessions of which nobody can say if it holds.
    var canBeUnknown: Bool {
        switch test {
        case .certificate(let authorities):
            authorities.contains { $0.revocation == .required || $0.needsChain }
        case .attribute, .device, .deviceKind, .deviceManaged, .deviceOrganisation, .group, .userOrganisation,
            .country, .office, .client:
            true
        case .organisation, .deviceOwned, .deviceLent, .deviceOnSite, .unregistered, .posture, .mfa, .tenant,
            .user,
            .steps, .acknowledged, .approval, .hours, .contract, .behaviour, .never:
            false
        }
    }

    /// Whether what meets this condition meets the other. May say no where the answer is yes.
    package func implies(_ other: Condition) -> Bool {
        test == other.test || impliesAboutDevice(other) || impliesAboutUser(other) || impliesElse(other)
    }

    private func impliesAboutDevice(_ other: Condition) -> Bool {
        switch (test, other.test) {
        case (.device(let these), .device(let those)): these.isSubset(of: those)
        case (.deviceKind(let these), .deviceKind(let those)): these.isSubset(of: those)
        case (.deviceOrganisation(let these), .deviceOrganisation(let those)): these.isSubset(of: those)
        case (.deviceOnSite(let this), .deviceOnSite(let that)): this <= that
        case (.posture(let this), .posture(let that)): this.implies(that)
        case (.client(let this), .client(let that)): this.implies(that)
        default: false
        }
    }

    private func impliesAboutUser(_ other: Condition) -> Bool {
        switch (test, other.test) {
        case (.mfa(let this), .mfa(let that)): this <= that
        case (.user(let these), .user(let those)): these.isSubset(of: those)
        case (.group(let these), .group(let those)): these.isSubset(of: those)
        case (.userOrganisation(let these), .userOrganisation(let those)): these.isSubset(of: those)
        case (.steps(let these), .steps(let those)): these.isSuperset(of: those)
        case (.acknowledged(let this), .acknowledged(let that)): this <= that
        default: false
        }
    }

    private func impliesElse(_ other: Condition) -> Bool {
        switch (test, other.test) {
        case (.certificate(let these), .certificate(let those)): Set(these).isSubset(of: those)
        case (.attribute(let this, let these), .attribute(let that, let those)):
            this == that && these.isSubset(of: those)
        case (.country(let these), .country(let those)): these.isSubset(of: those)
        case (.office(let these), .office(let those)): Set(these).isSubset(of: those)
        case (.behaviour(let these), .behaviour(let those)):
            these.allSatisfy { kind, memory in those[kind].map { memory <= $0 } ?? false }
        default: false
        }
    }
}

extension ClientNeed {
    fileprivate func implies(_ other: ClientNeed) -> Bool {
        switch (self, other) {
        case (.platform(let these), .platform(let those)): these.isSubset(of: those)
        case (.version(let this), .version(let that)): this >= that
        default: self == other
        }
    }
}

extension PostureNeed {
    fileprivate func implies(_ other: PostureNeed) -> Bool {
        switch (self, other) {
        case (.antivirus(let this), .antivirus(let that)): this <= that
        case (.patches(let this), .patches(let that)): this <= that
        case (.diskEncryption(let this), .diskEncryption(let that)): this <= that
        case (.firewall(let this), .firewall(let that)): this <= that
        case (.screenLock(let minutes, let this), .screenLock(let others, let that)):
            minutes <= others && this <= that
        default: false
        }
    }
}
