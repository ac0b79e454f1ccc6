import Evidence
import Foundation
import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

/// What rules about certificates, devices, people and places come to mean, and what their registers say.
struct EvidenceMeaningTests {
    private static let files = [
        "authorities.yaml": """
        authorities:
          corporate: { digest: \(String(repeating: "1", count: 64)) }
        """,
        "systems.yaml": "systems: { crm: { addresses: [10.10.0.20], services: [tcp/443] } }",
        "offices.yaml": "offices: { hall: [192.0.2.0/28, \"2001:db8::/48\"], depot: 192.0.2.16/28 }",
        "users.yaml": "users: { alice: { groups: [staff] } }",
        "policy.yaml": "inside: [10.10.0.0/16]\nclasses: []",
    ]

    private static func compile(_ replacing: [String: String]) throws -> Policy {
        let all = files.merging(replacing) { $1 }
        let result = PolicyCompiler.compile(
            all.map { PackFile(path: $0.key, text: $0.value) }, now: Packs.now)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        return try #require(result.policy)
    }

    /// The conditions of one class that is written so.
    private static func conditions(_ when: String) throws -> [Condition] {
        let policy = try compile([
            "policy.yaml":
                "inside: [10.10.0.0/16]\nclasses:\n  - { name: one, when: { \(when) }, access: none }\n"
        ])
        return try #require(policy.policyClass(named: "one")).conditions
    }

    struct Form: Sendable, CustomTestStringConvertible {
        var written: String
        var tests: [Condition.Test]
        var words: [String]
        var testDescription: String { written }

        init(_ written: String, _ tests: [Condition.Test], _ words: String...) {
            self.written = written
            self.tests = tests
            self.words = words
        }
    }

    private static let day = Duration.seconds(86_400)

    private static func patterns(_ texts: String...) -> Set<TextPattern> {
        Set(texts.compactMap { TextPattern($0) })
    }

    static let devices: [Form] = [
        Form("device: lost", [.device([.lost])], "device lost"),
        Form("device: unregistered", [.unregistered], "device not on the register"),
        Form(
            "device: { status: [in-use, returned], kind: pool }",
            [.device([.inUse, .returned]), .deviceKind([.pool])], "device in-use or returned",
            "device kind pool"),
        Form("device: { managed: true }", [.deviceManaged(true)], "device managed"),
        Form("device: { managed: false }", [.deviceManaged(false)], "device not managed"),
        Form("device: { organisation: NO }", [.deviceOrganisation(["NO"])], "device of NO"),
        Form(
            "device: { on-site: { within: 90d }, loan: this-user, owner: this-user }",
            [.deviceOwned, .deviceLent, .deviceOnSite(within: .seconds(90 * 86_400))],
            "device given to this user", "device lent to this user", "device on site within 90d"),
    ]

    static let postures: [Form] = [
        Form(
            "posture: { antivirus: { within: 24h } }", [.posture(.antivirus(within: day))],
            "anti-virus signatures within 1d"),
        Form(
            "posture: { firewall: on, patches: { within: 30d }, disk-encryption: on }",
            [
                .posture(.patches(within: .seconds(30 * 86_400))),
                .posture(.diskEncryption(seenWithin: day)), .posture(.firewall(seenWithin: day)),
            ], "updates within 30d", "disk encryption on, seen within 1d", "firewall on, seen within 1d"),
        Form(
            "posture: { disk-encryption: { within: 7d } }",
            [.posture(.diskEncryption(seenWithin: .seconds(7 * 86_400)))],
            "disk encryption on, seen within 7d"),
        Form(
            "posture: { screen-lock: { at-most: 15m } }",
            [.posture(.screenLock(atMostMinutes: 15, seenWithin: day))],
            "screen lock after at most 15m, seen within 1d"),
        Form(
            "posture: { screen-lock: { at-most: 1h, within: 7d } }",
            [.posture(.screenLock(atMostMinutes: 60, seenWithin: .seconds(7 * 86_400)))],
            "screen lock after at most 60m, seen within 7d"),
    ]

