import Synchronization

/// What the writer keeps beside the lines of a table, and the stores into them. Readers see none of it.
struct LineWriter: ~Copyable {
    let lines: Lines
    /// Keys in the table.
    private(set) var live = 0
    /// Slots whose mark is set: live ones, and removed ones that are not empty again.
    private(set) var used = 0
    /// A line's count of keys that lie further along their path because it was full. It sticks at 255.
    private var passing: [UInt8]
    /// Slots removed since the last grace period began, and those that the period under way is for; and the same
    /// as a bit a slot. A slot of either set rests: it is for its own key only.
    private var removed: [UInt32] = []
    private var leaving: [UInt32] = []
    private var isRemoved: [UInt64]
    private var isLeaving: [UInt64]

    init(_ lines: Lines) {
        self.lines = lines
        passing = Array(repeating: 0, count: lines.lineCount)
        isRemoved = Array(repeating: 0, count: (lines.slotCount + 63) / 64)
        isLeaving = isRemoved
    }

    /// A slot of the table: the number of its line times the slots in a line, and its place there.
    typealias Slot = Int

    private static var wordsPerSlot: Int { 8 / IndexKey.slotsPerLine }

    private func address(_ slot: Slot) -> UnsafePointer<Atomic<UInt64>> {
        unsafe UnsafePointer(lines.words + slot * Self.wordsPerSlot)
    }

    private func value(_ slot: Slot) -> UInt64 {
        // Relaxed: only the writer stores values.
        unsafe address(slot)[0].load(ordering: .relaxed)
    }

    private func setValue(_ slot: Slot, _ value: UInt64) {
        // Releasing; pairs with the acquiring loads in `search`: who sees the value sees the key.
        unsafe address(slot)[0].store(value, ordering: .releasing)
    }

    private func key(_ slot: Slot) -> IndexKey? { unsafe IndexKey.key(address(slot)) }

    private func slots(ofLine line: Int) -> Range<Slot> {
        line * IndexKey.slotsPerLine..<(line + 1) * IndexKey.slotsPerLine
    }

    /// What the path of a key says to the writer.
    private struct Place {
        /// The slot that holds the key, live or removed.
        var own: Slot?
        /// The first slot that may be written to.
        var free: Slot?
        /// The step of the path that whichever of the two counts is at.
        var step = 0
    }

    /// Looks through the whole path before it settles for a free slot: a line never holds a key twice.
    private func place(_ key: IndexKey, _ hash: UInt64) -> Place {
        var place = Place()
        for step in 0..<Lines.longestPath {
            var ends = false
            for slot in slots(ofLine: lines.line(hash, step)) {
                let found = self.key(slot)
                if found == key { return Place(own: slot, step: step) }
                if found == nil { ends = true }
                if place.free == nil, found == nil || value(slot) == 0 && !isResting(slot) {
                    (place.free, place.step) = (slot, step)
                }
            }
            if ends { break }
        }
        return place
    }

    // MARK: - Changing

    enum Insertion {
        case inserted
        case replaced(UInt64)
        /// Every slot that the key's path reaches within its bound is taken.
        case full
    }

    mutating func insert(_ key: IndexKey, _ value: UInt64) -> Insertion {
        let hash = key.hash(lines.seed)
        let place = place(key, hash)
        guard let slot = place.own ?? place.free else { return .full }
        let old = self.value(slot)
        if place.own == nil {
            if self.key(slot) == nil { used += 1 }
            unsafe key.write(address(slot))
        }
        setValue(slot, value)
        guard old == 0 else { return .replaced(old) }
        live += 1
        for step in 0..<place.step where passing[lines.line(hash, step)] < .max {
            passing[lines.line(hash, step)] += 1
        }
        return .inserted
    }

    /// Removes a key; its value, or 0. Its slot rests from now on.
    mutating func remove(_ key: IndexKey) -> UInt64 {
        let hash = key.hash(lines.seed)
        let place = place(key, hash)
        guard let slot = place.own else { return 0 }
        let old = value(slot)
        guard old != 0 else { return 0 }
        setValue(slot, 0)
        live -= 1
        // Once in the list is enough, however often the key comes and goes before the next period begins.
        if isRemoved.insert(slot) { removed.append(UInt32(slot)) }
        for step in 0..<place.step {
            let line = lines.line(hash, step)
            // A count that stuck is unknown, and stays.
            guard passing[line] < .max else { continue }
            passing[line] -= 1
            if passing[line] == 0 { emptyRemoved(line) }
        }
        return old
    }

    func find(_ key: IndexKey) -> UInt64 { lines.find(key, hash: key.hash(lines.seed)) }

    /// Every key and value, in no order. Stops when the body says false.
    func forEach(_ body: (IndexKey, UInt64) -> Bool) -> Bool {
        for slot in 0..<lines.slotCount {
            let value = value(slot)
            if value != 0, let key = key(slot), !body(key, value) { return false }
        }
        return true
    }

    // MARK: - Removed slots

    private func isResting(_ slot: Slot) -> Bool { isRemoved.contains(slot) || isLeaving.contains(slot) }

    /// Slots that wait for a grace period to begin, and for the one under way to end.
    var waiting: (toBegin: Int, toEnd: Int) { (removed.count, leaving.count) }

    /// A grace period begins for every slot removed since the last one. None is under way.
    mutating func beginLeaving() {
        swap(&removed, &leaving)
        swap(&isRemoved, &isLeaving)
    }

    /// The grace period is over: another key may have the slots that are still without a value.
    mutating func endLeaving() {
        for slot in leaving {
            isLeaving.remove(Int(slot))
            let line = Int(slot) / IndexKey.slotsPerLine
            if passing[line] == 0 { emptyRemoved(line) }
        }
        leaving.removeAll(keepingCapacity: true)
    }

    /// Empties the removed slots of a line that no path goes on from, so that look-ups end here again. This is
    /// why removed keys never add up.
    private mutating func emptyRemoved(_ line: Int) {
        for slot in slots(ofLine: line) where value(slot) == 0 && key(slot) != nil && !isResting(slot) {
            unsafe IndexKey.clear(address(slot))
            used -= 1
        }
    }

    // MARK: - For the proof's tests

    /// The lines that a look-up of this key reads.
    func pathLength(_ key: IndexKey) -> Int {
        let hash = key.hash(lines.seed)
        for step in 0..<Lines.longestPath {
            let answer = unsafe key.search(lines.address(lines.line(hash, step)))
            if answer.value != 0 || answer.hasEmptySlot { return step + 1 }
        }
        return Lines.longestPath
    }

    /// Bytes of the lines and of what the writer keeps beside them.
    var bytes: Int {
        lines.lineCount * Lines.bytesPerLine + passing.count + isRemoved.count * 16
            + (removed.capacity + leaving.capacity) * MemoryLayout<UInt32>.stride
    }
}

/// Slots as a bit each.
extension [UInt64] {
    fileprivate func contains(_ slot: Int) -> Bool { self[slot >> 6] >> UInt64(slot & 63) & 1 != 0 }

    /// False when it was there already.
    fileprivate mutating func insert(_ slot: Int) -> Bool {
        if contains(slot) { return false }
        self[slot >> 6] |= 1 << UInt64(slot & 63)
        return true
    }

    fileprivate mutating func remove(_ slot: Int) { self[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
}
