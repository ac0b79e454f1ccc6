package import NetworkTypes
package import RulesetCompiler
package import Sessions
import Synchronization

/// A kernel of our own making for tests of what stands above it: it refuses what the real one refuses, with the same
/// error, and forgets elements when their time is over.
///
/// Held equal to the real one by a table of cases that both are put through. It keeps whole tables as values, so a
/// commit costs time linear in the sets that it touches.
package final class FakeKernel: RulesetBackend {
    private struct State {
        var tables: [String: KernelTable] = [:]
        var interfaces: [String: UInt32]
        var transactions: [Transaction] = []
        var attempts = 0
        var failures: [Int: Int32] = [:]
        var generation: UInt32 = 1
        var watch: (tables: Set<String>, handler: @Sendable (ForeignChange) -> Void)?
        /// What is told later; nil when it is told at once.
        var untold: [ForeignChange]?
        var held: [String: Transaction] = [:]
    }

    private let state: Mutex<State>
    private let clock: @Sendable () -> Instant

    /// `clock` is asked at every commit and every look at the state.
    package init(interfaces: [String: UInt32] = [:], clock: @escaping @Sendable () -> Instant) {
        state = Mutex(State(interfaces: interfaces))
        self.clock = clock
    }

    package func commit(_ transaction: Transaction) async throws(CommitFailure) -> CommitReceipt {
        let now = clock()
        let (failure, generation) = state.withLock { state in
            (Self.commit(transaction, to: &state, at: now), state.generation)
        }
        if let failure { throw failure }
        return CommitReceipt(
            committedAt: now, operations: transaction.operations.count, generation: generation)
    }

    /// All steps at once: packets are judged one after the other here.
    package func commit(_ changeover: Changeover) async throws(CommitFailure) -> CommitReceipt {
        let steps = changeover.steps
        return try await commit(Transaction(table: changeover.change.table, steps.flatMap(\.operations)))
    }

    /// What is held is out of everybody's reach, and no part of what tests look at.
    package func hold(_ transaction: Transaction) async throws(CommitFailure) {
        state.withLock { $0.held[transaction.table] = transaction }
    }

    package func watch(
        _ tables: [String], _ handler: @escaping @Sendable (ForeignChange) -> Void
    ) async throws(CommitFailure) {
        state.withLock { $0.watch = (Set(tables), handler) }
    }

    package func snapshot(of layout: RulesetLayout) async throws(CommitFailure) -> RulesetSnapshot? {
        sessions(in: layout.table).map { RulesetSnapshot(sessions: $0) }
    }

    package func interfaceIndex(named name: String) async -> UInt32? {
        state.withLock { $0.interfaces[name] }
    }

    private static func commit(_ transaction: Transaction, to state: inout State, at now: Instant)
        -> CommitFailure?
    {
        state.attempts += 1
        if let errno = state.failures.removeValue(forKey: state.attempts) {
            return transaction.failure(at: nil, errno: errno, detail: "injected")
        }
        var table = state.tables[transaction.table]
        for (index, operation) in transaction.operations.enumerated() {
            do throws(KernelTable.Refusal) {
                try apply(operation, to: &table, at: now)
            } catch {
                return transaction.failure(at: index, errno: error.errno)
            }
        }
        state.tables[transaction.table] = table
        state.generation += 1
        state.transactions.append(transaction)
        return nil
    }

    private static func apply(
        _ operation: Operation, to table: inout KernelTable?, at now: Instant
    ) throws(KernelTable.Refusal) {
        switch operation {
        case .addTable, .addOwnedTable: table = table ?? KernelTable()
        case .deleteTable:
            guard table != nil else { throw .noEntry }
            table = nil
        default:
            guard table != nil else { throw .noEntry }
            try table?.apply(operation, at: now)
        }
    }
}

// MARK: What tests look at and turn

extension FakeKernel {
    /// What was committed, in order.
    package var transactions: [Transaction] { state.withLock { $0.transactions } }

    /// Commits asked for so far, the failed ones included.
    package var attempts: Int { state.withLock { $0.attempts } }

    /// The `nth` commit from now on (1 is the next) fails with this error, and changes nothing.
    package func failCommit(_ nth: Int = 1, errno: Int32) {
        state.withLock { $0.failures[$0.attempts + nth] = errno }
    }

    /// As if somebody else had committed the transaction; the watch is told. Throws what the kernel would have said.
    package func commit(_ transaction: Transaction, by author: ForeignChange.Author) throws(CommitFailure) {
        let now = clock()
        let (failure, generation, watch) = state.withLock { state in
            let failure = Self.commit(transaction, to: &state, at: now)
            if failure == nil { state.transactions.removeLast() }
            return (failure, state.generation, state.watch)
        }
        if let failure { throw failure }
        guard let watch, watch.tables.contains(transaction.table) else { return }
        let told = transaction.told(by: author, generation: generation, at: now)
        let isHeld = state.withLock { state in
            state.untold?.append(told)
            return state.untold != nil
        }
        if !isHeld { watch.handler(told) }
    }

