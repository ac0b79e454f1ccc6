/// What the session index says of an address: the session's scope and its slot among the counters, in one word.
///
/// 24 bits of scope, 16 of generation, 24 of slot. A slot that is given back rests behind all others before it is
/// taken again, and each taking has the next generation: counters of a session would be mistaken for a later one's
/// only after 65,535 sessions in the same slot of which a worker saw no packet.
public struct SessionValue: BitwiseCopyable, Sendable, Hashable {
    @usableFromInline let word: UInt64

    /// The most scopes: their numbers are 1 through this.
    public static var greatestScope: UInt32 { 0xff_fffe }

    /// The number of a scope that is no session's: the organisation's own networks. Where it is set, refusals of
    /// destinations elsewhere are no scan: a laptop whose programs knock at a hundred hosts of the internet, which
    /// only the proxy reaches, is a common sight.
    public static var inside: UInt32 { 0xff_ffff }

    /// The slot of sessions that are looked up and judged, but counted in all alone: there was no slot left.
    public static var noSlot: UInt32 { 0xff_ffff }

    /// The scope is not 0 and not above ``greatestScope``.
    public init(scope: UInt32, slot: SessionSlot) {
        precondition(scope != 0 && scope <= Self.greatestScope)
        word = UInt64(scope) << 40 | UInt64(slot.generation) << 24 | UInt64(slot.number)
    }

    @inlinable
    init(word: UInt64) { self.word = word }

    @inlinable
    public var scope: UInt32 { UInt32(truncatingIfNeeded: word &>> 40) }

    @inlinable
    public var slot: UInt32 { UInt32(truncatingIfNeeded: word) & 0xff_ffff }

    @inlinable
    public var generation: UInt64 { word &>> 24 & 0xffff }
}

/// A place among the counters, for as long as a session has it.
public struct SessionSlot: BitwiseCopyable, Sendable, Hashable {
    /// Below the image's slot count, or ``SessionValue/noSlot``.
    public let number: UInt32
    /// Never 0 where there is a slot.
    public let generation: UInt16

    init(number: UInt32, generation: UInt16) {
        self.number = number
        self.generation = generation
    }

    static var none: SessionSlot { SessionSlot(number: SessionValue.noSlot, generation: 0) }
}

/// Gives out slots, the longest unused first.
struct SlotPool {
    private var generations: [UInt16]
    /// A ring: `free[first...]`, `count` of them.
    private var free: [UInt32]
    private var first = 0
    private var count: Int
    /// Given back, and perhaps still used by a reader in the middle of a batch.
    private var resting: [(slot: UInt32, period: UInt64)] = []

    init(slotCount: Int) {
        precondition(slotCount >= 0 && slotCount < Int(SessionValue.noSlot))
        generations = [UInt16](repeating: 0, count: slotCount)
        free = (0..<UInt32(slotCount)).map { $0 }
        count = slotCount
    }

    mutating func take() -> SessionSlot {
        guard count > 0 else { return .none }
        let slot = free[first]
        first = (first + 1) % free.count
        count -= 1
        // 0 says "no session" to the counters.
        generations[Int(slot)] = generations[Int(slot)] == .max ? 1 : generations[Int(slot)] + 1
        return SessionSlot(number: slot, generation: generations[Int(slot)])
    }

    /// A slot whose session is gone from the index; `period` began after that.
    mutating func giveBack(_ slot: SessionSlot, period: UInt64) {
        guard slot.number != SessionValue.noSlot else { return }
        resting.append((slot.number, period))
    }

    mutating func reclaim(hasEnded: (UInt64) -> Bool) {
        // Periods end in order: the first that has not is followed by none that has.
        let waiting = resting.firstIndex { !hasEnded($0.period) } ?? resting.endIndex
        for entry in resting[..<waiting] {
            free[(first + count) % free.count] = entry.slot
            count += 1
        }
        resting.removeFirst(waiting)
    }
}
