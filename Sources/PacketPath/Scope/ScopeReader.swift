/// Reads a scope's block of memory.
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
        guard unsafe half.pointee.ranges.count != 0 else { return false }
        let list = unsafe listIPv4(half.pointee.ranges, address)
        return unsafe holds(list, service)
    }

    @inlinable @inline(__always)
    func permitsIPv6(_ address: UInt128, _ service: UInt32) -> Bool {
        let half = unsafe half(isIPv6: true)
        if unsafe half.pointee.exactCount != 0, unsafe hasExactIPv6(half, address, service) { return true }
        guard unsafe half.pointee.ranges.count != 0 else { return false }
        let list = unsafe listIPv6(half.pointee.ranges, address)
        return unsafe holds(list, service)
    }

    /// How many of all ports of a protocol are permitted: none, some, or every one.
    @inlinable
    func coverage(isIPv6: Bool, _ address: UInt128, _ ipProtocol: UInt8) -> ScopeCoverage {
        let half = unsafe half(isIPv6: isIPv6)
        guard unsafe half.pointee.whole.count != 0 else { return .none }
        let list =
            isIPv6
            ? unsafe listIPv6(half.pointee.whole, address)
            : unsafe listIPv4(half.pointee.whole, UInt32(truncatingIfNeeded: address))
        let first = UInt64(service(ipProtocol, 0))
        let last = UInt64(service(ipProtocol, .max))
        let entries = unsafe entries(of: list)
        let above = unsafe Self.countNotAbove(last &<< 32 | 0xffff_ffff, entries, Self.count(of: list))
        guard above != 0 else { return .none }
        let found = unsafe entries[above &- 1]
        if found & 0xffff_ffff < first { return .none }
        return found &>> 32 <= first && found & 0xffff_ffff >= last ? .every : .some
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
    func listIPv4(_ slabs: SlabHeader, _ address: UInt32) -> UInt64 {
        let starts = unsafe array(slabs.starts, UInt64.self)
        let above = unsafe Self.countNotAbove(
            UInt64(address) &<< 32 | 0xffff_ffff, starts, Int(slabs.count))
        let list = unsafe Int(truncatingIfNeeded: starts[above &- 1] & 0xffff_ffff)
        return unsafe array(slabs.directory, UInt64.self)[list]
    }

    @inlinable @inline(__always)
    func listIPv6(_ slabs: SlabHeader, _ address: UInt128) -> UInt64 {
        let starts = unsafe array(slabs.starts, UInt128.self)
        let above = unsafe Self.countNotAbove(address, starts, Int(slabs.count))
        let list = unsafe Int(array(slabs.lists, UInt32.self)[above &- 1])
        return unsafe array(slabs.directory, UInt64.self)[list]
    }

    /// Whether an interval of the list holds the service.
    @inlinable @inline(__always)
    func holds(_ list: UInt64, _ service: UInt32) -> Bool {
        let entries = unsafe entries(of: list)
        let key = UInt64(service) &<< 32 | 0xffff_ffff
        let above = unsafe Self.countNotAbove(key, entries, Self.count(of: list))
        guard above != 0 else { return false }
        return unsafe entries[above &- 1] & 0xffff_ffff >= UInt64(service)
    }

    @inlinable @inline(__always)
    func entries(of list: UInt64) -> UnsafePointer<UInt64> {
        unsafe array(UInt32(truncatingIfNeeded: list &>> 32), UInt64.self)
    }

    @inlinable @inline(__always)
    static func count(of list: UInt64) -> Int { Int(truncatingIfNeeded: list & 0xffff_ffff) }

    /// How many of the sorted entries are not above `key`. Masks in place of the choice were no faster.
    @inlinable @inline(__always)
    static func countNotAbove<Key: FixedWidthInteger>(
        _ key: Key, _ entries: UnsafePointer<Key>, _ count: Int
    ) -> Int {
        guard count > 0 else { return 0 }
        var first = 0
        var length = count
        while length > 1 {
            let half = length &>> 1
            first = unsafe entries[first &+ half] <= key ? first &+ half : first
            length &-= half
        }
        return unsafe first &+ (entries[first] <= key ? 1 : 0)
    }
}
