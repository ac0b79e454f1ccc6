import PacketPath

/// Packets, and the octets of them from the IP header on.
package struct Traffic: Sendable, Hashable, Encodable {
    package var packets: UInt64 = 0
    package var octets: UInt64 = 0

    package init(packets: UInt64 = 0, octets: UInt64 = 0) {
        self.packets = packets
        self.octets = octets
    }

    @inline(__always)
    mutating func count(_ more: UInt32) {
        packets &+= 1
        octets &+= UInt64(more)
    }

    package static func += (sum: inout Traffic, other: Traffic) {
        sum.packets &+= other.packets
        sum.octets &+= other.octets
    }

    package static func + (lhs: Traffic, rhs: Traffic) -> Traffic {
        var sum = lhs
        sum += rhs
        return sum
    }
}

/// What was counted of one key.
struct Flow: BitwiseCopyable {
    let key: FlowKey
    var outward = Traffic()
    var toward = Traffic()
    /// Nanoseconds since 1970. Frames may come out of order, so these are the least and the greatest.
    var first: Int64
    var last: Int64
    /// The number of an ``Explanation``.
    let explanation: UInt32

    @inline(__always)
    mutating func count(_ way: JudgedPacket.Way, _ octets: UInt32, at time: Int64) {
        if way == .outward { outward.count(octets) } else { toward.count(octets) }
        first = min(first, time)
        last = max(last, time)
    }
}

extension Traffic: BitwiseCopyable {}

/// Flows by key. Counting a packet of a flow that is there allocates nothing.
///
/// In front of the dictionary, which is safe against keys that somebody chose, stands
/// a small table of the flows last used, which need not be.
struct FlowTable {
    private(set) var flows: [Flow] = []
    private var numbers: [FlowKey: UInt32] = [:]
    /// By the key's ``FlowKey/spread``: the number of a flow, or ``none``.
    private var recent = [UInt32](repeating: none, count: 1 << recentBits)
    let limit: Int

    private static let recentBits = 12
    private static let none = UInt32.max

    init(limit: Int) { self.limit = min(limit, Int(UInt32.max) - 1) }

    var isFull: Bool { flows.count >= limit }

    /// Counts a packet; false when there is no such flow.
    @inline(__always)
    mutating func count(_ key: FlowKey, _ way: JudgedPacket.Way, _ octets: UInt32, at time: Int64) -> Bool {
        let place = Int(truncatingIfNeeded: key.spread >> UInt64(64 - Self.recentBits))
        let guess = recent[place]
        if guess != Self.none, flows[Int(guess)].key == key {
            flows[Int(guess)].count(way, octets, at: time)
            return true
        }
        guard let number = numbers[key] else { return false }
        recent[place] = number
        flows[Int(number)].count(way, octets, at: time)
        return true
    }

    /// Whether the session has sent anything that is counted here.
    func hasSent(_ key: FlowKey) -> Bool {
        guard let number = numbers[key] else { return false }
        return flows[Int(number)].outward.packets > 0
    }

    /// The number of its explanation; nil when there is no such flow.
    func explanation(of key: FlowKey) -> UInt32? { numbers[key].map { flows[Int($0)].explanation } }

    /// Adds a flow that is not there; the caller has asked ``isFull``.
    mutating func add(_ key: FlowKey, explanation: UInt32, at time: Int64) {
        numbers[key] = UInt32(flows.count)
        flows.append(Flow(key: key, first: time, last: time, explanation: explanation))
    }
}
