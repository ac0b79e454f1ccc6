import Classification
import Evidence
import FlowSpace
import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

/// One class after another, one fact more or less: who gets what, why, and until when.
@Suite struct ClassifierTests {
    private static let now = Instant(secondsSince1970: 1_795_212_000)
    private static let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

    private static func digest(_ byte: UInt8) throws -> CertificateDigest {
        try #require(CertificateDigest(bytes: Array(repeating: byte, count: 32)))
    }

    private static func condition(_ test: Condition.Test) -> Condition { Condition(test, at: place) }

    private static func corporate() throws -> Authority {
        Authority(name: "corporate", digests: [try digest(0xCA)], location: place)
    }

    private static func thirdParty() throws -> Authority {
        Authority(name: "third-party", digests: [try digest(0xCB)], location: place)
    }

    private static func contract(_ from: Duration, _ until: Duration) -> Contract {
        Contract(
            vendor: "Northwind", reference: "C-1", sponsor: "head.of.finance", from: now + from,
            until: now + until,
            warnBefore: .zero)
    }

    private static func policy(contract: Contract = contract(.seconds(-60), .seconds(60))) throws -> Policy {
        let corporate = condition(.certificate(authorities: [try corporate()]))
        let inUse = condition(.device([.inUse]))
        let address = try #require(IPAddress("10.10.0.20"))
        let finance = try #require(IPAddress("fd10::21"))
        return Policy(
            inside: [], authorities: [try Self.corporate(), try thirdParty()],
            systems: [
                System(
                    name: "crm", addresses: [AddressRange(address)],
                    services: [.tcp(PortRange(443))], location: place),
                System(
                    name: "finance", addresses: [AddressRange(finance)],
                    services: [.tcp(PortRange(443))],
                    needs: [condition(.mfa(within: .seconds(3600)))], location: place),
            ],
            classes: [
                PolicyClass(
                    name: "lost", conditions: [condition(.device([.lost, .stolen]))], access: .none,
                    cites: ["psps-5.1-loss"], tell: "This device was reported lost.", location: place),
                PolicyClass(
                    name: "vendor:Northwind",
                    conditions: [
                        condition(.certificate(authorities: [try thirdParty()])),
                        condition(.organisation("Northwind Ltd")), condition(.contract(contract)),
                    ], access: .systems(["finance"]), cites: ["psps-4-third-party"], location: place),
                PolicyClass(
                    name: "employee",
                    conditions: [corporate, inUse, condition(.mfa(within: .seconds(43_200)))],
                    access: .systems(["crm", "finance"]), cites: ["psps-5.3-2fa"], location: place),
                PolicyClass(
                    name: "no-code", conditions: [corporate, inUse], access: .systems(["crm"]),
                    location: place),
            ])
    }

    private static func evidence(
        issuer: UInt8? = 0xCA, organisation: String? = nil, status: DeviceStatus? = .inUse,
        codeAge: Int64? = 60
    ) throws -> SessionEvidence {
        let leaf = try digest(1)
        let chain = try issuer.map {
            CertificateChain(
                leaf: PresentedCertificate(digest: leaf, attributes: organisation.map { ["O": $0] } ?? [:]),
                issuers: [PresentedCertificate(digest: try digest($0))])
        }
        return SessionEvidence(
            certificates: chain,
            device: status.map { DeviceRecord(id: "laptop", certificate: leaf, status: $0) },
            userName: "alice", user: UserRecord(name: "alice"),
            mfaVerifiedAt: codeAge.map { now - .seconds($0) })
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var why: String
        var issuer: UInt8? = 0xCA
        var organisation: String?
        var status: DeviceStatus? = .inUse
        var codeAge: Int64? = 60
        var expected: String?
        var reaches: [String] = []
        /// Seconds from now; nil for never.
        var until: Int64?
        var testDescription: String { why }
    }

    @Test(arguments: [
        Case(why: "everything proved", expected: "employee", reaches: ["crm", "finance"], until: 3540),
        Case(
            why: "finance needs a younger code", codeAge: 3600, expected: "employee", reaches: ["crm"],
            until: 39_600),
        Case(why: "the code is just too old", codeAge: 43_200, expected: "no-code", reaches: ["crm"]),
        Case(
            why: "the code is just young enough", codeAge: 43_199, expected: "employee", reaches: ["crm"],
            until: 1),
        Case(why: "no code", codeAge: nil, expected: "no-code", reaches: ["crm"]),
        Case(why: "lost", status: .lost, expected: "lost"),
        Case(why: "stolen, whatever else is proved", status: .stolen, expected: "lost"),
        Case(why: "returned: neither lost nor in use", status: .returned),
        Case(
            why: "not on the register: unknown matches where nothing is given", status: nil, expected: "lost"),
        Case(why: "no certificate", issuer: nil),
        Case(why: "an authority that nobody named", issuer: 0x66),
        Case(
            why: "a vendor with a fresh code", issuer: 0xCB, organisation: "Northwind Ltd",
            expected: "vendor:Northwind",
            reaches: ["finance"], until: 60),
        Case(
            why: "a vendor whose systems all need a code", issuer: 0xCB, organisation: "Northwind Ltd",
            codeAge: nil,
            expected: "vendor:Northwind", until: 60),
        Case(why: "another vendor's certificate", issuer: 0xCB, organisation: "Southwind Ltd"),
        Case(
            why: "a vendor's organisation from the wrong authority", organisation: "Northwind Ltd",
            codeAge: nil,
            expected: "no-code", reaches: ["crm"]),
        Case(
            why: "a code from the future is none", codeAge: -3600, expected: "no-code", reaches: ["crm"],
            until: 3480),
    ])
    func classes(_ row: Case) throws {
        let evidence = try Self.evidence(
            issuer: row.issuer, organisation: row.organisation, status: row.status, codeAge: row.codeAge)
        let decision = Classifier.classify(evidence, under: try Self.policy(), at: Self.now)
        #expect(decision.className == row.expected)
        #expect(decision.grants.map(\.system) == row.reaches)
        #expect(decision.isAdmitted == !row.reaches.isEmpty)
        #expect(decision.validUntil == row.until.map { Self.now + .seconds($0) })
    }

