import RulesetCompiler

/// Follows the packets of one class through a chain with a hook, and notes what may happen to them there.
///
/// Conservative: a condition that is not understood may hold and may not. Chains that jump to chains are followed as the
/// kernel does; so many steps at most.
struct ChainWalk {
    /// Where something may happen, and whether it does to every packet of the class.
    struct Hit: Hashable {
        enum Event: Hashable {
            case drop
            case effect(ForeignTables.Effect)
            /// The map, or chain, could not be followed to its end.
            case unread(String)
        }

        var event: Event
        var chain: String
        /// Nil for a chain's policy.
        var handle: UInt64?
        var isCertain: Bool
    }

    private let table: ForeignTables.Table
    private let chains: [String: ForeignTables.Chain]
    private let traffic: TrafficClass
    private let tunnels: [String]
    private(set) var hits: [Hit] = []
    /// Whether some packet may have got past the step that is looked at.
    private var maySplit = false
    private(set) var mayAccept = false
    private var steps = 0
    private var path: [String] = []

    private static let mostSteps = 100_000

    init(_ table: ForeignTables.Table, _ traffic: TrafficClass, tunnels: [String]) {
        self.table = table
        self.traffic = traffic
        self.tunnels = tunnels
        chains = Dictionary(table.chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func follow(_ base: ForeignTables.Chain) {
        let isOver = walk(base, isCertain: true)
        guard !isOver, base.drops else { return }
        hits.append(Hit(event: .drop, chain: base.name, isCertain: !maySplit))
    }

    /// True when no packet comes out at the chain's end.
    private mutating func walk(_ chain: ForeignTables.Chain, isCertain: Bool) -> Bool {
        // The kernel takes no loops; what it was told of may have one all the same.
        guard !path.contains(chain.name), steps < Self.mostSteps else {
            note(.unread(chain.name), chain.name, nil, false)
            return false
        }
        path.append(chain.name)
        defer { path.removeLast() }
        for rule in chain.rules {
            switch apply(rule, in: chain.name, isCertain: isCertain) {
            case .goesOn: continue
            case .isOver: return true
            case .leaves: return false
            }
        }
        return false
    }

    private enum Outcome {
        case goesOn
        /// No packet is left.
        case isOver
        /// The chain has no packet left; those that it was entered from may.
        case leaves
    }

    private mutating func apply(
        _ rule: ForeignTables.Rule, in chain: String, isCertain outer: Bool
    ) -> Outcome {
        var isCertain = outer
        var isAlways = true
        for step in rule.steps {
            steps += 1
            switch step {
            case .condition: (isCertain, isAlways) = (false, false)
            case .interface(let match):
                switch traffic.holds(match, tunnels: tunnels) {
                case true?: break
                case false?: return .goesOn
                case nil: (isCertain, isAlways) = (false, false)
                }
            case .effect(let effect):
                note(.effect(effect), chain, rule.handle, isCertain)
                if effect.ends {
                    return isAlways ? .isOver : .goesOn
                }
            case .verdict(let verdict):
                let outcome = apply(verdict, in: chain, rule.handle, isCertain)
                return isAlways ? outcome : .goesOn
            case .map(let name):
                let map = table.maps[name]
                if map?.isWhole != true { note(.unread(name), chain, rule.handle, false) }
                for verdict in (map?.verdicts ?? []).sorted(by: { "\($0)" < "\($1)" }) {
                    _ = apply(verdict, in: chain, rule.handle, false)
                }
                (isCertain, isAlways) = (false, false)
            }
        }
        return .goesOn
    }

    private mutating func apply(
        _ verdict: ForeignTables.Verdict, in chain: String, _ handle: UInt64, _ isCertain: Bool
    ) -> Outcome {
        switch verdict {
        case .accept:
            (mayAccept, maySplit) = (true, true)
            return .isOver
        case .drop:
            note(.drop, chain, handle, isCertain)
            return .isOver
        case .return:
            // Of the packets that leave here, none meets what follows in this chain.
            if !isCertain { maySplit = true }
            return .leaves
        case .jump(let name):
            return chains[name].map { walk($0, isCertain: isCertain) } == true ? .isOver : .goesOn
        case .goto(let name):
            if !isCertain { maySplit = true }
            return chains[name].map { walk($0, isCertain: isCertain) } == true ? .isOver : .leaves
        }
    }

    private mutating func note(_ event: Hit.Event, _ chain: String, _ handle: UInt64?, _ isCertain: Bool) {
        hits.append(Hit(event: event, chain: chain, handle: handle, isCertain: isCertain && !maySplit))
    }
}
