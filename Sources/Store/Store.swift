import GRDB
import Synchronization

/// What must outlive the process: orders about devices and people, used codes, live sessions. One SQLite file.
///
/// A change whose call has returned is on the disk: it survives `kill -9` and a power cut (write-ahead log with
/// `synchronous = FULL`, one fsync a call). So a call blocks its thread for as long as the disk takes, a millisecond
/// or so; give changes that belong together to ``perform(_:)``, which pays once. Calls from several threads queue.
package final class Store: Sendable {
    /// Nil once closed. The lock is for the reference alone; GRDB's queue lets one call in at a time.
    private let opened: Mutex<Opened?>
    private let path: String

    /// Opens `gatehouse.sqlite` in a directory of mode 0700, making either when it is missing, and upgrades older
    /// schemas. A database that is damaged, newer, another program's or open elsewhere is refused and left as it is.
    package convenience init(directory: String, schema: Schema = .current) throws(StoreError) {
        let directory = StateDirectory(path: directory)
        try directory.prepare()
        try self.init(directory, directory.lock(), schema)
    }

    init(_ directory: StateDirectory, _ lock: DirectoryLock, _ schema: Schema) throws(StoreError) {
        try Self.finishSettingAside(in: directory)
        if try !directory.hasDatabase() { try Self.create(in: directory, schema) }
        path = directory.database
        opened = Mutex(Opened(queue: try Self.open(directory, schema), lock: lock))
    }

    /// Closes the file once the calls under way have returned; every later call fails. Letting go of the store does
    /// the same.
    package func close() {
        // Not GRDB's own close: a call after that hands SQLite a freed handle. The last reference closes.
        opened.withLock { $0 = nil }
    }

    func read<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        let opened = try stillOpened(operation)
        defer { withExtendedLifetime(opened) {} }
        return try Self.translating(path, operation) { try opened.queue.read(body) }
    }

    func write<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        let opened = try stillOpened(operation)
        defer { withExtendedLifetime(opened) {} }
        return try Self.translating(path, operation) { try opened.queue.write(body) }
    }

    private func stillOpened(_ operation: String) throws(StoreError) -> Opened {
        guard let opened = opened.withLock({ $0 }) else {
            throw .failed(operation: operation, detail: "the store is closed")
        }
        return opened
    }

    /// The database, and that nobody else opens it.
    private final class Opened: Sendable {
        let queue: DatabaseQueue
        private let lock: DirectoryLock

        init(queue: DatabaseQueue, lock: DirectoryLock) {
            self.queue = queue
            self.lock = lock
        }

        /// The file goes before the lock. Nobody has a reference to the queue any more.
        deinit { try? queue.close() }
    }

    // MARK: - Opening

    /// Makes a database whole under another name: a crash on the way leaves no half of one.
    private static func create(in directory: StateDirectory, _ schema: Schema) throws(StoreError) {
        try draft(in: directory, schema) { _ in }
        try directory.publishDraft()
    }

    /// Makes a whole database, on the disk, that has not got its name yet.
    static func draft(
        in directory: StateDirectory, _ schema: Schema, _ fill: (Database) throws -> Void
    ) throws(StoreError) {
        try directory.makeDraft()
        let queue = try connect(directory.draft)
        try translating(directory.draft, "make the store") {
            try migrate(queue, from: 0, schema)
            try queue.write(fill)
            try queue.close()
        }
    }

    private static func open(
        _ directory: StateDirectory, _ schema: Schema
    ) throws(StoreError) -> DatabaseQueue {
        let path = directory.database
        // Before SQLite looks at the log: it would take what it cannot read for the end, and go on without the rest.
        if let problem = try WriteAheadLog.problem(ofFile: path + "-wal") {
            throw .corrupt(path: path, detail: problem)
        }
        let hasLog = directory.size(of: path + "-wal") ?? 0 > 0
        let queue = try connect(path)
        let version = try check(queue, path, schema)
        if !hasLog { try checkSize(queue, in: directory) }
        try translating(path, "open the store") {
            try makeDurable(queue)
            try migrate(queue, from: version, schema)
        }
        return queue
    }

    static func connect(_ path: String) throws(StoreError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            // One owner at a time. Before the first read, so that the log's index stays in our memory.
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF")
        }
        return try translating(path, "open the store") {
            try DatabaseQueue(path: path, configuration: configuration)
        }
    }

    /// Reads only, and all of the file once: damage is found at the start, not in the middle of a login. Indexes are
    /// held against their tables too: a hold that its index does not know is a hold that nobody finds.
    private static func check(
        _ queue: DatabaseQueue, _ path: String, _ schema: Schema
    ) throws(StoreError) -> Int {
        let application = try translating(path, "check the store") {
            try queue.inDatabase { try Int.fetchOne($0, sql: "PRAGMA application_id") }
        }
        guard application == Schema.applicationID else { throw .foreign(path: path) }
        let found = try translating(path, "check the store") {
            try queue.inDatabase { database in
                (
                    version: try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                    damage: try String.fetchOne(database, sql: "PRAGMA integrity_check(1)"),
                    objects: try Schema.objects(database)
                )
            }
        }
        guard found.damage == "ok" else { throw .corrupt(path: path, detail: found.damage ?? "no answer") }
        guard found.version <= schema.version else {
            throw .newerSchema(path: path, found: found.version, known: schema.version)
        }
        let expected = try translating(path, "check the store") { try schema.objects(version: found.version) }
        guard found.version >= 1, found.objects == expected else {
            throw .corrupt(path: path, detail: "its tables are not those of schema version \(found.version)")
        }
        return found.version
    }

    /// SQLite reads what is missing of the last page as zeros. With a log there may be something missing: it has it.
    private static func checkSize(
        _ queue: DatabaseQueue, in directory: StateDirectory
    ) throws(StoreError) {
        let path = directory.database
        let expected = try translating(path, "check the store") {
            try queue.inDatabase { database in
                (try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0)
                    * (try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
            }
        }
        let size = directory.size(of: path) ?? 0
        guard size >= expected else {
            throw .corrupt(path: path, detail: "it has \(size) bytes, expected \(expected)")
        }
    }

    /// Asks for durability and believes only what SQLite says it has set: a file system without shared memory or
    /// locks would fall back without an error.
    private static func makeDurable(_ queue: DatabaseQueue) throws {
        try queue.writeWithoutTransaction { database in
            let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
            let level = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            guard mode == "wal", level == 2 else {
                throw StoreError.failed(
                    operation: "open the store",
                    detail:
                        "expected journal_mode wal and synchronous 2, got \(mode ?? "-") and \(level ?? -1)")
            }
        }
    }

    private static func migrate(_ queue: DatabaseQueue, from version: Int, _ schema: Schema) throws {
        guard version < schema.version else { return }
        try queue.write { database in
            for step in schema.migrations[version...] { try database.execute(sql: step) }
            try database.execute(sql: "PRAGMA user_version = \(schema.version)")
            try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
        }
    }

    static func translating<Value>(
        _ path: String, _ operation: String, _ body: () throws -> Value
    ) throws(StoreError) -> Value {
        do {
            return try body()
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            let detail = (error.message ?? "no message") + " (SQLite \(error.extendedResultCode.rawValue))"
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: throw .corrupt(path: path, detail: detail)
            case .SQLITE_FULL: throw .diskFull(path: path, operation: operation)
            case .SQLITE_READONLY: throw .readOnly(path: path, operation: operation)
            case .SQLITE_BUSY: throw .inUse(path: path)
            default: throw .failed(operation: operation, detail: detail)
            }
        } catch {
            throw .failed(operation: operation, detail: "\(error)")
        }
    }
}