    @Test(arguments: [
        (Duration.seconds(-60), Duration.seconds(60), true, Int64(60) as Int64?),
        (.seconds(60), .seconds(120), false, 60),
        (.seconds(-120), .seconds(0), false, nil),
        (.seconds(0), .seconds(1), true, 1),
    ])
    func contractsAreHalfOpen(from: Duration, until: Duration, inForce: Bool, change: Int64?) throws {
        let policy = try Self.policy(contract: Self.contract(from, until))
        let evidence = try Self.evidence(issuer: 0xCB, organisation: "Northwind Ltd")
        let decision = Classifier.classify(evidence, under: policy, at: Self.now)
        #expect(decision.isAdmitted == inForce)
        #expect(decision.validUntil == change.map { Self.now + .seconds($0) })
        #expect(inForce || decision.tell.contains("C-1"), "the person hears which contract: \(decision.tell)")
    }

    @Test func holdComesBeforeEveryClass() throws {
        var evidence = try Self.evidence()
        evidence.hold = Hold(subject: .user("alice"), since: Self.now, by: "root", reason: "left the council")
        let decision = Classifier.classify(evidence, under: try Self.policy(), at: Self.now)
        #expect(decision.outcome == .held && !decision.isAdmitted)
        #expect(decision.tell.contains("left the council"))
    }

    @Test func unknownDeviceIsNotToldThatItIsLost() throws {
        let decision = Classifier.classify(
            try Self.evidence(status: nil), under: try Self.policy(), at: Self.now)
        #expect(!decision.tell.contains("lost"))
        #expect(decision.tell.contains("not registered"))
    }

    @Test func verdictsSayWhy() throws {
        let policy = try Self.policy()
        let employee = Classifier.classify(try Self.evidence(), under: policy, at: Self.now)
        let noCode = Classifier.classify(try Self.evidence(codeAge: nil), under: policy, at: Self.now)
        let old = Classifier.classify(try Self.evidence(codeAge: 7200), under: policy, at: Self.now)
        let crm = try #require(Destination(parsing: "10.10.0.20:443/tcp"))
        let finance = try #require(Destination(parsing: "[fd10::21]:443/tcp"))
        let internet = try #require(Destination(parsing: "203.0.113.80:443/tcp"))
        #expect(employee.verdict(for: crm, under: policy) == .permit(system: "crm", cites: ["psps-5.3-2fa"]))
        #expect(noCode.verdict(for: finance, under: policy) == .deny(.notGranted(system: "finance")))
        #expect(
            old.verdict(for: finance, under: policy)
                == .deny(.withheld(system: "finance", saw: ["one-time code 2h 0m old"])))
        #expect(employee.verdict(for: internet, under: policy) == .deny(.noSystem))
    }

    /// Taking a fact away never widens what a session reaches, for every subset of facts under this policy.
    @Test func lessEvidenceNeverReachesMore() throws {
        let policy = try Self.policy()
        for issuer in [UInt8(0xCA), 0xCB] {
            for status in DeviceStatus.allCases {
                let full = try Self.evidence(issuer: issuer, organisation: "Northwind Ltd", status: status)
                let most = Classifier.classify(full, under: policy, at: Self.now).flowSpace(under: policy)
                for mask in 0..<16 {
                    var less = full
                    if mask & 1 != 0 { less.certificates = nil }
                    if mask & 2 != 0 { less.device = nil }
                    if mask & 4 != 0 { less.mfaVerifiedAt = nil }
                    if mask & 8 != 0 { less.user = nil }
                    let reached = Classifier.classify(less, under: policy, at: Self.now).flowSpace(
                        under: policy)
                    #expect(reached.isSubset(of: most), "issuer \(issuer), \(status), without \(mask)")
                }
            }
        }
    }

    /// Between now and `validUntil` the same evidence decides the same; a model that asks every second agrees.
    @Test func decisionsAreGoodUntilTheySay() throws {
        let policy = try Self.policy(contract: Self.contract(.seconds(300), .seconds(900)))
        for (issuer, age) in [(UInt8(0xCA), Int64(43_000)), (0xCA, 3_000), (0xCB, 3_100), (0xCB, 60)] {
            let evidence = try Self.evidence(issuer: issuer, organisation: "Northwind Ltd", codeAge: age)
            var decision = Classifier.classify(evidence, under: policy, at: Self.now)
            for second in 1..<1_500 {
                let now = Self.now + .seconds(second)
                let fresh = Classifier.classify(evidence, under: policy, at: now)
                let changed = fresh.scope != decision.scope || fresh.className != decision.className
                let due = decision.validUntil.map { $0 <= now } ?? false
                #expect(!changed || due, "changed at \(second) s, said good until later")
                if due { decision = fresh }
            }
        }
    }
}