    static let clients: [Form] = [
        Form("client: { platform: win }", [.client(.platform([.win]))], "client on win"),
        Form(
            "client: { split-tunnel: refused, platform: [linux, ios], version: { at-least: 2.06 } }",
            [
                .client(.platform([.linux, .ios])),
                ClientVersion("2.6.0").map { .client(.version(atLeast: $0)) },
                .client(.noSplitTunnel),
            ].compactMap(\.self), "client on ios or linux", "client of version 2.06 or later",
            "client without split tunnel"),
    ]

    static let people: [Form] = [
        Form("user: alice", [.user(["alice"])], "user alice"),
        Form(
            "user: { acknowledged: { within: 180d }, steps: [training, agreement], organisation: Council, name: alice }",
            [
                .user(["alice"]), .userOrganisation(["Council"]), .steps(["agreement", "training"]),
                .acknowledged(within: .seconds(180 * 86_400)),
            ], "user alice", "user of Council", "steps agreement and training", "acknowledged within 180d"),
        Form("approval: remote-working", [.approval(.remoteWorking)], "approval of remote working"),
        Form(
            "approval: [travel, { exception: no-token }]",
            [.approval(.travel), .approval(.exception("no-token"))], "approval of travel",
            "exception no-token"),
        Form(
            "country: [NO, gb]", [.country(Set(["NO", "GB"].compactMap { CountryCode($0) }))],
            "country GB or NO"),
        Form("country: NO", [.country(Set([CountryCode("NO")].compactMap(\.self)))], "country NO"),
    ]

    static let certificates: [Form] = [
        Form(
            "certificate: { subject: { OU: [Revenues, \"Housing*\"], 2.5.4.4: Smith }, authority: corporate }",
            [
                .attribute(.subject("OU"), patterns("Revenues", "Housing*")),
                .attribute(.subject("2.5.4.4"), patterns("Smith")),
            ], "certificate subject OU 'Housing*' or 'Revenues'", "certificate subject 2.5.4.4 'Smith'"),
        Form(
            "certificate: { authority: [corporate], email: \"*@council.example\", uri: \"urn:x\", dns: a.example, upn: alice@ad.example }",
            [
                .attribute(.email, patterns("*@council.example")), .attribute(.uri, patterns("urn:x")),
                .attribute(.dns, patterns("a.example")),
                .attribute(.userPrincipalName, patterns("alice@ad.example")),
            ], "certificate email '*@council.example'", "certificate uri 'urn:x'",
            "certificate dns 'a.example'", "certificate upn 'alice@ad.example'"),
        Form(
            "certificate: { authority: corporate, extension: { 1.3.6.1.4.1.55555.1: [managed, \"yes\"] } }",
            [.attribute(.extension("1.3.6.1.4.1.55555.1"), patterns("managed", "yes"))],
            "certificate extension 1.3.6.1.4.1.55555.1 'managed' or 'yes'"),
    ]

    @Test(arguments: [devices, postures, clients, people].joined()) func conditionsSayWhatWasWritten(
        form: Form
    ) throws {
        let conditions = try Self.conditions(form.written)
        #expect(conditions.map(\.test) == form.tests)
        #expect(conditions.map(\.description) == form.words)
        #expect(conditions.allSatisfy { $0.location.line == 3 })
    }

    /// An attribute never counts without whoever certified it.
    @Test(arguments: certificates) func attributesComeWithTheirAuthority(form: Form) throws {
        let conditions = try Self.conditions(form.written)
        guard case .certificate(let authorities) = conditions.first?.test else {
            Issue.record("no authority is asked for")
            return
        }
        #expect(authorities.map(\.name) == ["corporate"])
        #expect(conditions.dropFirst().map(\.test) == form.tests)
        #expect(conditions.dropFirst().map(\.description) == form.words)
    }

