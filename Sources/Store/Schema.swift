/// The tables, as the steps that lead to them. Version n is what the first n steps make.
///
/// A step that was ever released never changes; a change is a new step at the end. Each runs in one transaction with
/// the rest of the upgrade: an upgrade happens or it does not.
package struct Schema: Sendable {
    package let migrations: [String]

    package var version: Int { migrations.count }

    /// Tests pass steps of their own; everyone else uses ``current``.
    package init(migrations: [String]) { self.migrations = migrations }

    package static let current = Schema(migrations: [version1])

    /// "gate" in ASCII: what `PRAGMA application_id` says, so that no other program's database is taken for ours.
    static let applicationID = 0x6761_7465

    /// Times are nanoseconds since 1970. `AUTOINCREMENT`, so that a number is never used again and the order of
    /// orders is the order of numbers, whatever the clock did.
    private static let version1 = """
        CREATE TABLE device_status (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            device TEXT NOT NULL, status TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL
        ) STRICT;
        CREATE INDEX device_status_device ON device_status (device, number);

        CREATE TABLE hold (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('user', 'certificate')), subject TEXT NOT NULL,
            since INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
            lifted_at INTEGER, lifted_by TEXT, CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
        ) STRICT;
        CREATE INDEX hold_subject ON hold (kind, subject, number);

        CREATE TABLE totp_state (
            user TEXT PRIMARY KEY, accepted_through INTEGER, failures INTEGER NOT NULL, blocked_until INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE session (
            source TEXT NOT NULL, server_process INTEGER NOT NULL, client INTEGER NOT NULL,
            tunnel TEXT NOT NULL, interface INTEGER NOT NULL, common_name TEXT NOT NULL, user_name TEXT NOT NULL,
            certificates TEXT, outer_address TEXT, outer_port INTEGER, addresses TEXT NOT NULL,
            started_at INTEGER NOT NULL, claims TEXT NOT NULL, mfa_verified_at INTEGER,
            PRIMARY KEY (source, server_process, client)
        ) STRICT, WITHOUT ROWID;
        """
}
