package import Evidence
import GRDB
package import Sessions

extension Store {
    /// Makes all changes, in order, in one transaction; on the disk when it returns. None is made when it throws.
    package func perform(_ changes: [StoreChange]) throws(StoreError) {
        if changes.isEmpty { return }
        try write("store \(changes.count) changes") { database in
            for change in changes { try Self.apply(change, to: database) }
        }
    }

    package func add(fact: RegisterFact) throws(StoreError) { try perform([.fact(fact)]) }

    package func add(hold: Hold) throws(StoreError) { try perform([.addHold(hold)]) }

    /// Lifts every standing hold on a subject; false when there was none.
    package func lift(_ subject: Hold.Subject, by: String, at instant: Instant) throws(StoreError) -> Bool {
        try write("lift a hold") { try Self.lift(subject, by: by, at: instant, in: $0) > 0 }
    }

    /// Call it before acting on an accepted code.
    package func put(totpState state: TOTPState, of owner: CodeOwner) throws(StoreError) {
        try perform([.totpState(state, owner)])
    }

    package func put(session: StoredSession) throws(StoreError) { try perform([.putSession(session)]) }

    /// Removing a session that is not there is no error: a late farewell is normal.
    package func remove(session: SessionID) throws(StoreError) { try perform([.removeSession(session)]) }

    private static func apply(_ change: StoreChange, to database: Database) throws {
        switch change {
        case .fact(let fact): try FactRow.insert(fact, into: database)
        case .overtaken(let subject, let field, let at, let change):
            if let change {
                try RuleChangeRow.rememberOvertaken(subject, field: field, by: change, in: database)
            }
            try FactRow.overtake(subject, field: field, at: at, in: database)
        case .posture(let device, let posture, let reporter, let at):
            try PostureRow.put(posture, of: device, reporter: reporter, at: at, into: database)
        case .forgetPosture(let device):
            try database.run("DELETE FROM posture WHERE device = ?", [RowText.key(device)])
        case .addHold(let hold):
            let subject = hold.subject.row
            try database.run(
                "INSERT INTO hold (kind, subject, since, by, reason) VALUES (?, ?, ?, ?, ?)",
                [
                    subject.kind, subject.text, hold.since.nanosecondsSince1970, RowText.plain(hold.by),
                    RowText.plain(hold.reason),
                ])
        case .liftHold(let subject, let by, let at): _ = try lift(subject, by: by, at: at, in: database)
        case .seed(let seed):
            try database.run(
                "INSERT OR REPLACE INTO seed (user, tenant, sealed, since, by) VALUES (?, ?, ?, ?, ?)",
                [
                    seed.owner.userText, seed.owner.tenantText, seed.data, seed.since.nanosecondsSince1970,
                    RowText.plain(seed.by),
                ])
        case .forgetSeed(let owner):
            try database.run(
                "DELETE FROM seed WHERE user = ? AND tenant = ?", [owner.userText, owner.tenantText])
        case .acknowledgeDamage(let by, let at): _ = try acknowledgeDamage(by: by, at: at, in: database)
        case .ruleChangeEnd(let number, let end): try RuleChangeRow.end(number, end, in: database)
        case .totpState(let state, let owner):
            try database.run(
                """
                INSERT OR REPLACE INTO totp_state (user, tenant, accepted_through, failures, blocked_until)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    owner.userText, owner.tenantText, state.acceptedThrough?.nanosecondsSince1970,
                    state.failures,
                    state.blockedUntil?.nanosecondsSince1970,
                ])
        case .forgetTOTPState(let owner):
            try database.run(
                "DELETE FROM totp_state WHERE user = ? AND tenant = ?", [owner.userText, owner.tenantText])
        case .putSession(let session): try SessionRow.insert(session, into: database)
        case .removeSession(let id): try SessionRow.delete(id, from: database)
        case .signal(let fact): try SignalRow.put(fact, into: database)
        case .token(let token, let until, let at):
            try SignalRow.remember(token, until: until, at: at, in: database)
        }
    }

    private static func lift(
        _ subject: Hold.Subject, by: String, at instant: Instant, in database: Database
    ) throws -> Int {
        let subject = subject.row
        try database.run(
            """
            UPDATE hold SET lifted_at = ?, lifted_by = ?
            WHERE kind = ? AND subject = ? AND lifted_at IS NULL
            """,
            [instant.nanosecondsSince1970, RowText.plain(by), subject.kind, subject.text])
        return database.changesCount
    }
}

extension Database {
    /// Through a statement that is prepared once and kept.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
