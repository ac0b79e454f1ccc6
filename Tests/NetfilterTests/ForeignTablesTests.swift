import CNetfilter
import Diagnosis
import RulesetCompiler
import RulesetSamples
import TestSupport
import Testing

@testable import Netfilter

/// Chains of other programs: the kernel's bytes, and what the real kernel tells.
@Suite(.needsRoot, .serialized, .timeLimit(.minutes(30))) struct ForeignTablesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var script: String
        var check: Check
        var level: Finding.Level
        var says: String
        var testDescription: String { script }
        /// Of a module that some kernels are built without.
        var isOptional: Bool { script.contains("flowtable") || script.contains("queue") }

        init(_ script: String, _ check: Check, _ level: Finding.Level, _ says: String) {
            self.script = script
            self.check = check
            self.level = level
            self.says = says
        }
    }

    private static let forward = "type filter hook forward priority 0;"

    /// `FAMILY` becomes each of ip, ip6 and inet.
    private static let cases: [Case] = [
        Case(
            "chain c { \(forward) policy drop; }", .foreignDrop, .problem,
            "the policy drops packets from tun0"),
        Case(
            "chain c { \(forward) policy drop; tcp dport 22 accept; }", .foreignDrop, .warning,
            "the policy may drop packets from tun0"),
        Case(
            "chain deep { counter drop; }; chain c { \(forward) tcp dport 25 jump deep; }", .foreignDrop,
            .warning,
            "entered from c"),
        Case("chain c { \(forward) reject; }", .foreignDrop, .problem, "rejects packets from tun0"),
        Case(
            "chain c { \(forward) udp dport 9 reject; }", .foreignDrop, .warning,
            "may reject packets from tun0"),
        Case(
            "chain c { type filter hook forward priority -50; tcp dport 22 accept; }", .foreignDrop, .ok,
            "forward, priority -50, which cannot hurt"),
        Case(
            "chain c { \(forward) policy drop; iifname \"tun*\" accept; oifname { \"tun0\", \"tun1\" } accept; }",
            .foreignDrop, .warning, "may drop packets to tun0 and to tun1 at"),
        Case(
            "chain c { \(forward) policy drop; iifname \"tun*\" accept; oifname \"tun0\" accept; oifname \"tun1\" accept; }",
            .foreignDrop, .ok, "cannot hurt"),
        Case(
            "chain c { \(forward) ct state vmap { established : accept, invalid : drop }; }", .foreignDrop,
            .warning,
            "may drop packets"),
        Case(
            "flowtable f { hook ingress priority 0; devices = { lan0, tun0 }; }; chain c { \(forward) meta l4proto udp flow add @f; }",
            .foreignOffload, .problem, "offloads packets from tun0"),
        Case(
            "flowtable f { hook ingress priority 0; devices = { lan0 }; }", .foreignOffload, .warning,
            "a flow table on lan0"),
        Case(
            "chain c { \(forward) meta mark set 0x7; }", .foreignMark, .problem,
            "writes the mark of packets from tun0"),
        Case(
            "chain c { type filter hook prerouting priority -150; meta mark set 0x7; }", .foreignMark,
            .warning,
            "writes the mark"),
        Case(
            "chain c { type filter hook prerouting priority -300; udp dport 53 notrack; }", .foreignTracking,
            .problem,
            "from being tracked"),
        Case(
            "chain c { type filter hook prerouting priority -300; ct zone set 7; }", .foreignTracking,
            .problem,
            "another zone"),
        Case(
            "chain c { type nat hook postrouting priority 100; oifname \"lan0\" masquerade; }", .foreignNAT,
            .problem,
            "may rewrite the source of packets from tun0 and from tun1 at"),
        Case(
            "chain c { type filter hook prerouting priority -150; tcp dport 80 tproxy to :3128; }",
            .foreignProxy,
            .problem, "to a proxy"),
        Case("chain c { \(forward) queue num 3; }", .foreignDrop, .problem, "takes away"),
        Case("chain c { \(forward) counter; }", .foreignTables, .ok, "the one other table does nothing"),
    ]

    private static func findings(_ read: ForeignTables) -> [Finding] {
        ForeignJudgement(tunnels: ["tun0", "tun1"]).findings(.known(read), legacy: .known([]))
    }

    @Test(.needsRoot, arguments: ["ip", "ip6", "inet"])
    func theRealKernelsChainsAreJudged(family: String) async throws {
        let gateway = try await Gateway(isBare: true)
        _ = try await gateway.backend.commit(
            Transaction(
                replacing: Ruleset(layout: RulesetLayout(tunnels: ["tun0", "tun1"])), at: Samples.now))
        for item in Self.cases {
            do {
                try await gateway.run("nft -f -", input: "table \(family) other {\n\(item.script)\n}\n")
            } catch let error as ShellError where item.isOptional && error.output.contains("No such file") {
                print("not tried, since this kernel has no module for it: table \(family) { \(item.script) }")
                continue
            }
            let read = try await gateway.inside { try ForeignTables.read(leavingOut: ["gatehouse"]) }
            #expect(read.own.map(\.name) == ["gatehouse"])
            #expect(read.own.first?.chains.filter { $0.hook != nil }.count == 5)
            #expect(read.foreign.tables.map(\.family.rawValue) == [family])
            let found = Self.findings(read.foreign)
            let matching = found.filter {
                $0.check == item.check && $0.level == item.level && $0.says.contains(item.says)
            }
            #expect(!matching.isEmpty, "\(family) \(item.script): \(found)")
            let others = found.filter { ![item.check, .foreignTables, .legacyTables].contains($0.check) }
            #expect(others.isEmpty, "\(family) \(item.script): \(others)")
            try await gateway.run("nft delete table \(family) other")
        }
    }

    @Test(.needsRoot) func whatRunsOnDevicesIsRead() async throws {
        let gateway = try await Gateway(isBare: true)
        try await gateway.run(
            "nft -f -",
            input: """
                table netdev other { chain c { type filter hook ingress device "tun0" priority 0; policy drop; }
                }
                table bridge other { chain c { type filter hook forward priority 0; policy drop; }
                }

                """)
        let read = try await gateway.inside { try ForeignTables.read(leavingOut: ["gatehouse"]) }
        let found = Self.findings(read.foreign)
        #expect(
            found.contains { $0.level == .problem && $0.says.contains("from tun0 at ingress of tun0") },
            "\(found)")
        #expect(found.contains { $0.level == .ok && $0.says.contains("bridged") }, "\(found)")
    }

    /// A table that is switched off, and a map that is too large to be read whole.
    @Test(.needsRoot) func readingIsBounded() async throws {
        let gateway = try await Gateway(isBare: true)
        let elements = (0..<5_000).map { "10.\($0 / 256).\($0 % 256).1 : accept" }.joined(separator: ", ")
        try await gateway.run(
            "nft -f -",
            input: """
                table ip off { flags dormant; chain c { \(Self.forward) policy drop; }
                }
                table ip large { map m { type ipv4_addr : verdict; elements = { \(elements) }; }
                  chain c { \(Self.forward) ip saddr vmap @m; }
                }

                """)
        let read = try await gateway.inside { try ForeignTables.read(leavingOut: []) }
        #expect(read.foreign.tables.first { $0.name == "off" }?.isDormant == true)
        let map = try #require(read.foreign.tables.first { $0.name == "large" }?.maps["m"])
        #expect(map.verdicts == [.accept] && !map.isWhole)
        #expect(
            Self.findings(read.foreign).contains {
                $0.says.contains("uses 'm', which was not read to its end")
            })
    }

    // MARK: Bytes

    /// nfgenmsg, then enum nft_rule_attributes: `iifname "tun0" counter drop # handle 9` of chain `c`.
    private static let rule: [UInt8] = [
        1, 0, 0, 0,
        // NFTA_RULE_TABLE "o", NFTA_RULE_CHAIN "c", NFTA_RULE_HANDLE 9
        6, 0, 1, 0, 0x6f, 0, 0, 0, 6, 0, 2, 0, 0x63, 0, 0, 0, 12, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 9,
        // NFTA_RULE_EXPRESSIONS
        164, 0, 4, 0x80,
        // NFTA_LIST_ELEM, "meta": key iifname (6), dreg 1
        36, 0, 1, 0x80, 9, 0, 1, 0, 0x6d, 0x65, 0x74, 0x61, 0, 0, 0, 0,
        20, 0, 2, 0x80, 8, 0, 2, 0, 0, 0, 0, 6, 8, 0, 1, 0, 0, 0, 0, 1,
        // "cmp": sreg 1, op eq (0), data value "tun0" and a zero
        56, 0, 1, 0x80, 8, 0, 1, 0, 0x63, 0x6d, 0x70, 0,
        44, 0, 2, 0x80, 8, 0, 1, 0, 0, 0, 0, 1, 8, 0, 2, 0, 0, 0, 0, 0,
        24, 0, 3, 0x80, 20, 0, 1, 0, 0x74, 0x75, 0x6e, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        // "counter", nothing more
        20, 0, 1, 0x80, 12, 0, 1, 0, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x65, 0x72, 0,
        4, 0, 2, 0x80,
        // "immediate": dreg verdict (0), data verdict code drop (0)
        48, 0, 1, 0x80, 14, 0, 1, 0, 0x69, 0x6d, 0x6d, 0x65, 0x64, 0x69, 0x61, 0x74, 0x65, 0, 0, 0,
        28, 0, 2, 0x80, 8, 0, 1, 0, 0, 0, 0, 0, 16, 0, 2, 0x80, 12, 0, 2, 0x80, 8, 0, 1, 0, 0, 0, 0, 0,
    ]

    private static func message(_ bytes: ArraySlice<UInt8>) -> ReceivedMessage {
        ReceivedMessage(type: 0xa06, sequence: 1, port: 0, payload: bytes)
    }

    @Test func aRuleIsRead() throws {
        let (chain, rule) = try #require(ForeignTableReader.rule(Self.message(Self.rule[...])))
        #expect(chain == "c" && rule.handle == 9)
        #expect(rule.steps == [.interface(.init("tun0", isInput: true)), .verdict(.drop)])
    }

    /// NFTA_FLOWTABLE_TABLE "o", NFTA_FLOWTABLE_NAME "f", NFTA_FLOWTABLE_HOOK of NFTA_FLOWTABLE_HOOK_NUM 0, _PRIORITY 0
    /// and _DEVS, each an NFTA_DEVICE_NAME: not every kernel can be asked for one.
    @Test func aFlowTableIsRead() throws {
        let bytes: [UInt8] = [
            1, 0, 0, 0, 6, 0, 1, 0, 0x6f, 0, 0, 0, 6, 0, 2, 0, 0x66, 0, 0, 0,
            44, 0, 3, 0x80, 8, 0, 1, 0, 0, 0, 0, 0, 8, 0, 2, 0, 0, 0, 0, 0,
            24, 0, 3, 0x80, 9, 0, 1, 0, 0x6c, 0x61, 0x6e, 0x30, 0, 0, 0, 0, 8, 0, 1, 0, 0x74, 0x75, 0x6e, 0,
        ]
        let (table, flowtable) = try #require(ForeignTableReader.flowtable(Self.message(bytes[...])))
        #expect(table == "o" && flowtable == .init("f", devices: ["lan0", "tun"]))
    }

    /// `NFTA_EXPR_NAME` and an empty `NFTA_EXPR_DATA`: what is said of an expression by its name alone.
    @Test(arguments: [
        ("flow_offload", [ForeignTables.Step.effect(.offload)]), ("queue", [.effect(.takeAway)]),
        ("notrack", [.effect(.noTracking)]), ("masq", [.effect(.rewriteSource)]),
        ("redir", [.effect(.rewriteDestination)]), ("tproxy", [.effect(.proxy)]),
        ("reject", [.effect(.reject)]),
        ("counter", []), ("log", []), ("limit", [.condition]), ("quota", [.condition]),
        ("match", [.condition]),
        // What is not known may be anything.
        ("from-the-future", [.condition]), ("target", [.effect(.takeAway)]),
    ])
    func anExpressionIsKnownByItsName(name: String, steps: [ForeignTables.Step]) throws {
        var writer = MessageWriter()
        writer.message(0xa06, sequence: 1) { writer in
            writer.attribute(NFTA_RULE_TABLE, text: "o")
            writer.attribute(NFTA_RULE_CHAIN, text: "c")
            writer.nest(NFTA_RULE_EXPRESSIONS) { writer in
                writer.nest(NFTA_LIST_ELEM) { writer in
                    writer.attribute(NFTA_EXPR_NAME, text: name)
                    writer.nest(NFTA_EXPR_DATA) { _ in }
                }
            }
        }
        let message = try #require(ReceivedMessage.all(in: writer.bytes[...]).first)
        #expect(ForeignTableReader.rule(message)?.rule.steps == steps)
    }

    /// Whatever is missing, or wrong: no crash.
    @Test func halfAMessageIsNoCrash() {
        for length in Self.rule.indices {
            Self.readAll(Self.message(Self.rule[..<length]))
        }
        for place in Self.rule.indices {
            var bytes = Self.rule
            for value: UInt8 in [0, 1, 3, 4, 0x7f, 0x80, 0xff] {
                bytes[place] = value
                Self.readAll(Self.message(bytes[...]))
            }
        }
    }

    private static func readAll(_ message: ReceivedMessage) {
        _ = ForeignTableReader.rule(message)
        _ = ForeignTableReader.chain(message)
        _ = ForeignTableReader.table(message)
        _ = ForeignTableReader.flowtable(message)
        _ = ForeignTableReader.verdicts(message)
    }
}
