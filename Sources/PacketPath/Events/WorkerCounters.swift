import CPacketPath
public import Synchronization

/// What one worker counts: for each slot of the session table, and in all.
///
/// One thread writes, by its ``CounterWriter``; any number read. Nobody adds to a word that another writes,
/// so a plain store of the sum is enough, and no instruction locks a bus. A reader may see one field of a
/// packet and not yet the other; sums over workers are late by the same. A slot that a new session takes is
/// another matter: its fields must not be read as the old session's. That is what `generation` is for:
///
/// - The writer, at the first packet of a new generation, stores generation 0, then zeros the fields, then
///   stores the new generation; every store of a field is releasing.
/// - The reader loads the generation, the fields (acquiring), and the generation again, and takes the fields
///   only if both times it was the one it asked for. A field of the new session read by it synchronises with
///   the store of that field, which comes after the store of generation 0: the second load sees 0 or newer,
///   and the fields are dropped.
///
/// Generations must not come back: who numbers sessions counts up. A releasing store is a plain one on x86.
///
/// Memory: 128 bytes a slot and worker, in two lines of which the second is touched by refusals alone. The
/// block is aligned to 128 bytes at least, so no worker writes a line (or its neighbour) that another does. A large
/// one is of huge pages: sessions come in any order, and each record would else cost a walk through the page tables.
@safe
public final class WorkerCounters: @unchecked Sendable {
    /// Eight words a slot, and a last record for what belongs to no session. Both arrays live as long as the
    /// object.
    @usableFromInline let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// Sixteen numbers a slot, by ``DenyReason``.
    @usableFromInline let reasons: UnsafeMutablePointer<Atomic<UInt32>>
    /// In all: 16 by ``DenyReason``, then 16 by ``DropReason``.
    @usableFromInline let totals: UnsafeMutablePointer<Atomic<UInt64>>
    public let slotCount: Int
    private let block: UnsafeMutableRawPointer
    private let size: Int

    @usableFromInline
    enum Field {
        @usableFromInline static var generation: Int { 0 }
        @usableFromInline static var lastSeen: Int { 1 }
        /// Packets, then octets; outward, then toward.
        @usableFromInline static var outward: Int { 2 }
        @usableFromInline static var toward: Int { 4 }
        @usableFromInline static var denied: Int { 6 }
        /// As ``lastSeen``, of packets that show that the session is used.
        @usableFromInline static var lastUsed: Int { 7 }
        static let count = 8
    }

    private init?(slotCount: Int) {
        self.slotCount = max(0, slotCount)
        let records = self.slotCount + 1
        size = Self.mapped(records * 128 + 256)
        guard let memory = unsafe packetpath_map(size) else { return nil }
        unsafe block = memory
        // Zero already, but not there yet: the first packet of a session shall not wait for its page.
        unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        unsafe totals = block.bindMemory(to: Atomic<UInt64>.self, capacity: 32)
        unsafe words = (block + 256).bindMemory(to: Atomic<UInt64>.self, capacity: records * Field.count)
        unsafe reasons = (block + 256 + records * 64).bindMemory(
            to: Atomic<UInt32>.self, capacity: records * 16)
    }

    /// Whole huge pages from the first one on: the kernel gives back no part of a page.
    private static func mapped(_ size: Int) -> Int {
        let page = 2 << 20
        return size < page ? size : (size + page - 1) / page * page
    }

    deinit { unsafe packetpath_unmap(block, size) }

    /// The writing end of new counters; its `counters` are for the readers. Nil when there is no memory: 128 bytes a
    /// slot, all of them at once.
    public static func make(slotCount: Int) -> CounterWriter? {
        guard let counters = WorkerCounters(slotCount: slotCount) else { return nil }
        return CounterWriter(counters)
    }
}

// MARK: Reading

extension WorkerCounters {
    /// What this worker counted for a session; zeros when it has not seen this generation.
    public func use(ofSlot slot: Int, generation: UInt64) -> SessionUse {
        guard slot >= 0, slot < slotCount, generation != 0 else { return SessionUse() }
        let record = unsafe words + slot * Field.count
        guard unsafe record[Field.generation].load(ordering: .acquiring) == generation else {
            return SessionUse()
        }
        let use = unsafe read(record, reasons + slot * 16)
        // Pairs with the releasing stores of fields: see the type.
        guard unsafe record[Field.generation].load(ordering: .relaxed) == generation else {
            return SessionUse()
        }
        return use
    }

