public import Synchronization

/// A session's address as a table holds it: one word that is never 0. For IPv4 it says tunnel and address exactly;
/// for IPv6 it is a fingerprint of both, see ``IPv6SessionKey``.
///
/// A line is one cache line, eight words: four slots of a value and a key, filled from the first one. A slot whose key
/// is 0 is empty. The loads and stores of a slot's words are here, and in `LineWriter` for the value.
@usableFromInline
struct IndexKey: BitwiseCopyable, Sendable, Hashable {
    @usableFromInline let word: UInt64

    @inlinable
    init(word: UInt64) { self.word = word }

    /// Slots in a line of eight words.
    @usableFromInline static var slotsPerLine: Int {
        @inlinable get { 4 }
    }

    @inlinable
    @inline(__always)
    func hash(_ seed: HashSeed) -> UInt64 {
        folded(folded(word &+ seed.a, seed.b) &+ seed.c, seed.d)
    }

    /// Looks at all slots of a line without a branch: the value of this key there, or 0, and whether a slot is
    /// empty.
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

    /// The key in a slot that is in use, for the writer. Nil in an empty one.
    static func key(_ slot: UnsafePointer<Atomic<UInt64>>) -> Self? {
        // Relaxed: only the writer asks, and only the writer stores.
        let word = unsafe slot[1].load(ordering: .relaxed)
        return word == 0 ? nil : Self(word: word)
    }

    /// Writes the key. The caller releases the value afterwards.
    func write(_ slot: UnsafePointer<Atomic<UInt64>>) {
        // Relaxed: released by the store of the value that follows.
        unsafe slot[1].store(word, ordering: .relaxed)
    }

    /// Makes the slot empty again.
    static func clear(_ slot: UnsafePointer<Atomic<UInt64>>) {
        // Relaxed: says only that a chain may end here, and it may (SessionTableProof, invariant 4).
        unsafe slot[1].store(0, ordering: .relaxed)
    }
}

/// What one line says of a key.
@usableFromInline
struct LineAnswer: BitwiseCopyable, Sendable {
    @usableFromInline let value: UInt64
    @usableFromInline let hasEmptySlot: Bool

    @inlinable
    init(value: UInt64, hasEmptySlot: Bool) {
        self.value = value
        self.hasEmptySlot = hasEmptySlot
    }
}

/// Full product of two words, folded: the high half and the low half, each moved by the other.
@inlinable
@inline(__always)
func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}
