import CLinux
import CNetfilter
import Glibc
import NetworkTypes
package import RulesetCompiler
import Sessions

/// The kernel's nf_tables, over one long-lived netlink socket. Needs CAP_NET_ADMIN and nothing else.
///
/// Works on a thread of its own, in the network namespace of the thread that makes it. One commit is one batch, which
/// the kernel takes whole or not at all; a commit of one session takes some microseconds, and so do the two changes of
/// thread around it.
package actor NetlinkRulesetBackend: RulesetBackend {
    private nonisolated let thread = NetlinkThread()
    private var connection: NetlinkConnection

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// The socket is opened by the first call, and again by the call after one that broke it.
    ///
    /// - Parameter hasDestroy: whether the kernel knows how to delete what may not be there; nil to find out.
    package init(hasDestroy: Bool? = nil) { connection = NetlinkConnection(hasDestroy: hasDestroy) }

    package func commit(_ transaction: Transaction) throws(CommitFailure) -> CommitReceipt {
        let generation = transaction.operations.isEmpty ? nil : try connection.commit(transaction)
        return CommitReceipt(
            committedAt: wallClock(), operations: transaction.operations.count, generation: generation)
    }

    package func commit(_ changeover: Changeover) throws(CommitFailure) -> CommitReceipt {
        _ = try commit(changeover.preparation)
        let receipt = try commit(changeover.change)
        if !changeover.clearance.operations.isEmpty {
            // The kernel judges a packet from beginning to end without a rest (rcu_read_lock in nf_hook).
            gh_wait_for_readers()
            _ = try commit(changeover.clearance)
        }
        return receipt
    }

    package func hold(_ transaction: Transaction) throws(CommitFailure) { try connection.hold(transaction) }

    package func watch(
        _ tables: [String], _ handler: @escaping @Sendable (ForeignChange) -> Void
    ) throws(CommitFailure) {
        try connection.watch(tables, clock: wallClock, handler)
    }

    package func snapshot(of layout: RulesetLayout) throws(CommitFailure) -> RulesetSnapshot? {
        try connection.snapshot(of: layout, now: wallClock)
    }

    package func interfaceIndex(named name: String) -> UInt32? {
        connection.interfaceIndex(named: name)
    }
}

/// The one place of this target that reads a clock: receipts and what the kernel says is left of a timeout are turned
/// into instants here.
@Sendable private func wallClock() -> Instant {
    var time = timespec()
    // The call fills in the variable and fails only for clocks that do not exist.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Instant(secondsSince1970: Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
}
