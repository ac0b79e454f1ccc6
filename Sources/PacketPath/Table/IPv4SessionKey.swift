public import Synchronization

/// A tunnel interface and an IPv4 address: one word, so that a slot is two words and a line holds four.
public struct IPv4SessionKey: IndexKey, Hashable {
    @usableFromInline let word: UInt64

    /// - Parameters:
    ///   - interface: the kernel's index of the interface. Never 0, which the kernel gives to none; a key of
    ///     interface 0 is found nowhere and refused by `insert`.
    ///   - address: in host order.
    @inlinable
    public init(interface: UInt32, address: UInt32) {
        word = UInt64(interface) &<< 32 | UInt64(address)
    }

    @inlinable
    public var interface: UInt32 { UInt32(word &>> 32) }

    @inlinable
    public var address: UInt32 { UInt32(truncatingIfNeeded: word) }

    @usableFromInline static var slotsPerLine: Int {
        @inlinable get { 4 }
    }

    @inlinable
    @inline(__always)
    func hash(_ seed: HashSeed) -> UInt64 {
        folded(folded(word &+ seed.a, seed.b) &+ seed.c, seed.d)
    }

    // Slot: value, key. The key is its own mark, its interface not being 0.

    @inlinable
    @inline(__always)
    func search(_ line: UnsafePointer<Atomic<UInt64>>) -> LineAnswer {
        // Relaxed: only a hint where to look, and whether the path ends (SessionTableProof, invariant 4).
        let k0 = unsafe line[1].load(ordering: .relaxed)
        let k1 = unsafe line[3].load(ordering: .relaxed)
        let k2 = unsafe line[5].load(ordering: .relaxed)
        let k3 = unsafe line[7].load(ordering: .relaxed)
        // No select among values: the compiler makes branches of them, and which slot holds a key is a coin's
        // toss that no processor foresees.
        let matches =
            UInt64(k0 == word ? 1 : 0) | UInt64(k1 == word ? 2 : 0) | UInt64(k2 == word ? 4 : 0) | 8
        let slot = matches.trailingZeroBitCount &* 2
        // Acquiring; pairs with the releasing store in `LineWriter.setValue`. The value before its key, which is
        // therefore read again: a key seen earlier may have left the slot since, and another have come.
        let value = unsafe line[slot].load(ordering: .acquiring)
        let key = unsafe line[slot &+ 1].load(ordering: .relaxed)
        return LineAnswer(
            value: key == word ? value : 0, hasEmptySlot: min(min(k0, k1), min(k2, k3)) == 0)
    }

    @usableFromInline
    static func key(_ slot: UnsafePointer<Atomic<UInt64>>) -> Self? {
        // Relaxed: only the writer asks, and only the writer stores.
        let word = unsafe slot[1].load(ordering: .relaxed)
        guard word != 0 else { return nil }
        return Self(interface: UInt32(word &>> 32), address: UInt32(truncatingIfNeeded: word))
    }

    @usableFromInline
    func write(_ slot: UnsafePointer<Atomic<UInt64>>) {
        // Relaxed: released by the store of the value that follows.
        unsafe slot[1].store(word, ordering: .relaxed)
    }

    @usableFromInline
    static func clear(_ slot: UnsafePointer<Atomic<UInt64>>) {
        // Relaxed: says only that a chain may end here, and it may (SessionTableProof, invariant 4).
        unsafe slot[1].store(0, ordering: .relaxed)
    }

    @inlinable
    @inline(__always)
    static func current(_ roots: UnsafePointer<TableRoots>) -> UnsafePointer<Lines<Self>> {
        // Acquiring; pairs with the releasing store in `publish`.
        unsafe UnsafePointer(roots.pointee.ipv4.load(ordering: .acquiring))
    }

    @usableFromInline
    static func publish(_ lines: UnsafePointer<Lines<Self>>, _ roots: UnsafePointer<TableRoots>) {
        // Releasing; pairs with the acquiring load in `current`.
        unsafe roots.pointee.ipv4.store(UnsafeMutablePointer(mutating: lines), ordering: .releasing)
    }
}
