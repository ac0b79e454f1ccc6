package import FlowSpace
package import NetworkTypes
package import Sessions

/// The key of one session's element: the tunnel interface that a packet comes out of, and its inner source address.
///
/// The index and not the name: when a VPN server makes its interface anew, every element of the old one is dead.
package struct SessionKey: Sendable, Hashable {
    /// The kernel's interface index (`if_nametoindex`).
    package let interfaceIndex: UInt32
    package let address: IPAddress

    package init(interfaceIndex: UInt32, address: IPAddress) {
        self.interfaceIndex = interfaceIndex
        self.address = address
    }
}

/// A small number that stands for one scope in the kernel: with a tag before it, the value of a session's element and of
/// the packet mark (``PacketMark``). 0 is never a scope.
package struct ScopeNumber: Sendable, Hashable, Comparable, RawRepresentable {
    package let rawValue: UInt32

    /// What the mark has room for beside its tag.
    package static let greatest = ~PacketMark.tagMask

    /// Returns nil for 0, and beyond `greatest`.
    package init?(rawValue: UInt32) {
        guard (1...Self.greatest).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What does not change while the daemon runs: names, hooks and sizes of the kernel's side.
package struct RulesetLayout: Sendable, Hashable {
    /// The name of the one `inet` table that is ours.
    package var table: String
    /// Names of tunnel interfaces, exact. Whatever comes from one or goes to one is refused unless a session permits it.
    package var tunnels: [String]
    /// The NFLOG group for refused packets; nil logs none.
    package var refusalLogGroup: UInt16?
    /// Elements that a session map may hold; one more is ENFILE.
    package var sessionCapacity: UInt32

    package init(
        table: String = "gatehouse", tunnels: [String], refusalLogGroup: UInt16? = nil,
        sessionCapacity: UInt32 = 131_072
    ) {
        self.table = table
        self.tunnels = tunnels
        self.refusalLogGroup = refusalLogGroup
        self.sessionCapacity = sessionCapacity
    }
}

/// The desired nftables state, whole. Sessions are elements and nothing else; rules change only when scopes do.
package struct Ruleset: Sendable, Hashable {
    package var layout: RulesetLayout
    /// What each scope may reach. Every number that a session names is here.
    package var scopes: [ScopeNumber: FlowSpace]
    /// How often a scope was given another meaning; those that never were are left out.
    package var editions: [ScopeNumber: UInt32] = [:]
    package var sessions: [SessionKey: Element]

    /// The value of a session's element.
    package struct Element: Sendable, Hashable {
        package var scope: ScopeNumber
        /// When the kernel forgets the session by itself unless it is renewed.
        package var expires: Instant

        package init(scope: ScopeNumber, expires: Instant) {
            self.scope = scope
            self.expires = expires
        }
    }

    package init(
        layout: RulesetLayout, scopes: [ScopeNumber: FlowSpace] = [:], sessions: [SessionKey: Element] = [:]
    ) {
        self.layout = layout
        self.scopes = scopes
        self.sessions = sessions
    }

    /// Keeps this value in step with what was committed.
    package mutating func apply(_ changes: some Sequence<RulesetChange>) {
        for change in changes {
            switch change {
            case .addScope(let number, let space):
                scopes[number] = space
                editions[number] = nil
            case .redefineScope(let number, let space, let edition):
                scopes[number] = space
                editions[number] = edition
            case .removeScope(let number, _):
                scopes[number] = nil
                editions[number] = nil
            case .put(let key, let element): sessions[key] = element
            case .remove(let key): sessions[key] = nil
            }
        }
    }
}

/// One wish of the control path; a transaction is made of several, in this order.
package enum RulesetChange: Sendable, Hashable {
    /// A new scope: its sets, chains and the verdict-map elements that lead to them.
    case addScope(ScopeNumber, FlowSpace)
    /// The scope becomes another for every session that has it; none of their elements changes. `edition` is one more than
    /// it was, and names the new objects: the old ones are judged by until the last packet has gone.
    case redefineScope(ScopeNumber, FlowSpace, edition: UInt32)
    /// No element may name the scope any more when this commits. `edition` is the last one that it had.
    case removeScope(ScopeNumber, edition: UInt32 = 0)
    /// Add the session's element, or replace it whatever it was: new scope, new expiry, or both.
    case put(SessionKey, Ruleset.Element)
    /// Forget the session now. Not an error when the kernel has forgotten it already.
    case remove(SessionKey)
}
