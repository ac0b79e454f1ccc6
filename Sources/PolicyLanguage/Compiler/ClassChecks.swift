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
        case .device, .group: true
        case .certificate, .organisation, .unregistered, .mfa, .hours, .user, .contract, .behaviour: false
        }
    }

    /// Whether what meets this condition meets the other. May say no where the answer is yes.
    func implies(_ other: Condition) -> Bool {
        switch (test, other.test) {
        case (.certificate(let these), .certificate(let those)): Set(these).isSubset(of: those)
        case (.device(let these), .device(let those)): these.isSubset(of: those)
        case (.mfa(let this), .mfa(let that)): this <= that
        case (.user(let these), .user(let those)): these.isSubset(of: those)
        case (.group(let these), .group(let those)): these.isSubset(of: those)
        case (.behaviour(let these), .behaviour(let those)):
            these.allSatisfy { kind, memory in those[kind].map { memory <= $0 } ?? false }
        case (let this, let that): this == that
        }
    }
}
