package import NetworkTypes

/// All scopes by their numbers: an immutable snapshot, replaced whole when a scope appears or goes.
///
/// Whoever reads holds the table for as long as it reads (a batch, say); the old table is freed with the last
/// reader that holds it. Finding a scope costs one line of memory. Numbers are given out from 1 upwards, so
/// they are their own hash.
@safe
public final class ScopeTable: Sendable {
    @usableFromInline let storage: SlotStorage
    /// Keeps alive what the slots point to.
    private let images: [ScopeImage]

    /// A scope numbered 0 is left out: 0 is the number of no scope.
    public init(_ scopes: [UInt32: ScopeImage]) {
        let scopes = scopes.filter { $0.key != 0 }
        images = Array(scopes.values)
        let capacity = max(4, powerOfTwo(atLeast: scopes.count * 2))
        let slots = UnsafeMutablePointer<ScopeSlot>.allocate(capacity: capacity)
        unsafe slots.initialize(repeating: ScopeSlot(number: 0, base: nil), count: capacity)
        for (number, image) in scopes {
            var index = Int(number) & (capacity - 1)
            while unsafe slots[index].number != 0 { index = (index + 1) & (capacity - 1) }
            unsafe slots[index] = ScopeSlot(number: number, base: image.storage.block)
        }
        unsafe storage = SlotStorage(slots: UnsafePointer(slots), mask: capacity - 1)
    }

    deinit { unsafe storage.slots.deallocate() }

    /// At least half of the slots are empty, so the search ends.
    @inlinable @inline(__always)
    func reader(_ number: UInt32) -> ScopeReader? {
        guard number != 0 else { return nil }
        var index = unsafe Int(number) & storage.mask
        while true {
            let slot = unsafe storage.slots[index]
            if unsafe slot.number == number, let base = unsafe slot.base { return unsafe ScopeReader(base) }
            if unsafe slot.number == 0 { return nil }
            index = unsafe (index &+ 1) & storage.mask
        }
    }

    /// Whether a scope holds this destination; false when there is no scope of this number.
    @inlinable
    public func permits(
        _ scope: UInt32, isIPv6: Bool, address: UInt128, ipProtocol: UInt8, port: UInt16
    ) -> Bool {
        guard let reader = unsafe reader(scope) else { return false }
        return unsafe reader.permits(isIPv6: isIPv6, address, service(ipProtocol, port))
    }

    /// The verdict on a packet of a session whose scope has this number, as the ruleset judges it; 0 when no
    /// session has the packet's address.
    @inlinable @inline(__always)
    public func verdict(on packet: JudgedPacket, scope: UInt32) -> Verdict {
        var copy = packet
        return verdict(on: &copy, scope: scope)
    }

    /// The same without a copy of the packet, which is read and not written to.
    @inlinable
    public func verdict(on packet: inout JudgedPacket, scope: UInt32) -> Verdict {
        unsafe Judge.verdict(on: &packet, by: reader(scope))
    }

    package func permits(_ scope: UInt32, _ destination: Destination) -> Bool {
        permits(
            scope, isIPv6: destination.address.family == .ipv6, address: destination.address.bits,
            ipProtocol: destination.ipProtocol.rawValue, port: destination.port)
    }
}

@usableFromInline
@unsafe struct ScopeSlot {
    /// 0 in an empty slot.
    @usableFromInline let number: UInt32
    @usableFromInline let base: UnsafeRawPointer?
}

/// Slots that are only read once they are here, which is what makes them Sendable.
@usableFromInline
@unsafe struct SlotStorage: @unchecked Sendable {
    @usableFromInline let slots: UnsafePointer<ScopeSlot>
    @usableFromInline let mask: Int

    init(slots: UnsafePointer<ScopeSlot>, mask: Int) {
        unsafe self.slots = slots
        unsafe self.mask = mask
    }
}
