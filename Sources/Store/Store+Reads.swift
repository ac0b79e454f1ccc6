package import Evidence
import GRDB
import Sessions

extension Store {
    /// The order in force for every device that ever had one, by inventory id.
    package func deviceStatuses() throws(StoreError) -> [String: DeviceStatusRecord] {
        let records = try deviceStatusRecords(
            "WHERE number IN (SELECT max(number) FROM device_status GROUP BY device)")
        return Dictionary(records.map { ($0.device, $0) }, uniquingKeysWith: { $1 })
    }

    /// Every order about a device, the oldest first.
    package func deviceStatusHistory(of device: String) throws(StoreError) -> [DeviceStatusRecord] {
        try deviceStatusRecords("WHERE device = ?", [RowKey.text(device)])
    }

    /// The holds that stand, one a subject (the last that was set), in the order they were set.
    package func holds() throws(StoreError) -> [Hold] {
        try holdRecords(
            "WHERE number IN (SELECT max(number) FROM hold WHERE lifted_at IS NULL GROUP BY kind, subject)"
        ).map(\.hold)
    }

    /// Every hold there ever was, the oldest first.
    package func holdHistory() throws(StoreError) -> [HoldRecord] { try holdRecords("") }

    package func totpStates() throws(StoreError) -> [String: TOTPState] {
        let states = try rows("totp_state", "") { row in
            let state = TOTPState(
                acceptedThrough: try row.instant("accepted_through"), failures: try row.value("failures"),
                blockedUntil: try row.instant("blocked_until"))
            return (try row.value("user") as String, state)
        }
        return Dictionary(states, uniquingKeysWith: { $1 })
    }

    /// The sessions that were live when the process ended, by source and client.
    package func sessions() throws(StoreError) -> [StoredSession] {
        try rows("session", "ORDER BY source, server_process, client", [], SessionRow.session)
    }

    private func deviceStatusRecords(
        _ condition: String, _ arguments: StatementArguments = []
    ) throws(StoreError) -> [DeviceStatusRecord] {
        try rows("device_status", condition + " ORDER BY number", arguments) { row in
            DeviceStatusRecord(
                device: try row.value("device"),
                status: try row.parsed("status") { DeviceStatus(rawValue: $0) },
                at: try row.requiredInstant("at"), by: try row.value("by"), reason: try row.value("reason"))
        }
    }

    private func holdRecords(_ condition: String) throws(StoreError) -> [HoldRecord] {
        try rows("hold", condition + " ORDER BY number") { row in
            let kind: String = try row.value("kind")
            let subject = try row.parsed("subject") { RowKey.subject(kind: kind, text: $0) }
            let lift = try row.instant("lifted_at").map { at in
                HoldRecord.Lift(at: at, by: try row.value("lifted_by"))
            }
            let hold = Hold(
                subject: subject, since: try row.requiredInstant("since"), by: try row.value("by"),
                reason: try row.value("reason"))
            return HoldRecord(hold: hold, lifted: lift)
        }
    }

    private func rows<Value>(
        _ table: String, _ rest: String, _ arguments: StatementArguments = [],
        _ body: (StoredRow) throws -> Value
    ) throws(StoreError) -> [Value] {
        try read("read \(table)") { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT * FROM \(table) \(rest)", arguments: arguments)
            var values: [Value] = []
            while let row = try rows.next() { values.append(try body(StoredRow(row: row, table: table))) }
            return values
        }
    }
}
