/// Where a list of services lies, and of which form it is.
///
/// - Up to ``capacity`` intervals, which is nearly always: their first services and behind them their last
///   ones, compared all at once.
/// - More: a ``BoundaryTree`` of where each begins and where it has ended. An odd number of them behind a
///   service says that it is inside one.
@usableFromInline
struct ServiceList: BitwiseCopyable {
    /// The offset in bytes, whose low five bits are 0, with the number of the tree's layers in these; they
    /// stay 0 for the first form.
    @usableFromInline let word: UInt32

    init(word: UInt32) { self.word = word }

    static let alignment = 32
    @usableFromInline static var capacity: Int { 4 }

    @inlinable @inline(__always)
    var layers: UInt32 { word & 31 }

    /// Whether an interval holds the service. `base` is the block's.
    @inlinable @inline(__always)
    func holds(_ service: UInt32, _ base: UnsafeRawPointer) -> UInt32 {
        if layers == 0 {
            let (first, last) = unsafe intervals(base)
            let wanted = SIMD4<Int32>(repeating: Int32(truncatingIfNeeded: service))
            return any((first .<= wanted) .& (last .>= wanted)) ? 1 : 0
        }
        return unsafe UInt32(truncatingIfNeeded: boundaries(behind: service, base)) & 1
    }

    /// Of the services from `first` to `last`.
    @inlinable
    func coverage(_ first: UInt32, _ last: UInt32, _ base: UnsafeRawPointer) -> ScopeCoverage {
        guard layers == 0 else {
            let before = unsafe boundaries(behind: first, base)
            let after = unsafe boundaries(behind: last, base)
            return before != after ? .some : before & 1 != 0 ? .every : .none
        }
        let (firsts, lasts) = unsafe intervals(base)
        let (from, to) = (Int32(truncatingIfNeeded: first), Int32(truncatingIfNeeded: last))
        if any((firsts .<= from) .& (lasts .>= to)) { return .every }
        return any((firsts .<= to) .& (lasts .>= from)) ? .some : .none
    }

    @inlinable @inline(__always)
    func intervals(_ base: UnsafeRawPointer) -> (first: SIMD4<Int32>, last: SIMD4<Int32>) {
        let place = unsafe (base + Int(truncatingIfNeeded: word)).assumingMemoryBound(to: SIMD4<Int32>.self)
        return unsafe (place[0], place[1])
    }

    @usableFromInline @inline(never)
    func boundaries(behind service: UInt32, _ base: UnsafeRawPointer) -> Int {
        let tree = unsafe base + Int(truncatingIfNeeded: word &- layers)
        return unsafe ScopeReader.countBelow(service &+ 1, tree, innerLayers: layers &- 1)
    }
}

extension ServiceList {
    /// What is written for a list, and how many layers its tree has.
    static func contents(_ list: [ClosedRange<UInt32>]) -> (values: [UInt32], layers: UInt32) {
        guard list.count <= capacity else {
            let tree = BoundaryTree(list.flatMap { [$0.lowerBound, $0.upperBound + 1] })
            return (tree.offsets + tree.layers.joined(), tree.innerLayers + 1)
        }
        // A place without an interval ends before it begins; compared with sign.
        let empty = capacity - list.count
        let firsts = list.map(\.lowerBound) + Array(repeating: UInt32(Int32.max), count: empty)
        let lasts = list.map(\.upperBound) + Array(repeating: 0, count: empty)
        return (firsts + lasts, 0)
    }
}
