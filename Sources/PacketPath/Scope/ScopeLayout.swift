/// How a scope lies in memory: one block of bytes, for each family a line of 64 bytes that says where the
/// rest is, and behind both lines the tables.
///
/// - *exact*: one address, protocol and port an entry, in a hash that is at most half full.
/// - *slabs*: the addresses cut wherever a box begins or ends; a tree of the cuts finds the slab's number, and
///   the slab names a list.
/// - *list*: the services (protocol and port as one number) of a slab as sorted, disjoint intervals that
///   do not touch. Equal lists are stored once.
///
/// All offsets are in bytes from the start of the block.
@usableFromInline
struct ScopeHalf: BitwiseCopyable {
    /// 0 when there is no exact entry; the slots are not read then.
    @usableFromInline var exactCount: UInt32 = 0
    @usableFromInline var exactOffset: UInt32 = 0
    @usableFromInline var exactMask: UInt32 = 0
    @usableFromInline var exactShift: UInt32 = 0
    @usableFromInline var multiplier: UInt64 = 0
    /// Everything but the exact entries.
    @usableFromInline var ranges = SlabHeader()
    /// Everything, for questions about all ports of an address.
    @usableFromInline var whole = SlabHeader()
    @usableFromInline var padding: UInt64 = 0

    init() {}

    static let stride = 64
}

/// Where the slabs of one family lie.
@usableFromInline
struct SlabHeader: BitwiseCopyable {
    /// The tree of the last address of every slab but the last, of 4 bytes each (IPv4) or 16: as many of them
    /// as are below an address, that is the number of its slab. See ``BoundaryTree``.
    @usableFromInline var tree: UInt32 = 0
    @usableFromInline var innerLayers: UInt32 = 0
    /// For each slab a ``ServiceList``; 0 when there are no slabs.
    @usableFromInline var lists: UInt32 = 0

    init() {}
}

/// How much of one protocol at one address a scope permits.
public enum ScopeCoverage: UInt8, Sendable {
    case none, some, every
}

/// The smallest power of two that is not below `count`.
func powerOfTwo(atLeast count: Int) -> Int {
    count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}
