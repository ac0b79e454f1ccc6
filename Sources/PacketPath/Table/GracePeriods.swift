import Synchronization

/// Grace periods by quiescent states: the writer numbers its removals, every reader says up to which number it
/// has let go of what it saw.
///
/// `SessionTableProof` holds the argument. All cells are there from the start, so registering is one exchange
/// and needs no lock that the writer could wait for.
@safe
final class GracePeriods: @unchecked Sendable {
    // Unchecked: the pointers never change, and what they point to is atomic.

    /// The newest grace period, from 1. Its line is written once a period.
    let newest: UnsafeMutablePointer<Atomic<UInt64>>
    /// One atomic every `stride` words: the newest period that the reader has seen, or `unused`.
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    let capacity: Int

    /// In no period's way: the greatest number. No reader has this cell.
    static var unused: UInt64 { .max }

    /// Words between cells: two cache lines, because the processor fetches lines in pairs.
    private static var stride: Int { 16 }

    init(readers capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        let words = (capacity + 1) * Self.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: words * 8, alignment: 128)
        let first = unsafe memory.bindMemory(to: Atomic<UInt64>.self, capacity: words)
        for word in 0..<words { unsafe (first + word).initialize(to: Atomic(Self.unused)) }
        unsafe first[0].store(1, ordering: .relaxed)
        unsafe newest = first
        unsafe cells = first + Self.stride
    }

    deinit { unsafe UnsafeMutableRawPointer(newest).deallocate() }

    /// A cell for one reader, or nil when all are taken.
    func register() -> UnsafeMutablePointer<Atomic<UInt64>>? {
        for index in 0..<capacity {
            let cell = unsafe cells + index * Self.stride
            // Sequentially consistent, as the load below; pair with the store in `begin` and the load in
            // `hasEnded`. Until the second store the cell stands in the way of every period.
            let taken = unsafe cell.pointee.compareExchange(
                expected: Self.unused, desired: 0, ordering: .sequentiallyConsistent)
            guard taken.exchanged else { continue }
            let seen = unsafe newest.pointee.load(ordering: .sequentiallyConsistent)
            // Releasing; pairs with the load in `hasEnded`.
            unsafe cell.pointee.store(seen, ordering: .releasing)
            return unsafe cell
        }
        return nil
    }

    /// Gives a cell back. Its reader looks nothing up any more.
    func unregister(_ cell: UnsafeMutablePointer<Atomic<UInt64>>) {
        // Releasing; pairs with the load in `hasEnded`, so that all the reader read is over before its cell is
        // seen unused, and with the exchange in `register`.
        unsafe cell.pointee.store(Self.unused, ordering: .releasing)
    }

    /// Begins a period; what the writer unlinked before is free once it has ended. Writer only.
    func begin() -> UInt64 {
        let period = unsafe newest.pointee.load(ordering: .relaxed) + 1
        // Sequentially consistent: a release that pairs with the acquiring load in `SessionReader.quiescent`,
        // and ordered before the loads in `hasEnded` for a reader that registers meanwhile.
        unsafe newest.pointee.store(period, ordering: .sequentiallyConsistent)
        return period
    }

    /// Whether every reader has been quiescent since a period began. Writer only; reads a line per cell.
    func hasEnded(_ period: UInt64) -> Bool {
        for index in 0..<capacity {
            // Sequentially consistent; pairs with the releasing stores in `quiescent`, `register` and
            // `unregister`.
            let seen = unsafe (cells + index * Self.stride).pointee.load(ordering: .sequentiallyConsistent)
            if seen < period { return false }
        }
        return true
    }
}