    @Test func officesAreNetworks() throws {
        let hall = try #require(try Self.compile([:]).offices.first)
        #expect(hall.name == "hall" && hall.networks.map(\.description) == ["192.0.2.0/28", "2001:db8::/48"])
        #expect(try Self.conditions("office: hall").map(\.test) == [.office([hall])])
        for written in ["office: any", "office: [hall, depot]"] {
            let condition = try #require(try Self.conditions(written).first)
            #expect(condition.description == "office depot or hall")
        }
    }

    // MARK: Labels

    @Test func labelsBecomeNeeds() throws {
        let policy = try Self.compile([
            "systems.yaml": """
            labels:
              open: { about: Daily work, remote: freely }
              sensitive: { remote: with-approval }
              secret: { remote: never }
            systems:
              crm: { addresses: [10.10.0.20], services: [tcp/443], label: open }
              files: { addresses: [10.10.0.21], services: [tcp/443], label: sensitive, needs: { mfa: { within: 1h } } }
              vault: { addresses: [10.10.0.22], services: [tcp/443], label: secret }
              plain: { addresses: [10.10.0.23], services: [tcp/443], needs: { approval: system } }
            """
        ])
        let needs = Dictionary(uniqueKeysWithValues: policy.systems.map { ($0.name, $0.needs.map(\.test)) })
        #expect(
            needs == [
                "crm": [],
                "files": [
                    .mfa(within: .seconds(3600)), .approval(.system(name: "files", label: "sensitive")),
                ],
                "vault": [.never(label: "secret")], "plain": [.approval(.system(name: "plain", label: nil))],
            ])
        #expect(policy.system(named: "crm")?.label == "open")
        #expect(policy.system(named: "files")?.needs.map(\.description).last == "approval of system files")
        #expect(policy.system(named: "vault")?.needs.first?.description == "label secret: never remote")
    }

    @Test func withoutAListLabelsAreWords() throws {
        let policy = try Self.compile([
            "systems.yaml":
                "systems: { crm: { addresses: [10.10.0.20], services: [tcp/443], label: whatever } }"
        ])
        #expect(policy.systems.map(\.needs) == [[]] && policy.systems.first?.label == "whatever")
    }

    // MARK: Authorities

    /// As a block of YAML has it, deep enough for any place below.
    private static func pem(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString()
        let lines = [
            "-----BEGIN CERTIFICATE-----", String(text.prefix(20)), String(text.dropFirst(20)),
            "-----END CERTIFICATE-----",
        ]
        return lines.map { "          " + $0 }.joined(separator: "\n")
    }

    @Test func authoritiesAreTheirCertificates() throws {
        let (old, new) = (Array("an old certificate's bytes".utf8), Array("a new certificate's bytes".utf8))
        let policy = try Self.compile([
            "authorities.yaml": """
            authorities:
              single:
                certificate: |
            \(Self.pem(old))
                chain: required
                crl: /etc/gatehouse/single.crl
              renewed:
                digest: \(CertificateDigest(ofCertificate: Array("x".utf8)))
                certificate:
                  - |
            \(Self.pem(new))
                ocsp: http://ca.council.example/ocsp
                revocation: best-effort
              off:
                digests: [\(String(repeating: "a", count: 64)), \(String(repeating: "b", count: 64))]
                crl: [/etc/gatehouse/a.crl, /etc/gatehouse/b]
                revocation: none
            """
        ])
        let single = try #require(policy.authority(named: "single"))
        #expect(single.certificates == [old] && single.digests == [CertificateDigest(ofCertificate: old)])
        #expect(single.needsChain && single.revocationLists == ["/etc/gatehouse/single.crl"])
        #expect(
            single.revocation == .required, "who can be asked must be heard, unless the pack says otherwise")
        let renewed = try #require(policy.authority(named: "renewed"))
        #expect(renewed.certificates == [new] && renewed.digests.count == 2 && !renewed.needsChain)
        #expect(renewed.revocation == .bestEffort && renewed.responder == "http://ca.council.example/ocsp")
        let off = try #require(policy.authority(named: "off"))
        #expect(off.revocation == .none && off.digests.count == 2 && off.revocationLists.count == 2)
    }

    // MARK: Registers

    @Test func everyRegisterIsReadFromBothKindsOfFile() throws {
        let policy = try Self.compile([
            "users.csv": """
            name,groups,steps,organisation,acknowledged,manager,about
            bob, staff ; it;,training,Council,2026-11-01,alice,"likes, commas"
            carol,,,,,,
            """,
            "devices.yaml": """
            devices:
              - { id: lt-1, key: "\(Array(repeating: "AB", count: 32).joined(separator: ":"))", kind: laptop,
                  status: in-use, managed: yes, last-on-site: 2026-11-01, owner: alice, about: The first }
            """,
            "devices.csv":
                "id,digest,kind,status,serial\npool-1,\(String(repeating: "c", count: 64)),pool,in-use,007\n",
            "loans.yaml":
                "loans: { L-1: { device: pool-1, user: bob, from: 2026-11-20, until: 2026-11-24 } }",
            "loans.csv": "reference,device,user,from,until\nL-2,pool-1,alice,2026-11-25T09:00:00+01:00,\n",
            "approvals.yaml": """
            approvals:
              - { reference: A-1, kind: remote-working, user: alice, approver: head, from: 2026-11-01 }
            """,
            "approvals.csv": """
            reference,kind,user,approver,from,until,countries,systems,labels,exception
            A-2,travel,alice,head,2026-11-01,2026-12-01,NO; fr,,,
            A-3,system,alice,head,2026-11-01,2026-12-01,,crm,,
            A-4,exception,alice,head,2026-11-01,2026-12-01,,,,no-token
            """,
        ])
        let registers = policy.registers
        let time = { (text: String) in TimeText.timestamp(text) }
        #expect(
            registers.users["bob"]
                == UserRecord(
                    name: "bob", groups: ["staff", "it"], organisation: "Council", steps: ["training"],
                    acknowledgedAt: time("2026-11-01T00:00:00Z"), manager: "alice"))
        #expect(registers.users["carol"] == UserRecord(name: "carol"))
        #expect(registers.users.groups == ["staff", "it"])
        let laptop = try #require(registers.devices[id: "lt-1"])
        #expect(laptop.certificate == nil && laptop.isManaged == true && laptop.owner == "alice")
        #expect(laptop.key == KeyDigest(String(repeating: "ab", count: 32)))
        #expect(laptop.lastOnSite == time("2026-11-01T00:00:00Z"))
        #expect(registers.devices[id: "pool-1"]?.serial == "007")
        #expect(registers.loans["L-1"]?.until == time("2026-11-25T00:00:00Z"), "all of its last day")
        #expect(registers.loans["L-2"]?.from == time("2026-11-25T08:00:00Z"))
        #expect(registers.loans.loans(of: "pool-1").map(\.reference) == ["L-1", "L-2"])
        #expect(registers.approvals.all.map(\.kind) == [.remoteWorking, .travel, .system, .exception])
        #expect(registers.approvals["A-2"]?.countries == Set(["NO", "FR"].compactMap { CountryCode($0) }))
        #expect(
            registers.approvals["A-1"]?.until == nil && registers.approvals["A-4"]?.exception == "no-token")
    }

    /// Loans and approvals that are over refer to what may be gone; only open ones are warned of.
    @Test(arguments: [
        ("2026-11-20", "2026-11-20", [] as [DiagnosticID]), ("2026-11-20", "2026-11-21", [.unknownName]),
        ("2027-01-01", "", [.unknownName]),
    ])
    func referencesAreCheckedWhileTheyAreOpen(from: String, until: String, expected: [DiagnosticID]) throws {
        let digest = String(repeating: "c", count: 64)
        let files = Self.files.merging([
            "devices.csv": "id,digest,kind,status\npool-1,\(digest),pool,in-use\n",
            "loans.csv": "reference,device,user,from,until\nL-1,pool-2,alice,\(from),\(until)\n",
        ]) { $1 }
        let result = PolicyCompiler.compile(
            files.map { PackFile(path: $0.key, text: $0.value) }, now: Packs.now)
        #expect(result.diagnostics.map(\.id) == expected)
        #expect(result.policy != nil)
    }

    // MARK: Sessions

    @Test func sessionsSayAllThatRulesAskFor() throws {
        let session = """
            session:
              certificate:
                authority: corporate
                subject: { OU: [Revenues, NO], O: Council }
                email: alice@council.example
                upn: alice@ad.example
                extension: { 1.3.6.1.4.1.55555.1: managed }
              revocation: unknown
              device: { id: lt-7, managed: yes, kind: pool, on-site: x }
              user: { name: alice, groups: [staff, it], acknowledged: 2026-11-01 }
              loans: [{ from: 2026-11-20 }]
              approvals: [{ kind: travel, countries: [NO], until: 2026-12-01 }, { kind: remote-working }]
              client: { platform: tv, version: 2.6_rc1, split-tunnel: false }
              posture: { antivirus: 5h, patches: 3d, disk-encryption: on, firewall: off, screen-lock: never, seen: 1h }
              outer: 192.0.2.1
              country: NO
            """
        let policy = try Self.compile([:])
        let bad = PolicyCompiler.session(PackFile(path: "s.yaml", text: session), in: policy)
        #expect(bad.diagnostics.map(\.id) == [.unknownKey])
        let good = session.replacing(", on-site: x", with: "")
        let read = try #require(
            PolicyCompiler.session(PackFile(path: "s.yaml", text: good), in: policy).session)
        #expect(
            read.attributes == [
                .subject("OU"): ["Revenues", "NO"], .subject("O"): ["Council"],
                .email: ["alice@council.example"], .userPrincipalName: ["alice@ad.example"],
                .extension("1.3.6.1.4.1.55555.1"): ["managed"],
            ])
        #expect(read.organisation == "Council", "a server hands it over by itself, too")
        #expect(read.authority == "corporate" && read.revocation == .unknown)
        #expect(read.device == "lt-7" && read.deviceFields == ["managed": ["true"], "kind": ["pool"]])
        #expect(
            read.userFields == ["groups": ["it", "staff"], "acknowledged": ["2026-11-01T00:00:00Z"]])
        #expect(read.loans.map(\.device) == ["lt-7"] && read.loans.map(\.user) == ["alice"])
        #expect(read.approvals.map(\.kind) == [.travel, .remoteWorking])
        #expect(read.approvals.allSatisfy { $0.from == Instant(secondsSince1970: 0) && $0.user == "alice" })
        #expect(read.claims == ["IV_PLAT": "tv", "IV_VER": "2.6_rc1", "UV_SPLIT_TUNNEL": "0"])
        let hour = Duration.seconds(3600)
        #expect(
            read.posture == [
                .antivirus(age: .seconds(18_000)), .patches(age: .seconds(3 * 86_400)),
                .diskEncryption(true, seen: hour), .firewall(false, seen: hour),
                .screenLock(minutes: 0, seen: hour),
            ])
        #expect(read.outer == IPAddress("192.0.2.1") && read.country == CountryCode("NO"))
    }
}

