/// What waits for one sink, and what goes when it is too much: the oldest of the lowest severity. It knows numbers and
/// sizes; the alerts are in files.
package struct AlertQueue: Sendable {
    package struct Entry: Sendable, Hashable {
        /// In the order in which they came.
        package let number: UInt64
        package let severity: AlertSeverity
        package let bytes: Int

        package init(number: UInt64, severity: AlertSeverity, bytes: Int) {
            self.number = number
            self.severity = severity
            self.bytes = bytes
        }
    }

    package struct Bounds: Sendable, Hashable {
        package var count: Int
        package var bytes: Int

        package init(count: Int = 10_000, bytes: Int = 16 << 20) {
            self.count = count
            self.bytes = bytes
        }
    }

    package let bounds: Bounds
    package private(set) var count = 0
    package private(set) var bytes = 0
    /// By severity; each in the order of its numbers.
    private var lanes = [[Entry]](repeating: [], count: AlertSeverity.allCases.count)

    package init(_ bounds: Bounds) { self.bounds = bounds }

    /// Adds an entry with a number higher than all others'. Returns what does not fit any more, which may be the entry.
    package mutating func add(_ entry: Entry) -> [Entry] {
        lanes[entry.severity.rawValue].append(entry)
        count += 1
        bytes += entry.bytes
        var dropped: [Entry] = []
        while count > bounds.count || bytes > bounds.bytes {
            guard let lane = lanes.lastIndex(where: { !$0.isEmpty }) else { break }
            dropped.append(take(0, of: lane))
        }
        return dropped
    }

    /// The oldest.
    package var first: Entry? { lanes.compactMap(\.first).min { $0.number < $1.number } }

    /// Takes an entry away; false when it is not there (any more).
    @discardableResult
    package mutating func remove(_ entry: Entry) -> Bool {
        let lane = entry.severity.rawValue
        guard let index = lanes[lane].firstIndex(of: entry) else { return false }
        _ = take(index, of: lane)
        return true
    }

    private mutating func take(_ index: Int, of lane: Int) -> Entry {
        let entry = lanes[lane].remove(at: index)
        count -= 1
        bytes -= entry.bytes
        return entry
    }
}
