import Logging
package import RulesetCompiler
package import Sessions

/// What somebody else did to what is in force, and when it was undone.
package struct Drift: Sendable, Hashable {
    package var change: ForeignChange
    /// When the kernel acknowledged what put it right; nil while it does not take it.
    package var undoneAt: Instant?
}

extension Enforcer {
    /// Puts back what others changed of what should be in force, before anything else: until then the kernel does not do
    /// what was decided. Elements of sessions alone are put back one by one, anything else whole; in one transaction.
    func undo(_ changes: [ForeignChange], at now: Instant) async {
        guard !changes.isEmpty else { return }
        for change in changes { log.critical("changed behind our back: \(change)") }
        let standing = changes.filter(isStanding)
        if standing.isEmpty {
            note(changes, undoneAt: whole?.committedAt)
        } else if fault != nil {
            // The kernel takes nothing at the moment. The next try brings everything.
            note(changes, undoneAt: nil)
        } else {
            note(changes, undoneAt: await repair(standing, at: now))
        }
    }

    /// What came before the last whole ruleset went with it.
    private func isStanding(_ change: ForeignChange) -> Bool {
        guard let generation = change.generation, let whole = whole?.generation else { return true }
        // The kernel counts around.
        return Int32(bitPattern: generation &- whole) > 0
    }

    /// When all is right again; nil when the kernel refuses.
    private func repair(_ changes: [ForeignChange], at now: Instant) async -> Instant? {
        let isWhole = !changes.allSatisfy { $0.isOfSessionsAlone && !$0.isIncomplete }
        do throws(CommitFailure) {
            let transaction =
                isWhole
                ? Transaction(replacing: state.ruleset, at: now)
                : Transaction(
                    state.elements(of: changes.reduce(into: []) { $0.formUnion($1.sessions) }),
                    in: state.settings.layout, at: now)
            let receipt = try await backend.commit(transaction)
            if isWhole { whole = receipt }
            return receipt.committedAt
        } catch {
            log.error("the kernel refused a transaction, all of it is put anew: \(error)")
            let outcome = await rebuild(after: error)
            return outcome.failure == nil ? outcome.at : nil
        }
    }

    private func note(_ changes: [ForeignChange], undoneAt: Instant?) {
        if let undoneAt, let first = changes.map(\.heardAt).min() {
            let microseconds = Int64(max(.zero, undoneAt - first) / .microseconds(1))
            log.notice("put back what was changed; it took \(microseconds) us from when we heard of it")
        }
        drifts += changes.map { Drift(change: $0, undoneAt: undoneAt) }
        drifts.removeFirst(max(0, drifts.count - Self.keptDrifts))
    }

    private static let keptDrifts = 100
}
