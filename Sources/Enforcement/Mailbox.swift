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

    /// False when it is closed, and the element is nobody's.
    @discardableResult func send(_ element: Element) -> Bool {
        let (isOpen, receiver) = state.withLock { state in
            guard !state.isClosed else { return (false, CheckedContinuation<[Element], Never>?.none) }
            defer { state.receiver = nil }
            if state.receiver == nil { state.waiting.append(element) }
            return (true, state.receiver)
        }
        receiver?.resume(returning: [element])
        return isOpen
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
