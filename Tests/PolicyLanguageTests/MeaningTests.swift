import Evidence
import FlowSpace
import Foundation
import NetworkTypes
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// What a pack comes to mean, value by value.
struct MeaningTests {
    private static let policy =
        """
        inside: [10.10.0.0/16, "fd10:10::/32"]
        review-by: 2027-09-01
        classes:
        """

    private func compile(_ files: [String: String]) throws -> Policy {
        let without = ["staff", "places", "vendors"].map { ("tests/\($0).yaml", "tests: []") }
        let all = Dictionary(uniqueKeysWithValues: without).merging(files) { $1 }
        let result = try Packs.standard(replacing: all)
        return try #require(result.policy, "\(DiagnosticRenderer.text(result.diagnostics))")
    }

    @Test func conditionsSayWhatWasWritten() throws {
        let classes = """
            \(Self.policy)
              - name: one
                when:
                  group: [staff, finance-team]
                  user: bob
                  hours: { days: [mon-wed, sun], from: "22:00", to: "06:00", zone: Europe/London }
                  mfa: { within: 1h30m }
                  device: [in-use, returned]
                  organisation: "Example: Council"
                  certificate: [corporate, third-party]
                access: [crm, crm, dns]
            """
        let policy = try compile(["policy.yaml": classes])
        let found = try #require(policy.policyClass(named: "one"))
        let london = try #require(ZoneClock(named: "Europe/London"))
        let hours = try #require(
            WeeklyHours(days: [.sun, .mon, .tue, .wed], from: 1320, to: 360, clock: london))
        #expect(
            found.conditions.map(\.test) == [
                .certificate(authorities: policy.authorities), .organisation("Example: Council"),
                .device([.inUse, .returned]), .mfa(within: .seconds(5400)), .hours(hours), .user(["bob"]),
                .group(["staff", "finance-team"]),
            ])
        #expect(found.conditions.map(\.location.line) == [12, 11, 10, 9, 8, 7, 6])
        #expect(found.access == .systems(["crm", "dns"]))
        #expect(found.location == SourceLocation(file: "policy.yaml", line: 4, column: 11))
        #expect(policy.settings.review?.dueAt == TimeText.timestamp("2027-09-02T00:00:00Z"))
    }

    @Test func idleTimesAreThePacksUnlessTheClassSaysOtherwise() throws {
        let policy = try compile([
            "policy.yaml": """
            idle: 30m
            inside: [10.10.0.0/16, "fd10:10::/32"]
            classes:
              - { name: usual, when: { certificate: corporate, user: alice }, access: crm }
              - { name: strict, when: { certificate: corporate, user: bob }, access: crm, idle: 1m30s }
              - { name: never, when: { certificate: corporate, group: staff }, access: crm, idle: none }
            """
        ])
        #expect(policy.idle == .seconds(1800))
        #expect(policy.restsOnObservation)
        #expect(
            policy.classes.map(\.idle) == [.seconds(1800), .seconds(90), nil, .seconds(1800)],
            "the vendor's class has the pack's")
    }

    @Test(arguments: [
        ("idle: 10s", Duration.seconds(10)), ("idle: 1d", .seconds(86_400)), ("idle: none", nil),
    ])
    func vendorsHaveIdleTimesOfTheirOwn(line: String, expected: Duration?) throws {
        let file = try #require(
            try Packs.bytes(in: Packs.standard).first { $0.path == "vendors/northwind.yaml" })
        let policy = try compile([
            file.path: String(decoding: file.bytes, as: UTF8.self) + line + "\n",
            "policy.yaml": "idle: 5m\ninside: [10.10.0.0/16, \"fd10:10::/32\"]\nclasses: []",
        ])
        #expect(policy.classes.map(\.idle) == [expected])
    }

    @Test(arguments: [
        ("scanning", Duration.seconds(3600)), ("[scanning]", .seconds(3600)),
        ("[scanning, scanning]", .seconds(3600)), ("{ scanning: { within: 8h } }", .seconds(28_800)),
        ("{ scanning: { within: 1m } }", .seconds(60)),
    ])
    func behavioursHaveAMemory(written: String, memory: Duration) throws {
        let policy = try compile([
            "policy.yaml": """
            \(Self.policy)
              - { name: out, when: { behaviour: \(written), group: staff }, access: none }
            """
        ])
        let conditions = try #require(policy.policyClass(named: "out")).conditions
        #expect(conditions.map(\.test) == [.group(["staff"]), .behaviour([.scanning: memory])])
        #expect(conditions.last?.description == "behaviour scanning within \(TimeText.text(memory))")
        #expect(policy.restsOnObservation)
    }

    @Test func rulesThatAskForNothingSeenRestOnNothingSeen() throws {
        #expect(try compile([:]).restsOnObservation)
        let plain = "inside: [10.10.0.0/16, \"fd10:10::/32\"]\nclasses: []"
        #expect(try !compile(["policy.yaml": plain]).restsOnObservation)
    }

    @Test func vendorsBecomeClasses() throws {
        let policy = try compile([:])
        let vendor = try #require(policy.policyClass(named: "vendor:Northwind Support"))
        let contract = Contract(
            vendor: "Northwind Support", reference: "C-1042", sponsor: "head.of.finance",
            from: try #require(TimeText.timestamp("2026-03-31T23:00:00Z")),
            until: try #require(TimeText.timestamp("2028-03-31T23:00:00Z")), warnBefore: .seconds(30 * 86_400)
        )
        #expect(vendor.contract == contract)
        #expect(vendor.access == .systems(["finance"]))
        #expect(vendor.cites == ["third-parties"])
        let london = try #require(ZoneClock(named: "Europe/London"))
        let hours = try #require(
            WeeklyHours(days: [.mon, .tue, .wed, .thu, .fri], from: 480, to: 1080, clock: london))
        #expect(
            vendor.conditions.map(\.test) == [
                .certificate(authorities: [try #require(policy.authority(named: "third-party"))]),
                .organisation("Northwind Support Ltd"), .contract(contract), .hours(hours),
                .mfa(within: .seconds(8 * 3600)),
            ])
    }

    static let dates: [(contract: String, from: String, until: String, why: String)] = [
        (
            "from: 2026-04-01, until: 2026-12-31", "2026-04-01T00:00:00Z", "2027-01-01T00:00:00Z",
            "utc by default"
        ),
        (
            "from: 2026-04-01, until: 2026-12-31, zone: Asia/Kolkata", "2026-03-31T18:30:00Z",
            "2026-12-31T18:30:00Z", "the zone's midnights"
        ),
        ("from: 2026-04-01, until: 2026-04-01", "2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z", "one day"),
        (
            "from: 2026-04-01T09:00:00+02:00, until: 2026-12-31T17:00:00Z, zone: Asia/Kolkata",
            "2026-04-01T07:00:00Z", "2026-12-31T17:00:00Z", "full times are themselves"
        ),
        (
            "from: 2011-12-30, until: 2099-12-30, zone: Pacific/Apia", "2011-12-30T10:00:00Z",
            "2099-12-30T11:00:00Z", "a first day that never was begins with the next"
        ),
        (
            "from: 2018-11-04, until: 2099-02-16, zone: America/Sao_Paulo", "2018-11-04T03:00:00Z",
            "2099-02-17T03:00:00Z", "a day whose midnight was left out"
        ),
    ]

    @Test(arguments: dates)
    func contractsRunFromMidnightToMidnight(
        example: (contract: String, from: String, until: String, why: String)
    ) throws {
        let vendor = """
            vendor: Dates
            certificate: { authority: third-party, organisation: Dates Ltd }
            contract: { reference: C-1, sponsor: alice, \(example.contract) }
            systems: crm
            """
        let policy = try compile(["vendors/dates.yaml": vendor])
        let contract = try #require(policy.policyClass(named: "vendor:Dates")?.contract)
        #expect(contract.from == TimeText.timestamp(example.from), "\(example.why)")
        #expect(contract.until == TimeText.timestamp(example.until), "\(example.why)")
    }

    static let orders: [(marker: String, order: [String], why: String)] = [
        ("[{name: a, when: {certificate: corporate}, access: crm}]", ["a", "v"], "last when not said"),
        (
            "[vendors, {name: a, when: {certificate: corporate}, access: crm}]", ["v", "a"],
            "where the marker is"
        ),
        ("[{name: a, when: {certificate: corporate}, access: crm}, vendors]", ["a", "v"], "at the end"),
    ]

    @Test(arguments: orders) func vendorsStandAtTheirPlace(
        example: (marker: String, order: [String], why: String)
    ) throws {
        let policy = try compile([
            "policy.yaml": "inside: [10.10.0.0/16, \"fd10:10::/32\"]\nclasses: \(example.marker)"
        ])
        #expect(policy.classes.map { $0.contract == nil ? $0.name : "v" } == example.order, "\(example.why)")
    }

    @Test func scalarsAreTheTextThatWasWritten() throws {
        let policy = try compile([
            "policy.yaml": """
            \(Self.policy)
              - { name: NO, when: { certificate: corporate, organisation: NO, group: NO, user: [NO, on, 007, null] }, access: crm }
            """,
            "users.yaml": "users: { NO: { groups: [NO, yes, 1.0] }, on: {}, 007: {}, null: { groups: ~ } }",
        ])
        let tests = try #require(policy.policyClass(named: "NO")).conditions.map(\.test)
        #expect(tests.contains(.organisation("NO")))
        #expect(tests.contains(.user(["NO", "on", "007", "null"])))
        #expect(tests.contains(.group(["NO"])))
        #expect(policy.registers.users["NO"]?.groups == ["NO", "yes", "1.0"])
    }

    @Test func systemsTakeAddressesTimesServices() throws {
        let policy = try compile([:])
        let crm = try #require(policy.system(named: "crm"))
        let cases: [(String, Bool)] = [
            ("10.10.0.20:443/tcp", true), ("[fd10:10::20]:80/tcp", true), ("10.10.0.20/icmp", true),
            ("fd10:10::20/icmpv6", true), ("10.10.0.20/icmpv6", false), ("10.10.0.21:443/tcp", false),
            ("10.10.0.20:443/udp", false), ("10.10.0.20:22/tcp", false),
        ]
        for (text, isTaken) in cases {
            #expect(crm.space.contains(try #require(Destination(parsing: text))) == isTaken, "\(text)")
        }
    }

    @Test func testsAreRead() throws {
        let test = """
            tests:
              - name: all of it
                at: 2026-11-23T10:00:00Z
                session: { certificate: corporate, organisation: NO, device: laptop-0001, user: alice, mfa: 5m }
                class: none
                reaches: crm
                refused: ["10.10.0.20:443/tcp", portal]
                because: no code
                until: 2026-11-23T12:00:00+01:00
                cites: two-factors
              - { name: scan, at: 2026-11-23T10:00:00Z, session: { user: alice, behaviour: scanning } }
              - { name: earlier, at: 2026-11-23T10:00:00Z, session: { behaviour: { scanning: 30m } } }
              - { name: nothing, at: 2026-11-23T10:00:00Z, session: { certificate: none, device: none, mfa: none } }
            """
        let tests = try compile(["tests/staff.yaml": test]).tests
        let first = try #require(tests.first)
        #expect(
            first.session
                == SessionDescription(
                    authority: "corporate", organisation: "NO", device: "laptop-0001", user: "alice",
                    mfaAge: .seconds(300)))
        #expect(first.expectedClass == .some(.none))
        #expect(first.reaches == [.system("crm")])
        let packet = try #require(Destination(parsing: "10.10.0.20:443/tcp"))
        #expect(first.refused == [.destination(packet), .system("portal")])
        #expect(first.because == "no code" && first.cites == ["two-factors"])
        #expect(first.until == TimeText.timestamp("2026-11-23T11:00:00Z"))
        #expect(tests[1].session == SessionDescription(user: "alice", scan: .inThisSession))
        #expect(tests[2].session == SessionDescription(scan: .earlier(ago: .seconds(1800))))
        #expect(tests.last?.session == SessionDescription())
        #expect(tests.last?.expectedClass == nil)
    }

    @Test func devicesComeFromBothFiles() throws {
        let table =
            "status,owner,kind,digest,id\r\nstolen,,pool,\"\(String(repeating: "AB", count: 32))\",\"pool, \"\"one\"\"\"\r\n"
        let policy = try compile(["devices.csv": table])
        let device = try #require(policy.registers.devices[id: "pool, \"one\""])
        #expect(device.owner == nil && device.kind == .pool && device.status == .stolen)
        #expect(policy.registers.devices[id: "laptop-0001"]?.owner == "alice")
    }

    /// Without a list of clauses nobody can tell which exist.
    @Test func citationsAreCheckedAgainstAList() throws {
        let files = try Packs.bytes(in: Packs.standard).filter { $0.path != "clauses.yaml" }
        let policy = try #require(Packs.compile(files).policy)
        let cites = ["two-factors", "proxy-only", "procedures", "protection", "sensitive"]
        #expect(policy.policyClass(named: "employee")?.cites == cites)
    }

    @Test func theOrderOfFilesDoesNotMatter() throws {
        var random = Seeded(7)
        let files = try Packs.bytes(in: Packs.golden.appending(path: "14-tests"))
        let expected = Packs.compile(files).diagnostics
        for _ in 0..<10 { #expect(Packs.compile(files.shuffled(using: &random)).diagnostics == expected) }
    }

    /// Time changes what is warned of, never what is allowed.
    @Test func theClockServesWarningsOnly() throws {
        let files = try Packs.bytes(in: Packs.standard).map {
            PackFile(path: $0.path, text: String(decoding: $0.bytes, as: UTF8.self))
        }
        let late = try #require(TimeText.timestamp("2040-01-01T00:00:00Z"))
        let result = PolicyCompiler.compile(files, now: late)
        #expect(result.diagnostics.map(\.id) == [.reviewOverdue, .contractEnded])
        #expect(result.policy?.classes == PolicyCompiler.compile(files, now: Packs.now).policy?.classes)
    }
}
