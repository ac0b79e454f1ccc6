extension IntervalMap: FlowNode {
    /// One sweep over the breakpoints of both maps: linear in their segments, plus the work one axis further
    /// down wherever both have a value.
    func combined(with other: IntervalMap, by operation: SetOperation) -> IntervalMap? {
        var result = IntervalMap()
        var left = Cursor(segments)
        var right = Cursor(other.segments)
        while let ours = left.current, let theirs = right.current {
            if ours.first < theirs.first {
                let alone = left.take(before: theirs.first, from: ours)
                if operation.keepsLeft { result.append(alone) }
            } else if theirs.first < ours.first {
                let alone = right.take(before: ours.first, from: theirs)
                if operation.keepsRight { result.append(alone) }
            } else {
                let last = min(ours.last, theirs.last)
                if let value = ours.value.combined(with: theirs.value, by: operation) {
                    result.append(Segment(first: ours.first, last: last, value: value))
                }
                left.drop(through: last, of: ours)
                right.drop(through: last, of: theirs)
            }
        }
        if operation.keepsLeft { left.forEachLeft { result.append($0) } }
        if operation.keepsRight { right.forEachLeft { result.append($0) } }
        return result.segments.isEmpty ? nil : result
    }

    /// The segments that a sweep has still to see; the current one has lost what was dropped of it.
    private struct Cursor {
        private let segments: [Segment]
        private var index = 0
        private(set) var current: Segment?

        init(_ segments: [Segment]) {
            self.segments = segments
            current = segments.first
        }

        /// Takes the part of the current segment that lies before `bound`, a later point than its first.
        mutating func take(before bound: Bound, from segment: Segment) -> Segment {
            // No value comes before the bound only where the axis breaks, and no segment crosses a break.
            let last = bound.previous.map { min($0, segment.last) } ?? segment.last
            drop(through: last, of: segment)
            return Segment(first: segment.first, last: last, value: segment.value)
        }

        /// Leaves the part of the current segment after `last`, or the next segment if there is none.
        mutating func drop(through last: Bound, of segment: Segment) {
            if last < segment.last, let next = last.next {
                current?.first = next
            } else {
                index += 1
                current = index < segments.count ? segments[index] : nil
            }
        }

        func forEachLeft(_ body: (Segment) -> Void) {
            guard let current else { return }
            body(current)
            segments[(index + 1)...].forEach(body)
        }
    }
}
