/// Values in numbered slots. A slot keeps its number while its value lives, and is then given to the next one.
///
/// What is found by several keys is kept once here, and each key costs eight bytes in a ``SlotIndex``. A dictionary for
/// every key would keep the keys, and room for as many again, each time.
package struct SlotTable<Value: Sendable>: Sendable {
    private var values: ContiguousArray<Value?> = []
    private var free: [UInt32] = []

    package init() {}

    package var count: Int { values.count - free.count }

    /// One more than the highest slot that was ever in use.
    package var end: Int { values.count }

    /// Slots in use, in ascending order.
    package var slots: some Sequence<Int> { values.indices.lazy.filter { values[$0] != nil } }

    /// Values in the order of their slots.
    package var all: some Sequence<Value> { values.lazy.compactMap(\.self) }

    /// Nil for a slot that is not in use.
    package func value(at slot: Int) -> Value? { values[slot] }

    /// A slot that is in use. Changed in place, for which there is no other way to write it.
    // swift-format-ignore: NeverForceUnwrap
    package subscript(slot: Int) -> Value {
        _read { yield values[slot]! }
        _modify { yield &values[slot]! }
    }

    package mutating func insert(_ value: Value) -> Int {
        guard let slot = free.popLast() else {
            values.append(value)
            return values.count - 1
        }
        values[Int(slot)] = value
        return Int(slot)
    }

    @discardableResult package mutating func remove(at slot: Int) -> Value {
        let value = self[slot]
        values[slot] = nil
        free.append(UInt32(slot))
        return value
    }
}

/// Which slots have a key. It keeps no keys: whoever asks compares them with what is in the slot.
///
/// Open addressing with linear probing and removal by moving back, at most four fifths full. A key may be that of
/// several slots.
package struct SlotIndex: Sendable {
    private struct Bucket {
        var slot: UInt32
        var hash: UInt32

        static let empty = Bucket(slot: .max, hash: 0)
        var isEmpty: Bool { slot == .max }
    }

    private var buckets: ContiguousArray<Bucket> = []
    private var count = 0

    package init() {}

    /// Of a key: keyed anew in each process, so that nobody outside can choose keys that collide.
    package static func hash(_ key: some Hashable) -> UInt32 { UInt32(truncatingIfNeeded: key.hashValue) }

    /// The first slot with this hash for which `matches` says that it has the key.
    package func first(_ hash: UInt32, where matches: (Int) -> Bool) -> Int? {
        guard !buckets.isEmpty else { return nil }
        var place = Int(hash) & mask
        while !buckets[place].isEmpty {
            let bucket = buckets[place]
            if bucket.hash == hash, matches(Int(bucket.slot)) { return Int(bucket.slot) }
            place = (place + 1) & mask
        }
        return nil
    }

    /// All of them, in no order.
    package func all(_ hash: UInt32, where matches: (Int) -> Bool) -> [Int] {
        var slots: [Int] = []
        _ = first(hash) { slot in
            if matches(slot) { slots.append(slot) }
            return false
        }
        return slots
    }

    package mutating func insert(_ slot: Int, _ hash: UInt32) {
        if 5 * (count + 1) > 4 * buckets.count { grow() }
        place(Bucket(slot: UInt32(slot), hash: hash))
        count += 1
    }

    /// Takes one entry away; nothing happens when there is none.
    package mutating func remove(_ slot: Int, _ hash: UInt32) {
        guard !buckets.isEmpty else { return }
        var hole = Int(hash) & mask
        while buckets[hole].hash != hash || buckets[hole].slot != UInt32(slot) {
            if buckets[hole].isEmpty { return }
            hole = (hole + 1) & mask
        }
        var next = (hole + 1) & mask
        while !buckets[next].isEmpty {
            // Whoever would be found from the hole on moves into it.
            let distance = (next - Int(buckets[next].hash)) & mask
            if distance >= (next - hole) & mask {
                buckets[hole] = buckets[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        buckets[hole] = .empty
        count -= 1
    }

    private var mask: Int { buckets.count - 1 }

    private mutating func place(_ bucket: Bucket) {
        var place = Int(bucket.hash) & mask
        while !buckets[place].isEmpty { place = (place + 1) & mask }
        buckets[place] = bucket
    }

    private mutating func grow() {
        let old = buckets
        buckets = ContiguousArray(repeating: .empty, count: max(8, 2 * old.count))
        for bucket in old where !bucket.isEmpty { place(bucket) }
    }
}
