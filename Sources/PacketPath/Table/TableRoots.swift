public import Synchronization

/// Where the published tables are found: written when a table grows, shrinks or is rebuilt, read by every
/// look-up, so it has a cache line that nothing else writes to.
@usableFromInline
@safe
struct TableRoots: ~Copyable {
    @usableFromInline let ipv4: Atomic<UnsafeMutablePointer<Lines>>
    @usableFromInline let ipv6: Atomic<UnsafeMutablePointer<Lines>>
    /// What IPv6 addresses are fingerprinted with: the same for the life of the index, so that tables can be built
    /// anew from their words alone.
    @usableFromInline let secret: HashSeed

    init(
        _ ipv4: UnsafeMutablePointer<Lines>, _ ipv6: UnsafeMutablePointer<Lines>, secret: HashSeed
    ) {
        unsafe self.ipv4 = unsafe Atomic(ipv4)
        unsafe self.ipv6 = unsafe Atomic(ipv6)
        self.secret = secret
    }

    /// The table of a family that is published now.
    @inlinable
    @inline(__always)
    func current(_ family: TableFamily) -> UnsafePointer<Lines> {
        // Acquiring; pairs with the releasing store in `publish`.
        switch family {
        case .ipv4: unsafe UnsafePointer(ipv4.load(ordering: .acquiring))
        case .ipv6: unsafe UnsafePointer(ipv6.load(ordering: .acquiring))
        }
    }

    func publish(_ lines: UnsafeMutablePointer<Lines>, _ family: TableFamily) {
        // Releasing; pairs with the acquiring load in `current`.
        switch family {
        case .ipv4: unsafe ipv4.store(lines, ordering: .releasing)
        case .ipv6: unsafe ipv6.store(lines, ordering: .releasing)
        }
    }
}

/// Which of an index's two tables.
@usableFromInline
enum TableFamily: BitwiseCopyable, Sendable {
    case ipv4, ipv6
}
