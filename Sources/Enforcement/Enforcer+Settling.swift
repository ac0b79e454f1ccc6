import Classification
import Evidence
import Logging
import PacketPath
import PolicyLanguage
import RulesetCompiler
import Sessions

/// How a burst comes into force: the disk first, then the kernel, the packet path, the audit record, and only then those who
/// wait for an answer.
extension Enforcer {
    typealias Rules = (policy: Policy, seeds: [CodeOwner: TOTPSeed], facts: RegisterFacts)

    struct Outcome {
        var committedAt: Instant
        var kernel: CommitFailure?
        var record: String?
        var audit: String?

        func confirm(_ receipt: OrderReceipt) -> Result<OrderReceipt, OrderRefusal> {
            if let kernel { return .failure(.kernelRefused(kernel)) }
            if let record { return .failure(.notRecorded(record)) }
            if let audit { return .failure(.notAudited(audit)) }
            return .success(
                OrderReceipt(cut: receipt.cut, moved: receipt.moved, committedAt: committedAt))
        }

        func confirm(_ receipt: PostureReceipt) -> Result<PostureReceipt, PostureRejection> {
            record.map { .failure(.notRecorded($0)) } ?? .success(receipt)
        }
    }

    struct Fault {
        var failure: CommitFailure
        var retryAt: Instant
        var delay: Duration
    }

    /// Disk, kernel, VPN server, in this order.
    func settle(
        _ effects: inout Effects, previous: Rules?, keptBefore: EnforcementState.Kept
    ) async -> Outcome {
        let record = await record(effects.ledger)
        if record != nil {
            state.replaceKept(with: keptBefore)
            state.withdrawProofs(at: clock.now(), &effects)
            state.withdrawSignals(at: clock.now(), &effects)
        }
        var (kernel, committedAt) = await commit(effects.ruleset)
        if kernel != nil, let previous {
            // The kernel does not take the new rules: what was in force stays in force. Who lost everything under
            // the new ones is thrown out all the same, and comes back at once under the old.
            var undo = Effects()
            state.replaceFileSeeds(previous.seeds)
            // What the new files had overtaken is in force again, and was recorded as gone.
            let revived = previous.facts.all.filter { !state.facts[$0.subject].contains($0) }
            state.facts = previous.facts
            if !revived.isEmpty { effects.ledgerAfterwards.append(.facts(revived)) }
            state.takeBack(effects.judged, &undo)
            state.replace(policy: previous.policy, at: clock.now(), &undo)
            effects.ledgerAfterwards += undo.ledger
            (_, committedAt) = await commit(undo.ruleset)
            effects.path += undo.path
            effects.audit += undo.audit
            effects.disconnections += undo.disconnections
        }
        lower(effects.path)
        if previous != nil { path?.setInside(state.policy.inside) }
        let audit = await keepRecord(of: effects, kernel: kernel, record: record)
        if kernel != nil || record != nil || audit != nil {
            state.withdrawAdmissions(at: clock.now(), &effects)
        }
        publish(effects.notes)
        await answer(effects)
        _ = await self.record(effects.ledgerAfterwards)
        return Outcome(committedAt: committedAt, kernel: kernel, record: record, audit: audit)
    }

    /// Tells the packet path, after the kernel.
    func lower(_ changes: [PathChange]) {
        guard !changes.isEmpty, let failed = path?.apply(changes, at: clock.now()) else { return }
        for id in failed { log.error("no memory: the packet path does not know session \(id)") }
    }

    /// Nil when all of it is durable; otherwise why not.
    func record(_ changes: [LedgerChange]) async -> String? {
        guard !changes.isEmpty else { return nil }
        do {
            try await ledger.record(changes)
            return nil
        } catch {
            log.error("cannot record: \(error)")
            return "\(error)"
        }
    }

    /// One transaction for the burst. When the kernel refuses it, or something was refused before, everything that
    /// should be in force is put there anew, in one transaction as well.
    private func commit(_ changes: [RulesetChange]) async -> (failure: CommitFailure?, at: Instant) {
        let now = clock.now()
        if let fault {
            // A cut does not wait for the next try; everything else does, or a flood of logins would try all day.
            let due = fault.retryAt <= now || changes.contains(where: \.isRemoval)
            return due ? await rebuild(after: fault.failure) : (fault.failure, now)
        }
        guard !changes.isEmpty else { return (nil, now) }
        do throws(CommitFailure) {
            let changeover = Changeover(changes, in: state.settings.layout, at: now)
            return (nil, try await backend.commit(changeover).committedAt)
        } catch {
            log.error("the kernel refused a transaction, all of it is put anew: \(error)")
            return await rebuild(after: error)
        }
    }

    func rebuild(after failure: CommitFailure) async -> (failure: CommitFailure?, at: Instant) {
        let now = clock.now()
        do throws(CommitFailure) {
            let receipt = try await backend.commit(Transaction(replacing: state.ruleset, at: now))
            whole[state.settings.layout.table] = receipt
            log.notice("the ruleset is in force again, after: \(failure)")
            fault = nil
            return (nil, receipt.committedAt)
        } catch {
            let delay = min((fault?.delay ?? .milliseconds(500)) * 2, state.settings.longestRetry)
            fault = Fault(failure: error, retryAt: now + delay, delay: delay)
            log.critical(
                "the kernel does not take the ruleset, next try in \(delay.components.seconds) s: \(error)")
            return (error, now)
        }
    }

    private func answer(_ effects: Effects) async {
        for (login, answer) in effects.answers {
            await gates[login.session.id.source]?.answer(login, answer)
        }
        for (session, mode) in effects.disconnections {
            await gates[session.source]?.disconnect(session, mode)
        }
    }
}

extension RulesetChange {
    fileprivate var isRemoval: Bool {
        switch self {
        case .remove: true
        case .put, .addScope, .redefineScope, .removeScope: false
        }
    }
}
