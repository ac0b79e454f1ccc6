import NetworkTypes

/// One axis of the space: its values are ordered and have neighbours.
protocol IntervalBound: Hashable, Comparable, Sendable {
    /// The value after this one, or nil where the axis ends or breaks (after the last IPv4 address).
    var next: Self? { get }
    /// The value before this one, or nil where the axis begins or breaks.
    var previous: Self? { get }
}

extension IPAddress: IntervalBound {}

extension UInt8: IntervalBound {
    var next: UInt8? { self == .max ? nil : self + 1 }
    var previous: UInt8? { self == 0 ? nil : self - 1 }
}

extension UInt16: IntervalBound {
    var next: UInt16? { self == .max ? nil : self + 1 }
    var previous: UInt16? { self == 0 ? nil : self - 1 }
}

/// A non-empty set of what is left to say about a packet once some axes are fixed. The empty set is nil.
protocol FlowNode: Hashable, Sendable {
    func combined(with other: Self, by operation: SetOperation) -> Self?
}

/// The end of all axes: the packet is in.
struct Present: FlowNode {
    func combined(with other: Present, by operation: SetOperation) -> Present? {
        operation.keepsShared ? self : nil
    }
}

/// A binary operation on sets by its truth table; what is in neither operand is never in the result.
struct SetOperation {
    let keepsLeft: Bool
    let keepsRight: Bool
    let keepsShared: Bool

    static let union = SetOperation(keepsLeft: true, keepsRight: true, keepsShared: true)
    static let intersection = SetOperation(keepsLeft: false, keepsRight: false, keepsShared: true)
    static let subtraction = SetOperation(keepsLeft: true, keepsRight: false, keepsShared: false)
    static let symmetricDifference = SetOperation(keepsLeft: true, keepsRight: true, keepsShared: false)
}

/// One level of the diagram: what holds in each interval of one axis, and nothing in the gaps.
///
/// Canonical: segments are sorted and disjoint, and neighbours that touch have different values. So two maps
/// say the same of every point exactly when their segments are equal, provided that equality of `Value` is as
/// exact.
struct IntervalMap<Bound: IntervalBound, Value: FlowNode>: Hashable, Sendable {
    struct Segment: Hashable, Sendable {
        var first: Bound
        var last: Bound
        var value: Value
    }

    private(set) var segments: [Segment] = []

    init() {}

    init(_ first: Bound, _ last: Bound, _ value: Value) {
        segments = [Segment(first: first, last: last, value: value)]
    }

    /// Adds what follows all segments so far, and merges it with the last of them if they touch and agree.
    mutating func append(_ segment: Segment) {
        if let end = segments.last, end.last.next == segment.first, end.value == segment.value {
            segments[segments.count - 1].last = segment.last
        } else {
            segments.append(segment)
        }
    }

    /// The value at a point; logarithmic in the number of segments.
    subscript(point: Bound) -> Value? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].last < point { low = middle + 1 } else { high = middle }
        }
        guard low < segments.count, segments[low].first <= point else { return nil }
        return segments[low].value
    }
}