    /// The tick of the last packet that shows that the session is used; 0 for none. Some nanoseconds.
    public func lastUsed(ofSlot slot: Int, generation: UInt64) -> UInt64 {
        guard slot >= 0, slot < slotCount, generation != 0 else { return 0 }
        let record = unsafe words + slot * Field.count
        guard unsafe record[Field.generation].load(ordering: .acquiring) == generation else { return 0 }
        let tick = unsafe record[Field.lastUsed].load(ordering: .acquiring)
        // As in `use(ofSlot:generation:)`.
        return unsafe record[Field.generation].load(ordering: .relaxed) == generation ? tick : 0
    }

    /// What it counted in all, with and without a session. Refusals by reason do not wrap here.
    public func total() -> SessionUse {
        var use = unsafe read(words + slotCount * Field.count, reasons + slotCount * 16)
        for index in 0..<16 { use.reasons[index] = unsafe totals[index].load(ordering: .relaxed) }
        return use
    }

    /// Frames that were not decoded, by the reason.
    public func dropped(_ reason: DropReason) -> UInt64 {
        unsafe totals[16 + Int(reason.rawValue)].load(ordering: .relaxed)
    }

    private func read(
        _ record: UnsafeMutablePointer<Atomic<UInt64>>, _ reasons: UnsafeMutablePointer<Atomic<UInt32>>
    ) -> SessionUse {
        var use = SessionUse()
        use.lastSeen = unsafe record[Field.lastSeen].load(ordering: .acquiring)
        use.outward.packets = unsafe record[Field.outward].load(ordering: .acquiring)
        use.outward.octets = unsafe record[Field.outward + 1].load(ordering: .acquiring)
        use.toward.packets = unsafe record[Field.toward].load(ordering: .acquiring)
        use.toward.octets = unsafe record[Field.toward + 1].load(ordering: .acquiring)
        use.denied = unsafe record[Field.denied].load(ordering: .acquiring)
        use.lastUsed = unsafe record[Field.lastUsed].load(ordering: .acquiring)
        for index in 0..<16 { use.reasons[index] = unsafe UInt64(reasons[index].load(ordering: .acquiring)) }
        return use
    }
}

// MARK: Writing

/// The one hand that writes a worker's counters. May move to another thread, and is then that one's.
public struct CounterWriter: ~Copyable, Sendable {
    public let counters: WorkerCounters

    init(_ counters: WorkerCounters) { self.counters = counters }

    /// Counts one packet of a session. Generation 0, or a slot beyond the last, counts in all alone.
    public mutating func count(
        slot: Int, generation: UInt64, way: JudgedPacket.Way, octets: Int, tick: UInt64, denied: DenyReason?
    ) {
        let reason = denied?.rawValue ?? 0
        var batch = BatchCount(packets: 1)
        batch.add(way, octets)
        batch.add(isDenied: reason != 0, isUse: reason == 0)
        countSession(
            slot: slot, generation: generation, way: way, octets: octets, tick: tick, reason: reason,
            isUse: reason == 0)
        if reason != 0 { countReason(reason) }
        add(batch, tick: tick)
    }

    /// Counts one packet for its session alone; `reason` is 0 or the number of a ``DenyReason``. A packet that is
    /// not refused may still be no use of the session.
    @inlinable @inline(__always)
    mutating func countSession(
        slot: Int, generation: UInt64, way: JudgedPacket.Way, octets: Int, tick: UInt64, reason: UInt8,
        isUse: Bool
    ) {
        // Of no session, or of one for which there was no slot.
        guard generation != 0, UInt(bitPattern: slot) < UInt(bitPattern: counters.slotCount) else { return }
        let record = unsafe counters.words + slot &* 8
        if unsafe record[0].load(ordering: .relaxed) != generation { begin(slot, generation) }
        unsafe record[WorkerCounters.Field.lastSeen].store(tick, ordering: .releasing)
        let fields =
            unsafe record + (way == .outward ? WorkerCounters.Field.outward : WorkerCounters.Field.toward)
        unsafe Self.increment(fields, 1)
        unsafe Self.increment(fields + 1, UInt64(truncatingIfNeeded: octets))
        if isUse { unsafe record[WorkerCounters.Field.lastUsed].store(tick, ordering: .releasing) }
        if reason != 0 { unsafe countDenied(record, slot, reason) }
    }

