import Audit
import Control
import ControlAPI
import Enforcement
import Evidence
import Logging
import PolicyDifference
import PolicyLanguage
import Sessions
import Store

/// Whoever changes the rules in force does it here, one after another: what is in force, what waits for its confirmation,
/// and the clock that takes it back.
///
/// A change is recorded, with both packs, before it counts; whenever the process dies, the next one knows what to begin
/// with (``RulesInForce``).
actor RuleChanges {
    let enforcer: Enforcer
    let store: Store
    let clock: any WallClock
    let log: Logger
    /// Reads the configured folder, and the seeds of one-time codes; they are loaded only when both may be.
    private let readFolder: @Sendable () throws -> (pack: RulePack, seeds: [String: TOTPSeed])
    /// Makes the authorities of a pack those that certificates are judged by.
    let judge: @Sendable (Policy) async -> Void

    /// Puts what was done on the audit record.
    private let keep: @Sendable (AuditEntry) throws -> Void

    /// The pack in force.
    var pack: KeptPack
    var waiting: WaitingChange?
    /// Ends that the disk has not taken yet.
    var unrecorded: [StoreChange] = []
    private var turn = Turn()
    var watch: Task<Void, Never>?

    init(
        _ inForce: RulesInForce, enforcer: Enforcer, store: Store, clock: any WallClock, log: Logger,
        judge: @escaping @Sendable (Policy) async -> Void = { _ in },
        keep: @escaping @Sendable (AuditEntry) throws -> Void = { _ in },
        readFolder: @escaping @Sendable () throws -> (pack: RulePack, seeds: [String: TOTPSeed])
    ) {
        self.enforcer = enforcer
        self.store = store
        self.clock = clock
        self.log = log
        self.judge = judge
        self.keep = keep
        self.readFolder = readFolder
        pack = inForce.pack.kept
        waiting = inForce.waiting
    }

    /// Goes on counting for a change that an earlier process left waiting.
    func start() {
        guard let waiting else { return }
        log.notice(
            "the change \(waiting.reference) is still to be confirmed, until \(waiting.deadline)")
        keepWatch()
    }

    func stop() { watch?.cancel() }

    // MARK: Apply

    /// Puts a pack in force that an administrator has sent, or says what that would do.
    func apply(
        _ files: [PackFile], _ arguments: ControlMessages.ApplyArguments, by author: RuleChangeAuthor
    ) async throws -> ControlMessages.Applied {
        await takeTurn()
        defer { passTurn() }
        let before = await enforcer.policy
        let isTrial = arguments.isTrial ?? false
        let wait = try ChangeTerms(before.settings.changes).wait(asked: arguments.confirmWithin)
        if !isTrial {
            try ChangeTerms.check(reference: arguments.reference)
            try refuseWhileWaiting()
        }
        let now = clock.now()
        let made = await onThread {
            PreparedChange(RulePack(files, at: now), over: before, name: arguments.name)
        }
        let policy = try made.loadable()
        guard !isTrial else {
            let receipt = try await enforcer.tryOut(.load(policy, seeds: nil))
            return ControlMessages.Applied(
                reference: arguments.reference, plan: made.plan,
                done: ControlMessages.OrderDone(receipt, isTrial: true),
                warnings: made.warnings)
        }
        var change = RuleChange(
            kind: .apply, reference: arguments.reference, author: author, at: clock.now(),
            pack: made.kept.digest,
            before: pack.digest)
        change.confirmBy = wait.map { change.at + $0 }
        let (receipt, number) = try await put(made, policy, seeds: nil, over: before, change)
        change.number = number
        waiting = WaitingChange(
            change, former: LoadedPack(kept: pack, policy: before), at: change.at)
        pack = made.kept
        if waiting == nil { record(RuleChangeEnd(.confirmed, at: clock.now(), by: author), of: number) }
        keepWatch()
        log.notice(
            "rules changed: \(made.summary)",
            metadata: [
                "change": "\(arguments.reference ?? "")", "by": "\(author)", "pack": "\(pack.digest)",
                "confirm-by": "\(change.confirmBy?.description ?? "-")",
            ])
        return ControlMessages.Applied(
            reference: arguments.reference, confirmBy: change.confirmBy?.description, plan: made.plan,
            done: receipt, warnings: made.warnings + (receipt.warnings ?? []))
    }

    // MARK: Reload

    /// Loads the configured folder anew; from then on a start does so too.
    func reload(by author: RuleChangeAuthor) async throws -> ControlMessages.OrderDone {
        await takeTurn()
        defer { passTurn() }
        let before = await enforcer.policy
        try ChangeTerms(before.settings.changes).checkReload()
        try refuseWhileWaiting()
        let read = readFolder
        let result = await onThread { Result { try Reread(read(), over: before) } }
        let (made, seeds) = (try result.get().change, try result.get().seeds)
        let policy = try made.loadable()
        let change = RuleChange(
            kind: .reload, author: author, at: clock.now(), pack: made.kept.digest, before: pack.digest)
        var (done, number) = try await put(made, policy, seeds: seeds, over: before, change)
        pack = made.kept
        record(RuleChangeEnd(.confirmed, at: clock.now(), by: author), of: number)
        done.warnings = made.warnings + (done.warnings ?? [])
        return done
    }

    private final class Reread: Sendable {
        let change: PreparedChange
        let seeds: [String: TOTPSeed]

        init(_ read: (pack: RulePack, seeds: [String: TOTPSeed]), over before: Policy) {
            change = PreparedChange(read.pack, over: before, name: "the folder")
            seeds = read.seeds
        }
    }

    // MARK: Both

    /// Records a change and puts its rules in force. When the kernel does not take them, those of before are, and that is
    /// recorded. Throws what was refused; then nothing has changed.
    private func put(
        _ made: PreparedChange, _ policy: Policy, seeds: [String: TOTPSeed]?, over before: Policy,
        _ change: RuleChange
    ) async throws -> (done: ControlMessages.OrderDone, number: Int64) {
        let (change, number) = try await begin(change, made)
        let applied = { [self] in
            audit(
                change.kind.rawValue, change, by: change.author, outcome: "in force", plan: made.lines,
                under: policy)
        }
        await judge(policy)
        do throws(OrderRefusal) {
            let receipt = try await enforcer.carryOut(.load(policy, seeds: seeds, change: number))
            var done = ControlMessages.OrderDone(receipt)
            done.warnings = applied().map { [$0] }
            return (done, number)
        } catch {
            if error.isInForce {
                // In force, and the change itself is on the disk; what else came of it is not.
                var done = ControlMessages.OrderDone()
                done.warnings = ["\(error)"] + (applied().map { [$0] } ?? [])
                return (done, number)
            }
            await judge(before)
            _ = audit(
                change.kind.rawValue, change, by: change.author, outcome: "refused", plan: made.lines,
                because: "\(error)", under: before)
            record(
                RuleChangeEnd(.refused, at: clock.now(), by: change.author, because: "\(error)"), of: number)
            throw error
        }
    }

    /// Returns the change as it is recorded, and its number.
    private func begin(
        _ change: RuleChange, _ made: PreparedChange
    ) async throws -> (RuleChange, number: Int64) {
        retryRecord()
        let (store, before) = (store, pack)
        let result = await onThread {
            Result {
                var change = change
                change.difference = try made.plan.json
                return (change, try store.begin(change, keeping: [before, made.kept]))
            }
        }
        do {
            return try result.get()
        } catch {
            throw ControlFailure(
                id: "refused", message: "the change cannot be recorded, the rules in force stay: \(error)")
        }
    }

    /// Waits until nobody else is changing the rules. The caller hands the turn on.
    func takeTurn() async {
        if turn.take() { return }
        await withCheckedContinuation { turn.add($0) }
    }

    func passTurn() { turn.pass() }

    private func refuseWhileWaiting() throws(ControlFailure) {
        guard let waiting else { return }
        throw ControlFailure(
            id: "waiting",
            message:
                "the change '\(waiting.reference)' waits for its confirmation until \(waiting.deadline); "
                + "type: gatehouse confirm \(waiting.reference), or: gatehouse revert \(waiting.reference)")
    }

    // MARK: Records

    /// Puts on the audit record what was done to the rules. Nil when it is there; otherwise why not, for whoever did it.
    func audit(
        _ order: String, _ change: RuleChange, by author: RuleChangeAuthor, outcome: String,
        plan: [String] = [], because: String? = nil, under policy: Policy
    ) -> String? {
        do {
            try keep(
                AuditEntries.rules(
                    order, change, by: author, outcome: outcome, plan: plan, because: because,
                    under: policy, at: clock.now()))
            return nil
        } catch {
            log.critical("not on the audit record: \(error)")
            return "not on the audit record: \(error)"
        }
    }

    /// The change itself is recorded; an end that is not yet is tried again.
    func record(_ end: RuleChangeEnd, of number: Int64) {
        unrecorded.append(.ruleChangeEnd(number: number, end))
        retryRecord()
        if !unrecorded.isEmpty { keepWatch() }
    }

    func retryRecord() {
        guard !unrecorded.isEmpty else { return }
        do {
            try store.perform(unrecorded)
            unrecorded = []
        } catch {
            log.critical("the end of a change of rules cannot be recorded, next try soon: \(error)")
        }
    }

    func changes(_ reference: String?) throws -> ControlMessages.ChangeList {
        let wanted = try store.ruleChanges().filter { reference == nil || $0.reference == reference }
        return ControlMessages.ChangeList(
            inForce: pack.digest,
            changes: wanted.map { ControlMessages.ChangeRecord($0, withPlan: reference != nil) })
    }

    /// The files of a pack that is kept.
    func files(of digest: String) throws -> ControlMessages.PackFiles {
        guard let kept = try digest == pack.digest ? pack : store.pack(digest: digest) else {
            throw ControlFailure(id: "not-found", message: "no pack '\(PlainText.shown(digest))' is kept")
        }
        return ControlMessages.PackFiles(files: kept.files.map { .init(path: $0.path, text: $0.text) })
    }
}

