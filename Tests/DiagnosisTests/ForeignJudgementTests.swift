import Diagnosis
import RulesetCompiler
import Testing

/// What is said of chains of other programs, table by table.
struct ForeignJudgementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var table: ForeignTables.Table
        /// Check, level, and a part of what is said; in the order in which they are told, without the summary.
        var expected: [(Check, Finding.Level, String)]
        var testDescription: String { name }
    }

    private typealias Chain = ForeignTables.Chain
    private typealias Rule = ForeignTables.Rule

    private static func table(
        _ family: ForeignTables.Family = .inet, _ chains: ForeignTables.Chain...
    ) -> ForeignTables.Table {
        var table = ForeignTables.Table(family, "other")
        table.chains = chains
        return table
    }

    private static func base(
        _ point: ForeignTables.Hook.Point = .forward, _ priority: Int32 = 0, drops: Bool = false,
        _ rules: [ForeignTables.Step]...
    ) -> ForeignTables.Chain {
        ForeignTables.Chain(
            "base", hook: .init(point, priority: priority), drops: drops,
            rules: rules.enumerated().map { .init(UInt64($0.offset + 1), $0.element) })
    }

    private static func from(_ name: String, isPrefix: Bool = false, isEqual: Bool = true)
        -> ForeignTables.Step
    {
        .interface(.init(name, isInput: true, isPrefix: isPrefix, isEqual: isEqual))
    }

    private static func to(_ name: String, isEqual: Bool = true) -> ForeignTables.Step {
        .interface(.init(name, isInput: false, isEqual: isEqual))
    }

    private static func mapped(_ map: ForeignTables.VerdictMap?) -> ForeignTables.Table {
        var table = table(
            .inet, base(.forward, 0, [.map("m")]), Chain("on", rules: [Rule(9, [.verdict(.drop)])]))
        if let map { table.maps["m"] = map }
        return table
    }

    private static let drops: [Case] = [
        Case(
            name: "a policy without an accept", table: table(.inet, base(.forward, 0, drops: true)),
            expected: [(.foreignDrop, .problem, "the policy drops packets from tun0 and to tun0 at forward")]),
        Case(
            name: "a policy behind a conditional accept",
            table: table(.ip, base(.forward, 0, drops: true, [.condition, .verdict(.accept)])),
            expected: [(.foreignDrop, .warning, "the policy may drop packets from tun0 and to tun0")]),
        Case(
            name: "a policy that every packet of tunnels is accepted before",
            table: table(
                .inet,
                base(
                    .forward, 0, drops: true, [from("tun0"), .verdict(.accept)],
                    [to("tun0"), .verdict(.accept)])),
            expected: [(.foreignDrop, .ok, "cannot hurt")]),
        Case(
            name: "only one direction is accepted",
            table: table(.inet, base(.forward, 0, drops: true, [from("tun0"), .verdict(.accept)])),
            expected: [(.foreignDrop, .problem, "the policy drops packets to tun0 at")]),
        Case(
            name: "other interfaces' names may begin so, too",
            table: table(
                .inet, base(.forward, 0, drops: true, [from("tun", isPrefix: true), .verdict(.accept)])),
            expected: [(.foreignDrop, .warning, "the policy may drop packets to tun0 at")]),
        Case(
            name: "a rule for all", table: table(.ip6, base(.forward, 5, [.verdict(.drop)])),
            expected: [
                (.foreignDrop, .problem, "a rule drops packets from tun0 and to tun0 at forward, priority 5")
            ]),
        Case(
            name: "a rule with a condition",
            table: table(.inet, base(.forward, 0, [.condition, .verdict(.drop)])),
            expected: [(.foreignDrop, .warning, "a rule may drop")]),
        Case(
            name: "a rule for other interfaces, both ways",
            table: table(
                .inet, base(.forward, 0, [from("lan0"), to("lan1"), .verdict(.drop)])), expected: []),
        Case(
            name: "a rule for what comes from the inside, where answers come from",
            table: table(.inet, base(.forward, 0, [from("lan0"), .verdict(.drop)])),
            expected: [(.foreignDrop, .warning, "may drop packets to tun0 at")]),
        Case(
            name: "a rule for every interface but the tunnel",
            table: table(.inet, base(.input, 0, [from("tun0", isEqual: false), .verdict(.drop)])),
            expected: []),
        Case(
            name: "behind a jump",
            table: table(
                .inet, base(.forward, 0, [.condition, .verdict(.jump("deep"))]),
                Chain("deep", rules: [Rule(7, [.verdict(.drop)])])),
            expected: [(.foreignDrop, .warning, "entered from base")]),
        Case(
            name: "behind a jump for all",
            table: table(
                .inet, base(.forward, 0, [.verdict(.jump("deep"))]),
                Chain("deep", rules: [Rule(7, [.verdict(.drop)])])),
            expected: [(.foreignDrop, .problem, "a rule drops")]),
        Case(
            name: "behind an accept for all",
            table: table(.inet, base(.forward, 0, drops: true, [.verdict(.accept)], [.verdict(.drop)])),
            expected: [(.foreignDrop, .ok, "accepts at forward, priority 0, which cannot hurt")]),
        Case(
            name: "nobody goes there",
            table: table(.inet, base(.forward, 0), Chain("deep", rules: [Rule(7, [.verdict(.drop)])])),
            expected: []
        ),
        Case(
            name: "goto never comes back",
            table: table(
                .inet, base(.forward, 0, [.verdict(.goto("deep"))], [.verdict(.drop)]), Chain("deep")),
            expected: []),
        Case(
            name: "goto, and the policy drops",
            table: table(.inet, base(.forward, 0, drops: true, [.verdict(.goto("deep"))]), Chain("deep")),
            expected: [(.foreignDrop, .problem, "the policy drops")]),
        Case(
            name: "a loop ends",
            table: table(
                .inet, base(.forward, 0, [.verdict(.jump("a"))]),
                Chain("a", rules: [Rule(1, [.verdict(.jump("a"))])])),
            expected: [(.foreignDrop, .warning, "'a', which was not read to its end")]),
        Case(
            name: "reject", table: table(.inet, base(.output, 0, [.effect(.reject)])),
            expected: [(.foreignDrop, .problem, "a rule rejects packets to tun0 at output")]),
        Case(
            name: "a queue", table: table(.inet, base(.forward, 0, [.condition, .effect(.takeAway)])),
            expected: [(.foreignDrop, .warning, "may take away")]),
        Case(
            name: "a verdict map with a drop", table: mapped(.init([.accept, .drop])),
            expected: [(.foreignDrop, .warning, "a rule may drop")]),
        Case(
            name: "a verdict map that leads on", table: mapped(.init([.jump("on")])),
            expected: [(.foreignDrop, .warning, "entered from base")]),
        Case(
            name: "a verdict map of accepts", table: mapped(.init([.accept])),
            expected: [(.foreignDrop, .ok, "cannot hurt")]),
        Case(
            name: "a verdict map that was not read", table: mapped(nil),
            expected: [(.foreignDrop, .warning, "uses 'm', which was not read")]),
        Case(
            name: "input is for tunnels, not for the gateway's other ways",
            table: table(.inet, base(.input, 0, [from("eth0"), .verdict(.drop)])), expected: []),
        Case(
            name: "prerouting, from elsewhere",
            table: table(.inet, base(.prerouting, -300, [from("eth0"), .verdict(.drop)])),
            expected: [(.foreignDrop, .warning, "packets to tunnels at prerouting")]),
        Case(
            name: "the loopback",
            table: table(.inet, base(.prerouting, -300, [from("lo"), .verdict(.drop)])),
            expected: []),
        Case(
            name: "postrouting", table: table(.ip, base(.postrouting, 0, drops: true)),
            expected: [(.foreignDrop, .problem, "at postrouting")]),
    ]

    private static let changes: [Case] = [
        Case(
            name: "offload", table: table(.inet, base(.forward, 0, [.condition, .effect(.offload)])),
            expected: [(.foreignOffload, .problem, "offloads packets from tun0 and to tun0")]),
        Case(
            name: "a flow table that no rule uses",
            table: {
                var table = ForeignTables.Table(.inet, "other")
                table.flowtables = [.init("fast", devices: ["lan0", "tun0"])]
                return table
            }(), expected: [(.foreignOffload, .warning, "a flow table on lan0 and tun0")]),
        Case(
            name: "notrack before tracking",
            table: table(.inet, base(.prerouting, -300, [.condition, .effect(.noTracking)])),
            expected: [
                (.foreignTracking, .problem, "keeps packets from tun0 and to tunnels from being tracked")
            ]),
        Case(
            name: "notrack after tracking",
            table: table(.inet, base(.prerouting, -150, [.effect(.noTracking)])),
            expected: []),
        Case(
            name: "notrack of another interface's own",
            table: table(.inet, base(.output, -300, [to("eth0"), .effect(.noTracking)])),
            expected: []),
        Case(
            name: "a zone", table: table(.inet, base(.prerouting, -300, [.effect(.setZone)])),
            expected: [(.foreignTracking, .problem, "into another zone")]),
        Case(
            name: "the mark between our table and the guard",
            table: table(.inet, base(.forward, 0, [.effect(.setMark)])),
            expected: [(.foreignMark, .problem, "writes the mark of packets from tun0 and to tun0")]),
        Case(
            name: "the mark at input", table: table(.inet, base(.input, 1, [.condition, .effect(.setMark)])),
            expected: [(.foreignMark, .problem, "at input, priority 1")]),
        Case(
            name: "the mark behind the guard", table: table(.inet, base(.forward, 2, [.effect(.setMark)])),
            expected: []),
        Case(
            name: "the mark before our table",
            table: table(.inet, base(.forward, -150, [.effect(.setMark)])), expected: []),
        Case(
            name: "the mark for routing", table: table(.ip, base(.prerouting, -150, [.effect(.setMark)])),
            expected: [(.foreignMark, .warning, "writes the mark")]),
        Case(
            name: "masquerade to the inside",
            table: table(.ip, base(.postrouting, 100, [to("lan0"), .effect(.rewriteSource)])),
            expected: [(.foreignNAT, .problem, "may rewrite the source of packets from tun0 at")]),
        Case(
            name: "masquerade of everything",
            table: table(.ip, base(.postrouting, 100, [.effect(.rewriteSource)])),
            expected: [(.foreignNAT, .problem, "packets from tun0 and to tun0")]),
        Case(
            name: "masquerade of another network",
            table: table(
                .ip, base(.postrouting, 100, [from("docker0"), to("lan0"), .effect(.rewriteSource)])),
            expected: []),
        Case(
            name: "a port that is forwarded",
            table: table(.ip, base(.prerouting, -100, [from("eth0"), .effect(.rewriteDestination)])),
            expected: [(.foreignNAT, .warning, "may rewrite the destination of packets to tunnels")]),
        Case(
            name: "a transparent proxy",
            table: table(.ip, base(.prerouting, -150, [.condition, .effect(.proxy)])),
            expected: [(.foreignProxy, .problem, "may hand packets from tun0 and to tunnels to a proxy")]),
    ]

    private static func link(_ devices: [String]) -> ForeignTables.Table {
        var table = table(.netdev)
        table.chains = [.init("in", hook: .init(.ingress, priority: 0, devices: devices), drops: true)]
        return table
    }

    private static let others: [Case] = [
        Case(
            name: "netdev on a tunnel", table: link(["tun0"]),
            expected: [(.foreignLink, .problem, "drops packets from tun0 at ingress of tun0")]),
        Case(
            name: "netdev elsewhere", table: link(["lan0"]),
            expected: [(.foreignLink, .problem, "drops packets to tunnels at ingress of lan0")]),
        Case(
            name: "bridges are only mentioned", table: table(.bridge, base(.forward, 0, drops: true)),
            expected: [(.foreignLink, .ok, "bridged")]),
        Case(name: "arp has nothing to say", table: table(.arp, base(.input, 0, drops: true)), expected: []),
        Case(
            name: "switched off",
            table: {
                var off = table(.inet, base(.forward, 0, drops: true))
                off.isDormant = true
                return off
            }(), expected: []),
    ]

    @Test(arguments: drops + changes + others) func isJudged(item: Case) {
        let found = ForeignJudgement(tunnels: ["tun0"])
            .findings(.known(ForeignTables([item.table])), legacy: .known([]))
            .filter { $0.check != .foreignTables && $0.check != .legacyTables }
        #expect(found.map(\.check) == item.expected.map(\.0), "\(found)")
        #expect(found.map(\.level) == item.expected.map(\.1), "\(found)")
        for (finding, expected) in zip(found, item.expected) {
            #expect(finding.says.contains(expected.2), "\(finding.says)")
            #expect((finding.level == .ok) == (finding.why == nil && finding.remedy == nil))
        }
    }

    /// Whatever follows from a rule, whoever wrote it has a text for it.
    @Test func ruleIsShownByItsText() {
        let judge = ForeignJudgement(tunnels: ["tun0"]) { place in
            place.handle == 1 ? "\(place.family) \(place.table) \(place.chain): drop" : nil
        }
        let table = Self.table(.ip, Self.base(.forward, 0, [.verdict(.drop)]))
        let found = judge.findings(.known(ForeignTables([table])), legacy: .known([]))
        #expect(found.first?.says.hasPrefix("the rule 'ip other base: drop' drops packets") == true)
        #expect(found.first?.subject == "ip other base handle 1")
        #expect(
            found.first?.remedy?.contains(
                "nft insert rule ip other base iifname \"tun0\" accept; nft insert rule ip other base oifname \"tun0\" accept"
            ) == true)
    }

    /// People type what they are told: nothing of a name is in a command that a shell would take for more than a name.
    @Test(arguments: ["x; reboot", "$(reboot)", "a b", "a\nb", "ä`b`"]) func aNameIsNoCommand(name: String)
        throws
    {
        var table = Self.table(.ip, Self.base(.forward, 0, [.verdict(.drop)]))
        table.name = name
        let found = ForeignJudgement(tunnels: ["tun0"])
            .findings(.known(ForeignTables([table])), legacy: .known([]))
        #expect(found.first?.remedy == "accept there what comes from and goes to tun0")
    }

    @Test(arguments: [
        (Known<ForeignTables>.known(ForeignTables()), Finding.Level.ok, "no other program has a table"),
        (.known(ForeignTables([ForeignTables.Table(.ip, "a")])), .ok, "the one other table does nothing"),
        (
            .known(ForeignTables([ForeignTables.Table(.ip, "a"), ForeignTables.Table(.ip6, "a")])), .ok,
            "none of the 2 other tables"
        ),
        (.unknown("nf_tables: EPERM"), .unknown, "nf_tables: EPERM"),
    ])
    func allTablesTogether(read: Known<ForeignTables>, level: Finding.Level, says: String) throws {
        let found = try #require(
            ForeignJudgement(tunnels: ["tun0"]).findings(read, legacy: .known([]))
                .first { $0.check == .foreignTables })
        #expect(found.level == level && found.says.contains(says), "\(found.says)")
    }

    @Test(arguments: [
        (Known<[String]>.known([]), Finding.Level.ok, "no table"),
        (.known(["filter", "nat (IPv6)"]), .warning, "filter, nat (IPv6)"),
        (.unknown("/proc/net/ip_tables_names cannot be read"), .unknown, "cannot be read"),
    ])
    func legacy(names: Known<[String]>, level: Finding.Level, says: String) throws {
        let found = try #require(
            ForeignJudgement(tunnels: ["tun0"]).findings(.known(ForeignTables()), legacy: names)
                .first { $0.check == .legacyTables })
        #expect(found.level == level && found.says.contains(says), "\(found.says)")
    }
}
