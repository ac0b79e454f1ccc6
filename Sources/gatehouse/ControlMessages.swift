import Classification
import Enforcement
import NetworkTypes
import PolicyLanguage
import Sessions

/// What the daemon and the command line say to each other: JSON, version 1. Times are RFC 3339 in UTC.
enum ControlMessages {
    struct SessionList: Codable {
        var sessions: [SessionSummary]
        /// The kernel's refusal, when what is in force may not be what should be.
        var kernelFault: String?
        /// Why nobody is let in; nil when people are.
        var closedBecause: String?
        /// Why there is no audit record of what happens now; nobody new is let in then.
        var auditFault: String?
        /// Sources that cannot be heard, since when.
        var detachedSources: [String: String]
        /// Interfaces that the packet path should watch and does not, with the reason; nil when it is switched off.
        var unwatched: [String: String]?
        var holds: [HoldSummary]
    }

    struct SessionSummary: Codable {
        var id: String
        var user: String
        /// The inventory id; nil when the device is not on the register.
        var device: String?
        var commonName: String
        /// Nil when no class matched.
        var `class`: String?
        /// `open`, `connecting` or `cut`.
        var state: String
        var addresses: [String]
        var outer: String?
        /// Names of the systems that it reaches.
        var scope: [String]
        var startedAt: String
        /// When it is decided anew; nil for never.
        var reviewAt: String?
        /// When the kernel forgets it unless renewed; nil when it has nothing there.
        var leaseUntil: String?
        /// Why it was cut.
        var cut: String?
        /// What the packet path counted; nil when it does not run, or does not know the session.
        var use: SessionUseSummary?
        /// When it will be ended if nothing passes any more; nil when its class has no idle time, or nobody looks.
        var idleEndsAt: String?
        /// That it, its device or its user was seen scanning.
        var scan: ScanSummary?
    }

    struct SessionUseSummary: Codable, Sendable {
        /// From the session, and to it. Refused packets are among them.
        var packetsOut: UInt64
        var bytesOut: UInt64
        var packetsIn: UInt64
        var bytesIn: UInt64
        /// Packets, of both directions, that its scope refuses.
        var refused: UInt64
        /// The last packet in either direction, refused or not; nil for none.
        var lastSeen: String?
        /// The last packet that passed; nil for none. Idle times count from it.
        var lastUsed: String?
    }

    struct ScanSummary: Codable {
        var seenAt: String
        /// About how many different destinations were refused.
        var destinations: Int
        /// False when it was in another session of the same device or user.
        var inThisSession: Bool
    }

    struct HoldSummary: Codable {
        var subject: String
        var since: String
        var by: String
        var reason: String
    }

    struct Explanation: Codable {
        var session: SessionSummary
        var `class`: String?
        var outcome: String
        var tell: String
        var cites: [String]
        var grants: [Grant]
        var withheld: [Withheld]
        var classes: [ClassLook]
        /// What the client says of itself; nil when it says nothing that rules ask for.
        var client: ClientSummary?
        /// Only when a destination was asked about: `permit` or `deny`, the system that takes it, and why.
        var destination: String?
        var verdict: String?
        var system: String?
        var reason: String?
    }

    /// Claims and no proof, as the client words them.
    struct ClientSummary: Codable {
        var platform: String?
        var version: String?
        var splitsTunnel: Bool?
    }

    struct Grant: Codable {
        var system: String
        var until: String?
        var cites: [String]
    }

    struct Withheld: Codable {
        var system: String
        var conditions: [ConditionLook]
    }

    struct ClassLook: Codable {
        var name: String
        var place: String
        var matched: Bool
        var conditions: [ConditionLook]
    }

    struct ConditionLook: Codable {
        var condition: String
        var place: String
        /// `holds`, `fails` or `unknown`.
        var truth: String
        var saw: String
        var until: String?
    }

    struct PacketAnswer: Codable {
        var destination: String
        /// `permit` or `deny`.
        var verdict: String
        var system: String?
        var cites: [String]
        var reason: String
    }

    struct OrderDone: Codable {
        var cut: [String]
        /// Every session that is in another class or scope now, those that were cut among them.
        var moved: [Move]?
        /// That nothing was done, and the rest says what would have been.
        var isTrial: Bool?
        /// Nanoseconds since 1970 by the gateway's clock, read right after the kernel's acknowledgement.
        var committedAt: Int64
        /// What was loaded, for `reload`: warnings, rendered.
        var warnings: [String]?
        /// What a line is called whose name was made up.
        var reference: String?
    }

    struct SessionArgument: Codable { var session: String }

    struct ExplainArguments: Codable {
        var session: String
        var to: String?
    }

    struct DisconnectArguments: Codable {
        var session: String?
        var user: String?
        var device: String?
        var reason: String
    }

    struct UserArguments: Codable {
        var user: String
        /// Whose codes of the user's it is about; nil for the user's own.
        var tenant: String?
    }

    struct StatusArguments: Codable {
        var device: String
        var status: String
        var reason: String
    }

    struct Nothing: Codable {}
}

extension ControlMessages.OrderDone {
    init(_ receipt: OrderReceipt, isTrial: Bool = false) {
        self.init(
            cut: receipt.cut.map(\.description), moved: receipt.moved.map(ControlMessages.Move.init),
            isTrial: isTrial, committedAt: receipt.committedAt.nanosecondsSince1970)
    }

    /// That it is in force, and nothing more is known.
    init() { self.init(cut: [], committedAt: SystemClock().now().nanosecondsSince1970) }
}
