import Classification
package import Evidence
package import Logging
package import PacketPath
package import PolicyLanguage
package import RulesetCompiler
package import Sessions

/// The reconciler: the one owner of what is decided, and the only one who writes to the kernel's ruleset.
///
/// Inputs wait in one mailbox, and those that wait together become one burst: one durable record, one transaction, then
/// the answers. Nothing else runs while a burst is carried out, so no decision is ever made on half of one.
package actor Enforcer {
    var state: EnforcementState
    let backend: any RulesetBackend
    let ledger: any Ledger
    /// Keeps what happens for later; nil where nobody does.
    let auditor: (any Auditor)?
    /// What happened outside of a burst, until the next one records it.
    var heard: [AuditEvent] = []
    /// Why there is no audit record of what happens now; nil when there is.
    package internal(set) var auditFault: String?
    let clock: any WallClock
    let log: Logger
    var gates: [String: any SessionGate] = [:]
    private let mailbox = Mailbox<Input>(burst: Enforcer.burst) { input in
        switch input {
        case .foreign: .urgent
        // Whoever cuts somebody does not wait until ten thousand others are in.
        case .order: .passesFloods
        default: .ordinary
        }
    }
    /// Inputs of one burst at most. Leases are renewed between bursts, and what others changed is undone: neither is to wait
    /// until ten thousand have logged in that come at once. What is shared by a burst's inputs costs some milliseconds, as
    /// much as a few dozen logins.
    static let burst = 256
    /// Why the kernel's side may differ from what it should be, and when to try again; nil when it does not.
    var fault: Fault?
    private var alarm: Task<Void, Never>?
    /// What others did to what is in force, and when it was undone; the last ones.
    package internal(set) var drifts: [Drift] = []
    /// How many there were in all.
    package internal(set) var driftCount = 0
    /// What the tables were last committed as, whole, by name.
    var whole: [String: CommitReceipt] = [:]
    /// What the packet path knows; nil when there is none.
    var path: PathLowering?
    var reporter = PathReporter()
    /// Where the workers of the packet path read; nil when there is none.
    nonisolated package let pathReaders: PathReaders?

    fileprivate enum Input: Sendable {
        case event(SessionEvent)
        case observations([Observation])
        case order(
            Order, by: Orderer? = nil, isTrial: Bool,
            reply: @Sendable (Result<OrderReceipt, OrderRefusal>) -> Void)
        case reports(
            [PostureReport],
            reply: @Sendable ([Result<PostureReceipt, PostureRejection>]) -> Void)
        case surroundings(Surroundings)
        case foreign(ForeignChange)
        case inspection(reply: @Sendable (Result<KernelInspection, CommitFailure>) -> Void)
        case tick
        case barrier(@Sendable () -> Void)
    }

    /// - Parameters:
    ///   - change: The number of the recorded change of rules that the policy came with and that may be taken back: what
    ///     its files have overtaken of the registers is remembered with it.
    ///   - closedBecause: What is wrong when nobody is to be let in until that is acknowledged; no session is taken over
    ///     then. Nil when all is well.
    package init(
        settings: EnforcementSettings, policy: Policy, change: Int64? = nil, codes: TOTPVerifier,
        recollection: Recollection = .init(), surroundings: Surroundings = Surroundings(),
        closedBecause: String? = nil, backend: any RulesetBackend, ledger: any Ledger,
        auditor: (any Auditor)? = nil,
        clock: any WallClock, log: Logger
    ) {
        state = EnforcementState(
            settings: settings, policy: policy, codes: codes, recollection: recollection,
            surroundings: surroundings, closedBecause: closedBecause, startedAt: clock.now())
        state.isAudited = auditor != nil
        overtaken = state.facts.drop(overtakenBy: policy.registers)
        state.registers = state.facts.laid(over: policy.registers)
        remembered = recollection.sessions
        self.change = change
        self.backend = backend
        self.ledger = ledger
        self.auditor = auditor
        self.clock = clock
        self.log = log
        guard let slots = settings.pathSlots else {
            pathReaders = nil
            return
        }
        do throws(SessionIndexError) {
            let lowering = try PathLowering(slotCount: slots)
            pathReaders = lowering.readers
            path = consume lowering
        } catch {
            pathReaders = nil
            log.critical("no packet path: \(error)")
        }
    }

    /// Sessions of the process before this one, until `start` has looked at them.
    private var remembered: [RememberedSession]
    /// Facts that the files have overtaken since the process before this one, until `start` has recorded that.
    private var overtaken: [RegisterFact]
    private let change: Int64?

    // MARK: Starting

    /// Puts the ruleset in force: nothing but refusal, and those sessions of an earlier process that the kernel still
    /// knows, on what is left of their leases. One transaction, so that there is no instant without rules; and the guard
    /// before it, so that there is none either should the table ever be lost.
    ///
    /// Throws what the kernel said when it does not take the ruleset: then nothing changed but the guard, and nobody may
    /// be let in.
    package func start() async throws(CommitFailure) {
        let now = clock.now()
        let layout = state.settings.layout
        do throws(CommitFailure) {
            try await backend.watch([layout.table, layout.guardTable]) { [mailbox] in
                mailbox.send(.foreign($0))
            }
        } catch {
            log.critical("what other programs change in the kernel will not be seen: \(error)")
        }
        do throws(CommitFailure) {
            try await backend.hold(Transaction(holding: layout))
        } catch {
            log.notice("a flush of the whole ruleset opens until it is undone: \(error)")
        }
        whole[layout.guardTable] = try await backend.commit(Transaction(guarding: layout))
        let alive = try await backend.snapshot(of: state.settings.layout)?.sessions ?? [:]
        await lookUpInterfaces(Set(remembered.map(\.session.tunnel)))
        var effects = Effects()
        if let reason = state.kept.closedBecause {
            effects.note(.critical, "nobody is let in: \(reason)")
        } else {
            state.takeOver(remembered, alive: alive, at: now, &effects)
        }
        remembered = []
        state.noteDoubleSeeds(&effects)
        if !overtaken.isEmpty { _ = await record([.overtaken(overtaken, at: now, change: change)]) }
        overtaken = []
        whole[layout.table] = try await backend.commit(Transaction(replacing: state.ruleset, at: now))
        path?.setInside(state.policy.inside)
        lower(effects.path)
        publish(effects.notes)
        setAlarm()
    }

    /// Where answers and disconnections for a source go.
    package func attach(_ gate: any SessionGate, for source: String) { gates[source] = gate }

    // MARK: Inputs

    /// Hands in an event. Returns at once; what follows from it comes with the next burst.
    nonisolated package func send(_ event: SessionEvent) { mailbox.send(.event(event)) }

    /// Hands in what the packet path saw since the last time, oldest first. Returns at once. While a bulk is looked at
    /// nothing else is: see `EnforcementState.handle(_:at:_:)` for what it costs, and leave sessions out that were not
    /// used since.
    nonisolated package func send(_ observations: [Observation]) { mailbox.send(.observations(observations)) }

    /// Carries out an order and returns when it is in force and recorded. The record names who gave it.
    nonisolated package func carryOut(
        _ order: Order, by orderer: Orderer? = nil
    ) async throws(OrderRefusal) -> OrderReceipt {
        try await send(order, by: orderer, isTrial: false)
    }

    /// Says what an order would do, and does nothing.
    nonisolated package func tryOut(_ order: Order) async throws(OrderRefusal) -> OrderReceipt {
        try await send(order, isTrial: true)
    }

    nonisolated private func send(
        _ order: Order, by orderer: Orderer? = nil, isTrial: Bool
    ) async throws(OrderRefusal) -> OrderReceipt {
        let result = await withCheckedContinuation { continuation in
            mailbox.send(.order(order, by: orderer, isTrial: isTrial) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// Hands in what devices and management systems report, and returns when those that were taken are recorded and in force; an answer each,
    /// in their order. Reports that wait together cost one record and one transaction.
    nonisolated package func take(
        _ reports: [PostureReport]
    ) async -> [Result<PostureReceipt, PostureRejection>] {
        await withCheckedContinuation { continuation in
            mailbox.send(.reports(reports) { continuation.resume(returning: $0) })
        }
    }

    /// Hands in other sources of evidence, or the same with other contents; every session is looked at again.
    nonisolated package func send(_ surroundings: Surroundings) { mailbox.send(.surroundings(surroundings)) }

    nonisolated func send(
        inspection reply: @escaping @Sendable (Result<KernelInspection, CommitFailure>) -> Void
    ) {
        mailbox.send(.inspection(reply: reply))
    }

    /// Looks at once at what is due, without waiting for the alarm.
    nonisolated package func tick() { mailbox.send(.tick) }

    /// Returns when everything that was handed in before is carried out; at once when it is stopped.
    nonisolated package func settled() async {
        await withCheckedContinuation { continuation in
            let isOpen = mailbox.send(.barrier { continuation.resume() })
            if !isOpen { continuation.resume() }
        }
    }

    /// Works until `stop`. Sessions stay in force when it returns: their leases run out by themselves.
    package func run() async {
        while true {
            let burst = await mailbox.receive()
            if burst.isEmpty { break }
            await carryOut(burst)
        }
        alarm?.cancel()
    }

    nonisolated package func stop() { mailbox.close() }

    // MARK: One burst

    private func carryOut(_ burst: [Input]) async {
        await lookUpInterfaces(burst.tunnels)
        let now = clock.now()
        await undo(burst.foreignChanges, at: now)
        var effects = Effects()
        var orders: [Pending<Result<OrderReceipt, OrderRefusal>>] = []
        var reports: [Pending<[Result<PostureReceipt, PostureRejection>]>] = []
        var refused: [@Sendable () -> Void] = []
        var previous: Rules?
        let keptBefore = state.kept
        for input in burst {
            switch input {
            case .event(let event): state.handle(event, at: now, &effects)
            case .observations(let observations): state.handle(observations, at: now, &effects)
            case .tick, .barrier, .foreign, .inspection: break
            case .order(let order, _, true, let reply): reply(trial(of: order, at: now))
            case .order(let order, let orderer, false, let reply):
                if order.loadsRules {
                    previous = previous ?? (state.policy, state.seedsOfFile, state.facts)
                }
                let before = (cut: effects.cut.count, moves: effects.moves.count)
                do throws(OrderRefusal) {
                    try state.handle(order, at: now, &effects)
                    let receipt = OrderReceipt(
                        cut: Array(effects.cut[before.cut...]), moved: Array(effects.moves[before.moves...]),
                        committedAt: now)
                    orders.append(Pending(reply: reply, outcome: .success(receipt)))
                    state.audit(.order(order, nil, by: orderer, under: state.policy), at: now, &effects)
                } catch {
                    refused.append { reply(.failure(error)) }
                    state.audit(.order(order, error, by: orderer, under: state.policy), at: now, &effects)
                }
            case .reports(let told, let reply):
                let outcome = state.handle(told, at: now, &effects)
                reports.append(Pending(reply: reply, outcome: outcome))
            case .surroundings(let new):
                state.surroundings = new
                state.reviewAll(at: now, &effects)
            }
        }
        state.tick(at: now, &effects)
        effects.ruleset += state.scopes.sweep()
        let outcome = await settle(&effects, previous: previous, keptBefore: keptBefore)
        for answer in refused { answer() }
        for order in orders { order.reply(order.outcome.flatMap(outcome.confirm)) }
        for report in reports { report.reply(report.outcome.map { $0.flatMap(outcome.confirm) }) }
        for case .inspection(let reply) in burst { reply(await inspection()) }
        for case .barrier(let passed) in burst { passed() }
        setAlarm()
    }

    /// An answer that waits until the burst is in force.
    private struct Pending<Answer> {
        var reply: @Sendable (Answer) -> Void
        var outcome: Answer
    }

    /// What an order would do to a copy of everything.
    private func trial(of order: Order, at now: Instant) -> Result<OrderReceipt, OrderRefusal> {
        // On a copy no try would be counted, and any code could be guessed.
        if case .stepUp = order { return .failure(.cannotBeTried) }
        var copy = state
        var effects = Effects()
        do throws(OrderRefusal) {
            try copy.handle(order, at: now, &effects)
        } catch {
            return .failure(error)
        }
        return .success(OrderReceipt(cut: effects.cut, moved: effects.moves, committedAt: now))
    }

    private func lookUpInterfaces(_ tunnels: Set<String>) async {
        for tunnel in tunnels { state.interfaces[tunnel] = await backend.interfaceIndex(named: tunnel) }
    }

    func publish(_ notes: [Effects.Note]) {
        for note in notes where note.level >= log.logLevel {
            log.log(level: note.level, "\(note.message)", metadata: note.metadata)
        }
    }

    /// Wakes the loop when the next session is due. Sleeps are short, so that a step of the wall clock is noticed.
    private func setAlarm() {
        alarm?.cancel()
        let now = clock.now()
        let due =
            [state.enforced.nextDeadline, fault?.retryAt].compactMap(\.self).min() ?? now + Self.longestSleep
        let pause = max(.zero, min(due - now, Self.longestSleep))
        alarm = Task { [clock, mailbox] in
            do { try await clock.sleep(for: pause) } catch { return }
            mailbox.send(.tick)
        }
    }

    private static let longestSleep: Duration = .seconds(15)
}

extension [Enforcer.Input] {
    /// Tunnels whose interface must be looked up before this burst.
    fileprivate var tunnels: Set<String> {
        Set(
            compactMap { input in
                switch input {
                case .event(.established(let session)): session.tunnel
                case .event(.login(let login)): login.session.tunnel
                default: nil
                }
            })
    }

    fileprivate var foreignChanges: [ForeignChange] {
        compactMap { if case .foreign(let change) = $0 { change } else { nil } }
    }
}

/// What an order did.
package struct OrderReceipt: Sendable, Hashable {
    /// Sessions that lost everything.
    package let cut: [SessionID]
    /// Every session that is in another class or scope now, those that were cut among them.
    package let moved: [SessionMove]
    /// When the transaction was in force.
    package let committedAt: Instant
}
