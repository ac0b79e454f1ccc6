/// Lays a scope out. See ``ScopeHalf`` for the form.
///
/// The block is first composed as words, and then copied once to memory that stays where it is.
struct ScopeImageBuilder {
    /// The most slots that a search for an exact entry reads, found or not. Multipliers and capacities are
    /// tried until it holds; it was reached with 100,000 entries.
    static let longestProbe = 16

    private var words: [UInt64] = []
    /// Where the lists are that have been written, of both families.
    private var lists: [[ClosedRange<UInt32>]: ServiceList] = [:]

    init(_ boxes: [ScopeBox]) {
        words = [UInt64](repeating: 0, count: 2 * ScopeHalf.stride / 8)
        let own = boxes.flatMap(\.withoutForeignICMP)
        for isIPv6 in [false, true] {
            let last: UInt128 = isIPv6 ? .max : UInt128(UInt32.max)
            let half = own.filter { $0.isIPv6 == isIPv6 && $0.addresses.lowerBound <= last }
                .map { $0.clamped(to: last) }
            add(half, isIPv6: isIPv6, end: last)
        }
    }

    var byteCount: Int { words.count * 8 }

    /// Who calls deallocates it.
    func makeBlock() -> UnsafeRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        for (index, word) in words.enumerated() {
            unsafe block.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
        }
        return UnsafeRawPointer(block)
    }

    private mutating func add(_ boxes: [ScopeBox], isIPv6: Bool, end: UInt128) {
        var half = ScopeHalf()
        let exact = boxes.filter(\.isExact)
        let ranges = boxes.filter { !$0.isExact }
        if !exact.isEmpty { addExact(exact, isIPv6: isIPv6, to: &half) }
        half.ranges = addSlabs(SlabList(ranges, end: end), isIPv6: isIPv6)
        half.whole = exact.isEmpty ? half.ranges : addSlabs(SlabList(boxes, end: end), isIPv6: isIPv6)
        let start = isIPv6 ? ScopeHalf.stride / 8 : 0
        for (index, word) in half.words.enumerated() { words[start + index] = word }
    }

    /// Where the next table begins: at a cache line, or at a multiple of a smaller power of two from 8 on.
    private mutating func align(_ bytes: Int = 64) -> UInt32 {
        words.append(contentsOf: repeatElement(0, count: -words.count & (bytes / 8 - 1)))
        return UInt32(words.count * 8)
    }
}

// MARK: Exact entries

extension ScopeImageBuilder {
    private mutating func addExact(_ boxes: [ScopeBox], isIPv6: Bool, to half: inout ScopeHalf) {
        let entries = Set(boxes).map { box in
            (
                address: box.addresses.lowerBound,
                service: service(box.protocols.lowerBound, box.ports.lowerBound)
            )
        }
        .sorted { ($0.address, $0.service) < ($1.address, $1.service) }
        let keys = entries.map { entry in
            isIPv6
                ? ScopeHash.folded(entry.address, entry.service)
                : ScopeHash.exactKey(UInt32(truncatingIfNeeded: entry.address), entry.service)
        }
        let placement = ExactPlacement(keys)
        half.exactCount = UInt32(entries.count)
        half.exactMask = UInt32(placement.capacity - 1)
        half.exactShift = placement.shift
        half.multiplier = placement.multiplier
        half.exactOffset = align()
        for slot in placement.slots {
            guard let slot else {
                words.append(contentsOf: isIPv6 ? [0, 0, 0, 0] : [0])
                continue
            }
            let tag = UInt64(entries[slot].service) << 8 | 1
            words.append(contentsOf: isIPv6 ? entries[slot].address.words64 + [tag, 0] : [keys[slot]])
        }
    }
}

// MARK: Ranges

extension ScopeImageBuilder {
    private mutating func addSlabs(_ slabs: SlabList, isIPv6: Bool) -> SlabHeader {
        var header = SlabHeader()
        guard !slabs.slabs.isEmpty else { return header }
        let lists = slabs.lists.map { add($0).word }
        let ends = slabs.slabs.dropFirst().map { $0.start - 1 }
        header.tree = align()
        if isIPv6 {
            let tree = BoundaryTree(ends)
            header.innerLayers = tree.innerLayers
            append(tree.offsets)
            words.append(contentsOf: tree.layers.joined().flatMap(\.words64))
        } else {
            let tree = BoundaryTree(ends.map { UInt32(truncatingIfNeeded: $0) })
            header.innerLayers = tree.innerLayers
            append(tree.offsets + tree.layers.joined())
        }
        header.lists = UInt32(words.count * 8)
        append(slabs.slabs.map { lists[Int($0.list)] })
        return header
    }

    /// The list, written if it was not yet.
    private mutating func add(_ list: [ClosedRange<UInt32>]) -> ServiceList {
        if let known = lists[list] { return known }
        let (contents, layers) = ServiceList.contents(list)
        let new = ServiceList(word: align(ServiceList.alignment) | layers)
        append(contents)
        lists[list] = new
        return new
    }

    /// Two to a word, the first in the low half.
    private mutating func append(_ values: [UInt32]) {
        for index in stride(from: 0, to: values.count, by: 2) {
            let next = index + 1 < values.count ? values[index + 1] : 0
            words.append(UInt64(values[index]) | UInt64(next) << 32)
        }
    }
}

extension ScopeBox {
    fileprivate func clamped(to last: UInt128) -> ScopeBox {
        var box = self
        box.addresses = addresses.lowerBound...min(addresses.upperBound, last)
        return box
    }
}

extension UInt128 {
    /// The low half first, as it lies in memory.
    fileprivate var words64: [UInt64] {
        [UInt64(truncatingIfNeeded: self), UInt64(truncatingIfNeeded: self >> 64)]
    }
}

extension ScopeHalf {
    /// In the order of the stored properties.
    fileprivate var words: [UInt64] {
        [
            Self.pair(exactCount, exactOffset), Self.pair(exactMask, exactShift), multiplier,
            Self.pair(ranges.tree, ranges.innerLayers), Self.pair(ranges.lists, whole.tree),
            Self.pair(whole.innerLayers, whole.lists),
        ]
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) | UInt64(second) << 32
    }
}
