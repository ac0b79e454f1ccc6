/// Lays a scope out. See ``ScopeHalf`` for the form.
///
/// The block is first composed as words, and then copied once to memory that stays where it is.
struct ScopeImageBuilder {
    /// The most slots that a search for an exact entry reads, found or not. Multipliers and capacities are
    /// tried until it holds; it was reached with 100,000 entries.
    static let longestProbe = 16

    private var words: [UInt64] = []

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

    /// Where the next table begins: at a cache line.
    private mutating func align() -> UInt32 {
        words.append(contentsOf: repeatElement(0, count: (8 - words.count % 8) % 8))
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
        header.count = UInt32(slabs.slabs.count)
        let lists = slabs.lists.map { list -> UInt64 in
            let offset = UInt64(words.count * 8)
            words.append(contentsOf: list.map { UInt64($0.lowerBound) << 32 | UInt64($0.upperBound) })
            return offset << 32 | UInt64(list.count)
        }
        header.directory = UInt32(words.count * 8)
        words.append(contentsOf: lists)
        header.starts = align()
        guard isIPv6 else {
            words.append(
                contentsOf: slabs.slabs.map { UInt64(truncatingIfNeeded: $0.start) << 32 | UInt64($0.list) })
            return header
        }
        words.append(contentsOf: slabs.slabs.flatMap(\.start.words64))
        header.lists = UInt32(words.count * 8)
        for index in stride(from: 0, to: slabs.slabs.count, by: 2) {
            let next = index + 1 < slabs.slabs.count ? slabs.slabs[index + 1].list : 0
            words.append(UInt64(slabs.slabs[index].list) | UInt64(next) << 32)
        }
        return header
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
            Self.pair(ranges.count, ranges.starts), Self.pair(ranges.lists, ranges.directory),
            Self.pair(whole.count, whole.starts), Self.pair(whole.lists, whole.directory),
        ]
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) | UInt64(second) << 32
    }
}
