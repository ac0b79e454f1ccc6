import Classification
import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

/// Every condition: when it holds, fails or is not known, and the very nanosecond at which that becomes otherwise.
@Suite struct ConditionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var why: String
        var test: Condition.Test
        var truth: Truth
        /// From now; nil for never.
        var until: Duration?
        /// What it is from then on.
        var then: Truth?
        var evidence: @Sendable (inout SessionEvidence) -> Void
        var testDescription: String { why }

        init(
            _ why: String, _ test: Condition.Test, _ truth: Truth, until: Duration? = nil,
            then: Truth? = nil,
            _ evidence: @escaping @Sendable (inout SessionEvidence) -> Void = { _ in }
        ) {
            self.why = why
            self.test = test
            self.truth = truth
            self.until = until
            self.then = then
            self.evidence = evidence
        }
    }

    private static let now = Samples.now
    private static let tick = Duration.nanoseconds(1)
    private static let day = Duration.seconds(86_400)

    static let certificates: [Row] = {
        let plain = Condition.Test.certificate(authorities: [Samples.authority()])
        let either = Condition.Test.certificate(authorities: [
            Samples.authority("other", 0xCB), Samples.authority(),
        ])
        let chain = Condition.Test.certificate(authorities: [Samples.authority(needsChain: true)])
        return [
            Row("no certificate", plain, .fails),
            Row("of the authority", plain, .holds) { $0.certificates = Samples.chain(0xCA) },
            Row("of an authority above the issuer", plain, .holds) {
                $0.certificates = Samples.chain(0x10, 0xCA)
            },
            Row("of another authority", plain, .fails) { $0.certificates = Samples.chain(0xCB) },
            Row("the server named the leaf alone", plain, .fails) { $0.certificates = Samples.chain() },
            Row(
                "the leaf itself is no issuer", .certificate(authorities: [Samples.authority("x", 1)]), .fails
            ) {
                $0.certificates = Samples.chain(0xCA)
            },
            Row("of one of two authorities", either, .holds) { $0.certificates = Samples.chain(0xCA) },
            Row("the chain must be seen, and is not", chain, .unknown) {
                $0.certificates = Samples.chain(0xCA)
            },
            Row("the chain must be seen, and is", chain, .holds, until: day, then: .fails) {
                $0.certificates = Samples.chain(0xCA)
                $0.certificateReport = Samples.report()
            },
            Row("seen though it need not be", plain, .holds, until: day, then: .fails) {
                $0.certificates = Samples.chain(0xCA)
                $0.certificateReport = Samples.report()
            },
            Row("not yet valid", plain, .fails, until: .seconds(60), then: .holds) {
                $0.certificates = Samples.chain(0xCA)
                $0.certificateReport = Samples.report(from: now + 60)
            },
            Row("valid from now on", plain, .holds, until: tick, then: .fails) {
                $0.certificates = Samples.chain(0xCA)
                $0.certificateReport = Samples.report(from: now, until: now + tick)
            },
            Row("valid until now", plain, .fails) {
                $0.certificates = Samples.chain(0xCA)
                $0.certificateReport = Samples.report(until: now)
            },
            Row("something is wrong with it", plain, .fails) {
                $0.certificates = Samples.chain(0xCA)
                $0.certificateReport = Samples.report(problems: ["the signature does not fit"])
            },
        ]
    }()

    static let revocations: [Row] = {
        func row(
            _ why: String, _ revocation: Authority.Revocation, _ status: RevocationStatus?, _ truth: Truth,
            until: Duration? = nil, then: Truth? = nil
        ) -> Row {
            Row(
                why, .certificate(authorities: [Samples.authority(revocation: revocation)]), truth,
                until: until, then: then
            ) {
                $0.certificates = Samples.chain(0xCA)
                $0.revocation = status
            }
        }
        return [
            row("nobody is asked", .none, nil, .holds),
            row("nobody need be asked, but it is known", .none, .revoked(since: nil), .fails),
            row("asked in vain, though nobody need be", .none, .unknown(reason: "timeout"), .holds),
            row("good", .required, .good(until: now + 60), .holds, until: .seconds(60), then: .unknown),
            row("the list is overdue since now", .required, .good(until: now), .unknown),
            row(
                "the list is good for one more tick", .required, .good(until: now + tick), .holds,
                until: tick, then: .unknown),
            row("withdrawn", .required, .revoked(since: now), .fails),
            row("no answer", .required, .unknown(reason: "timeout"), .unknown),
            row("not asked yet", .required, nil, .unknown),
            row("best effort: withdrawn", .bestEffort, .revoked(since: nil), .fails),
            row("best effort: an overdue list", .bestEffort, .good(until: now), .holds),
            row("best effort: no answer", .bestEffort, .unknown(reason: "timeout"), .holds),
            row("best effort: not asked yet", .bestEffort, nil, .holds),
        ]
    }()

    static let attributes: [Row] = {
        func attribute(_ attribute: CertificateAttribute, _ patterns: String...) -> Condition.Test {
            .attribute(attribute, Set(patterns.map(Samples.pattern)))
        }
        let unit = attribute(.subject("OU"), "Revenues", "Housing*")
        return [
            Row("no certificate at hand", unit, .unknown),
            Row("a chain, but not the certificate itself", unit, .unknown) {
                $0.certificates = Samples.chain(0xCA)
            },
            Row("the server handed the attribute over", unit, .holds) {
                $0.certificates = Samples.chain(0xCA, attributes: ["OU": "Revenues"])
            },
            Row("the server handed another value over", unit, .fails) {
                $0.certificates = Samples.chain(0xCA, attributes: ["OU": "Parks"])
            },
            Row("one of several values", unit, .holds) {
                $0.certificateReport = Samples.report { $0.subject["OU"] = ["Parks", "Housing North"] }
            },
            Row("the star stands for something", unit, .fails) {
                $0.certificateReport = Samples.report { $0.subject["OU"] = ["Housing"] }
            },
            Row("no such attribute", unit, .fails) { $0.certificateReport = Samples.report() },
            Row("names of units have case", unit, .fails) {
                $0.certificateReport = Samples.report { $0.subject["OU"] = ["revenues"] }
            },
            Row("mail addresses have none", attribute(.email, "*@council.example"), .holds) {
                $0.certificateReport = Samples.report { $0.emails = ["Alice@Council.Example"] }
            },
            Row("a star is no way round the domain", attribute(.email, "*@council.example"), .fails) {
                $0.certificateReport = Samples.report { $0.emails = ["x@evil.example/@council.example"] }
            },
            Row("principal names", attribute(.userPrincipalName, "alice@ad.example"), .holds) {
                $0.certificateReport = Samples.report { $0.userPrincipalNames = ["ALICE@ad.example"] }
            },
            Row("host names", attribute(.dns, "*.clients.example"), .holds) {
                $0.certificateReport = Samples.report { $0.dnsNames = ["LT-1.clients.example"] }
            },
            Row("addresses of resources have case", attribute(.uri, "spiffe://council/lt-1"), .fails) {
                $0.certificateReport = Samples.report { $0.uris = ["spiffe://council/LT-1"] }
            },
            Row("a star stops at a slash", attribute(.uri, "spiffe://council/*"), .fails) {
                $0.certificateReport = Samples.report { $0.uris = ["spiffe://council/a/b"] }
            },
            Row("an extension", attribute(.extension("1.3.6.1.4.1.55555.1"), "managed"), .holds) {
                $0.certificateReport = Samples.report { $0.extensions = ["1.3.6.1.4.1.55555.1": "managed"] }
            },
            Row("another extension", attribute(.extension("1.3.6.1.4.1.55555.1"), "managed"), .fails) {
                $0.certificateReport = Samples.report { $0.extensions = ["1.3.6.1.4.1.55555.2": "managed"] }
            },
            Row("organisation", .organisation("Civica UK"), .holds) {
                $0.certificates = Samples.chain(0xCA, attributes: ["O": "Civica UK"])
            },
            Row("another organisation", .organisation("Civica UK"), .fails) {
                $0.certificates = Samples.chain(0xCA, attributes: ["O": "Civica UK Ltd"])
            },
            Row("no organisation", .organisation("Civica UK"), .fails),
        ]
    }()

    static let devices: [Row] = {
        func row(
            _ why: String, _ test: Condition.Test, _ truth: Truth, until: Duration? = nil,
            then: Truth? = nil,
            _ change: @escaping @Sendable (inout DeviceRecord) -> Void
        ) -> Row {
            Row(why, test, truth, until: until, then: then) {
                $0.userName = "alice"
                $0.device = Samples.device(change)
            }
        }
        return [
            Row("status of no device", .device([.inUse]), .unknown),
            row("in use", .device([.inUse]), .holds) { $0.status = .inUse },
            row("lost", .device([.lost, .stolen]), .holds) { $0.status = .lost },
            row("retired", .device([.inUse]), .fails) { $0.status = .retired },
            Row("kind of no device", .deviceKind([.pool]), .unknown),
            row("a pool device", .deviceKind([.pool, .laptop]), .holds) { $0.kind = .pool },
            row("a personal device", .deviceKind([.pool, .laptop]), .fails) { $0.kind = .personal },
            Row("management of no device", .deviceManaged(false), .unknown),
            row("nobody said whether", .deviceManaged(false), .unknown) { $0.isManaged = nil },
            row("managed", .deviceManaged(true), .holds) { $0.isManaged = true },
            row("not managed", .deviceManaged(true), .fails) { $0.isManaged = false },
            row("not managed, as asked", .deviceManaged(false), .holds) { $0.isManaged = false },
            Row("organisation of no device", .deviceOrganisation(["Council"]), .unknown),
            row("nobody said whose", .deviceOrganisation(["Council"]), .unknown) { $0.organisation = nil },
            row("the council's", .deviceOrganisation(["Council"]), .holds) { $0.organisation = "Council" },
            row("a partner's", .deviceOrganisation(["Council"]), .fails) { $0.organisation = "Partner" },
            Row("owner of no device", .deviceOwned, .fails) { $0.userName = "alice" },
            row("nobody's own", .deviceOwned, .fails) { $0.owner = nil },
            row("the user's", .deviceOwned, .holds) { $0.owner = "alice" },
            row("another's", .deviceOwned, .fails) { $0.owner = "bob" },
            row("names are whole", .deviceOwned, .fails) { $0.owner = "Alice" },
            Row("visits of no device", .deviceOnSite(within: day), .fails),
            row("never on site", .deviceOnSite(within: day), .fails) { $0.lastOnSite = nil },
            row("on site now", .deviceOnSite(within: day), .holds, until: day, then: .fails) {
                $0.lastOnSite = now
            },
            row("just recent enough", .deviceOnSite(within: day), .holds, until: tick, then: .fails) {
                $0.lastOnSite = now - day + tick
            },
            row("a day ago", .deviceOnSite(within: day), .fails) { $0.lastOnSite = now - day },
            row("a visit to come", .deviceOnSite(within: day), .fails, until: .seconds(3480), then: .holds) {
                $0.lastOnSite = now + 3600
            },
            Row("not on the register", .unregistered, .holds),
            row("on the register", .unregistered, .fails) { _ in },
        ]
    }()

    static let loans: [Row] = {
        func row(
            _ why: String, _ loans: [Loan], _ truth: Truth, until: Duration? = nil, then: Truth? = nil
        ) -> Row {
            Row(why, .deviceLent, truth, until: until, then: then) {
                $0.userName = "alice"
                $0.device = Samples.device()
                $0.loans = loans
            }
        }
        return [
            Row("no device", .deviceLent, .fails) { $0.loans = [Samples.loan(from: -60, until: nil)] },
            row("not lent out", [], .fails),
            row("lent", [Samples.loan(from: -60, until: 60)], .holds, until: .seconds(60), then: .fails),
            row("lent from now on", [Samples.loan(from: 0, until: nil)], .holds),
            row("back as of now", [Samples.loan(from: -60, until: 0)], .fails),
            row(
                "to be lent", [Samples.loan(from: 60, until: 120)], .fails, until: .seconds(60), then: .holds),
            row(
                "to be lent twice",
                [Samples.loan("L-2", from: 90, until: nil), Samples.loan(from: 60, until: 120)],
                .fails, until: .seconds(60), then: .holds),
            row("lent to another", [Samples.loan(user: "bob", from: -60, until: nil)], .fails),
            row(
                "the loan that lasts longest counts",
                [Samples.loan(from: -60, until: 60), Samples.loan("L-2", from: -30, until: 90)], .holds,
                until: .seconds(90), then: .fails),
            row(
                "an open one lasts longest",
                [Samples.loan(from: -60, until: 60), Samples.loan("L-2", from: -30, until: nil)], .holds),
            row("over before it began: never", [Samples.loan(from: -30, until: -60)], .fails),
        ]
    }()

    static let postures: [Row] = {
        func row(
            _ why: String, _ need: PostureNeed, _ truth: Truth, until: Duration? = nil, then: Truth? = nil,
            _ change: @escaping @Sendable (inout DevicePosture) -> Void
        ) -> Row {
            Row(why, .posture(need), truth, until: until, then: then) { $0.posture = Samples.posture(change) }
        }
        let ago = { @Sendable (age: Duration) in now - age }
        return [
            Row("no report", .posture(.antivirus(within: day)), .fails),
            row("a report of something else", .antivirus(within: day), .fails) {
                $0.firewall = .init(true, observedAt: now)
            },
            row("fresh signatures", .antivirus(within: day), .holds, until: .seconds(86_340), then: .fails) {
                $0.antivirus = .init(ago(.seconds(60)), observedAt: now)
            },
            row("signatures a day old", .antivirus(within: day), .fails) {
                $0.antivirus = .init(ago(day), observedAt: now)
            },
            row(
                "signatures a tick less than a day old", .antivirus(within: day), .holds, until: tick,
                then: .fails
            ) {
                $0.antivirus = .init(ago(day) + tick, observedAt: now)
            },
            row("old signatures seen again are old", .antivirus(within: .seconds(60)), .fails) {
                $0.antivirus = .init(ago(.seconds(90)), observedAt: now)
            },
            row(
                "signatures of a clock just ahead", .antivirus(within: day), .holds, until: .seconds(86_520),
                then: .fails
            ) {
                $0.antivirus = .init(now + 120, observedAt: now)
            },
            row("signatures of tomorrow", .antivirus(within: day), .fails, until: tick, then: .holds) {
                $0.antivirus = .init(now + 120 + tick, observedAt: now)
            },
            row("updates", .patches(within: day), .holds, until: day, then: .fails) {
                $0.patches = .init(now, observedAt: now)
            },
            row("no updates for long", .patches(within: day), .fails) {
                $0.patches = .init(ago(.seconds(90_000)), observedAt: now)
            },
            row(
                "an encrypted disk", .diskEncryption(seenWithin: day), .holds, until: .seconds(82_800),
                then: .fails
            ) {
                $0.diskEncryption = .init(true, observedAt: ago(.seconds(3600)))
            },
            row("an open disk", .diskEncryption(seenWithin: day), .fails) {
                $0.diskEncryption = .init(false, observedAt: now)
            },
            row("nobody looked at the disk since yesterday", .diskEncryption(seenWithin: day), .fails) {
                $0.diskEncryption = .init(true, observedAt: ago(day))
            },
            row("a firewall", .firewall(seenWithin: day), .holds, until: day, then: .fails) {
                $0.firewall = .init(true, observedAt: now)
            },
            row("no firewall", .firewall(seenWithin: day), .fails) {
                $0.firewall = .init(false, observedAt: now)
            },
            row("a lock", .screenLock(atMostMinutes: 15, seenWithin: day), .holds, until: day, then: .fails) {
                $0.screenLockMinutes = .init(15, observedAt: now)
            },
            row("a late lock", .screenLock(atMostMinutes: 15, seenWithin: day), .fails) {
                $0.screenLockMinutes = .init(16, observedAt: now)
            },
            row("no lock", .screenLock(atMostMinutes: 15, seenWithin: day), .fails) {
                $0.screenLockMinutes = .init(0, observedAt: now)
            },
        ]
    }()

    static let people: [Row] = {
        func row(
            _ why: String, _ test: Condition.Test, _ truth: Truth, until: Duration? = nil, then: Truth? = nil,
            _ change: @escaping @Sendable (inout UserRecord) -> Void = { _ in }
        ) -> Row {
            Row(why, test, truth, until: until, then: then) {
                $0.userName = "alice"
                $0.user = Samples.user(change)
            }
        }
        return [
            Row("no code", .mfa(within: day), .fails),
            Row("a code", .mfa(within: day), .holds, until: .seconds(86_390), then: .fails) {
                $0.mfaVerifiedAt = now - .seconds(10)
            },
            Row("a code of yesterday", .mfa(within: day), .fails) { $0.mfaVerifiedAt = now - day },
            Row("no name", .user(["alice"]), .fails),
            Row("a name", .user(["alice", "bob"]), .holds) { $0.userName = "bob" },
            Row("another name", .user(["alice"]), .fails) { $0.userName = "bob" },
            Row("groups of a stranger", .group(["staff"]), .unknown) { $0.userName = "zoe" },
            row("in a group", .group(["staff", "it"]), .holds) { $0.groups = ["it", "gym"] },
            row("in other groups", .group(["staff"]), .fails) { $0.groups = ["gym"] },
            row("in no group", .group(["staff"]), .fails),
            Row("organisation of a stranger", .userOrganisation(["Council"]), .unknown),
            row("nobody said of which", .userOrganisation(["Council"]), .unknown),
            row("of the council", .userOrganisation(["Council"]), .holds) { $0.organisation = "Council" },
            row("of a partner", .userOrganisation(["Council"]), .fails) { $0.organisation = "Partner" },
            Row("steps of a stranger", .steps(["training"]), .fails),
            row("all steps done", .steps(["training", "agreement"]), .holds) {
                $0.steps = ["agreement", "training", "more"]
            },
            row("one step left", .steps(["training", "agreement"]), .fails) { $0.steps = ["training"] },
            Row("acknowledged by a stranger", .acknowledged(within: day), .fails),
            row("never acknowledged", .acknowledged(within: day), .fails),
            row("acknowledged", .acknowledged(within: day), .holds, until: .seconds(1), then: .fails) {
                $0.acknowledgedAt = now - .seconds(86_399)
            },
            row("acknowledged long ago", .acknowledged(within: day), .fails) {
                $0.acknowledgedAt = now - day
            },
        ]
    }()

    static let approvals: [Row] = {
        func row(
            _ why: String, _ need: ApprovalNeed, _ approvals: [Approval], country: String? = nil,
            _ truth: Truth,
            until: Duration? = nil, then: Truth? = nil
        ) -> Row {
            Row(why, .approval(need), truth, until: until, then: then) {
                $0.approvals = approvals
                $0.country = country.map(Samples.country)
            }
        }
        let crm = ApprovalNeed.system(name: "crm", label: "secret")
        let france = Samples.approval("A-1", .travel, until: 60, countries: ["FR", "ES"])
        return [
            row("no approval", .remoteWorking, [], .fails),
            row("approved for good", .remoteWorking, [Samples.approval(until: nil)], .holds),
            row(
                "approved", .remoteWorking, [Samples.approval(until: 60)], .holds, until: .seconds(60),
                then: .fails),
            row("over as of now", .remoteWorking, [Samples.approval(until: 0)], .fails),
            row(
                "from later on", .remoteWorking, [Samples.approval(from: 60, until: 90)], .fails,
                until: .seconds(60),
                then: .holds),
            row(
                "the one that lasts longest", .remoteWorking,
                [Samples.approval(until: 90), Samples.approval("A-2", until: 60)], .holds,
                until: .seconds(90),
                then: .fails),
            row("of another kind", .remoteWorking, [france], country: "FR", .fails),
            row(
                "travel to this country", .travel, [france], country: "ES", .holds, until: .seconds(60),
                then: .fails),
            row("travel to another country", .travel, [france], country: "IT", .fails),
            row("travel to who knows where", .travel, [france], .fails),
            row(
                "a system by name", crm, [Samples.approval("A-1", .system, until: 60, systems: ["crm"])],
                .holds,
                until: .seconds(60), then: .fails),
            row(
                "a system by label", crm, [Samples.approval("A-1", .system, until: 60, labels: ["secret"])],
                .holds,
                until: .seconds(60), then: .fails),
            row(
                "another system, another label", crm,
                [Samples.approval("A-1", .system, until: 60, systems: ["secret"], labels: ["crm"])], .fails),
            row(
                "a system without a label", .system(name: "crm", label: nil),
                [Samples.approval("A-1", .system, until: 60, labels: ["secret"])], .fails),
            row(
                "an exception", .exception("no-token"),
                [Samples.approval("A-1", .exception, until: 60, exception: "no-token")], .holds,
                until: .seconds(60), then: .fails),
            row(
                "another exception", .exception("no-token"),
                [Samples.approval("A-1", .exception, until: 60, exception: "no-lock")], .fails),
        ]
    }()

    static let places: [Row] = {
        let offices = Condition.Test.office([
            Samples.office("hall", "192.0.2.0/28"), Samples.office("depot", "2001:db8::/48"),
        ])
        let home = Condition.Test.country([Samples.country("GB"), Samples.country("NO")])
        return [
            Row("no country", home, .unknown),
            Row("no country of a known address", home, .unknown) { $0.outer = IPAddress("192.0.2.1") },
            Row("at home", home, .holds) { $0.country = Samples.country("NO") },
            Row("abroad", home, .fails) { $0.country = Samples.country("FR") },
            Row("no outer address", offices, .unknown),
            Row("at a desk", offices, .holds) { $0.outer = IPAddress("192.0.2.15") },
            Row("at another desk", offices, .holds) { $0.outer = IPAddress("2001:db8::1") },
            Row("next door", offices, .fails) { $0.outer = IPAddress("192.0.2.16") },
        ]
    }()

    static let clients: [Row] = {
        let platform = Condition.Test.client(.platform([.linux, .win]))
        let splitting = Condition.Test.client(.noSplitTunnel)
        let says = { @Sendable (name: String, text: String) -> (@Sendable (inout SessionEvidence) -> Void) in
            { $0.claims = NamedTexts([name: text, "IV_PROTO": "990"]) }
        }
        func version(_ least: String) -> Condition.Test {
            guard let version = ClientVersion(least) else { preconditionFailure("\(least) is no version") }
            return .client(.version(atLeast: version))
        }
        return [
            Row("no claims, no platform", platform, .unknown),
            Row("says other things", platform, .unknown, says("IV_VER", "2.6.12")),
            Row("says nothing with many words", platform, .unknown, says("IV_PLAT", "")),
            Row("on one of them", platform, .holds, says("IV_PLAT", "win")),
            Row("on another", platform, .fails, says("IV_PLAT", "mac")),
            Row("in other letters", platform, .fails, says("IV_PLAT", "Linux")),
            Row("on something unheard of", platform, .fails, says("IV_PLAT", "tv\u{1B}os")),
            Row("no claims, no version", version("2.6"), .unknown),
            Row("the very version", version("2.6.0"), .holds, says("IV_VER", "2.6")),
            Row("a later one", version("2.6.0"), .holds, says("IV_VER", "2.6.0.1")),
            Row("later by its value, not by its letters", version("2.9"), .holds, says("IV_VER", "2.10.1")),
            Row("an earlier one", version("2.6.0"), .fails, says("IV_VER", "2.5.99")),
            Row("an earlier one with more numbers", version("2.6"), .fails, says("IV_VER", "2.5.9.9")),
            Row("a candidate for it", version("2.6.0"), .unknown, says("IV_VER", "2.6_rc1")),
            Row(
                "somebody's own build", version("2.6.0"), .unknown, says("IV_VER", "3.git::d3f8b18b:Release")),
            Row("does not say whether it splits", splitting, .unknown),
            Row("says that it does not", splitting, .holds, says("UV_SPLIT_TUNNEL", "0")),
            Row("says that it does", splitting, .fails, says("UV_SPLIT_TUNNEL", "1")),
            Row("says something else", splitting, .unknown, says("UV_SPLIT_TUNNEL", "no")),
        ]
    }()

    static let tenants: [Row] = {
        let boston = Condition.Test.tenant(Samples.tenant(within: day))
        func row(
            _ why: String, _ organisation: String?, _ truth: Truth, until: Duration? = nil,
            then: Truth? = nil,
            codes: [String: Duration] = [:]
        ) -> Row {
            Row(why, boston, truth, until: until, then: then) { evidence in
                evidence.device = Samples.device { $0.organisation = organisation }
                evidence.tenantVerifiedAt = codes.mapValues { now - $0 }
            }
        }
        return [
            Row("no device", boston, .fails),
            Row("a code on a device that is not known", boston, .fails) {
                $0.tenantVerifiedAt = ["boston": now]
            },
            row("the tenant's own device", "Boston", .holds),
            row("its own device, and a code besides", "Boston", .holds, codes: ["boston": .seconds(60)]),
            row("another's device", "Council", .fails),
            row("a device of which the register does not say", nil, .fails),
            row(
                "another's device, with a code just now", "Council", .holds, until: day, then: .fails,
                codes: ["boston": .zero]),
            row(
                "nobody's device, with a code", nil, .holds, until: tick, then: .fails,
                codes: ["boston": day - tick]),
            row("a code of a day ago", "Council", .fails, codes: ["boston": day]),
            row(
                "a code of another tenant", "Council", .fails,
                codes: ["east-lindsey": .zero, "Boston": .zero]),
            row(
                "a code from a clock that ran ahead", "Council", .fails, until: .seconds(3480), then: .holds,
                codes: ["boston": .seconds(-3600)]),
            Row("the user's own code is no tenant's", boston, .fails) { evidence in
                evidence.device = Samples.device { $0.organisation = "Council" }
                evidence.mfaVerifiedAt = now
            },
        ]
    }()

    static let times: [Row] = {
        func hours(_ from: Int, _ until: Int) -> Condition.Test {
            guard let hours = WeeklyHours(days: Set(Weekday.allCases), from: from, to: until, clock: .utc)
            else {
                preconditionFailure("no hours")
            }
            return .hours(hours)
        }
        func contract(_ from: Duration, _ until: Duration) -> Condition.Test {
            .contract(
                Contract(
                    vendor: "v", reference: "C-1", sponsor: "s", from: now + from, until: now + until,
                    warnBefore: .zero))
        }
        // To 18:00, from 14:03:07.123456789.
        let untilSix = Duration.nanoseconds(14_212_876_543_211)
        let scan = { @Sendable (age: Duration, isOwn: Bool) in
            ScanSighting(seenAt: now - age, destinations: 70, isOwn: isOwn)
        }
        let scanning = Condition.Test.behaviour([.scanning: .seconds(3600)])
        return [
            Row("within hours", hours(480, 1080), .holds, until: untilSix, then: .fails),
            Row("outside hours", hours(1080, 1200), .fails, until: untilSix, then: .holds),
            Row("in force", contract(.seconds(-60), .seconds(60)), .holds, until: .seconds(60), then: .fails),
            Row("to begin", contract(.seconds(60), .seconds(90)), .fails, until: .seconds(60), then: .holds),
            Row("over", contract(.seconds(-60), .zero), .fails),
            Row("nothing seen", scanning, .fails),
            Row("seen in this session", scanning, .holds) { $0.scan = scan(.seconds(9000), true) },
            Row("seen in another", scanning, .holds, until: .seconds(1), then: .fails) {
                $0.scan = scan(.seconds(3599), false)
            },
            Row("forgotten", scanning, .fails) { $0.scan = scan(.seconds(3600), false) },
            Row("never from afar", .never(label: "secret"), .fails),
        ]
    }()

    @Test(
        arguments: [
            certificates, revocations, attributes, devices, loans, postures, people, approvals, places, times,
            clients, tenants,
        ].joined())
    func answers(_ row: Row) throws {
        var evidence = SessionEvidence()
        row.evidence(&evidence)
        let condition = Condition(row.test, at: Samples.place)
        let answer = condition.judge(evidence, at: Samples.now)
        #expect(answer.truth == row.truth)
        #expect(answer.until == row.until.map { Samples.now + $0 }, "\(answer.saw)")
        #expect(!answer.saw.isEmpty, "the administrator hears why")
        guard let until = answer.until else {
            #expect(row.then == nil)
            let last = Instant(nanosecondsSince1970: .max).before
            for later in [Samples.now + .nanoseconds(1), Samples.now + 86_400, last] {
                #expect(condition.judge(evidence, at: later).truth == row.truth)
            }
            return
        }
        #expect(condition.judge(evidence, at: until.before).truth == row.truth)
        #expect(condition.judge(evidence, at: until).truth == row.then)
        #expect(row.then != row.truth)
    }

    /// Every condition is asked for at least once so, and once otherwise.
    @Test func theTableIsComplete() {
        let rows = [
            Self.certificates, Self.revocations, Self.attributes, Self.devices, Self.loans, Self.postures,
            Self.people, Self.approvals, Self.places, Self.times, Self.clients,
            Self.tenants,
        ].joined()
        var truths: [String: Set<Truth>] = [:]
        for row in rows { truths[Self.name(row.test), default: []].insert(row.truth) }
        #expect(truths.count == 29)
        for (name, seen) in truths where name != "never" {
            #expect(seen.isSuperset(of: [.holds, .fails]), "\(name) is only ever \(seen)")
        }
        let knowable: Set<String> = [
            "certificate", "attribute", "device", "deviceKind", "deviceManaged", "deviceOrganisation",
            "group",
            "userOrganisation", "country", "office", "client platform", "client version", "split tunnel",
        ]
        #expect(Set(truths.filter { $0.value.contains(.unknown) }.keys) == knowable)
    }

    private static func name(_ test: Condition.Test) -> String {
        switch test {
        case .certificate: "certificate"
        case .organisation: "organisation"
        case .attribute: "attribute"
        case .device: "device"
        case .deviceKind: "deviceKind"
        case .deviceManaged: "deviceManaged"
        case .deviceOrganisation: "deviceOrganisation"
        case .deviceOwned: "deviceOwned"
        case .deviceLent: "deviceLent"
        case .deviceOnSite: "deviceOnSite"
        case .unregistered: "unregistered"
        case .posture: "posture"
        case .client(.platform): "client platform"
        case .client(.version): "client version"
        case .client(.noSplitTunnel): "split tunnel"
        case .mfa: "mfa"
        case .tenant: "tenant"
        case .user: "user"
        case .group: "group"
        case .userOrganisation: "userOrganisation"
        case .steps: "steps"
        case .acknowledged: "acknowledged"
        case .approval: "approval"
        case .country: "country"
        case .office: "office"
        case .hours: "hours"
        case .contract: "contract"
        case .behaviour: "behaviour"
        case .never: "never"
        }
    }
}
