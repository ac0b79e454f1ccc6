/// What is doubtful about the classes of a pack taken together. All of it warnings: such packs say what they say.
struct ClassChecks {
    let classes: [PolicyClass]
    let log: DiagnosticLog

    func run() {
        for (index, policyClass) in classes.enumerated() {
            checkAccess(policyClass)
            guard let earlier = classes[..<index].first(where: { Self.shadows($0, policyClass) }) else {
                continue
            }
            let note = Diagnostic.Note(
                "\(quoted(earlier.name)) is defined at \(earlier.location)", at: earlier.location)
            log.add(
                .shadowedClass(policyClass.name, by: earlier.name), at: Self.range(policyClass), notes: [note]
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
    private static func shadows(_ earlier: PolicyClass, _ later: PolicyClass) -> Bool {
        // A class without access is met by the unknown too; one with access is not, and so leaves it to the later.
        let leavesUnknown = earlier.access != .none && later.access == .none
        return earlier.conditions.allSatisfy { condition in
            if leavesUnknown, condition.canBeUnknown { return false }
            return later.conditions.contains { $0.implies(condition) }
        }
    }
}

extension Condition {
    fileprivate var asksForCertificate: Bool {
        if case .certificate = test { true } else { false }
    }

    fileprivate var canBeUnknown: Bool {
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
    func implies(_ other: Condition) -> Bool {
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
