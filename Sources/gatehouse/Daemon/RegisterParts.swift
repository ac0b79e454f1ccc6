import Control
import ControlAPI
import Sessions

/// Keeps the parts of one thing that is too long for a request until the last has come: statements of an import, files of a
/// pack.
///
/// One at a time: a second batch while the first is under way is refused, unless the first has gone quiet. What is kept is
/// bounded, and is gone when the daemon is: then all of it is sent again, and nothing of it was done.
actor RequestParts<Item: Sendable> {
    private struct Pending {
        let id: String
        let user: UInt32
        var parts = 0
        var items: [Item] = []
        var weight = 0
        var touchedAt: Instant
    }

    private var pending: Pending?
    private let limit: Int
    private let weight: @Sendable (Item) -> Int

    /// - Parameters:
    ///   - limit: What all items may weigh together.
    ///   - weight: Of one.
    init(limit: Int, weight: @escaping @Sendable (Item) -> Int) {
        self.limit = limit
        self.weight = weight
    }

    /// After this a batch that has gone quiet is given up.
    private static var patience: Duration { .seconds(60) }

    func keep(
        _ items: [Item], _ batch: ControlMessages.RegisterBatch, of peer: Peer, at now: Instant
    ) throws(ControlFailure) {
        if let other = pending, other.id != batch.id, now < other.touchedAt + Self.patience {
            throw ControlFailure(
                id: "busy", message: "somebody else is sending the same: try again in a minute")
        }
        if batch.part == 1 { pending = Pending(id: batch.id, user: peer.uid, touchedAt: now) }
        let added = items.reduce(0) { $0 + weight($1) }
        guard var own = pending, own.id == batch.id, own.user == peer.uid, batch.part == own.parts + 1,
            own.weight + added <= limit
        else { throw incomplete() }
        pending = nil
        own.parts += 1
        own.items += items
        own.weight += added
        own.touchedAt = now
        pending = own
    }

    /// What was kept of a batch, which is forgotten; nothing for no batch.
    func take(
        _ batch: ControlMessages.RegisterBatch?, of peer: Peer, at now: Instant
    ) throws(ControlFailure) -> [Item] {
        guard let batch else { return [] }
        guard let own = pending, own.id == batch.id, own.user == peer.uid, batch.part == own.parts + 1 else {
            throw incomplete()
        }
        pending = nil
        return own.items
    }

    private func incomplete() -> ControlFailure {
        ControlFailure(
            id: "incomplete",
            message: "parts of what was sent are missing, or it is too much: nothing was done, send it again")
    }
}

typealias RegisterParts = RequestParts<ControlMessages.RegisterStatementMessage>

extension RegisterParts {
    /// As many statements as a file may have rows.
    init() { self.init(limit: 1_000_000) { _ in 1 } }

    func keep(
        _ arguments: ControlMessages.RegisterPartArguments, of peer: Peer, at now: Instant
    ) throws(ControlFailure) {
        try keep(arguments.statements, arguments.batch, of: peer, at: now)
    }
}