/// One star, and where it does not reach.
struct TextPatternTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var pattern: String
        var text: String
        var matches: Bool
        var ignoringCase = false
        var testDescription: String { "\(pattern) and \(text)" }
    }

    @Test(arguments: [
        Example(pattern: "a", text: "a", matches: true), Example(pattern: "a", text: "ab", matches: false),
        Example(pattern: "a", text: "A", matches: false),
        Example(pattern: "a", text: "A", matches: true, ignoringCase: true),
        Example(pattern: "É", text: "é", matches: false, ignoringCase: true),
        Example(pattern: "*", text: "x", matches: true), Example(pattern: "*", text: "", matches: false),
        Example(pattern: "*", text: "a@b", matches: false),
        Example(pattern: "a*b", text: "axb", matches: true),
        Example(pattern: "a*b", text: "ab", matches: false),
        Example(pattern: "aa*aa", text: "aaa", matches: false),
        Example(pattern: "*@council.example", text: "alice@council.example", matches: true),
        Example(pattern: "*@council.example", text: "@council.example", matches: false),
        Example(pattern: "*@council.example", text: "a@b@council.example", matches: false),
        Example(pattern: "*@council.example", text: "a@council.example.evil", matches: false),
        Example(pattern: "*@council.example", text: "a@Council.Example", matches: true, ignoringCase: true),
        Example(pattern: "spiffe://c/*", text: "spiffe://c/x", matches: true),
        Example(pattern: "spiffe://c/*", text: "spiffe://c/x/y", matches: false),
        Example(pattern: "caf\u{E9}", text: "cafe\u{301}", matches: false),
    ])
    func matches(example: Example) throws {
        let pattern = try #require(TextPattern(example.pattern))
        #expect(pattern.matches(example.text, ignoringCase: example.ignoringCase) == example.matches)
        #expect(pattern.description == example.pattern)
    }

    @Test func oneStarAtMost() {
        #expect(TextPattern("") == nil && TextPattern("a**b") == nil && TextPattern("*x*") == nil)
    }
}

