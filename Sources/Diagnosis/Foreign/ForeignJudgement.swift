package import RulesetCompiler

/// What tables of other programs may do to packets that our ruleset permits.
package struct ForeignJudgement: Sendable {
    /// Names of interfaces.
    package var tunnels: [String]
    /// The text of a rule; nil when nobody knows it.
    package var text: @Sendable (RulePlace) -> String?

    /// Where a rule stands.
    package struct RulePlace: Sendable, Hashable {
        package var family: ForeignTables.Family
        package var table: String
        package var chain: String
        package var handle: UInt64

        package init(family: ForeignTables.Family, table: String, chain: String, handle: UInt64) {
            self.family = family
            self.table = table
            self.chain = chain
            self.handle = handle
        }
    }

    package init(tunnels: [String], text: @escaping @Sendable (RulePlace) -> String? = { _ in nil }) {
        self.tunnels = tunnels
        self.text = text
    }

    /// Names of legacy tables that the kernel has, of both families.
    package func findings(_ read: Known<ForeignTables>, legacy: Known<[String]>) -> [Finding] {
        tables(read) + [self.legacy(legacy)]
    }

    private func tables(_ read: Known<ForeignTables>) -> [Finding] {
        switch read {
        case .unknown(let reason):
            return [.unknown(.foreignTables, reason, remedy: "run it as root, with CAP_NET_ADMIN")]
        case .known(let foreign):
            let findings = foreign.tables.flatMap(judge)
            let isQuiet = findings.allSatisfy { $0.level == .ok }
            let count = foreign.tables.count
            let summary =
                count == 0
                ? "no other program has a table"
                : isQuiet
                    ? (count == 1
                        ? "the one other table does nothing"
                        : "none of the \(count) other tables does anything")
                        + " to packets of sessions"
                    : nil
            return findings + (summary.map { [.ok(.foreignTables, $0)] } ?? [])
        }
    }

    private func legacy(_ names: Known<[String]>) -> Finding {
        switch names {
        case .unknown(let reason): return .unknown(.legacyTables, reason)
        case .known(let names) where names.isEmpty:
            return .ok(.legacyTables, "the kernel has no table of the old iptables")
        case .known(let names):
            return Finding(
                .legacyTables, .warning,
                "the kernel has tables of the old iptables, which are not looked into: "
                    + names.joined(separator: ", "),
                why: "a rule there may drop what the rules permit, or rewrite it",
                remedy:
                    "look at them with 'iptables-legacy-save' and 'ip6tables-legacy-save'; move them to nftables"
            )
        }
    }

    private func judge(_ table: ForeignTables.Table) -> [Finding] {
        guard !table.isDormant, table.family != .arp else { return [] }
        let bases = table.chains.filter { $0.hook != nil }
        let findings = bases.flatMap { judge($0, of: table) }
        let isUsed = findings.contains { $0.check == .foreignOffload }
        return findings + (isUsed ? [] : table.flowtables.map { unused($0, of: table) })
    }

    private func unused(_ flowtable: ForeignTables.Flowtable, of table: ForeignTables.Table) -> Finding {
        Finding(
            .foreignOffload, "\(table.family) \(table.name) \(flowtable.name)", .warning,
            "there is a flow table on \(list(flowtable.devices)), which no rule that packets of sessions meet uses now",
            why: Self.offloadWhy, remedy: "remove it, or see that no rule adds flows of sessions to it")
    }

    static let offloadWhy =
        "packets of a connection in it go past every chain, ours too: a session that is cut goes on"

    // MARK: One chain

    /// What several classes of packets met at one place.
    private struct Meeting {
        var event: ChainWalk.Hit.Event
        var chain: String
        var handle: UInt64?
        var isCertain: Bool
        var ways: [String]
    }

    private func judge(_ base: ForeignTables.Chain, of table: ForeignTables.Table) -> [Finding] {
        guard let hook = base.hook else { return [] }
        let place = "\(table.family) \(table.name) \(base.name)"
        guard table.family != .bridge else {
            return [
                .ok(
                    .foreignLink, place,
                    "sees frames that are bridged, never what is routed to or from a tunnel")
            ]
        }
        var meetings: [Meeting] = []
        var mayAccept = false
        for traffic in TrafficClass.all(hook.point, tunnels: tunnels, devices: hook.devices) {
            var walk = ChainWalk(table, traffic, tunnels: tunnels)
            walk.follow(base)
            mayAccept = mayAccept || walk.mayAccept
            for hit in walk.hits { add(hit, traffic.words, to: &meetings) }
        }
        let findings = meetings.compactMap { finding($0, hook, base, table) }
        guard findings.isEmpty, mayAccept else { return findings }
        let says =
            "accepts at \(hook.words), which cannot hurt: an accept ends its own chain only, and ours judges all the same"
        return [.ok(.foreignDrop, place, says)]
    }

    private func add(_ hit: ChainWalk.Hit, _ way: String, to meetings: inout [Meeting]) {
        let known = meetings.firstIndex {
            $0.event == hit.event && $0.chain == hit.chain && $0.handle == hit.handle
        }
        guard let known else {
            return meetings.append(
                Meeting(
                    event: hit.event, chain: hit.chain, handle: hit.handle, isCertain: hit.isCertain,
                    ways: [way])
            )
        }
        meetings[known].isCertain = meetings[known].isCertain || hit.isCertain
        if !meetings[known].ways.contains(way) { meetings[known].ways.append(way) }
    }

    private func finding(
        _ meeting: Meeting, _ hook: ForeignTables.Hook, _ base: ForeignTables.Chain,
        _ table: ForeignTables.Table
    ) -> Finding? {
        let verdict = Verdict(meeting.event, hook, isCertain: meeting.isCertain)
        guard let verdict else { return nil }
        var subject = "\(table.family) \(table.name) \(meeting.chain)"
        if let handle = meeting.handle { subject += " handle \(handle)" }
        let way = list(meeting.ways)
        let via = meeting.chain == base.name ? "" : ", entered from \(base.name)"
        let check = table.family == .netdev || hook.point == .ingress ? Check.foreignLink : verdict.check
        return Finding(
            check, subject, verdict.level,
            "\(what(meeting, table)) \(verdict.says) packets \(way)\(verdict.tail) at \(hook.words)\(via)",
            why: verdict.why, remedy: verdict.remedy(table, base, tunnels))
    }

    private func what(_ meeting: Meeting, _ table: ForeignTables.Table) -> String {
        guard let handle = meeting.handle else {
            if case .unread = meeting.event { return "a chain too long to follow" }
            return "the policy"
        }
        let place = RulePlace(
            family: table.family, table: table.name, chain: meeting.chain, handle: handle)
        return text(place).map { "the rule '\($0)'" } ?? "a rule"
    }
}

func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
}

extension ForeignTables.Hook {
    /// `forward, priority 0`
    var words: String {
        devices.isEmpty
            ? "\(point), priority \(priority)" : "\(point) of \(list(devices)), priority \(priority)"
    }
}
