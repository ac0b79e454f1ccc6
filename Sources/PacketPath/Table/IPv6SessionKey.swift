public import Synchronization

/// A tunnel interface and an IPv6 address: three words, so that a slot is four words and a line holds two.
public struct IPv6SessionKey: IndexKey, Hashable {
    public let high: UInt64
    public let low: UInt64
    public let interface: UInt32

    /// - Parameters:
    ///   - interface: the kernel's index of the interface. Never 0, which the kernel gives to none; a key of
    ///     interface 0 is found nowhere and refused by `insert`.
    ///   - high: the first 64 bits of the address, in host order.
    ///   - low: the last 64 bits of the address, in host order.
    @inlinable
    public init(interface: UInt32, high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        self.interface = interface
    }

    @usableFromInline static var slotsPerLine: Int {
        @inlinable get { 2 }
    }

    @inlinable
    @inline(__always)
    func hash(_ seed: HashSeed) -> UInt64 {
        let product = (high &+ seed.a).multipliedFullWidth(by: low &+ seed.b)
        // The interface moves one factor of the second product, so that one address on two tunnels lies in two
        // places.
        return folded(product.high &+ seed.c &+ UInt64(interface) &<< 32, product.low &+ seed.d)
    }

    // Slot: value, first half, second half, interface. The interface is the mark.

    @inlinable
    @inline(__always)
    func search(_ line: UnsafePointer<Atomic<UInt64>>) -> LineAnswer {
        // Relaxed: only a hint where to look, and whether the path ends (SessionTableProof, invariant 4).
        let h0 = unsafe line[1].load(ordering: .relaxed)
        let l0 = unsafe line[2].load(ordering: .relaxed)
        let m0 = unsafe line[3].load(ordering: .relaxed)
        let m1 = unsafe line[7].load(ordering: .relaxed)
        let mark = UInt64(interface)
        let slot = (h0 ^ high) | (l0 ^ low) | (m0 ^ mark) == 0 ? 0 : 4
        // Acquiring; pairs with the releasing store in `LineWriter.setValue`. The value before its key, see
        // `IPv4SessionKey`.
        let value = unsafe line[slot].load(ordering: .acquiring)
        let h = unsafe line[slot &+ 1].load(ordering: .relaxed)
        let l = unsafe line[slot &+ 2].load(ordering: .relaxed)
        let m = unsafe line[slot &+ 3].load(ordering: .relaxed)
        return LineAnswer(
            value: (h ^ high) | (l ^ low) | (m ^ mark) == 0 ? value : 0, hasEmptySlot: min(m0, m1) == 0)
    }

    @usableFromInline
    static func key(_ slot: UnsafePointer<Atomic<UInt64>>) -> Self? {
        // Relaxed: only the writer asks, and only the writer stores.
        let mark = unsafe slot[3].load(ordering: .relaxed)
        guard mark != 0 else { return nil }
        return unsafe Self(
            interface: UInt32(truncatingIfNeeded: mark), high: slot[1].load(ordering: .relaxed),
            low: slot[2].load(ordering: .relaxed))
    }

    @usableFromInline
    func write(_ slot: UnsafePointer<Atomic<UInt64>>) {
        // Relaxed: released by the store of the value that follows.
        unsafe slot[1].store(high, ordering: .relaxed)
        unsafe slot[2].store(low, ordering: .relaxed)
        unsafe slot[3].store(UInt64(interface), ordering: .relaxed)
    }

    @usableFromInline
    static func clear(_ slot: UnsafePointer<Atomic<UInt64>>) {
        // Relaxed: says only that a chain may end here, and it may (SessionTableProof, invariant 4).
        unsafe slot[3].store(0, ordering: .relaxed)
    }

    @inlinable
    @inline(__always)
    static func current(_ roots: UnsafePointer<TableRoots>) -> UnsafePointer<Lines<Self>> {
        // Acquiring; pairs with the releasing store in `publish`.
        unsafe UnsafePointer(roots.pointee.ipv6.load(ordering: .acquiring))
    }

    @usableFromInline
    static func publish(_ lines: UnsafePointer<Lines<Self>>, _ roots: UnsafePointer<TableRoots>) {
        // Releasing; pairs with the acquiring load in `current`.
        unsafe roots.pointee.ipv6.store(UnsafeMutablePointer(mutating: lines), ordering: .releasing)
    }
}
