import Evidence
package import PolicyLanguage

/// One condition that a class, or a system, asks for otherwise than before.
package struct ConditionChange: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case added, dropped
        /// Whoever meets it now met it before.
        case tighter
        /// Whoever met it before meets it now.
        case looser
        /// Neither of the two can be shown.
        case other
    }

    package let kind: Kind
    /// Nil when it was added.
    package let before: Condition?
    /// Nil when it was dropped.
    package let after: Condition?

    /// What two lists ask for differently, in the order of the new one, with what was dropped last.
    ///
    /// Where things stand in the files makes no difference, nor does what is said of an authority, an office or a tenant:
    /// that is a change of its own. Contracts are told apart elsewhere.
    static func changes(from old: [Condition], to new: [Condition]) -> [ConditionChange] {
        let (old, new) = (old.filter { !$0.isContract }, new.filter { !$0.isContract })
        if old.elementsEqual(new, by: { $0.comparable == $1.comparable }) { return [] }
        let (known, wanted) = (Set(old.map(\.comparable)), Set(new.map(\.comparable)))
        var left = old.filter { !wanted.contains($0.comparable) }
        let changed = new.filter { !known.contains($0.comparable) }.map { after in
            guard let index = left.firstIndex(where: { $0.subject == after.subject }) else {
                return ConditionChange(kind: .added, before: nil, after: after)
            }
            return ConditionChange(from: left.remove(at: index), to: after)
        }
        return changed + left.map { ConditionChange(kind: .dropped, before: $0, after: nil) }
    }

    private init(kind: Kind, before: Condition?, after: Condition?) {
        self.kind = kind
        self.before = before
        self.after = after
    }

    private init(from old: Condition, to new: Condition) {
        let kind: Kind = new.implies(old) ? .tighter : old.implies(new) ? .looser : .other
        self.init(kind: kind, before: old, after: new)
    }
}

extension Condition {
    fileprivate var isContract: Bool {
        if case .contract = test { true } else { false }
    }

    /// The test as two packs can share it: authorities, offices and tenants by name alone, and nothing of where it was
    /// written.
    var comparable: Test {
        switch test {
        case .certificate(let authorities):
            .certificate(authorities: Set(authorities.map(\.name)).sorted().map(Authority.init(justNamed:)))
        case .office(let offices):
            .office(Set(offices.map(\.name)).sorted().map { Office(name: $0, networks: []) })
        case .tenant(let tenant): .tenant(Tenant(justNamed: tenant.name))
        default: test
        }
    }

    /// What it is about: of two conditions on the same, one can take the place of the other.
    fileprivate var subject: Subject {
        switch test {
        case .certificate: Subject("certificate")
        case .organisation: Subject("organisation")
        case .attribute(let attribute, _): Subject("attribute", "\(attribute)")
        case .device, .unregistered: Subject("device")
        case .deviceKind: Subject("device kind")
        case .deviceManaged: Subject("device managed")
        case .deviceOrganisation: Subject("device organisation")
        case .deviceOwned: Subject("device owner")
        case .deviceLent: Subject("device loan")
        case .deviceOnSite: Subject("device on site")
        case .posture(let need): Subject("posture", need.subject)
        case .mfa: Subject("mfa")
        case .user: Subject("user")
        case .group: Subject("group")
        case .userOrganisation: Subject("user organisation")
        case .steps: Subject("steps")
        case .acknowledged: Subject("acknowledged")
        case .approval(let need): Subject("approval", "\(need)")
        case .country: Subject("country")
        case .office: Subject("office")
        case .hours: Subject("hours")
        case .contract: Subject("contract")
        case .behaviour: Subject("behaviour")
        case .client(.platform): Subject("client platform")
        case .client(.version): Subject("client version")
        case .client(.noSplitTunnel): Subject("client split tunnel")
        case .tenant: Subject("tenant")
        case .never: Subject("never")
        }
    }

    fileprivate struct Subject: Equatable {
        let kind: String
        let detail: String

        init(_ kind: String, _ detail: String = "") {
            self.kind = kind
            self.detail = detail
        }
    }
}

extension PostureNeed {
    fileprivate var subject: String {
        switch self {
        case .antivirus: "antivirus"
        case .patches: "patches"
        case .diskEncryption: "disk encryption"
        case .firewall: "firewall"
        case .screenLock: "screen lock"
        }
    }
}

extension Authority {
    fileprivate init(justNamed name: String) {
        self.init(name: name, digests: [], location: SourceLocation(file: "", line: 0, column: 0))
    }
}

extension Tenant {
    fileprivate init(justNamed name: String) {
        self.init(
            name: name, organisation: "", mfaWithin: .zero,
            serving: Settings.Serving(at: SourceLocation(file: "", line: 0, column: 0)))
    }
}
