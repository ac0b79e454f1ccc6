import Synchronization

/// An unbounded queue with many senders and one receiver, which takes what is waiting at once: inputs that wait together
/// go into one transaction together. So many at most: what is due by the clock is not to wait for all of a flood.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var urgent: [Element] = []
        var waiting: [Element] = []
        var receiver: CheckedContinuation<[Element], Never>?
        var isClosed = false

        /// What comes next; empty when nothing waits.
        mutating func next(atMost count: Int) -> [Element] {
            defer { urgent = [] }
            guard waiting.count > count else {
                defer { waiting = [] }
                return urgent + waiting
            }
            defer { waiting.removeFirst(count) }
            return urgent + waiting.prefix(count)
        }
    }

    private let state = Mutex(State())
    private let burst: Int
    private let isUrgent: @Sendable (Element) -> Bool

    /// - Parameters:
    ///   - burst: As many are handed out at once at most, beside the urgent ones.
    ///   - isUrgent: Who is handed out before everybody else that waits.
    init(burst: Int = .max, isUrgent: @escaping @Sendable (Element) -> Bool = { _ in false }) {
        self.burst = burst
        self.isUrgent = isUrgent
    }

    /// False when it is closed, and the element is nobody's.
    @discardableResult func send(_ element: Element) -> Bool {
        let isUrgent = isUrgent(element)
        let (isOpen, receiver) = state.withLock { state in
            guard !state.isClosed else { return (false, CheckedContinuation<[Element], Never>?.none) }
            defer { state.receiver = nil }
            if state.receiver == nil {
                if isUrgent { state.urgent.append(element) } else { state.waiting.append(element) }
            }
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

    /// What waits, or the first that comes. Empty once closed and drained.
    func receive() async -> [Element] {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> [Element]? in
                let next = state.next(atMost: burst)
                if next.isEmpty, !state.isClosed {
                    state.receiver = continuation
                    return nil
                }
                return next
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}
