public import Synchronization

/// What a table of one address family needs to know of its key: how it is hashed, and how it lies in a line.
///
/// A line is one cache line, eight words. Its slots are filled from the first one; a slot's *mark*, one word of
/// the key that is never 0, says that the slot is in use. The loads and stores of the words are in the two
/// conformances and nowhere else.
@usableFromInline
protocol IndexKey: BitwiseCopyable, Sendable, Equatable {
    /// Slots in a line of eight words.
    static var slotsPerLine: Int { get }

    func hash(_ seed: HashSeed) -> UInt64

    /// Looks at all slots of a line without a branch: the value of this key there, or 0, and whether a slot is
    /// empty.
    func search(_ line: UnsafePointer<Atomic<UInt64>>) -> LineAnswer

    /// The key in a slot that is in use, for the writer. Nil in an empty one.
    static func key(_ slot: UnsafePointer<Atomic<UInt64>>) -> Self?

    /// Writes the words of the key, the mark last. The caller releases the value afterwards.
    func write(_ slot: UnsafePointer<Atomic<UInt64>>)

    /// Makes the slot empty again.
    static func clear(_ slot: UnsafePointer<Atomic<UInt64>>)

    /// The table of this family that is published now.
    static func current(_ roots: UnsafePointer<TableRoots>) -> UnsafePointer<Lines<Self>>

    /// Publishes a table of this family.
    static func publish(_ lines: UnsafePointer<Lines<Self>>, _ roots: UnsafePointer<TableRoots>)
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
