/// When each slot wants to be looked at: a binary heap that knows where every slot is in it.
///
/// Setting, moving and removing cost O(log n). 16 bytes a slot with times of eight bytes, nothing else: what is moved a
/// thousand times is here once.
struct DeadlineQueue<Time: Comparable & Sendable>: Sendable {
    private struct Entry {
        var time: Time
        var slot: UInt32
    }

    private var heap: ContiguousArray<Entry> = []
    /// By slot: its place in the heap, counted from one; 0 for none.
    private var places: ContiguousArray<UInt32> = []

    /// The earliest deadline.
    var next: Time? { heap.first?.time }

    /// The deadline of a slot.
    subscript(slot: Int) -> Time? { place(of: slot).map { heap[$0].time } }

    private func place(of slot: Int) -> Int? {
        slot < places.count && places[slot] > 0 ? Int(places[slot]) - 1 : nil
    }

    /// Sets the one deadline of a slot; nil removes it.
    mutating func set(_ time: Time?, for slot: Int) {
        guard let time else {
            if let place = place(of: slot) { remove(at: place) }
            return
        }
        if let place = place(of: slot) {
            let isEarlier = time < heap[place].time
            heap[place].time = time
            if isEarlier { siftUp(from: place) } else { siftDown(from: place) }
        } else {
            if slot >= places.count {
                places.append(contentsOf: repeatElement(0, count: slot + 1 - places.count))
            }
            heap.append(Entry(time: time, slot: UInt32(slot)))
            settle(heap.count - 1)
            siftUp(from: heap.count - 1)
        }
    }

    /// Removes and returns the slots that are due, earliest first.
    mutating func popDue(at now: Time) -> [Int] {
        var due: [Int] = []
        while let first = heap.first, first.time <= now {
            due.append(Int(first.slot))
            remove(at: 0)
        }
        return due
    }

    private mutating func remove(at place: Int) {
        places[Int(heap[place].slot)] = 0
        let last = heap.removeLast()
        guard place < heap.count else { return }
        let isEarlier = last.time < heap[place].time
        heap[place] = last
        settle(place)
        if isEarlier { siftUp(from: place) } else { siftDown(from: place) }
    }

    /// Notes where an entry is.
    private mutating func settle(_ place: Int) { places[Int(heap[place].slot)] = UInt32(place + 1) }

    private mutating func swap(_ first: Int, _ second: Int) {
        heap.swapAt(first, second)
        settle(first)
        settle(second)
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0, heap[child].time < heap[(child - 1) / 2].time {
            swap(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            var least = 2 * parent + 1
            guard least < heap.count else { return }
            if least + 1 < heap.count, heap[least + 1].time < heap[least].time { least += 1 }
            guard heap[least].time < heap[parent].time else { return }
            swap(parent, least)
            parent = least
        }
    }
}
