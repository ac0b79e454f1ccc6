/// When each key wants to be looked at: a binary heap with at most one live deadline a key.
///
/// Setting and removing cost O(log n); a replaced entry stays in the heap until it surfaces, and is then skipped.
struct DeadlineQueue<Key: Hashable & Sendable, Time: Comparable & Sendable>: Sendable {
    private var heap: [(time: Time, key: Key)] = []
    private var current: [Key: Time] = [:]

    /// The earliest live deadline.
    var next: Time? {
        mutating get {
            discardStale()
            return heap.first?.time
        }
    }

    /// The live deadline of a key.
    subscript(key: Key) -> Time? { current[key] }

    /// Sets the one deadline of a key; nil removes it.
    mutating func set(_ time: Time?, for key: Key) {
        guard current[key] != time else { return }
        current[key] = time
        guard let time else { return }
        heap.append((time, key))
        siftUp(from: heap.count - 1)
    }

    /// Removes and returns the keys that are due, earliest first.
    mutating func popDue(at now: Time) -> [Key] {
        var due: [Key] = []
        while let time = next, time <= now {
            let key = removeFirst().key
            current[key] = nil
            due.append(key)
        }
        return due
    }

    private mutating func discardStale() {
        while let first = heap.first, current[first.key] != first.time { _ = removeFirst() }
    }

    private mutating func removeFirst() -> (time: Time, key: Key) {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        siftDown()
        return first
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].time < heap[parent].time else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let least = children.min(by: { heap[$0].time < heap[$1].time }),
                heap[least].time < heap[parent].time
            else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
