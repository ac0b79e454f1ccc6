package import Sessions

/// Whatever keeps a ruleset in force: the kernel, or in a test something that refuses what the kernel refuses.
package protocol RulesetBackend: Sendable {
    /// Commits every operation, in order, or none of them.
    func commit(_ transaction: Transaction) async throws(CommitFailure) -> CommitReceipt

    /// Commits the steps, each whole or not at all; those before one that fails stay. Between the change and the clearance
    /// it waits until every packet has gone that was there at the change, some hundredths of a second.
    ///
    /// - Returns: The receipt of the change.
    func commit(_ changeover: Changeover) async throws(CommitFailure) -> CommitReceipt

    /// Keeps a table in force that belongs to the backend's own socket, and puts it anew whenever that is another. Throws
    /// what the kernel says; older ones know no such tables.
    func hold(_ transaction: Transaction) async throws(CommitFailure)

    /// What is in force now: nil when the table is not there. Costs time quadratic in the number of sessions
    /// (a kernel dump restarts and skips every 32 KiB: 0.3 s at 100,000): for start-up and after a refusal only.
    func snapshot(of layout: RulesetLayout) async throws(CommitFailure) -> RulesetSnapshot?

    /// The index of a network interface by name, nil when there is none.
    func interfaceIndex(named name: String) async -> UInt32?

    /// Has every later transaction of somebody else's told that touches one of the `inet` tables, and every one of which
    /// that cannot be said. The handler is called on a thread of the backend's, and must not wait.
    ///
    /// Throws when the kernel does not tell of changes: then none will be seen.
    func watch(
        _ tables: [String], _ handler: @escaping @Sendable (ForeignChange) -> Void
    ) async throws(CommitFailure)
}

/// The sessions that the kernel has, as dumped, with the time that is left to each.
package struct RulesetSnapshot: Sendable, Hashable {
    package var sessions: [SessionKey: Ruleset.Element]

    package init(sessions: [SessionKey: Ruleset.Element]) { self.sessions = sessions }
}

/// Proof that a transaction is in force.
package struct CommitReceipt: Sendable, Hashable {
    /// The wall clock, read right after the kernel's acknowledgement.
    package var committedAt: Instant
    /// Netlink messages in the batch.
    package var operations: Int
    /// The generation of the kernel's rules that it made; nil when nothing was to be done.
    package var generation: UInt32?

    package init(committedAt: Instant, operations: Int, generation: UInt32? = nil) {
        self.committedAt = committedAt
        self.operations = operations
        self.generation = generation
    }
}

/// Why the kernel took nothing of a transaction.
package struct CommitFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was asked: `add element`.
    package var operation: String
    /// Of what: `inet gatehouse scope_of_4`.
    package var object: String
    /// The kernel's errno.
    package var errno: Int32
    /// The operation's place in the batch, from 1; nil when the failure is of the batch as a whole.
    package var index: Int?
    package var count: Int
    /// The kernel's own words (extended acknowledgement), empty when it gave none.
    package var detail: String

    package init(
        operation: String, object: String, errno: Int32, index: Int?, count: Int, detail: String = ""
    ) {
        self.operation = operation
        self.object = object
        self.errno = errno
        self.index = index
        self.count = count
        self.detail = detail
    }

    /// `add rule inet gatehouse forward: EEXIST (op 17 of 42)`
    package var description: String {
        let place = index.map { " (op \($0) of \(count))" } ?? ""
        let words = detail.isEmpty ? "" : ": \(detail)"
        return "\(operation) \(object): \(ErrorName.of(errno))\(place)\(words)"
    }
}