    /// Keeps what is to be told of others from the watch, or tells what was kept.
    package func holdWord(_ isHeld: Bool) {
        let (kept, handler) = state.withLock { state in
            defer { state.untold = isHeld ? [] : nil }
            return (state.untold ?? [], state.watch?.handler)
        }
        for change in kept { handler?(change) }
    }

    /// As if somebody had changed something, and the kernel's word of it had been lost.
    package func loseWord() {
        state.withLock { $0.watch }?.handler(ForeignChange(heardAt: clock(), isIncomplete: true))
    }

    package func setInterface(_ name: String, index: UInt32?) {
        state.withLock { $0.interfaces[name] = index }
    }

    /// As if somebody had deleted the table behind our back.
    package func deleteTable(_ name: String) { state.withLock { $0.tables[name] = nil } }

    /// The live sessions, with the time of their end; nil when there is no such table.
    package func sessions(in table: String = "gatehouse") -> [SessionKey: Ruleset.Element]? {
        let now = clock()
        guard let table = state.withLock({ $0.tables[table] }) else { return nil }
        let stored = AddressFamily.allCases.flatMap { family in
            (table.sets[SessionMap.name(family)]?.elements.values).map(Array.init) ?? []
        }
        return stored.filter { $0.isAlive(at: now) }.reduce(into: [:]) { sessions, stored in
            guard case .interfaceIndex(let index) = stored.element.key.first,
                case .address(let address) = stored.element.key.last,
                case .mark(let mark) = stored.element.data, let scope = ScopeNumber(mark: mark)
            else { return }
            sessions[SessionKey(interfaceIndex: index, address: address)] = Ruleset.Element(
                scope: scope, expires: stored.expires ?? Instant(nanosecondsSince1970: .max))
        }
    }

    /// The numbers of the scopes that sessions can be judged by.
    package func scopes(in table: String = "gatehouse") -> Set<ScopeNumber> {
        let entries = state.withLock { $0.tables[table]?.sets[SessionMap.scopes]?.elements.keys }
        return Set(
            (entries.map(Array.init) ?? []).compactMap { key in
                if case .mark(let mark) = key.first { ScopeNumber(mark: mark) } else { nil }
            })
    }

    /// Names of all sets and maps of a table, and of its chains.
    package func objects(in table: String = "gatehouse") -> Set<String> {
        state.withLock { state in
            state.tables[table].map { Set($0.sets.keys).union($0.chains.keys) } ?? []
        }
    }

    /// Whether a session's opening packet to the destination would be forwarded, judged by all tables; with `isAnswer`, the destination's answer to the session. `tunnel` is the name of the interface of the key's index.
    package func permits(
        _ destination: Destination, for session: SessionKey, on tunnel: String = "tun0",
        isAnswer: Bool = false
    ) -> Bool {
        guard destination.address.family == session.address.family else { return false }
        return permits(KernelPacket(destination, session, tunnel: tunnel, isAnswer: isAnswer))
    }

    /// Whether a packet of nobody's would pass a hook, judged by all tables. `mark` is what others set before.
    package func passes(
        _ hook: Chain.Point, from input: String?, to output: String?, _ family: AddressFamily,
        _ ipProtocol: IPProtocol, mark: UInt32 = 0
    ) -> Bool {
        permits(KernelPacket(hook: hook, from: input, to: output, family, ipProtocol, mark: mark))
    }

    private func permits(_ packet: KernelPacket) -> Bool {
        let tables = state.withLock { Array($0.tables.values) }
        return KernelTable.permit(packet, tables, at: clock())
    }
}

extension Transaction {
    /// What the kernel would tell of it.
    fileprivate func told(
        by author: ForeignChange.Author, generation: UInt32, at now: Instant
    ) -> ForeignChange {
        var change = ForeignChange(by: author, generation: generation, heardAt: now)
        for operation in operations {
            let words = operation.name.split(separator: " ").map(String.init)
            let kind = words[1] == "map" ? "set" : words[1]
            let action = ForeignChange.Action(
                words[0] == "add" ? .added : .deleted, kind, table: table, name: operation.subject)
            change.add(action)
            switch operation {
            case .addElements(let set, let elements), .deleteElements(let set, let elements),
                .destroyElements(let set, let elements):
                guard AddressFamily.allCases.contains(where: { SessionMap.name($0) == set }) else {
                    change.isOfSessionsAlone = false
                    continue
                }
                for element in elements {
                    guard case .interfaceIndex(let index) = element.key.first,
                        case .address(let address) = element.key.last
                    else { continue }
                    change.sessions.insert(SessionKey(interfaceIndex: index, address: address))
                }
            default: change.isOfSessionsAlone = false
            }
        }
        return change
    }
}
