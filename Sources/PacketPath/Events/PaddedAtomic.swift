public import Synchronization

/// A word with two cache lines to itself, since processors fetch lines in pairs: who writes it slows down
/// nobody who reads something else.
@usableFromInline
struct PaddedAtomic: ~Copyable {
    @usableFromInline let before = Padding()
    @usableFromInline let value = Atomic<UInt64>(0)
    @usableFromInline let after = Padding()

    @inlinable
    init() {}
}

/// 15 words: on either side of a word they keep its pair of lines free, wherever the whole lies.
@usableFromInline
struct Padding: BitwiseCopyable, Sendable {
    @usableFromInline
    let words:
        (
            UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
            UInt64,
            UInt64, UInt64
        ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    @inlinable
    init() {}
}