/// Tenants, and systems that belong to them.
struct TenantMeaningTests {
    private static let files = [
        "policy.yaml": """
        classes: []
        inside: [10.10.0.0/16]
        tenants:
          boston: { about: The borough, organisation: NO, mfa: { within: 8h }, cites: [one] }
          holland: { organisation: South Holland, mfa: { within: 90m } }
        """,
        "systems.yaml": """
        labels: { secret: { remote: with-approval } }
        systems:
          tax:
            addresses: [10.10.0.20]
            services: [tcp/443]
            tenant: boston
            needs: { mfa: { within: 1h } }
            label: secret
          crm: { addresses: [10.10.0.21], services: [tcp/443] }
        """,
        "clauses.yaml": "clauses: { one: { title: One } }",
    ]

    @Test func systemsNeedTheirTenant() throws {
        let result = PolicyCompiler.compile(
            Self.files.map { PackFile(path: $0.key, text: $0.value) }, now: Packs.now)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        let policy = try #require(result.policy)
        #expect(policy.tenants.map(\.name) == ["boston", "holland"])
        let boston = try #require(policy.tenant(named: "boston"))
        #expect(boston.about == "The borough" && boston.organisation == "NO")
        #expect(boston.mfaWithin == .seconds(28_800) && boston.serving.cites == ["one"])
        #expect(policy.tenant(named: "holland")?.mfaWithin == .seconds(5400))
        #expect(policy.tenant(named: "Boston") == nil)
        #expect(
            policy.system(named: "tax")?.needs.map(\.test) == [
                .mfa(within: .seconds(3600)), .approval(.system(name: "tax", label: "secret")),
                .tenant(boston),
            ])
        #expect(policy.system(named: "tax")?.needs.last?.location.line == 6)
        #expect(policy.system(named: "crm")?.needs == [])
        #expect(policy.everyCitation["one"]?.map(\.source) == [.tenant("boston")])
    }

    @Test func sessionsSayWhoseCodesTheyHave() throws {
        let policy = try #require(
            PolicyCompiler.compile(
                Self.files.map { PackFile(path: $0.key, text: $0.value) }, now: Packs.now
            ).policy)
        let file = PackFile(
            path: "s.yaml", text: "session: { mfa: 5m, tenant-mfa: { boston: 10m, holland: none } }")
        let read = PolicyCompiler.session(file, in: policy)
        #expect(DiagnosticRenderer.text(read.diagnostics) == "")
        #expect(
            read.session
                == SessionDescription(mfaAge: .seconds(300), tenantMFAAges: ["boston": .seconds(600)]))
        let wrong = PackFile(path: "s.yaml", text: "session: { tenant-mfa: { bostn: 10m, holland: ever } }")
        #expect(
            PolicyCompiler.session(wrong, in: policy).diagnostics.map(\.id) == [
                .undefinedTenant, .wrongValue,
            ])
    }
}