    @usableFromInline @inline(never)
    mutating func countDenied(_ record: UnsafeMutablePointer<Atomic<UInt64>>, _ slot: Int, _ reason: UInt8) {
        unsafe Self.increment(record + WorkerCounters.Field.denied, 1)
        let word = unsafe counters.reasons + (slot &* 16 &+ Int(reason))
        let count = unsafe word.pointee.load(ordering: .relaxed)
        unsafe word.pointee.store(count &+ 1, ordering: .releasing)
    }

    /// Counts a refusal in all, by its reason.
    mutating func countReason(_ reason: UInt8) { unsafe Self.increment(counters.totals + Int(reason), 1) }

    /// Counts a frame that was not decoded.
    mutating func countDrop(_ reason: DropReason) {
        unsafe Self.increment(counters.totals + 16 + Int(reason.rawValue), 1)
    }

    /// Adds what a batch came to, to what was counted in all.
    mutating func add(_ batch: BatchCount, tick: UInt64) {
        let record = unsafe counters.words + counters.slotCount &* 8
        guard batch.packets != 0 else { return }
        unsafe record[WorkerCounters.Field.lastSeen].store(tick, ordering: .releasing)
        if batch.unused != batch.packets {
            unsafe record[WorkerCounters.Field.lastUsed].store(tick, ordering: .releasing)
        }
        unsafe Self.increment(record + WorkerCounters.Field.outward, batch.outwardPackets)
        unsafe Self.increment(record + WorkerCounters.Field.outward + 1, batch.outwardOctets)
        unsafe Self.increment(record + WorkerCounters.Field.toward, batch.towardPackets)
        unsafe Self.increment(record + WorkerCounters.Field.toward + 1, batch.towardOctets)
        unsafe Self.increment(record + WorkerCounters.Field.denied, batch.denied)
    }

    /// Another session has the slot now.
    @usableFromInline
    mutating func begin(_ slot: Int, _ generation: UInt64) {
        let record = unsafe counters.words + slot * 8
        unsafe record[0].store(0, ordering: .relaxed)
        for index in 1..<8 { unsafe record[index].store(0, ordering: .releasing) }
        for index in 0..<16 { unsafe counters.reasons[slot * 16 + index].store(0, ordering: .releasing) }
        // Pairs with the acquiring load in `use(ofSlot:generation:)`.
        unsafe record[0].store(generation, ordering: .releasing)
    }

    /// No other thread stores here, so nothing is lost between the load and the store.
    @inlinable @inline(__always)
    static func increment(_ word: UnsafeMutablePointer<Atomic<UInt64>>, _ count: UInt64) {
        let old = unsafe word.pointee.load(ordering: .relaxed)
        unsafe word.pointee.store(old &+ count, ordering: .releasing)
    }
}

/// What the packets of a batch come to, in all. Few sums, for the loop that adds has few registers: the outward ones
/// are what is left.
struct BatchCount {
    let packets: UInt64
    private var octets: UInt64 = 0
    private(set) var towardPackets: UInt64 = 0
    private(set) var towardOctets: UInt64 = 0
    private(set) var denied: UInt64 = 0
    /// Packets that are no use of a session.
    private(set) var unused: UInt64 = 0

    init(packets: Int) { self.packets = UInt64(truncatingIfNeeded: packets) }

    var outwardPackets: UInt64 { packets &- towardPackets }
    var outwardOctets: UInt64 { octets &- towardOctets }

    @inline(__always)
    mutating func add(_ way: JudgedPacket.Way, _ octets: Int) {
        let octets = UInt64(truncatingIfNeeded: octets)
        let isToward: UInt64 = way == .toward ? 1 : 0
        self.octets &+= octets
        towardPackets &+= isToward
        towardOctets &+= octets &* isToward
    }

    /// For a packet that is not simply permitted.
    @inline(__always)
    mutating func add(isDenied: Bool, isUse: Bool) {
        denied &+= isDenied ? 1 : 0
        unused &+= isUse ? 0 : 1
    }
}
