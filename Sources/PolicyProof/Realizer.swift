import Classification
import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// A session that can be looked at: what is known of it, and when.
struct RealSession: Sendable {
    /// As a pack's tests describe it; the registers of the pack are not under it.
    var description: SessionDescription
    var evidence: SessionEvidence
    var at: Instant
}

/// Makes sessions of paths.
struct Realizer {
    let axes: [Axis]
    /// Without the pack's registers: what they say is one possibility among many.
    let policy: Policy
    let base: Instant
    /// Every hours that the pack asks for.
    private let weekly: Set<WeeklyHours>

    init(axes: [Axis], policy: Policy, base: Instant) {
        self.axes = axes
        self.base = base
        let conditions = policy.classes.flatMap(\.conditions) + policy.systems.flatMap(\.needs)
        weekly = Set(
            conditions.compactMap { condition in
                if case .hours(let hours) = condition.test { hours } else { nil }
            })
        self.policy = Policy(
            inside: policy.inside, authorities: policy.authorities, systems: policy.systems,
            classes: policy.classes, offices: policy.offices, tenants: policy.tenants)
    }

    /// Nil when there is no such time, or no such certificate.
    func session(_ path: Path) -> RealSession? {
        let facts = Dictionary(
            path.map { (axes[$0.axis].kind, axes[$0.axis].cells[$0.cell].fact) }, uniquingKeysWith: { $1 })
        guard let at = instant(facts), let description = description(facts, at: at) else { return nil }
        var evidence = description.evidence(under: policy, at: at)
        adjustChain(&evidence, facts)
        return RealSession(description: description, evidence: evidence, at: at)
    }

    /// The decision, by the decision point itself.
    func decision(_ session: RealSession) -> Decision {
        Classifier.decide(session.evidence, under: policy, at: session.at)
    }

    // MARK: When

    private func instant(_ facts: [AxisKind: Fact]) -> Instant? {
        var inForce: [Contract] = []
        var notInForce: [Contract] = []
        var hours: [(hours: WeeklyHours, isWithin: Bool)] = []
        for (kind, fact) in facts {
            switch kind {
            case .contract(let contract):
                if fact.isYes { inForce.append(contract) } else { notInForce.append(contract) }
            case .hours(let one): hours.append((one, fact.isYes))
            case .week:
                guard case .instant(let model) = fact else { continue }
                hours += weekly.map { ($0, $0.judge(at: model).within) }
            default: continue
            }
        }
        let first = inForce.map(\.from).max()
        let last = inForce.map(\.until).min()
        let starts =
            [base, first].compactMap(\.self)
            + notInForce.flatMap { [$0.until, $0.from - .seconds(604_800)] }.sorted()
        let isGood = { (instant: Instant) in
            inForce.allSatisfy { $0.from <= instant && instant < $0.until }
                && notInForce.allSatisfy { instant < $0.from || $0.until <= instant }
                && hours.allSatisfy { $0.hours.judge(at: instant).within == $0.isWithin }
        }
        for start in starts where first.map({ $0 <= start }) ?? true && last.map({ start < $0 }) ?? true {
            if let good = Calendar.changes(of: hours.map(\.hours), from: start).first(where: isGood) {
                return good
            }
        }
        return nil
    }

    // MARK: What is known

    private static let device = "the-device-of-the-test"
    private static let epoch = Instant(secondsSince1970: 0)

    private func description(_ facts: [AxisKind: Fact], at now: Instant) -> SessionDescription? {
        var session = SessionDescription()
        var user: String?
        if case .name(let name)? = facts[.userName] { user = name }
        if case .authority(let name, let revocation, _)? = facts[.authority] {
            session.authority = name
            session.revocation = revocation
        }
        if case .name(let name)? = facts[.organisation] { session.organisation = name }
        session.attributes = attributes(facts)
        if let fields = deviceFields(facts, user: user, at: now) {
            session.device = Self.device
            session.deviceFields = fields
        }
        let userFields = userFields(facts, at: now)
        session.userFields = userFields ?? [:]
        let needs = facts.keys.compactMap { kind -> ApprovalNeed? in
            if case .approval(let need) = kind, facts[kind]?.isYes ?? false { need } else { nil }
        }
        let isNamed = !needs.isEmpty || userFields != nil || facts[.deviceLent]?.isYes ?? false
        session.user = user ?? (isNamed ? "somebody" : "")
        if facts[.deviceLent]?.isYes ?? false {
            session.loans = [
                Loan(reference: "test-1", device: Self.device, user: session.user, from: Self.epoch)
            ]
        }
        if case .age(let age)? = facts[.mfa] { session.mfaAge = age }
        for case (.tenantCode(let name), .age(let age)) in facts { session.tenantMFAAges[name] = age }
        session.claims = claims(facts)
        session.posture = posture(facts)
        if case .outer(let address)? = facts[.outer] { session.outer = address }
        if case .country(let code)? = facts[.country] { session.country = code }
        session.approvals = needs.enumerated().map { index, need in
            approval(need, number: index + 1, of: session.user, in: session.country)
        }
        switch facts[.scan] {
        case .ownScan?: session.scan = .inThisSession
        case .age(let age)?: session.scan = .earlier(ago: age)
        default: break
        }
        return session
    }

