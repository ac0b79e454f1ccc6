package import Alerts
import Dispatch
import Foundation
package import Sessions
import Synchronization

/// One sink with its queue and its thread: whatever the sink does, nobody else waits for it.
package final class SinkWorker: Sendable {
    package let name: String
    package let route: AlertRoute
    package let spool: Spool
    private let sink: any AlertSink
    private let backoff: Backoff
    private let keptFor: Duration
    private let now: @Sendable () -> Instant
    /// Told of alerts that the sink will never get.
    private let onLoss: @Sendable (SinkLoss) -> Void
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    private struct State {
        var isStopping = false
        var failures = 0
        var retryAt: ContinuousClock.Instant?
        var delivered: UInt64 = 0
        var lost: UInt64 = 0
        var lastError: String?
        var lastErrorAt: Instant?
        var lastDeliveryAt: Instant?
        var recent: [String] = []
        /// Of the alert that is tried: refusals that are about it alone.
        var refusals = 0
    }

    /// - Parameters:
    ///   - keptFor: How long an alert is tried before it is given up.
    ///   - now: Civil time; waiting goes by a clock that nobody sets.
    package init(
        name: String, route: AlertRoute, sink: any AlertSink, spool: Spool, backoff: Backoff = Backoff(),
        keptFor: Duration = .seconds(7 * 86_400), now: @escaping @Sendable () -> Instant,
        onLoss: @escaping @Sendable (SinkLoss) -> Void = { _ in }
    ) {
        self.name = name
        self.route = route
        self.sink = sink
        self.spool = spool
        self.backoff = backoff
        self.keptFor = keptFor
        self.now = now
        self.onLoss = onLoss
    }

    /// Begins to deliver, on a thread of its own.
    package func start() {
        Thread.detachNewThread { [self] in
            run()
            ended.signal()
        }
    }

    /// Takes alerts in. Waits for the disk, never for the sink.
    package func put(_ alerts: [Alert]) {
        let fitting = alerts.filter(route.admits)
        guard !fitting.isEmpty else { return }
        spool.put(fitting)
        bell.signal()
    }

    /// No new delivery begins. Waits at most so long for the one that is under way: what it leaves undone is still in the
    /// queue, and the thread ends with the process.
    package func stop(waitingAtMost patience: Duration) {
        state.withLock { $0.isStopping = true }
        bell.signal()
        _ = ended.wait(timeout: .now() + .nanoseconds(Int(patience.nanoseconds)))
    }

    /// Whether an alert with this id has arrived, of the last few.
    package func hasDelivered(_ id: String) -> Bool { state.withLock { $0.recent.contains(id) } }

    package var look: SinkLook {
        let queue = spool.look
        return state.withLock { state in
            SinkLook(
                name: name, queued: queue.queued, bytes: queue.bytes, unsaved: queue.unsaved,
                diskFault: queue.fault, delivered: state.delivered, lost: state.lost,
                failures: state.failures, lastError: state.lastError, lastErrorAt: state.lastErrorAt,
                lastDeliveryAt: state.lastDeliveryAt)
        }
    }

    // MARK: The thread

    private func run() {
        while !state.withLock({ $0.isStopping }) {
            spool.retry()
            tellDropped()
            guard let (entry, alert) = spool.first() else {
                _ = bell.wait(timeout: .now() + Self.look)
                continue
            }
            let pause = state.withLock { $0.retryAt.map { $0 - .now } } ?? .zero
            if pause > .zero {
                let wait = min(Int(pause.nanoseconds), 1_000_000_000)
                _ = bell.wait(timeout: .now() + .nanoseconds(wait))
                continue
            }
            attempt(entry, alert)
        }
    }

    /// How often the disk and the queue are looked at without a bell.
    private static let look = DispatchTimeInterval.seconds(2)
    /// How often the other side may refuse one alert before others have their turn.
    private static let refusals = 5

    private func attempt(_ entry: AlertQueue.Entry, _ alert: Alert) {
        do throws(DeliveryFailure) {
            try sink.deliver(alert)
            spool.remove(entry)
            state.withLock { state in
                state.failures = 0
                state.refusals = 0
                state.retryAt = nil
                state.delivered += 1
                state.lastDeliveryAt = now()
                state.recent = state.recent.suffix(63) + [alert.id]
            }
        } catch {
            let isOver = note(error) || now() - alert.until > keptFor
            if isOver {
                spool.remove(entry)
                lose(1, because: "\(alert.id) was given up: \(error.why)")
            }
        }
    }

    /// Whether this alert is to be given up.
    private func note(_ failure: DeliveryFailure) -> Bool {
        let at = now()
        return state.withLock { state in
            state.failures += 1
            state.refusals = failure.isOfThisAlert ? state.refusals + 1 : 0
            state.lastError = failure.why
            state.lastErrorAt = at
            let delay = backoff.delay(after: state.failures, chance: Double.random(in: 0...1))
            let asked = min(failure.retryAfter ?? .zero, Self.longestAsked)
            state.retryAt = .now + max(delay, asked)
            guard state.refusals >= Self.refusals else { return false }
            state.refusals = 0
            return true
        }
    }

    private static let longestAsked = Duration.seconds(3600)

    private func tellDropped() {
        let dropped = spool.takeDropped()
        if dropped > 0 { lose(dropped, because: "the queue is full") }
    }

    private func lose(_ count: UInt64, because why: String) {
        state.withLock { $0.lost += count }
        onLoss(SinkLoss(sink: name, count: count, because: why))
    }
}

/// Alerts that a sink will never get.
package struct SinkLoss: Sendable, Hashable {
    package let sink: String
    package let count: UInt64
    package let because: String

    package init(sink: String, count: UInt64, because: String) {
        self.sink = sink
        self.count = count
        self.because = because
    }
}

/// How a sink is.
package struct SinkLook: Sendable, Hashable {
    package let name: String
    package let queued: Int
    package let bytes: Int
    /// In memory alone, because the disk takes nothing.
    package let unsaved: Int
    package let diskFault: String?
    /// Since the start.
    package let delivered: UInt64
    /// Dropped or given up since the start.
    package let lost: UInt64
    /// In a row.
    package let failures: Int
    package let lastError: String?
    package let lastErrorAt: Instant?
    package let lastDeliveryAt: Instant?
}