/// Everything that is found out about a pack before it is put in force. A reference: it is handed between threads.
final class PreparedChange: Sendable {
    let pack: RulePack
    let kept: KeptPack
    let difference: PolicyDifference
    let plan: PlanDocument

    init(_ pack: RulePack, over before: Policy, name: String) {
        self.pack = pack
        kept = KeptPack(pack.files)
        let after = pack.loadable ?? before
        difference = PolicyDifference(from: before, to: after)
        plan = PlanDocument(difference, from: before, to: after, old: "the rules in force", new: name)
    }

    var summary: String { lines.first ?? "" }

    /// The plan, as people read it.
    var lines: [String] { PlanText.text(plan).split(separator: "\n").map(String.init) }

    /// Rendered.
    var warnings: [String] { pack.diagnostics.isEmpty ? [] : [DiagnosticRenderer.text(pack.diagnostics)] }

    /// Throws every complaint about a pack that may not be put in force.
    func loadable() throws(ControlFailure) -> Policy {
        guard let policy = pack.loadable else {
            throw ControlFailure(
                id: "wrong-rules",
                message: "the rules are wrong, those in force stay in force\n\(pack.complaints)")
        }
        return policy
    }
}

extension KeptPack {
    init(_ files: [PackFile]) { self.init(files.map { KeptPack.File(path: $0.path, text: $0.text) }) }

    var packFiles: [PackFile] { files.map { PackFile(path: $0.path, text: $0.text) } }
}

extension RuleChangeAuthor: CustomStringConvertible {
    init(_ peer: Peer) { self.init(peer.name, uid: peer.uid, role: peer.role?.rawValue) }

    /// Somebody at a signal, who is root.
    static let hangUp = RuleChangeAuthor("SIGHUP")

    package var description: String { uid.map { "\(name) (uid \($0))" } ?? name }
}
