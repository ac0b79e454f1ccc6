extension RulesetLayout {
    /// The name of the `inet` table that stands behind the main one.
    package var guardTable: String { "\(table)-guard" }

    /// The name of the `inet` table that is there as long as the daemon.
    package var heldTable: String { "\(table)-held" }
}

extension Transaction {
    /// The guard anew, in one batch: it may be there or not, and there is no moment without it.
    package init(guarding layout: RulesetLayout) {
        self.init(
            table: layout.guardTable,
            // Added first so that deleting it is never an error.
            [.addTable, .deleteTable, .addTable] + GuardTable(tunnels: layout.tunnels).operations)
    }
}

extension Transaction {
    /// The guard once more, in a table that belongs to the socket that makes it: the kernel lets nobody else change it, and
    /// leaves it out where somebody flushes the ruleset (NFT_TABLE_F_OWNER, since Linux 5.12). It goes with the socket.
    ///
    /// It does not take tags off: programs that would put ours on lose their rules where this one is needed.
    package init(holding layout: RulesetLayout) {
        self.init(
            table: layout.heldTable,
            [.addOwnedTable] + GuardTable(tunnels: layout.tunnels, takesTagsOff: false).operations)
    }
}

/// What refuses everything of the tunnels while the main table is not there.
///
/// Just before the main table's chains it takes our tag off every packet of a tunnel, whoever put it there; just after
/// them it refuses every packet of a tunnel without the tag. So a packet passes if the main table passed it at this very
/// hook, and not otherwise. It reads names and marks and nothing else: there is no kernel with nf_tables that does not
/// take it.
struct GuardTable {
    /// Names of interfaces; one that ends in `*` stands for all that begin so.
    let tunnels: [String]
    var takesTagsOff = true

    private static let refuse = "refuse"
    private static let untag = "untag"

    private static let isTagged = Statement.match(
        .mark, mask: UInt64(PacketMark.tagMask), .equal, UInt64(PacketMark.tag))

    private var chains: [(chain: Chain, rules: [[Statement]])] {
        [(Chain(Self.refuse), [[.counter, .drop]])]
            + (takesTagsOff
                ? Self.hooks.map { (Chain("\(Self.untag)_\($0.point)"), rules($0.fields, [.writeMark(0)])) }
                    + Self.hooks.map(before) : []) + Self.hooks.map(after)
    }

    private typealias Hooked = (point: Chain.Point, fields: [Field])

    private func before(_ hook: Hooked) -> (chain: Chain, rules: [[Statement]]) {
        (
            Self.base("before_\(hook.point)", hook.point, .beforeFilter),
            [[Self.isTagged, .goto("\(Self.untag)_\(hook.point)")]]
        )
    }

    private func after(_ hook: Hooked) -> (chain: Chain, rules: [[Statement]]) {
        (
            Self.base("after_\(hook.point)", hook.point, .afterFilter),
            [[Self.isTagged, .accept]] + rules(hook.fields, [.goto(Self.refuse)])
        )
    }

    private static let hooks: [Hooked] = [
        (.forward, [.inputName, .outputName]), (.input, [.inputName]), (.output, [.outputName]),
    ]

    var operations: [Operation] {
        chains.map { .addChain($0.chain) }
            + chains.flatMap { entry in
                entry.rules.map { .addRule(Rule(chain: entry.chain.name, $0)) }
            }
    }

    private static func base(_ name: String, _ point: Chain.Point, _ priority: Chain.Priority) -> Chain {
        Chain(name, hook: Chain.Hook(point: point, priority: priority))
    }

    private func rules(_ fields: [Field], _ statements: [Statement]) -> [[Statement]] {
        fields.flatMap { field in tunnels.map { [.matchName(field, $0)] + statements } }
    }
}
