import Capture
import Enforcement
import Logging
import PacketPath
import PolicyLanguage
import ServiceLifecycle
import Sessions

/// Records flows, where the rules in force say so and name the assessment that allows it: once a minute what each
/// session and each place said to each other, in a record of its own, which is let go of sooner than the other.
///
/// Where they say nothing nobody counts, and what an earlier pack allowed to be kept is let go of.
struct FlowService: Service {
    /// Those at the tunnels.
    private let taps: [Tap]
    private let enforcer: Enforcer
    private let record: FlowRecord
    private let log: Logger

    init(_ path: PathService, _ enforcer: Enforcer, _ record: FlowRecord, log: Logger) {
        taps = path.taps.filter { $0.place.place == .tunnel }
        self.enforcer = enforcer
        self.record = record
        self.log = log
    }

    func run() async throws {
        var lost: UInt64 = 0
        var round = 0
        while !Task.isShuttingDownGracefully {
            let isOn = await enforcer.policy.settings.monitoring?.logsFlows ?? false
            for tap in taps { tap.countFlows(isOn) }
            if round % 60 == 59 || !isOn { await keep(&lost) }
            if round % 3600 == 0 { await retire() }
            round += 1
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
        await keep(&lost)
    }

    private func keep(_ lost: inout UInt64) async {
        let (flows, missed) = take()
        let policy = await enforcer.policy
        // What was counted under rules that allowed it is kept under rules that do, or not at all.
        guard let monitoring = policy.settings.monitoring, monitoring.logsFlows else { return }
        if missed > lost {
            log.warning("flows: \(missed - lost) packets were counted nowhere: too many flows at once")
            lost = missed
        }
        guard !flows.isEmpty else { return }
        let seen = await enforcer.flows(flows)
        do {
            try await onThread {
                Result { try record.keep(seen, monitoring, under: policy, at: SystemClock().now()) }
            }.get()
        } catch {
            log.error("flows of the last minute are not recorded: \(error)")
        }
    }

    /// Of both directions together.
    private func take() -> (flows: [FlowCount], lost: UInt64) {
        var both = FlowTable(capacity: 1 << 16, key: .random(in: .min ... .max))
        var lost: UInt64 = 0
        for tap in taps {
            let taken = tap.takeFlows()
            for flow in taken.flows { both.add(flow) }
            lost &+= taken.lost
        }
        return (both.take(), lost &+ both.lost)
    }

    private func retire() async {
        let monitoring = await enforcer.policy.settings.monitoring
        let kept = monitoring?.logsFlows == true ? monitoring?.retention : nil
        do {
            let now = SystemClock().now()
            guard let number = try record.retire(olderThan: now - (kept ?? .zero), at: now) else { return }
            log.notice("flow records up to \(number) are gone, as the rules say")
        } catch {
            log.error("flow records that should go are still there: \(error)")
        }
    }
}
