import Classification
import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// Evidence and conditions of a small world, by chance: few names and few ages, so that they often meet.
struct RandomEvidence {
    var random: any RandomNumberGenerator
    private static let now = Samples.now

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    private mutating func some<Value: Hashable>(_ values: [Value]) -> Set<Value> {
        Set(values.filter { _ in chance(50) })
    }

    /// On, just before or just behind round hours around now.
    private mutating func instant() -> Instant {
        let hours = Int64.random(in: -3...3, using: &random)
        return Self.now + .seconds(hours * 3600) + .nanoseconds(pick([-1, 0, 0, 0, 1, 120_000_000_000]))
    }

    private mutating func ageLimit() -> Duration { .seconds(pick([3600, 7200, 10_800])) }

    // MARK: Evidence

    mutating func evidence() -> SessionEvidence {
        var evidence = SessionEvidence()
        let subject = ["O": [pick(["Civica", "Council"])], "OU": Array(some(["Revenues", "Parks"]))]
        if chance(80) {
            // What a server hands over is one of the values that the certificate has.
            var handed: [String: String] = [:]
            for (name, values) in subject where chance(60) { handed[name] = values.first }
            evidence.certificates = Samples.chain(
                pick([0xCA, 0xCB, 0xCC]), 0xCD, attributes: NamedTexts(handed))
        }
        if chance(60) {
            let emails = [pick(["alice@council.example", "alice@elsewhere.example"])]
            evidence.certificateReport = Samples.report(
                from: chance(80) ? Self.now - .seconds(86_400) : instant(), until: instant(),
                problems: chance(10) ? ["no way to an authority"] : []
            ) {
                $0.subject = subject
                $0.emails = emails
            }
        }
        if chance(70) {
            evidence.revocation = pick([
                .good(until: instant()), .revoked(since: instant()), .unknown(reason: "timeout"),
            ])
        }
        evidence.userName = pick(["alice", "bob", ""])
        if chance(80) { evidence.device = device() }
        evidence.loans = (0..<pick([0, 1, 2, 4])).map { loan($0) }
        if chance(70) { evidence.posture = posture() }
        if chance(80) { evidence.user = user() }
        evidence.approvals = (0..<pick([0, 1, 2, 4])).map { approval($0) }
        evidence.claims = claims()
        if chance(70) { evidence.mfaVerifiedAt = instant() }
        for tenant in ["partner", "boston"] where chance(50) { evidence.tenantVerifiedAt[tenant] = instant() }
        if chance(70) { evidence.outer = IPAddress(pick(["192.0.2.1", "198.51.100.1"])) }
        if chance(70) { evidence.country = Samples.country(pick(["GB", "FR"])) }
        return evidence
    }

    private mutating func claims() -> NamedTexts {
        var claims: [ClientClaim: String] = [:]
        if chance(70) { claims[.platform] = pick(["linux", "win", "mac", "tv"]) }
        if chance(70) { claims[.version] = pick(["2.5.9", "2.6.12", "2.6_git", "3"]) }
        if chance(70) { claims[.splitTunnel] = pick(["0", "1", "?"]) }
        return NamedTexts(Dictionary(uniqueKeysWithValues: claims.map { ($0.key.rawValue, $0.value) }))
    }

    private mutating func device() -> DeviceRecord {
        var device = Samples.device()
        device.owner = pick([nil, "alice", "bob"])
        device.organisation = pick([nil, "Council", "Partner"])
        device.kind = pick(DeviceKind.allCases)
        device.isManaged = pick([nil, true, false])
        device.status = pick(DeviceStatus.allCases)
        device.lastOnSite = chance(70) ? instant() : nil
        return device
    }

    private mutating func loan(_ number: Int) -> Loan {
        Loan(
            reference: "L-\(number)", device: "lt-1", user: pick(["alice", "bob"]), from: instant(),
            until: chance(70) ? instant() : nil)
    }

    private mutating func approval(_ number: Int) -> Approval {
        Approval(
            reference: "A-\(number)", kind: pick(Approval.Kind.allCases), user: "alice", approver: "head",
            from: instant(), until: chance(70) ? instant() : nil,
            countries: Set(some(["GB", "FR"]).map(Samples.country)), systems: some(["crm", "files"]),
            labels: some(["secret"]), exception: pick([nil, "no-token"]))
    }

    private mutating func posture() -> DevicePosture {
        var posture = DevicePosture()
        if chance(80) { posture.antivirus = .init(instant(), observedAt: instant()) }
        if chance(80) { posture.patches = .init(instant(), observedAt: instant()) }
        if chance(80) { posture.diskEncryption = .init(chance(70), observedAt: instant()) }
        if chance(80) { posture.firewall = .init(chance(70), observedAt: instant()) }
        if chance(80) { posture.screenLockMinutes = .init(pick([0, 10, 30]), observedAt: instant()) }
        return posture
    }

    private mutating func user() -> UserRecord {
        UserRecord(
            name: "alice", groups: some(["staff", "it"]), organisation: pick([nil, "Council", "Partner"]),
            steps: some(["training", "agreement"]), acknowledgedAt: chance(70) ? instant() : nil)
    }

    // MARK: Conditions