    /// Nil where nothing is known of them.
    private func attributes(_ facts: [AxisKind: Fact]) -> [CertificateAttribute: [String]]? {
        var values: [CertificateAttribute: [String]]?
        for case (.attribute(let attribute, let patterns), let fact) in facts where !fact.isNothing {
            var known = values ?? [:]
            if fact.isYes, let pattern = patterns.min(by: { $0.description < $1.description }) {
                known[attribute, default: []].append(
                    String(pattern.description.map { $0 == "*" ? "x" : $0 }))
            } else {
                known[attribute, default: []] += []
            }
            values = known
        }
        return values
    }

    private func deviceFields(_ facts: [AxisKind: Fact], user: String?, at now: Instant) -> RegisterFields? {
        let isKnown =
            facts[.deviceRecord]?.isYes ?? false
            || SessionSpace.ofDevice.contains { facts[$0].map { !$0.isNothing } ?? false }
        guard isKnown else { return nil }
        var fields: RegisterFields = ["status": ["in-use"], "kind": ["laptop"]]
        if case .status(let status)? = facts[.deviceStatus] { fields["status"] = [status.rawValue] }
        if case .kind(let kind)? = facts[.deviceKind] { fields["kind"] = [kind.rawValue] }
        if case .managed(let isManaged)? = facts[.deviceManaged] { fields["managed"] = ["\(isManaged)"] }
        if case .name(let name)? = facts[.deviceOrganisation] { fields["organisation"] = [name] }
        if facts[.deviceOwned]?.isYes ?? false { fields["owner"] = [user ?? "somebody"] }
        if case .age(let age)? = facts[.deviceOnSite] { fields["last-on-site"] = ["\(now - age)"] }
        return fields
    }

    private func claims(_ facts: [AxisKind: Fact]) -> NamedTexts {
        var claims: [String: String] = [:]
        if case .platform(let platform)? = facts[.clientPlatform] {
            claims[ClientClaim.platform.rawValue] = platform.rawValue
        }
        if case .version(let version)? = facts[.clientVersion] {
            claims[ClientClaim.version.rawValue] = version.description
        }
        switch facts[.splitTunnel] {
        case .yes?: claims[ClientClaim.splitTunnel.rawValue] = "0"
        case .name?: claims[ClientClaim.splitTunnel.rawValue] = "1"
        default: break
        }
        return NamedTexts(claims)
    }

    /// Nil for nobody that is registered.
    private func userFields(_ facts: [AxisKind: Fact], at now: Instant) -> RegisterFields? {
        var groups: [String] = []
        var steps: [String] = []
        var fields: RegisterFields = [:]
        for (kind, fact) in facts where !fact.isNothing {
            switch (kind, fact) {
            case (.group(let name), .yes): groups.append(name)
            case (.step(let name), .yes): steps.append(name)
            case (.userOrganisation, .name(let name)): fields["organisation"] = [name]
            case (.acknowledged, .age(let age)): fields["acknowledged"] = ["\(now - age)"]
            default: continue
            }
        }
        if !groups.isEmpty { fields["groups"] = groups.sorted() }
        if !steps.isEmpty { fields["steps"] = steps.sorted() }
        if fields.isEmpty, facts[.userRecord]?.isYes ?? false { fields["manager"] = ["somebody-else"] }
        return fields.isEmpty ? nil : fields
    }

    private func posture(_ facts: [AxisKind: Fact]) -> [SessionDescription.Posture] {
        var items: [SessionDescription.Posture] = []
        if case .age(let age)? = facts[.antivirus] { items.append(.antivirus(age: age)) }
        if case .age(let age)? = facts[.patches] { items.append(.patches(age: age)) }
        if case .age(let age)? = facts[.diskEncryption] { items.append(.diskEncryption(true, seen: age)) }
        if case .age(let age)? = facts[.firewall] { items.append(.firewall(true, seen: age)) }
        if case .lock(let minutes, let age)? = facts[.screenLock] {
            items.append(.screenLock(minutes: minutes, seen: age))
        }
        return items
    }

    private func approval(
        _ need: ApprovalNeed, number: Int, of user: String, in country: CountryCode?
    ) -> Approval {
        var approval = Approval(
            reference: "test-\(number)", kind: .remoteWorking, user: user, approver: "somebody",
            from: Self.epoch, until: Instant(secondsSince1970: 9_000_000_000))
        switch need {
        case .remoteWorking: break
        case .travel:
            approval.kind = .travel
            approval.countries = Set([country].compactMap(\.self))
        case .system(let name, _):
            approval.kind = .system
            approval.systems = [name]
        case .exception(let name):
            approval.kind = .exception
            approval.exception = name
        }
        return approval
    }

    /// What a description cannot say: a chain of an authority that nobody named, and one that was not looked at.
    private func adjustChain(_ evidence: inout SessionEvidence, _ facts: [AxisKind: Fact]) {
        switch facts[.authority] {
        case .unnamedAuthority?:
            guard let digest = CertificateDigest(bytes: Array(repeating: 0xee, count: 32)) else { return }
            let organisation: NamedTexts =
                if case .name(let name)? = facts[.organisation] { ["O": name] } else { [:] }
            evidence.certificates = CertificateChain(
                leaf: PresentedCertificate(digest: digest, attributes: organisation),
                issuers: [PresentedCertificate(digest: digest, subject: "an authority that is not named")])
        case .authority(_, nil, true)?: evidence.certificateReport = nil
        default: break
        }
        if case .authority(_, .unknown, true)? = facts[.authority] {
            evidence.revocation = .unknown(reason: "the authority cannot be asked")
        }
    }
}
