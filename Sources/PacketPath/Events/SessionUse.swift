/// What was counted of a session, or of all: sums of one worker or of several.
public struct SessionUse: Hashable, Sendable {
    public struct Traffic: Hashable, Sendable {
        public var packets: UInt64 = 0
        public var octets: UInt64 = 0

        static func += (sum: inout Traffic, other: Traffic) {
            sum.packets &+= other.packets
            sum.octets &+= other.octets
        }
    }

    /// Refused packets are among these.
    public var outward = Traffic()
    public var toward = Traffic()
    public var denied: UInt64 = 0
    /// The greatest tick of a packet either way, 0 before the first.
    public var lastSeen: UInt64 = 0
    /// The greatest tick of a packet either way that the session's scope holds, 0 before the first.
    public var lastUsed: UInt64 = 0
    /// By the number of a ``DenyReason``. Of one session and worker each wraps at 2³².
    var reasons = [UInt64](repeating: 0, count: 16)

    public init() {}

    public subscript(_ reason: DenyReason) -> UInt64 { reasons[Int(reason.rawValue)] }

    public static func += (sum: inout SessionUse, other: SessionUse) {
        sum.outward += other.outward
        sum.toward += other.toward
        sum.denied &+= other.denied
        sum.lastSeen = max(sum.lastSeen, other.lastSeen)
        sum.lastUsed = max(sum.lastUsed, other.lastUsed)
        for index in sum.reasons.indices { sum.reasons[index] &+= other.reasons[index] }
    }
}

extension Sequence<WorkerCounters> {
    /// Over all workers. Allocates, and costs a few hundred nanoseconds a worker: it is for people and
    /// timers.
    public func use(ofSlot slot: Int, generation: UInt64) -> SessionUse {
        reduce(into: SessionUse()) { $0 += $1.use(ofSlot: slot, generation: generation) }
    }

    public func total() -> SessionUse { reduce(into: SessionUse()) { $0 += $1.total() } }
}
