public import Synchronization

/// A registered reader of a `SessionIndex`, for one thread at a time.
///
/// Call `quiescent()` after every batch of packets: nothing that was removed or replaced is given back before
/// every registered reader has. A reader that rests is to be ended (it unregisters when it goes out of scope),
/// not kept. Answers are as old as the batch at most.
@safe
public struct SessionReader: ~Copyable, @unchecked Sendable {
    // Unchecked: the pointers are to atomics, valid while `shared` lives, which this reader keeps alive; the
    // cell is this reader's alone.

    @usableFromInline let roots: UnsafePointer<TableRoots>
    @usableFromInline let newest: UnsafePointer<Atomic<UInt64>>
    @usableFromInline let cell: UnsafePointer<Atomic<UInt64>>
    /// What IPv6 addresses are fingerprinted with.
    @usableFromInline let secret: HashSeed
    private let shared: SharedTables

    init?(_ shared: SharedTables) {
        guard let cell = unsafe shared.grace.register() else { return nil }
        self.shared = shared
        unsafe self.cell = unsafe UnsafePointer(cell)
        unsafe roots = unsafe UnsafePointer(shared.roots)
        unsafe newest = unsafe UnsafePointer(shared.grace.newest)
        secret = unsafe shared.roots.pointee.secret
    }

    deinit { unsafe shared.grace.unregister(UnsafeMutablePointer(mutating: cell)) }

    /// Says that nothing found so far is used any more. Once a batch: it stores one word of the reader's own line.
    @inlinable
    public mutating func quiescent() {
        // Acquiring; pairs with the store in `GracePeriods.begin`: who sees the period sees what it is for.
        let seen = unsafe newest.pointee.load(ordering: .acquiring)
        // Releasing; pairs with the load in `GracePeriods.hasEnded`: all that was read before is over.
        unsafe cell.pointee.store(seen, ordering: .releasing)
    }

    // MARK: - One key

    /// The value of a key, or 0.
    @inlinable
    public func find(_ key: IPv4SessionKey) -> UInt64 {
        let lines = unsafe roots.pointee.current(.ipv4)
        return unsafe lines.pointee.find(key.indexKey)
    }

    /// The value of a key, or 0.
    @inlinable
    public func find(_ key: IPv6SessionKey) -> UInt64 {
        let lines = unsafe roots.pointee.current(.ipv6)
        return unsafe lines.pointee.find(key.indexKey(secret))
    }
}
