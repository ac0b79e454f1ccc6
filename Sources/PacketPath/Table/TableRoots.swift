public import Synchronization

/// Where the published tables are found: written when a table grows, shrinks or is rebuilt, read by every
/// look-up, so it has a cache line that nothing else writes to.
@usableFromInline
@safe
struct TableRoots: ~Copyable {
    @usableFromInline let ipv4: Atomic<UnsafeMutablePointer<Lines<IPv4SessionKey>>>
    @usableFromInline let ipv6: Atomic<UnsafeMutablePointer<Lines<IPv6SessionKey>>>

    init(
        _ ipv4: UnsafeMutablePointer<Lines<IPv4SessionKey>>,
        _ ipv6: UnsafeMutablePointer<Lines<IPv6SessionKey>>
    ) {
        unsafe self.ipv4 = unsafe Atomic(ipv4)
        unsafe self.ipv6 = unsafe Atomic(ipv6)
    }
}
