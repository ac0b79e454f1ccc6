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
    /// what was decided. Elements of sessions alone are put back one by one, anything else whole; in one transaction for
    /// each table, the guard's first, since it is small and holds until the other is there.
    func undo(_ changes: [ForeignChange], at now: Instant) async {
        guard !changes.isEmpty else { return }
        for change in changes { log.critical("changed behind our back: \(change)") }
        let layout = state.settings.layout
        let ofGuard = changes.filter { isStanding($0, in: layout.guardTable) }
        let ofTable = changes.filter { isStanding($0, in: layout.table) }
        if fault != nil {
            // The kernel takes nothing at the moment. The next try brings everything.
            note(changes, undoneAt: nil)
        } else if ofGuard.isEmpty, ofTable.isEmpty {
            note(changes, undoneAt: whole.values.map(\.committedAt).max())
        } else {
            note(changes, undoneAt: await repair(ofGuard, ofTable, at: now))
        }
    }

    /// What came before the table was last put whole went with it.
    private func isStanding(_ change: ForeignChange, in table: String) -> Bool {
        guard change.concerns(table) else { return false }
        guard let generation = change.generation, let whole = whole[table]?.generation else { return true }
        // The kernel counts around.
        return Int32(bitPattern: generation &- whole) > 0
    }

    /// When all is right again; nil when the kernel refuses.
    private func repair(
        _ ofGuard: [ForeignChange], _ ofTable: [ForeignChange], at now: Instant
    ) async -> Instant? {
        let layout = state.settings.layout
        do throws(CommitFailure) {
            var receipt: CommitReceipt?
            if !ofGuard.isEmpty {
                receipt = try await backend.commit(Transaction(guarding: layout))
                whole[layout.guardTable] = receipt
            }
            if ofTable.contains(where: { !$0.isOfSessionsAlone || $0.isIncomplete }) {
                receipt = try await backend.commit(Transaction(replacing: state.ruleset, at: now))
                whole[layout.table] = receipt
            } else if !ofTable.isEmpty {
                let keys = ofTable.reduce(into: Set<SessionKey>()) { $0.formUnion($1.sessions) }
                receipt = try await backend.commit(
                    Changeover(state.elements(of: keys), in: layout, at: now))
            }
            return receipt?.committedAt
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
        driftCount += changes.count
        let noted = changes.map { Drift(change: $0, undoneAt: undoneAt) }
        if auditor != nil {
            heard += noted.map { AuditEvent(.drift($0, under: state.policy), at: $0.change.heardAt) }
        }
        drifts += noted
        drifts.removeFirst(max(0, drifts.count - Self.keptDrifts))
    }

    private static let keptDrifts = 100
}
