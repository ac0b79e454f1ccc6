/// What tables of other programs hold, as far as it can matter to packets of sessions: their chains, what can end a packet
/// there, and what can change it on its way.
package struct ForeignTables: Sendable, Hashable {
    package var tables: [Table] = []

    package init(_ tables: [Table] = []) { self.tables = tables }

    package enum Family: String, Sendable, Hashable, CaseIterable {
        case ip, ip6, inet, arp, bridge, netdev
    }

    package struct Table: Sendable, Hashable {
        package var family: Family
        package var name: String
        /// Switched off as a whole: none of its chains is entered.
        package var isDormant = false
        package var chains: [Chain] = []
        package var flowtables: [Flowtable] = []
        /// Of the verdict maps that rules name.
        package var maps: [String: VerdictMap] = [:]

        package init(_ family: Family, _ name: String) {
            self.family = family
            self.name = name
        }
    }

    package struct Chain: Sendable, Hashable {
        package var name: String
        /// Nil for one that is only jumped to.
        package var hook: Hook?
        /// Whether a packet that reaches the end of a chain with a hook is dropped.
        package var drops = false
        package var rules: [Rule] = []

        package init(_ name: String, hook: Hook? = nil, drops: Bool = false, rules: [Rule] = []) {
            self.name = name
            self.hook = hook
            self.drops = drops
            self.rules = rules
        }
    }

    package struct Hook: Sendable, Hashable {
        package enum Point: String, Sendable, Hashable {
            case prerouting, input, forward, output, postrouting, ingress, egress
        }

        package var point: Point
        package var priority: Int32
        /// Interfaces, of `ingress` and `egress`.
        package var devices: [String] = []

        package init(_ point: Point, priority: Int32, devices: [String] = []) {
            self.point = point
            self.priority = priority
            self.devices = devices
        }
    }

    package struct Flowtable: Sendable, Hashable {
        package var name: String
        package var devices: [String]

        package init(_ name: String, devices: [String] = []) {
            self.name = name
            self.devices = devices
        }
    }

    /// Values of a verdict map, without their keys.
    package struct VerdictMap: Sendable, Hashable {
        package var verdicts: Set<Verdict>
        /// Whether all of them were read.
        package var isWhole: Bool

        package init(_ verdicts: Set<Verdict>, isWhole: Bool = true) {
            self.verdicts = verdicts
            self.isWhole = isWhole
        }
    }

    package struct Rule: Sendable, Hashable {
        package var handle: UInt64
        package var steps: [Step]

        package init(_ handle: UInt64, _ steps: [Step]) {
            self.handle = handle
            self.steps = steps
        }
    }

    package enum Verdict: Sendable, Hashable {
        case accept, drop, `return`
        case jump(String)
        case goto(String)
    }

    /// One part of a rule. What neither ends nor changes a packet, such as a counter, is left out.
    package enum Step: Sendable, Hashable {
        case interface(InterfaceMatch)
        /// Goes on or not, by something that is not looked into.
        case condition
        case verdict(Verdict)
        /// The verdict that the map has for the packet, if it has one.
        case map(String)
        case effect(Effect)
    }

    package struct InterfaceMatch: Sendable, Hashable {
        package var isInput: Bool
        package var name: String
        /// That the interface's name begins so, rather than is so.
        package var isPrefix = false
        /// False for a match of every other interface.
        package var isEqual = true

        package init(_ name: String, isInput: Bool, isPrefix: Bool = false, isEqual: Bool = true) {
            self.isInput = isInput
            self.name = name
            self.isPrefix = isPrefix
            self.isEqual = isEqual
        }
    }

    package enum Effect: String, Sendable, Hashable, CaseIterable {
        case reject
        /// Hands it to a program, another interface or a proxy of the kernel, which may never give it back.
        case takeAway
        case noTracking, setZone, setMark
        /// Later packets of the connection go past every chain.
        case offload
        case rewriteSource, rewriteDestination
        case proxy

        /// Whether the packet is gone after it.
        package var ends: Bool { self == .reject || self == .takeAway }
    }
}
