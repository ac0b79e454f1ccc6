package import Alerts
import Dispatch
import Foundation
package import Sessions
import Synchronization

/// Where everything that is seen is handed in, and from where it goes to the sinks.
///
/// Handing in costs a lock and a look-up: no disk, no network. A thread of its own puts what is to be told into the queues
/// of the sinks.
package final class AlertCenter: Sendable {
    package let workers: [SinkWorker]
    private let now: @Sendable () -> Instant
    private let state: Mutex<State>
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    /// Held while alerts go from the outbox to the disk.
    private let moving = Mutex(())

    private struct State {
        var desk: AlertDesk
        /// Told, and not in the queues yet.
        var outbox: [Alert] = []
        /// For people who ask.
        var recent: [Alert] = []
        var isStopping = false

        mutating func tell(_ alerts: [Alert]) {
            guard !alerts.isEmpty else { return }
            outbox += alerts
            recent = (recent + alerts).suffix(200)
        }
    }

    package init(desk: AlertDesk, workers: [SinkWorker], now: @escaping @Sendable () -> Instant) {
        self.workers = workers
        self.now = now
        state = Mutex(State(desk: desk))
    }

    /// Takes sightings in. Never blocks for longer than others do the same.
    package func report(_ sightings: [Sighting], count: UInt64 = 1) {
        guard !sightings.isEmpty else { return }
        let at = now()
        let isAny = state.withLock { state in
            let told = sightings.flatMap { state.desk.report($0, count: count, at: at) }
            state.tell(told)
            return !told.isEmpty
        }
        if isAny { bell.signal() }
    }

    /// An alert of which every one is told; returns its id.
    package func tell(_ sighting: Sighting) -> String {
        let at = now()
        let id = state.withLock { state in
            let alert = state.desk.single(sighting, at: at)
            state.tell([alert])
            return alert.id
        }
        bell.signal()
        return id
    }

    /// Puts what is to be told into the queues now; it is on the disk when it returns. Waits for the disk.
    package func flush() {
        moving.withLock { _ in
            let at = now()
            let alerts = state.withLock { state in
                if !state.desk.isIdle { state.tell(state.desk.tick(at: at)) }
                defer { state.outbox = [] }
                return state.outbox
            }
            guard !alerts.isEmpty else { return }
            for worker in workers { worker.put(alerts) }
        }
    }

    /// The last ones, the oldest first.
    package var recent: [Alert] { state.withLock { $0.recent } }

    package func start() {
        for worker in workers { worker.start() }
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isStopping }) {
                flush()
                _ = bell.wait(timeout: .now() + .seconds(1))
            }
            ended.signal()
        }
    }

    /// Tells what is held back, and waits a moment for what is under way.
    package func stop() {
        state.withLock { state in
            state.isStopping = true
            state.tell(state.desk.close())
        }
        bell.signal()
        _ = ended.wait(timeout: .now() + .seconds(5))
        flush()
        let patience = Duration.seconds(2)
        for worker in workers { worker.stop(waitingAtMost: patience) }
    }
}
