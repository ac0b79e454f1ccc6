import Synchronization

/// An unbounded queue with many senders and one receiver, which takes what is waiting at once: inputs that wait together
/// go into one transaction together. So many at most: what is due by the clock is not to wait for all of a flood.
final class Mailbox<Element: Sendable>: Sendable {
    enum Rank: Sendable {
        /// In the order in which they came.
        case ordinary
        /// As those, but that a flood does not keep them waiting: when more wait than go into one burst, these go first, in
        /// their order, with a few of the others beside them.
        case passesFloods
        /// Before everybody else that waits.
        case urgent
    }

    private struct State {
        var urgent: [Element] = []
        var waiting: [Element] = []
        /// Of those that wait, how many pass floods.
        var passing = 0
        var receiver: CheckedContinuation<[Element], Never>?
        var isClosed = false

        mutating func add(_ element: Element, _ rank: Rank) {
            switch rank {
            case .urgent: urgent.append(element)
            case .passesFloods:
                waiting.append(element)
                passing += 1
            case .ordinary: waiting.append(element)
            }
        }

        /// What comes next; empty when nothing waits.
        mutating func next(atMost count: Int, rank: (Element) -> Rank) -> [Element] {
            defer { urgent = [] }
            guard waiting.count > count else {
                defer { (waiting, passing) = ([], 0) }
                return urgent + waiting
            }
            guard passing > 0 else {
                defer { waiting.removeFirst(count) }
                return urgent + waiting.prefix(count)
            }
            let first = waiting.filter { rank($0) == .passesFloods }
            waiting.removeAll { rank($0) == .passesFloods }
            passing = 0
            // Some of the flood goes on, however many pass it.
            let beside = min(max(count / 16, 1), waiting.count)
            defer { waiting.removeFirst(beside) }
            return urgent + first + waiting.prefix(beside)
        }
    }

    private let state = Mutex(State())
    private let burst: Int
    private let rank: @Sendable (Element) -> Rank

    /// - Parameter burst: As many are handed out at once at most, beside those of a rank.
    init(burst: Int = .max, rank: @escaping @Sendable (Element) -> Rank = { _ in .ordinary }) {
        self.burst = burst
        self.rank = rank
    }

    /// False when it is closed, and the element is nobody's.
    @discardableResult func send(_ element: Element) -> Bool {
        let rank = rank(element)
        let (isOpen, receiver) = state.withLock { state in
            guard !state.isClosed else { return (false, CheckedContinuation<[Element], Never>?.none) }
            defer { state.receiver = nil }
            if state.receiver == nil { state.add(element, rank) }
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
                let next = state.next(atMost: burst, rank: rank)
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
