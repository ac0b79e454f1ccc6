/// Lets one through after another, in the order they came. Used inside one actor, which protects it.
struct Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// True when it is free, and taken now; otherwise wait with ``add(_:)``.
    mutating func take() -> Bool {
        defer { isTaken = true }
        return !isTaken
    }

    /// Resumed once the turn is the caller's.
    mutating func add(_ continuation: CheckedContinuation<Void, Never>) { waiting.append(continuation) }

    /// Hands it on.
    mutating func pass() {
        guard !waiting.isEmpty else {
            isTaken = false
            return
        }
        waiting.removeFirst().resume()
    }
}
