import Enforcement
import Sessions
import Synchronization

/// A clock that stands still until it is moved. Its sleepers wake when it passes their time, and not before.
final class SteppedClock: WallClock {
    private struct State {
        var now: Instant
        var sleepers:
            [Int: (until: Instant, duration: Duration, continuation: CheckedContinuation<Void, any Error>)] =
                [:]
        var next = 0
        var cancelled: Set<Int> = []
        /// Who waits for somebody to sleep so long.
        var watchers: [Duration: [CheckedContinuation<Void, Never>]] = [:]
    }
    private let state: Mutex<State>

    init(_ start: Instant = Instant(secondsSince1970: 1_795_212_000)) { state = Mutex(State(now: start)) }

    func now() -> Instant { state.withLock { $0.now } }

    /// Time passes: whoever sleeps until then wakes.
    func move(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Somebody sets it: nobody wakes.
    func set(_ time: Instant) { state.withLock { $0.now = time } }

    /// Returns when somebody sleeps for exactly so long.
    func sleeper(of duration: Duration) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.values.contains(where: { $0.duration == duration }) { return true }
                state.watchers[duration, default: []].append(continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func sleep(for duration: Duration) async throws {
        let key = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var watchers: [CheckedContinuation<Void, Never>] = []
                let isCancelled = state.withLock { state in
                    if state.cancelled.contains(key) { return true }
                    state.sleepers[key] = (state.now + duration, duration, continuation)
                    watchers = state.watchers.removeValue(forKey: duration) ?? []
                    return false
                }
                for watcher in watchers { watcher.resume() }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(key)
                return state.sleepers.removeValue(forKey: key)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
