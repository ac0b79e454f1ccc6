/// One step of a rule. A rule whose match fails does nothing more; a step that ends judgement ends the rule.
package enum Statement: Sendable, Hashable {
    /// Goes on only when the field, cut down to `mask` if there is one, compares so with `value`.
    case match(Field, mask: UInt64? = nil, Comparison, UInt64)
    /// Goes on only when the field is this interface name, exactly; with a `*` at its end, when it begins so.
    case matchName(Field, String)
    /// Goes on only when the fields, side by side, are an element of the set.
    case lookup([Field], set: String)
    /// Sets the packet mark. A look-up that misses leaves the mark as it was, and any program on the way may have set it:
    /// whoever lets the mark decide sets it to 0 first.
    case writeMark(UInt32)
    /// Sets the packet mark to what the map holds for the fields; on a miss the rule ends and the mark stays.
    case setMark([Field], map: String)
    /// Goes where the map says for the field; on a miss goes on with the next rule, and also when the chain there ends
    /// without a verdict.
    case verdictMap(Field, map: String)
    case counter
    /// Goes on for so many packets a second, and a burst of some more.
    case limit(perSecond: UInt64, burst: UInt32)
    /// Hands the first `snapLength` bytes of the packet to the NFLOG group.
    case log(group: UInt16, snapLength: UInt32, prefix: String)
    /// The packet makes and meets no conntrack entry.
    case notrack
    /// Drops, and answers with a TCP reset. The kernel answers no reset.
    case rejectWithReset
    /// Drops, and answers "administratively prohibited" in the family's own ICMP. The kernel answers no ICMP error.
    case rejectAsProhibited
    case accept
    /// Drops, without an answer.
    case drop
    /// Judgement goes on in the chain and does not come back.
    case goto(String)

    package enum Comparison: Sendable, Hashable {
        case equal, notEqual
    }
}

extension Statement {
    package static func match(_ field: Field, _ value: UInt64) -> Statement { .match(field, .equal, value) }

    /// The sets and maps that the step reads, by name.
    package var set: String? {
        switch self {
        case .lookup(_, let set): set
        case .setMark(_, let map), .verdictMap(_, let map): map
        default: nil
        }
    }

    /// The chain that the step leads to.
    package var target: String? {
        if case .goto(let chain) = self { chain } else { nil }
    }
}

/// A rule: steps, in order, in one chain.
package struct Rule: Sendable, Hashable {
    package var chain: String
    package var statements: [Statement]

    package init(chain: String, _ statements: [Statement]) {
        self.chain = chain
        self.statements = statements
    }
}

/// A named list of rules; with a hook, one that the kernel enters by itself.
package struct Chain: Sendable, Hashable {
    package var name: String
    package var hook: Hook?

    package struct Hook: Sendable, Hashable {
        package var point: Point
        package let type = "filter"
        package var priority: Priority

        // The policy is always accept: what is not of a tunnel is not ours to judge, and what is ends in `refuse`.
        package init(point: Point, priority: Priority) {
            self.point = point
            self.priority = priority
        }
    }

    /// Numbers of linux/netfilter.h (`enum nf_inet_hooks`).
    package enum Point: UInt32, Sendable, Hashable {
        case prerouting = 0
        case input = 1
        case forward = 2
        case output = 3
    }

    /// Numbers of linux/netfilter_ipv4.h. Raw is after defragmentation (-400) and before conntrack (-200).
    package enum Priority: Int32, Sendable, Hashable {
        case raw = -300
        case beforeFilter = -1
        case filter = 0
        case afterFilter = 1
    }

    package init(_ name: String, hook: Hook? = nil) {
        self.name = name
        self.hook = hook
    }
}
