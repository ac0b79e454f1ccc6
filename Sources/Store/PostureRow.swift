import Evidence
import GRDB
import Sessions

/// The posture of a device as a row: two columns an item, what was seen and when, both NULL for what nobody reported.
enum PostureRow {
    static func put(
        _ posture: DevicePosture, of device: String, reporter: String, at instant: Instant,
        into database: Database
    ) throws {
        try database.run(
            """
            INSERT OR REPLACE INTO posture (
                device, antivirus, antivirus_seen, patches, patches_seen, disk_encryption,
                disk_encryption_seen, screen_lock, screen_lock_seen, firewall, firewall_seen, reporter,
                received_at
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                RowText.key(device),
                posture.antivirus?.value.nanosecondsSince1970, seen(posture.antivirus),
                posture.patches?.value.nanosecondsSince1970, seen(posture.patches),
                posture.diskEncryption?.value, seen(posture.diskEncryption),
                posture.screenLockMinutes?.value, seen(posture.screenLockMinutes),
                posture.firewall?.value, seen(posture.firewall),
                RowText.plain(reporter), instant.nanosecondsSince1970,
            ])
    }

    static func record(_ row: StoredRow) throws -> (device: String, PostureRecord) {
        var posture = DevicePosture()
        posture.antivirus = try item("antivirus", row, Instant.init(nanosecondsSince1970:))
        posture.patches = try item("patches", row, Instant.init(nanosecondsSince1970:))
        posture.diskEncryption = try item("disk_encryption", row) { $0 }
        posture.screenLockMinutes = try item("screen_lock", row) { $0 }
        posture.firewall = try item("firewall", row) { $0 }
        let record = PostureRecord(
            posture: posture, reporter: try row.value("reporter"),
            receivedAt: try row.requiredInstant("received_at"))
        return (try row.value("device"), record)
    }

    private static func seen<Value>(_ item: DevicePosture.Item<Value>?) -> Int64? {
        item?.observedAt.nanosecondsSince1970
    }

    private static func item<Stored: DatabaseValueConvertible, Value>(
        _ column: String, _ row: StoredRow, _ make: (Stored) -> Value
    ) throws -> DevicePosture.Item<Value>? {
        guard let stored: Stored = try row.optional(column) else { return nil }
        return DevicePosture.Item(make(stored), observedAt: try row.requiredInstant(column + "_seen"))
    }
}
