package import PolicyLanguage

/// A class that is asked before, or after, others than it was: it matters to sessions that meet the conditions of both.
package struct OrderDifference: Sendable, Hashable {
    package let name: String
    package let position: Int
    package let location: SourceLocation
    /// Classes with which it may share sessions and that were asked before it, and are asked after it now.
    package let nowBefore: [String]
    /// Those that were asked after it, and are asked before it now.
    package let nowAfter: [String]

    /// Whether the order makes a difference to anybody.
    package var matters: Bool { !nowBefore.isEmpty || !nowAfter.isEmpty }
}

struct OrderComparison {
    let old: Policy
    let new: Policy
    /// Of the new policy.
    let overlaps: ClassOverlaps

    /// The fewest classes that must have moved, in the order of the new pack. Each pair is told once.
    func differences() -> [OrderDifference] {
        let before = Dictionary(old.classes.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in
            first
        }
        let common = new.classes.indices.filter { before[new.classes[$0].name] != nil }
        let oldPlaces = common.map { before[new.classes[$0].name] ?? 0 }
        let staying = Self.longestIncreasing(oldPlaces)
        guard staying.count < common.count else { return [] }
        let moved = Set(common.indices).subtracting(staying).sorted().map { common[$0] }
        let turned = Set(moved)
        return moved.map { place in
            let name = new.classes[place].name
            let was = before[name] ?? 0
            var nowBefore: [String] = []
            var nowAfter: [String] = []
            for other in overlaps.sharing(with: new.classes[place]) {
                let otherName = new.classes[other].name
                guard let otherWas = before[otherName], (place < other) != (was < otherWas) else { continue }
                // Of two that both moved, the first tells.
                if turned.contains(other), other < place { continue }
                if place < other { nowBefore.append(otherName) } else { nowAfter.append(otherName) }
            }
            return OrderDifference(
                name: name, position: place + 1, location: new.classes[place].location, nowBefore: nowBefore,
                nowAfter: nowAfter)
        }
    }

    /// Indices of a longest subsequence that increases (patience sorting): n log n. Values are all different.
    static func longestIncreasing(_ values: [Int]) -> Set<Int> {
        /// By length less one: the index of the least value with which a subsequence of that length ends.
        var ends: [Int] = []
        var previous = [Int](repeating: -1, count: values.count)
        for (index, value) in values.enumerated() {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if values[ends[middle]] < value { low = middle + 1 } else { high = middle }
            }
            previous[index] = low > 0 ? ends[low - 1] : -1
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var found: Set<Int> = []
        var index = ends.last ?? -1
        while index >= 0 {
            found.insert(index)
            index = previous[index]
        }
        return found
    }
}
