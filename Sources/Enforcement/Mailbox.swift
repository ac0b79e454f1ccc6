import Synchronization

/// An unbounded queue with many senders and one receiver, which takes all that is waiting at once: inputs that wait
/// together go into one transaction together.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var receiver: CheckedContinuation<[Element], Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    func send(_ element: Element) {
        let receiver = state.withLock { state -> CheckedContinuation<[Element], Never>? in
            guard !state.isClosed else { return nil }
            defer { state.receiver = nil }
            if state.receiver == nil { state.waiting.append(element) }
            return state.receiver
        }
        receiver?.resume(returning: [element])
    }

    /// No more is taken in; what waits is still handed out, and then an empty burst.
    func close() {
        let receiver = state.withLock { state in
            state.isClosed = true
            defer { state.receiver = nil }
            return state.receiver
        }
        receiver?.resume(returning: [])
    }

    /// Everything that waits, or the first that comes. Empty once closed and drained.
    func receive() async -> [Element] {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> [Element]? in
                if state.waiting.isEmpty, !state.isClosed {
                    state.receiver = continuation
                    return nil
                }
                defer { state.waiting = [] }
                return state.waiting
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}
