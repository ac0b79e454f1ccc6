/// What went between a session and one place, in both directions or in one, as whoever counts sees it.
public struct FlowCount: BitwiseCopyable, Sendable {
    /// The session's.
    public var session: SessionValue
    /// The far end; an IPv4 address is in the lowest 32 bits.
    public var farHigh: UInt64
    public var farLow: UInt64
    /// Of the caller's coarse clock.
    public var firstTick: UInt64
    public var lastTick: UInt64
    public var packets: UInt64
    /// From the IP header on.
    public var octets: UInt64
    /// The far end's; 0 for what has no ports, and for later fragments.
    public var port: UInt16
    public var ipProtocol: UInt8
    public var isIPv6: Bool
}

/// Counts packets of sessions by their far end, protocol and far port, in memory that is fixed when it is made.
///
/// Beside the worker, and not in it: where nobody asked for flows, nothing of this is done. Of what the worker refused
/// nothing is counted, nor of what is no use of the session. A packet costs a hash and a look at a few entries.
///
/// Owned by one thread at a time.
public struct FlowTable: Sendable {
    /// `packets` is 0 in those that are free.
    private var entries: [FlowCount]
    private let key: UInt64
    private var count = 0
    /// Packets that were counted nowhere, because there was no room.
    public private(set) var lost: UInt64 = 0

    /// How far from its place an entry may be.
    private static var reach: Int { 16 }

    /// - Parameters:
    ///   - capacity: Flows at a time, rounded up to a power of two; 72 bytes each.
    ///   - key: Secret and random, so that nobody finds destinations that share a place.
    public init(capacity: Int, key: UInt64) {
        entries = Array(repeating: Self.free, count: powerOfTwo(atLeast: max(Self.reach, capacity)))
        self.key = key
    }

    private static var free: FlowCount {
        FlowCount(
            session: SessionValue(word: 0), farHigh: 0, farLow: 0, firstTick: 0, lastTick: 0, packets: 0,
            octets: 0, port: 0, ipProtocol: 0, isIPv6: false)
    }

    /// Counts a packet that the worker has just looked at.
    public mutating func note(_ result: PathResult, tick: UInt64) {
        guard let session = result.value, result.packet.drop == nil, result.outcome.isUse else { return }
        let packet = result.packet
        let isToward = result.way == .toward
        let port = isToward ? packet.sourcePort : packet.destinationPort
        add(
            FlowCount(
                session: session, farHigh: isToward ? packet.sourceHigh : packet.destinationHigh,
                farLow: isToward ? packet.sourceLow : packet.destinationLow, firstTick: tick, lastTick: tick,
                packets: 1, octets: UInt64(packet.length), port: packet.hasPorts ? port : 0,
                ipProtocol: packet.ipProtocol, isIPv6: packet.family == 6))
    }

    /// Adds counts of the same flow to those that are there.
    public mutating func add(_ flow: FlowCount) {
        let mask = entries.count - 1
        let home = Int(truncatingIfNeeded: hash(flow)) & mask
        for step in 0..<Self.reach {
            let place = (home + step) & mask
            if entries[place].packets == 0 {
                entries[place] = flow
                count += 1
                return
            }
            if entries[place].isSame(as: flow) { return entries[place].add(flow) }
        }
        lost &+= flow.packets
    }

    /// Hands over everything that was counted, and begins anew.
    public mutating func take() -> [FlowCount] {
        guard count > 0 else { return [] }
        let taken = entries.filter { $0.packets > 0 }
        for index in entries.indices { entries[index].packets = 0 }
        count = 0
        return taken
    }

    private func hash(_ flow: FlowCount) -> UInt64 {
        let service = UInt64(flow.port) | UInt64(flow.ipProtocol) &<< 16 | (flow.isIPv6 ? 1 &<< 24 : 0)
        return [flow.farHigh, flow.farLow, flow.session.owner, service].reduce(key) { hash, part in
            let product = (hash ^ part).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
            return product.high ^ product.low
        }
    }
}

extension FlowCount {
    /// A session that came to another scope meanwhile is the same one.
    fileprivate func isSame(as other: FlowCount) -> Bool {
        session.owner == other.session.owner && farLow == other.farLow && farHigh == other.farHigh
            && port == other.port && ipProtocol == other.ipProtocol && isIPv6 == other.isIPv6
    }

    fileprivate mutating func add(_ other: FlowCount) {
        packets &+= other.packets
        octets &+= other.octets
        firstTick = min(firstTick, other.firstTick)
        lastTick = max(lastTick, other.lastTick)
    }
}

extension SessionValue {
    /// Slot and generation.
    fileprivate var owner: UInt64 { word & 0xff_ffff_ffff }
}
