import Synchronization

/// The table of one family as its writer sees it: the lines in use, the ones that wait for a grace period, and
/// when to build new ones.
@safe
struct FamilyTable: ~Copyable, @unchecked Sendable {
    // Unchecked: the pointers are this table's own, or to what only atomics change.

    private var writer: LineWriter
    /// The allocated description of `writer.lines` that readers are pointed to.
    private var published: UnsafeMutablePointer<Lines>
    private let family: TableFamily
    private let key: (UInt64, UInt64)
    private var generation: UInt64

    /// The grace period that removed slots wait for, if any does.
    private var leavingPeriod: UInt64 = 0
    /// Tables replaced, oldest first.
    private var retired: [Retired] = []

    /// A table that readers may still be in, and the period whose end frees it.
    @safe
    private struct Retired {
        let lines: UnsafeMutablePointer<Lines>
        let period: UInt64

        var bytes: Int { unsafe lines.pointee.lineCount * Lines.bytesPerLine }

        func free() { unsafe FamilyTable.free(lines) }
    }

    /// A table of no keys. Nil when there is no memory.
    init?(_ family: TableFamily, key: (UInt64, UInt64)) {
        self.family = family
        self.key = key
        generation = 0
        guard
            let lines = Lines(lineCount: Lines.fewestLines, seed: HashSeed(key: key, generation: 0))
        else { return nil }
        writer = LineWriter(lines)
        unsafe published = Self.allocated(lines)
    }

    private static func allocated(_ lines: Lines) -> UnsafeMutablePointer<Lines> {
        let memory = UnsafeMutablePointer<Lines>.allocate(capacity: 1)
        unsafe memory.initialize(to: lines)
        return unsafe memory
    }

    private static func free(_ lines: UnsafeMutablePointer<Lines>) {
        unsafe lines.pointee.free()
        unsafe lines.deallocate()
    }

    var address: UnsafeMutablePointer<Lines> { unsafe published }
    var count: Int { writer.live }
    var slotCount: Int { writer.lines.slotCount }
    var bytes: Int { writer.bytes }
    var retiredBytes: Int { retired.reduce(0) { $0 + $1.bytes } }

    func find(_ key: IndexKey) -> UInt64 { writer.find(key) }
    func pathLength(_ key: IndexKey) -> Int { writer.pathLength(key) }
    func forEach(_ body: (IndexKey, UInt64) -> Void) {
        _ = writer.forEach { key, value in
            body(key, value)
            return true
        }
    }

    // MARK: - Changing

    /// Returns the value that was replaced, or 0.
    mutating func insert(
        _ key: IndexKey, _ value: UInt64, _ shared: SharedTables
    ) throws(SessionIndexError) -> UInt64 {
        while true {
            if Self.isCrowded(writer.live + 1, writer.used + 1, writer.lines.slotCount), writer.find(key) == 0
            {
                try rebuild(for: writer.live + 1, shared)
            }
            switch writer.insert(key, value) {
            case .inserted: return 0
            case .replaced(let old): return old
            case .full: try rebuild(for: writer.live + 1, shared)
            }
        }
    }

    /// Returns the value that was removed, or 0.
    mutating func remove(_ key: IndexKey, _ shared: SharedTables) -> UInt64 {
        let old = writer.remove(key)
        if slotCount > Self.fewestSlots, writer.live < slotCount / 8 {
            // A smaller table is a saving, not a need: without memory for it the larger one stays.
            try? rebuild(for: writer.live, shared)
        }
        return old
    }

    /// Half full, or five eighths with the slots that were removed and are not empty again.
    private static func isCrowded(_ live: Int, _ used: Int, _ slots: Int) -> Bool {
        live > slots / 2 || used > slots / 8 * 5
    }

    private static var fewestSlots: Int { Lines.fewestLines * IndexKey.slotsPerLine }

    /// Slots for so many keys: as many as now while an eighth to a half of them is in use, else so many that an
    /// eighth to a quarter is (shrinking) or a quarter to a half (growing). A table that has just grown loses
    /// half its keys before it shrinks, one that has just shrunk doubles them before it grows.
    private func slots(for live: Int) -> Int {
        var slots = slotCount
        while live > slots / 2 { slots *= 2 }
        while slots > Self.fewestSlots, live <= slots / 8 { slots /= 2 }
        return slots
    }

    // MARK: - Rebuilding

    /// Moves every key to new lines under a new seed, publishes them and retires the old ones.
    private mutating func rebuild(for live: Int, _ shared: SharedTables) throws(SessionIndexError) {
        let moved = try moved(for: live)
        let old = unsafe published
        unsafe published = Self.allocated(moved.lines)
        unsafe shared.roots.pointee.publish(published, family)
        writer = moved
        // The slots that rested in the old lines are freed with them; the new ones have none.
        unsafe retired.append(Retired(lines: old, period: shared.grace.begin()))
        reclaim(shared)
    }

    private mutating func moved(for live: Int) throws(SessionIndexError) -> LineWriter {
        var slots = slots(for: live)
        var attempts = 0
        while true {
            generation += 1
            let seed = HashSeed(key: key, generation: generation)
            guard let lines = Lines(lineCount: slots / IndexKey.slotsPerLine, seed: seed) else {
                throw .noMemory(bytes: slots / IndexKey.slotsPerLine * Lines.bytesPerLine)
            }
            var moved = LineWriter(lines)
            let complete = writer.forEach { key, value in
                if case .inserted = moved.insert(key, value) { true } else { false }
            }
            if complete { return moved }
            // No reader has seen these lines. Another seed places the keys elsewhere; should four seeds fail,
            // more room helps.
            lines.free()
            attempts += 1
            if attempts % 4 == 0 { slots *= 2 }
        }
    }

    // MARK: - Reclaiming

    /// Frees what no reader can see any more, and begins a period for what was removed since.
    mutating func reclaim(_ shared: SharedTables) {
        retired.removeAll {
            guard shared.grace.hasEnded($0.period) else { return false }
            $0.free()
            return true
        }
        if writer.waiting.toEnd > 0 {
            guard shared.grace.hasEnded(leavingPeriod) else { return }
            writer.endLeaving()
        }
        guard writer.waiting.toBegin > 0 else { return }
        writer.beginLeaving()
        leavingPeriod = shared.grace.begin()
    }

    /// Leaves the tables to those who may still read them. The writer is gone afterwards.
    consuming func leaveBehind(_ shared: SharedTables) {
        for table in retired { shared.leftBehind.append { table.free() } }
        let lines = unsafe published
        shared.leftBehind.append { unsafe Self.free(lines) }
    }
}
