/// Reads a scope's block of memory.
///
/// What ranges say is computed without a jump on it. Who stores the answers of a batch and looks at them
/// later keeps it so: where hits and misses part, the processor guesses which comes next, and each wrong
/// guess costs as much as a look-up.
///
/// The pointer is valid as long as the ``ScopeImage`` that made the block, which whoever makes a reader keeps
/// alive; every offset and count in the block was written by ``ScopeImageBuilder`` and stays within it.
@usableFromInline
@unsafe struct ScopeReader {
    @usableFromInline let base: UnsafeRawPointer

    @inlinable
    init(_ base: UnsafeRawPointer) { unsafe self.base = base }

    @inlinable @inline(__always)
    func half(isIPv6: Bool) -> UnsafePointer<ScopeHalf> {
        unsafe (base + (isIPv6 ? 64 : 0)).assumingMemoryBound(to: ScopeHalf.self)
    }

    @inlinable @inline(__always)
    func array<Element: BitwiseCopyable>(_ offset: UInt32, _: Element.Type) -> UnsafePointer<Element> {
        unsafe (base + Int(truncatingIfNeeded: offset)).assumingMemoryBound(to: Element.self)
    }

    @inlinable @inline(__always)
    func permits(isIPv6: Bool, _ address: UInt128, _ service: UInt32) -> Bool {
        isIPv6
            ? unsafe permitsIPv6(address, service)
            : unsafe permitsIPv4(UInt32(truncatingIfNeeded: address), service)
    }

    @inlinable @inline(__always)
    func permitsIPv4(_ address: UInt32, _ service: UInt32) -> Bool {
        let half = unsafe half(isIPv6: false)
        if unsafe half.pointee.exactCount != 0, unsafe hasExactIPv4(half, address, service) { return true }
        guard unsafe half.pointee.ranges.lists != 0 else { return false }
        return unsafe listIPv4(half.pointee.ranges, address).holds(service, base) != 0
    }

    @inlinable @inline(__always)
    func permitsIPv6(_ address: UInt128, _ service: UInt32) -> Bool {
        let half = unsafe half(isIPv6: true)
        if unsafe half.pointee.exactCount != 0, unsafe hasExactIPv6(half, address, service) { return true }
        guard unsafe half.pointee.ranges.lists != 0 else { return false }
        return unsafe listIPv6(half.pointee.ranges, address).holds(service, base) != 0
    }

    /// ``permitsIPv6(_:_:)`` for whoever holds an address in halves.
    @inlinable @inline(__always)
    func permitsIPv6(high: UInt64, low: UInt64, _ service: UInt32) -> Bool {
        unsafe permitsIPv6(UInt128(high) &<< 64 | UInt128(low), service)
    }

    /// How many of all ports of a protocol are permitted: none, some, or every one.
    @inlinable
    func coverage(isIPv6: Bool, _ address: UInt128, _ ipProtocol: UInt8) -> ScopeCoverage {
        let half = unsafe half(isIPv6: isIPv6)
        guard unsafe half.pointee.whole.lists != 0 else { return .none }
        let list =
            isIPv6
            ? unsafe listIPv6(half.pointee.whole, address)
            : unsafe listIPv4(half.pointee.whole, UInt32(truncatingIfNeeded: address))
        return unsafe list.coverage(service(ipProtocol, 0), service(ipProtocol, .max), base)
    }
}

// MARK: Exact entries

extension ScopeReader {
    /// A slot is (address << 32 | service << 8 | 1), or 0. At least half are empty, so a search ends.
    @inlinable @inline(__always)
    func hasExactIPv4(_ half: UnsafePointer<ScopeHalf>, _ address: UInt32, _ service: UInt32) -> Bool {
        let slots = unsafe array(half.pointee.exactOffset, UInt64.self)
        let key = ScopeHash.exactKey(address, service)
        var index = unsafe ScopeHash.home(key, half.pointee.multiplier, half.pointee.exactShift)
        while true {
            let slot = unsafe slots[index]
            if slot == key { return true }
            if slot == 0 { return false }
            index = unsafe (index &+ 1) & Int(half.pointee.exactMask)
        }
    }

    /// A slot is two words of 16 bytes, so that no slot lies in two cache lines: the address, and
    /// (service << 8 | 1) or 0.
    @inlinable @inline(__always)
    func hasExactIPv6(_ half: UnsafePointer<ScopeHalf>, _ address: UInt128, _ service: UInt32) -> Bool {
        let slots = unsafe array(half.pointee.exactOffset, UInt128.self)
        let tag = UInt128(service) &<< 8 | 1
        let key = ScopeHash.folded(address, service)
        var index = unsafe ScopeHash.home(key, half.pointee.multiplier, half.pointee.exactShift)
        while true {
            let slot = unsafe slots[index &* 2 &+ 1]
            if slot == tag, unsafe slots[index &* 2] == address { return true }
            if slot == 0 { return false }
            index = unsafe (index &+ 1) & Int(half.pointee.exactMask)
        }
    }
}

// MARK: Ranges

extension ScopeReader {
    @inlinable @inline(__always)
    func listIPv4(_ slabs: SlabHeader, _ address: UInt32) -> ServiceList {
        let tree = unsafe base + Int(truncatingIfNeeded: slabs.tree)
        let slab = unsafe Self.countBelow(address, tree, innerLayers: slabs.innerLayers)
        return unsafe array(slabs.lists, ServiceList.self)[slab]
    }

    @inlinable @inline(__always)
    func listIPv6(_ slabs: SlabHeader, _ address: UInt128) -> ServiceList {
        let tree = unsafe base + Int(truncatingIfNeeded: slabs.tree)
        let slab = unsafe Self.countBelow(address, tree, innerLayers: slabs.innerLayers)
        return unsafe array(slabs.lists, ServiceList.self)[slab]
    }
}
