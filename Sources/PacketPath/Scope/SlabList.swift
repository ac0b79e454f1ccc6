/// The addresses of one family cut wherever a box begins or ends, each slab with the services of the boxes
/// over it.
struct SlabList {
    struct Slab {
        var start: UInt128
        /// Index in ``SlabList/lists``.
        var list: UInt32
    }

    /// Sorted; the first begins at 0. None when there are no boxes.
    private(set) var slabs: [Slab] = []
    /// Sorted, disjoint, not touching. The first is empty.
    private(set) var lists: [[ClosedRange<UInt32>]] = [[]]

    /// `end` is the family's last address: a cut behind it would have no address.
    init(_ boxes: [ScopeBox], end: UInt128) {
        guard !boxes.isEmpty else { return }
        let sorted = boxes.sorted { $0.addresses.lowerBound < $1.addresses.lowerBound }
        var known: [[ClosedRange<UInt32>]: UInt32] = [[]: 0]
        var open: [ScopeBox] = []
        var next = sorted.startIndex
        for start in Self.cuts(boxes, end: end) {
            open.removeAll { $0.addresses.upperBound < start }
            while next < sorted.endIndex, sorted[next].addresses.lowerBound == start {
                open.append(sorted[next])
                next += 1
            }
            let list = Self.merged(open.flatMap(\.services))
            let index = known[list] ?? UInt32(lists.count)
            if index == lists.count {
                known[list] = index
                lists.append(list)
            }
            if slabs.last?.list != index { slabs.append(Slab(start: start, list: index)) }
        }
    }

    /// Where the set of boxes over an address changes, and 0.
    private static func cuts(_ boxes: [ScopeBox], end: UInt128) -> [UInt128] {
        var cuts: Set<UInt128> = [0]
        for box in boxes {
            cuts.insert(box.addresses.lowerBound)
            if box.addresses.upperBound < end { cuts.insert(box.addresses.upperBound + 1) }
        }
        return cuts.sorted()
    }

    private static func merged(_ services: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        services.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, next in
            if let last = merged.last, next.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, next.upperBound)
            } else {
                merged.append(next)
            }
        }
    }
}
