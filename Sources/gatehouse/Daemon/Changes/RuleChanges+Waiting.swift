import Control
import ControlAPI
import Enforcement
import Logging
import Sessions
import Store

/// A change that waits for its confirmation: it comes, or somebody takes the change back, or time does.
extension RuleChanges {
    func confirm(_ reference: String, by author: RuleChangeAuthor) async throws {
        await takeTurn()
        defer { passTurn() }
        let change = try waiting(reference)
        let now = clock.now()
        guard !change.isDue(at: now) else {
            throw ControlFailure(
                id: "too-late", message: "its time is over, the rules of before are being put back")
        }
        let end = RuleChangeEnd(.confirmed, at: now, by: author)
        do {
            try store.perform([.ruleChangeEnd(number: change.number, end)])
        } catch {
            throw ControlFailure(
                id: "refused",
                message: "the confirmation cannot be recorded, the change still waits: \(error)")
        }
        waiting = nil
        keepWatch()
        log.notice("the change \(reference) is confirmed", metadata: ["by": "\(author)"])
        let unaudited = audit(
            "confirm", change.record(pack: pack, before: change.former.kept), by: author,
            outcome: "confirmed", under: await enforcer.policy)
        if let unaudited {
            throw ControlFailure(
                id: "not-audited", message: "the change \(reference) is confirmed, but \(unaudited)")
        }
    }

    /// - Parameter reference: Nil for whichever waits.
    func revert(_ reference: String?, by author: RuleChangeAuthor) async throws -> ControlMessages.Reverted {
        await takeTurn()
        defer { passTurn() }
        let change = try waiting(reference)
        let done = try await goBack(RuleChangeEnd(.reverted, at: clock.now(), by: author))
        return ControlMessages.Reverted(reference: change.reference, done: done)
    }

    private func waiting(_ reference: String?) throws -> WaitingChange {
        guard let waiting, waiting.reference == reference ?? waiting.reference else {
            throw ControlFailure(id: "not-found", message: try notWaiting(reference))
        }
        guard waiting.end == nil else {
            throw ControlFailure(id: "busy", message: "the rules of before are being put back")
        }
        return waiting
    }

    private func notWaiting(_ reference: String?) throws -> String {
        if let waiting { return "the change that waits for its confirmation is '\(waiting.reference)'" }
        guard let reference, let last = try store.ruleChanges().last(where: { $0.reference == reference })
        else { return "no change waits for its confirmation; 'gatehouse changes' lists them" }
        switch last.end?.outcome {
        case .confirmed?:
            return
                "the change '\(reference)' is confirmed and waits for nothing; to take it back, apply the rules of "
                + "before with a reference of their own: 'gatehouse changes \(reference) --former DIRECTORY' "
                + "writes them"
        case .reverted?, .refused?, nil:
            return "the change '\(reference)' is not in force; 'gatehouse changes' lists them"
        }
    }

    /// Puts the rules of before in force, and records the end with what comes back of the registers. A disk that does not
    /// take it keeps nobody from it. When the kernel does not take them, it is tried again and again.
    private func goBack(_ end: RuleChangeEnd) async throws -> ControlMessages.OrderDone {
        guard let change = waiting else { throw ControlFailure(id: "internal", message: "nothing waits") }
        waiting?.end = end
        let unconfirmed = await enforcer.policy
        await judge(change.former.policy)
        let revived = (try? store.facts(overtakenBy: change.number)) ?? []
        let reversal = RuleReversal(
            change: change.number, at: end.at, by: end.by.name, uid: end.by.uid, because: end.because)
        var done = ControlMessages.OrderDone()
        do throws(OrderRefusal) {
            done = ControlMessages.OrderDone(
                try await enforcer.carryOut(.goBack(change.former.policy, reviving: revived, of: reversal)))
        } catch {
            guard error.isInForce else {
                await judge(unconfirmed)
                keepWatch()
                throw error
            }
            log.error("\(error)")
            if case .notRecorded = error { record(end, of: change.number) }
        }
        let unaudited = audit(
            "revert", change.record(pack: change.former.kept, before: pack), by: end.by,
            outcome: "taken back", because: end.because,
            under: change.former.policy)
        if let unaudited { done.warnings = (done.warnings ?? []) + [unaudited] }
        pack = change.former.kept
        waiting = nil
        log.notice(
            "the change \(change.reference) is taken back: \(end.because ?? "by order")",
            metadata: ["by": "\(end.by)", "pack": "\(pack.digest)"])
        return done
    }

    // MARK: Time

    /// Looks whether a change has to be taken back.
    ///
    /// - Parameter slept: What has passed since the last look, whatever the wall clock says.
    func tick(after slept: Duration = .zero) async {
        await takeTurn()
        defer { passTurn() }
        waiting?.slept += slept
        retryRecord()
        guard let change = waiting, change.end != nil || change.isDue(at: clock.now()) else { return }
        let end = RuleChangeEnd(
            .reverted, at: clock.now(), by: .daemon, because: "nobody confirmed it by \(change.deadline)")
        do {
            _ = try await goBack(change.end ?? end)
        } catch {
            log.critical("the change \(change.reference) cannot be taken back, next try soon: \(error)")
        }
    }

    func keepWatch() {
        watch?.cancel()
        watch = Task { [weak self, clock] in
            while let pause = await self?.pause {
                do { try await clock.sleep(for: pause) } catch { return }
                await self?.tick(after: pause)
            }
        }
    }

    /// Until the next look; nil when there is nothing to look for.
    private var pause: Duration? {
        waiting?.pause(at: clock.now()) ?? (unrecorded.isEmpty ? nil : .seconds(5))
    }
}
