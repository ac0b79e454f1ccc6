import Control
import Sessions

/// Keeps the parts of one import until the last has come.
///
/// One at a time: a second import while the first is under way is refused, unless the first has gone quiet. What is kept
/// is bounded, and is gone when the daemon is: then the import begins again, and nothing of it was stated.
actor RegisterParts {
    private struct Pending {
        let id: String
        let user: UInt32
        var parts = 0
        var statements: [ControlMessages.RegisterStatementMessage] = []
        var touchedAt: Instant
    }

    private var pending: Pending?

    /// After this an import that has gone quiet is given up.
    private static let patience = Duration.seconds(60)
    /// As many as a file may have rows.
    private static let limit = 1_000_000

    func keep(
        _ arguments: ControlMessages.RegisterPartArguments, of peer: Peer, at now: Instant
    ) throws(ControlFailure) {
        let batch = arguments.batch
        if let other = pending, other.id != batch.id, now < other.touchedAt + Self.patience {
            throw ControlFailure(id: "busy", message: "another import is under way: try again in a minute")
        }
        if batch.part == 1 { pending = Pending(id: batch.id, user: peer.uid, touchedAt: now) }
        guard var own = pending, own.id == batch.id, own.user == peer.uid, batch.part == own.parts + 1,
            own.statements.count + arguments.statements.count <= Self.limit
        else { throw incomplete() }
        pending = nil
        own.parts += 1
        own.statements += arguments.statements
        own.touchedAt = now
        pending = own
    }

    /// What was kept of a batch, which is forgotten; nothing for no batch.
    func take(
        _ batch: ControlMessages.RegisterBatch?, of peer: Peer, at now: Instant
    ) throws(ControlFailure) -> [ControlMessages.RegisterStatementMessage] {
        guard let batch else { return [] }
        guard let own = pending, own.id == batch.id, own.user == peer.uid, batch.part == own.parts + 1 else {
            throw incomplete()
        }
        pending = nil
        return own.statements
    }

    private func incomplete() -> ControlFailure {
        ControlFailure(
            id: "incomplete", message: "parts of the import are missing: nothing was stated, import again")
    }
}
