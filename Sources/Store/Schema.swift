import GRDB

/// The tables, as the steps that lead to them. Version n is what the first n steps make.
///
/// A step that was ever released never changes; a change is a new step at the end. Each runs in one transaction with
/// the rest of the upgrade: an upgrade happens or it does not. A step makes a table anew rather than alter it: what is
/// found in a file is held against what the steps say, and the text of an altered table is SQLite's, not ours.
package struct Schema: Sendable {
    package let migrations: [String]

    package var version: Int { migrations.count }

    /// Tests pass steps of their own; everyone else uses ``current``.
    package init(migrations: [String]) { self.migrations = migrations }

    /// The tables and indexes of a database, as SQLite keeps them: the words of the steps.
    static func objects(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema
                WHERE name NOT GLOB 'sqlite_*' ORDER BY type, name
                """)
    }

    /// What a database of a version has, found by making one in memory.
    func objects(version: Int) throws -> [String] {
        let queue = try DatabaseQueue()
        return try queue.write { database in
            for step in migrations.prefix(max(version, 0)) { try database.execute(sql: step) }
            return try Self.objects(database)
        }
    }

    package static let current = Schema(migrations: [
        version1, version2, version3, version4, version5, version6,
    ])

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

    /// The orders about devices become facts of the registers. In force is the last fact of a (kind, key, field) that
    /// no rule file has overtaken. Lists are JSON; NULL in `over` says that what the files said was not kept.
    private static let version2 = """
        CREATE TABLE register_fact (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('device', 'user', 'loan', 'approval')),
            key TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
            at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
            over TEXT, overtaken_at INTEGER
        ) STRICT;
        INSERT INTO register_fact (number, kind, key, field, value, at, by, reason)
            SELECT number, 'device', device, 'status', json_array(status), at, by, reason FROM device_status
            ORDER BY number;
        DROP TABLE device_status;
        CREATE INDEX register_fact_field ON register_fact (kind, key, field, overtaken_at, number);

        CREATE TABLE hold_before AS SELECT * FROM hold;
        DROP TABLE hold;
        CREATE TABLE hold (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('user', 'certificate', 'key')), subject TEXT NOT NULL,
            since INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
            lifted_at INTEGER, lifted_by TEXT, CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
        ) STRICT;
        INSERT INTO hold (number, kind, subject, since, by, reason, lifted_at, lifted_by)
            SELECT number, kind, subject, since, by, reason, lifted_at, lifted_by FROM hold_before
            ORDER BY number;
        DROP TABLE hold_before;
        CREATE INDEX hold_subject ON hold (kind, subject, number);

        CREATE TABLE session_before AS SELECT * FROM session;
        DROP TABLE session;
        CREATE TABLE session (
            source TEXT NOT NULL, server_process INTEGER NOT NULL, client INTEGER NOT NULL,
            tunnel TEXT NOT NULL, interface INTEGER NOT NULL, common_name TEXT NOT NULL, user_name TEXT NOT NULL,
            certificates TEXT, outer_address TEXT, outer_port INTEGER, addresses TEXT NOT NULL,
            started_at INTEGER NOT NULL, claims TEXT NOT NULL, mfa_verified_at INTEGER, certificate_report TEXT,
            PRIMARY KEY (source, server_process, client)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO session SELECT *, NULL FROM session_before;
        DROP TABLE session_before;

        CREATE TABLE posture (
            device TEXT PRIMARY KEY,
            antivirus INTEGER, antivirus_seen INTEGER,
            patches INTEGER, patches_seen INTEGER,
            disk_encryption INTEGER CHECK (disk_encryption IN (0, 1)), disk_encryption_seen INTEGER,
            screen_lock INTEGER, screen_lock_seen INTEGER,
            firewall INTEGER CHECK (firewall IN (0, 1)), firewall_seen INTEGER,
            reporter TEXT NOT NULL, received_at INTEGER NOT NULL,
            CHECK ((antivirus IS NULL) = (antivirus_seen IS NULL)),
            CHECK ((patches IS NULL) = (patches_seen IS NULL)),
            CHECK ((disk_encryption IS NULL) = (disk_encryption_seen IS NULL)),
            CHECK ((screen_lock IS NULL) = (screen_lock_seen IS NULL)),
            CHECK ((firewall IS NULL) = (firewall_seen IS NULL))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE seed (
            user TEXT PRIMARY KEY, sealed BLOB NOT NULL, since INTEGER NOT NULL, by TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE damage (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            since INTEGER NOT NULL, reason TEXT NOT NULL, kept_as TEXT NOT NULL,
            acknowledged_at INTEGER, acknowledged_by TEXT,
            CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
        ) STRICT;
        """

    /// Codes are a user's own (no tenant) or one tenant's, and what was proved of tenants is kept with the session.
    private static let version3 = """
        CREATE TABLE totp_state_before AS SELECT * FROM totp_state;
        DROP TABLE totp_state;
        CREATE TABLE totp_state (
            user TEXT NOT NULL, tenant TEXT NOT NULL,
            accepted_through INTEGER, failures INTEGER NOT NULL, blocked_until INTEGER,
            PRIMARY KEY (user, tenant)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO totp_state (user, tenant, accepted_through, failures, blocked_until)
            SELECT user, '', accepted_through, failures, blocked_until FROM totp_state_before;
        DROP TABLE totp_state_before;

        CREATE TABLE seed_before AS SELECT * FROM seed;
        DROP TABLE seed;
        CREATE TABLE seed (
            user TEXT NOT NULL, tenant TEXT NOT NULL, sealed BLOB NOT NULL, since INTEGER NOT NULL, by TEXT NOT NULL,
            PRIMARY KEY (user, tenant)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO seed (user, tenant, sealed, since, by) SELECT user, '', sealed, since, by FROM seed_before;
        DROP TABLE seed_before;

        CREATE TABLE session_before AS SELECT * FROM session;
        DROP TABLE session;
        CREATE TABLE session (
            source TEXT NOT NULL, server_process INTEGER NOT NULL, client INTEGER NOT NULL,
            tunnel TEXT NOT NULL, interface INTEGER NOT NULL, common_name TEXT NOT NULL, user_name TEXT NOT NULL,
            certificates TEXT, outer_address TEXT, outer_port INTEGER, addresses TEXT NOT NULL,
            started_at INTEGER NOT NULL, claims TEXT NOT NULL, mfa_verified_at INTEGER, certificate_report TEXT,
            tenants_verified_at TEXT,
            PRIMARY KEY (source, server_process, client)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO session SELECT *, NULL FROM session_before;
        DROP TABLE session_before;
        """

    /// Changes of rules, with the packs that they put in force: what the daemon starts with is here and not in a folder.
    /// A change without an outcome is under way, or waits for its confirmation.
    private static let version4 = """
        CREATE TABLE rule_file (digest TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE rule_pack (
            digest TEXT NOT NULL, path TEXT NOT NULL, file TEXT NOT NULL, PRIMARY KEY (digest, path)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE rule_change (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('apply', 'reload', 'start')),
            reference TEXT, author TEXT NOT NULL, author_uid INTEGER, at INTEGER NOT NULL,
            pack TEXT NOT NULL, before TEXT, confirm_by INTEGER, difference TEXT,
            outcome TEXT CHECK (outcome IN ('confirmed', 'reverted', 'refused')),
            ended_at INTEGER, ended_by TEXT, ended_by_uid INTEGER, ended_because TEXT,
            CHECK ((outcome IS NULL) = (ended_at IS NULL)), CHECK ((outcome IS NULL) = (ended_by IS NULL))
        ) STRICT;

        CREATE TABLE rule_change_overtaken (
            change INTEGER NOT NULL, fact INTEGER NOT NULL, PRIMARY KEY (change, fact)
        ) STRICT, WITHOUT ROWID;
        """

    /// How far the audit record goes; one row, or none.
    private static let version5 = """
        CREATE TABLE audit_head (
            one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, hash BLOB NOT NULL
        ) STRICT;
        """

    /// What other systems tell of people and devices: the last word of each issuer on each kind and subject, and the
    /// tokens that count no second time. Names are JSON; a token is kept until it would be refused for its age.
    private static let version6 = """
        CREATE TABLE signal (
            issuer TEXT NOT NULL, kind TEXT NOT NULL, users TEXT NOT NULL, devices TEXT NOT NULL,
            against INTEGER NOT NULL CHECK (against IN (0, 1)), happened_at INTEGER NOT NULL,
            received_at INTEGER NOT NULL, token TEXT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (issuer, kind, users, devices)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE signal_token (
            issuer TEXT NOT NULL, token TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (issuer, token)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX signal_token_until ON signal_token (until);
        """
}
