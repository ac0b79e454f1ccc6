/// What the writer and the readers of an index share. It lives as long as any of them.
@safe
final class SharedTables: @unchecked Sendable {
    // Unchecked: the roots are atomic, the grace periods Sendable, and `leftBehind` has one owner at a time (below).

    let roots: UnsafeMutablePointer<TableRoots>
    let grace: GracePeriods

    /// Frees the last tables. Set by the writer at its end; run when the last reader has ended too. What counts
    /// the references orders the two: the last release comes after all others.
    var leftBehind: [() -> Void] = []

    init(
        _ ipv4: borrowing FamilyTable, _ ipv6: borrowing FamilyTable, secret: HashSeed, readers: Int
    ) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
        unsafe roots = memory.bindMemory(to: TableRoots.self, capacity: 1)
        unsafe roots.initialize(to: TableRoots(ipv4.address, ipv6.address, secret: secret))
        grace = GracePeriods(readers: readers)
    }

    deinit {
        for free in leftBehind { free() }
        unsafe roots.deinitialize(count: 1)
        unsafe UnsafeMutableRawPointer(roots).deallocate()
    }
}
