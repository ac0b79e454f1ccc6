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

    package func setDeviceStatus(_ record: DeviceStatusRecord) throws(StoreError) {
        try perform([.deviceStatus(record)])
    }

    package func add(hold: Hold) throws(StoreError) { try perform([.addHold(hold)]) }

    /// Lifts every standing hold on a subject; false when there was none.
    package func lift(_ subject: Hold.Subject, by: String, at instant: Instant) throws(StoreError) -> Bool {
        try write("lift a hold") { try Self.lift(subject, by: by, at: instant, in: $0) > 0 }
    }

    /// Call it before acting on an accepted code.
    package func put(totpState state: TOTPState, for user: String) throws(StoreError) {
        try perform([.totpState(state, user: user)])
    }

    package func put(session: StoredSession) throws(StoreError) { try perform([.putSession(session)]) }

    /// Removing a session that is not there is no error: a late farewell is normal.
    package func remove(session: SessionID) throws(StoreError) { try perform([.removeSession(session)]) }

    private static func apply(_ change: StoreChange, to database: Database) throws {
        switch change {
        case .deviceStatus(let record):
            try database.execute(
                sql: "INSERT INTO device_status (device, status, at, by, reason) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    RowKey.text(record.device), record.status.rawValue, record.at.nanosecondsSince1970,
                    record.by,
                    record.reason,
                ])
        case .addHold(let hold):
            let key = RowKey.subject(hold.subject)
            try database.execute(
                sql: "INSERT INTO hold (kind, subject, since, by, reason) VALUES (?, ?, ?, ?, ?)",
                arguments: [key.kind, key.text, hold.since.nanosecondsSince1970, hold.by, hold.reason])
        case .liftHold(let subject, let by, let at): _ = try lift(subject, by: by, at: at, in: database)
        case .totpState(let state, let user):
            try database.execute(
                sql: "INSERT OR REPLACE INTO totp_state VALUES (?, ?, ?, ?)",
                arguments: [
                    RowKey.text(user), state.acceptedThrough?.nanosecondsSince1970, state.failures,
                    state.blockedUntil?.nanosecondsSince1970,
                ])
        case .forgetTOTPState(let user):
            try database.execute(sql: "DELETE FROM totp_state WHERE user = ?", arguments: [RowKey.text(user)])
        case .putSession(let session): try SessionRow.insert(session, into: database)
        case .removeSession(let id): try SessionRow.delete(id, from: database)
        }
    }

    private static func lift(
        _ subject: Hold.Subject, by: String, at instant: Instant, in database: Database
    ) throws -> Int {
        let key = RowKey.subject(subject)
        try database.execute(
            sql: """
                UPDATE hold SET lifted_at = ?, lifted_by = ?
                WHERE kind = ? AND subject = ? AND lifted_at IS NULL
                """,
            arguments: [instant.nanosecondsSince1970, by, key.kind, key.text])
        return database.changesCount
    }
}