    /// One condition of every kind that a class with access may have.
    mutating func conditions() -> [Condition] {
        let certificates: [Condition.Test] = [
            .certificate(authorities: authorities()), .organisation("Civica"),
            .attribute(.subject("OU"), [Samples.pattern("Revenues")]),
            .attribute(.subject("O"), [Samples.pattern("Civica")]),
            .attribute(.email, [Samples.pattern("*@council.example")]),
        ]
        let devices: [Condition.Test] = [
            .device(some(DeviceStatus.allCases)), .deviceKind(some(DeviceKind.allCases)),
            .deviceManaged(chance(50)), .deviceOrganisation(["Council"]), .deviceOwned, .deviceLent,
            .deviceOnSite(within: ageLimit()), .posture(.antivirus(within: ageLimit())),
            .posture(.patches(within: ageLimit())), .posture(.diskEncryption(seenWithin: ageLimit())),
            .posture(.firewall(seenWithin: ageLimit())),
            .posture(.screenLock(atMostMinutes: 15, seenWithin: ageLimit())),
        ]
        let clients = [
            ClientNeed.platform(some([.linux, .win])), .noSplitTunnel,
            ClientVersion(pick(["2.6", "2.6.13", "3.0"])).map { .version(atLeast: $0) },
        ].compactMap(\.self).map { Condition.Test.client($0) }
        let people: [Condition.Test] = [
            .mfa(within: ageLimit()), .tenant(Samples.tenant("partner", "Partner", within: ageLimit())),
            .tenant(Samples.tenant(within: ageLimit())), .user(["alice"]), .group(["staff"]),
            .userOrganisation(["Council"]),
            .steps(some(["training", "agreement"])), .acknowledged(within: ageLimit()),
            .approval(.remoteWorking), .approval(.travel), .approval(.exception("no-token")),
            .approval(.system(name: "crm", label: pick([nil, "secret"]))),
        ]
        let places: [Condition.Test] = [
            .country([Samples.country("GB")]), .office([Samples.office("hall", "192.0.2.0/28")]),
            .never(label: "secret"), .contract(contract()),
        ]
        return (certificates + devices + clients + people + places).map { Condition($0, at: Samples.place) }
    }

    private mutating func authorities() -> [Authority] {
        [("one", UInt8(0xCA)), ("two", 0xCB)].filter { _ in chance(70) }.map { name, byte in
            Samples.authority(
                name, byte, needsChain: chance(30), revocation: pick(Authority.Revocation.allCases))
        }
    }

    private mutating func contract() -> Contract {
        Contract(
            vendor: "v", reference: "C-1", sponsor: "s", from: instant(), until: instant(), warnBefore: .zero)
    }
}

extension SessionEvidence {
    /// This evidence without one piece of it, in every way; but for what speaks against the session (a withdrawn or
    /// faulty certificate), of which to know less is to hold less against it.
    var lessByOne: [(piece: String, evidence: SessionEvidence)] {
        var result: [(String, SessionEvidence)] = []
        func without(_ piece: String, _ change: (inout SessionEvidence) -> Void) {
            var less = self
            change(&less)
            if less != self { result.append((piece, less)) }
        }
        without("certificates") { $0.certificates = nil }
        without("the attributes that the server handed over") { evidence in
            evidence.certificates = evidence.certificates.map { chain in
                var leaf = chain.leaf
                leaf.attributes = [:]
                return CertificateChain(leaf: leaf, issuers: chain.issuers)
            }
        }
        if let report = certificateReport, report.problems.isEmpty {
            without("the report") { $0.certificateReport = nil }
        }
        if case .revoked? = revocation {} else { without("revocation") { $0.revocation = nil } }
        without("the device") { $0.device = nil }
        without("the owner") { $0.device?.owner = nil }
        without("the device's organisation") { $0.device?.organisation = nil }
        without("management") { $0.device?.isManaged = nil }
        without("the visit") { $0.device?.lastOnSite = nil }
        for index in loans.indices { without("loan \(index)") { $0.loans.remove(at: index) } }
        without("posture") { $0.posture = nil }
        without("antivirus") { $0.posture?.antivirus = nil }
        without("patches") { $0.posture?.patches = nil }
        without("disk encryption") { $0.posture?.diskEncryption = nil }
        without("firewall") { $0.posture?.firewall = nil }
        without("screen lock") { $0.posture?.screenLockMinutes = nil }
        without("the name") { $0.userName = "" }
        without("the user") { $0.user = nil }
        for group in user?.groups ?? [] { without("group \(group)") { $0.user?.groups.remove(group) } }
        for step in user?.steps ?? [] { without("step \(step)") { $0.user?.steps.remove(step) } }
        without("the user's organisation") { $0.user?.organisation = nil }
        without("acknowledgement") { $0.user?.acknowledgedAt = nil }
        for index in approvals.indices { without("approval \(index)") { $0.approvals.remove(at: index) } }
        for claim in ClientClaim.allCases {
            without("the claim \(claim)") { evidence in
                evidence.claims = NamedTexts(evidence.claims.byName.filter { $0.key != claim.rawValue })
            }
        }
        without("the code") { $0.mfaVerifiedAt = nil }
        for tenant in tenantVerifiedAt.keys {
            without("the code of \(tenant)") { $0.tenantVerifiedAt[tenant] = nil }
        }
        without("the outer address") { $0.outer = nil }
        without("the country") { $0.country = nil }
        return result
    }

    /// Every instant that stands anywhere in it.
    var dates: [Instant] {
        var dates: [Instant?] = [mfaVerifiedAt, device?.lastOnSite, user?.acknowledgedAt]
        dates += [certificateReport?.validFrom, certificateReport?.validUntil]
        if case .good(let until)? = revocation { dates.append(until) }
        dates += loans.flatMap { [$0.from, $0.until] } + approvals.flatMap { [$0.from, $0.until] }
        dates += [posture?.antivirus?.value, posture?.patches?.value]
        dates += [
            posture?.diskEncryption?.observedAt, posture?.firewall?.observedAt,
            posture?.screenLockMinutes?.observedAt,
        ]
        dates += tenantVerifiedAt.values.map { $0 }
        return dates.compactMap(\.self)
    }
}
