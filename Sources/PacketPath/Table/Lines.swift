public import CPacketPath
public import Synchronization

/// A published table of one family: a power of two of cache lines, and the seed that places keys in them.
///
/// Immutable but for the words of the lines. A key lies in the first line of its path that had a free slot. The
/// path goes through pairs of lines: two neighbours first, which the processor fetches together, then a pair
/// elsewhere (double hashing: no runs form, so no run can be grown), and at most `longestPath` lines in all.
@usableFromInline
@safe
struct Lines: BitwiseCopyable {
    /// Valid for `lineCount` lines of eight words, until the grace period after the table was replaced.
    @usableFromInline let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// The top bits of the hash, so many that they number the pairs.
    @usableFromInline let pairShift: UInt64
    @usableFromInline let pairMask: UInt64
    @usableFromInline let seed: HashSeed

    @inlinable var lineCount: Int { Int((pairMask &+ 1) &* 2) }
    var slotCount: Int { lineCount * IndexKey.slotsPerLine }

    /// Nil when there is no memory.
    init?(lineCount: Int, seed: HashSeed) {
        precondition(lineCount >= Self.fewestLines && lineCount & (lineCount - 1) == 0)
        guard let memory = unsafe packetpath_map(lineCount * Self.bytesPerLine) else { return nil }
        // Zeroed memory is a valid Atomic<UInt64> of 0 in every word.
        unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: lineCount * 8)
        let pairs = UInt64(lineCount / 2)
        pairShift = UInt64(64 - pairs.trailingZeroBitCount)
        pairMask = pairs - 1
        self.seed = seed
    }

    /// Unmaps the lines. Only after a grace period, and once.
    func free() {
        unsafe packetpath_unmap(words, lineCount * Self.bytesPerLine)
    }

    static var bytesPerLine: Int { 64 }

    /// The most lines that a look-up reads, hit or miss: the bound that insertion keeps by rebuilding.
    @inlinable static var longestPath: Int { 32 }

    /// As many as the longest path, so that no path meets a line twice.
    static var fewestLines: Int { longestPath }

    // MARK: - The path of a key

    /// The line at a step of the path of a hash. The top bits choose the pair, the lowest which of the two comes
    /// first, those between how far the next pair is: odd, so that it goes through all of them.
    @inlinable
    @inline(__always)
    func line(_ hash: UInt64, _ step: Int) -> Int {
        let jump = (hash &>> 1) | 1
        let pair = ((hash &>> pairShift) &+ UInt64(truncatingIfNeeded: step &>> 1) &* jump) & pairMask
        return Int(truncatingIfNeeded: pair &* 2 | (hash ^ UInt64(truncatingIfNeeded: step)) & 1)
    }

    @inlinable
    @inline(__always)
    func homeLine(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash &>> pairShift) &* 2 | hash & 1)
    }

    /// Asks for both lines of the first pair. Some keys of a table half full lie in the second one,
    /// and a miss looks there a quarter of the time: a wait for memory in so many look-ups costs more than the
    /// line that is asked for in vain.
    @inlinable
    @inline(__always)
    func prefetchHomePair(_ hash: UInt64) {
        let home = homeLine(hash)
        unsafe packetpath_prefetch(address(home))
        unsafe packetpath_prefetch(address(home ^ 1))
    }

    @inlinable
    @inline(__always)
    func address(_ line: Int) -> UnsafePointer<Atomic<UInt64>> {
        unsafe UnsafePointer(words + line &* 8)
    }

    // MARK: - Looking up

    /// The value of a key, or 0.
    @inlinable
    @inline(__always)
    func find(_ key: IndexKey) -> UInt64 { find(key, hash: key.hash(seed)) }

    /// The value of a key of this hash, or 0.
    @inlinable
    @inline(__always)
    func find(_ key: IndexKey, hash: UInt64) -> UInt64 {
        let answer = unsafe key.search(address(homeLine(hash)))
        // One branch for both ends of nearly every look-up, so that it is foreseen whether or not hits are.
        if answer.value != 0 || answer.hasEmptySlot { return answer.value }
        return findFurther(key, hash)
    }

    @usableFromInline
    @inline(never)
    func findFurther(_ key: IndexKey, _ hash: UInt64) -> UInt64 {
        for step in 1..<Self.longestPath {
            let answer = unsafe key.search(address(line(hash, step)))
            if answer.value != 0 || answer.hasEmptySlot { return answer.value }
        }
        return 0
    }
}
