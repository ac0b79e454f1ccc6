import GRDB
package import Sessions

extension Store {
    /// What opening a store came to.
    package struct Opening: Sendable {
        package let store: Store
        /// What was done just now. What was done at an earlier start and never acknowledged is
        /// ``Store/standingDamage()``; ask for that, and let nobody in while there is any.
        package let setAside: DamageRecord?
    }

    /// Opens like ``init(directory:schema:)``; a damaged database is renamed first, together with its log, to
    /// `gatehouse.sqlite.damaged-<UTC time>`, and an empty one takes its place that says so until somebody
    /// acknowledges it. Nothing is deleted or overwritten, but SQLite may have written a sound log into a damaged
    /// file by then. Every other problem is thrown.
    package static func openOrSetAside(
        directory: String, at now: Instant, schema: Schema = .current
    ) throws(StoreError) -> Opening {
        let directory = StateDirectory(path: directory)
        try directory.prepare()
        let lock = try directory.lock()
        do {
            return Opening(store: try Store(directory, lock, schema), setAside: nil)
        } catch {
            guard case .corrupt(_, let detail) = error else { throw error }
            let record = try setAside(detail, at: now, in: directory, schema)
            return Opening(store: try Store(directory, lock, schema), setAside: record)
        }
    }

    /// The last damage that nobody has acknowledged. While there is any, let nobody in: the orders that kept people out
    /// are gone.
    package func standingDamage() throws(StoreError) -> DamageRecord? {
        try damages().last { $0.acknowledged == nil }
    }

    /// Ends the closed state: somebody has looked, and has given again the orders that were lost. False when there was
    /// nothing to acknowledge.
    @discardableResult
    package func acknowledgeDamage(by: String, at instant: Instant) throws(StoreError) -> Bool {
        try write("acknowledge the damage") { try Self.acknowledgeDamage(by: by, at: instant, in: $0) }
    }

    static func acknowledgeDamage(by: String, at instant: Instant, in database: Database) throws -> Bool {
        try database.run(
            "UPDATE damage SET acknowledged_at = ?, acknowledged_by = ? WHERE acknowledged_at IS NULL",
            [instant.nanosecondsSince1970, RowText.plain(by)])
        return database.changesCount > 0
    }

    // MARK: - Changing places

    /// The successor is whole, with the mark in it, before anything is renamed: whenever the process dies, the next
    /// start finds the damaged database, or the successor and knows what is left to do. There is no time at which a
    /// start would find neither and begin with an empty database that says nothing.
    private static func setAside(
        _ reason: String, at now: Instant, in directory: StateDirectory, _ schema: Schema
    ) throws(StoreError) -> DamageRecord {
        let record = DamageRecord(
            since: now, reason: RowText.plain(reason), keptAs: try directory.nameForDamaged(at: now))
        try draft(in: directory, schema) { database in
            try database.run(
                "INSERT INTO damage (since, reason, kept_as) VALUES (?, ?, ?)",
                [now.nanosecondsSince1970, record.reason, record.keptAs])
        }
        try directory.move(directory.draft, to: directory.successor)
        try finishSettingAside(in: directory)
        return record
    }

    /// Does what is left of a change of places that was begun; nothing when there was none.
    static func finishSettingAside(in directory: StateDirectory) throws(StoreError) {
        guard directory.size(of: directory.successor) != nil else { return }
        let queue = try connect(directory.successor)
        let name = try translating(directory.successor, "read what was begun") {
            let name = try queue.read {
                try String.fetchOne($0, sql: "SELECT kept_as FROM damage ORDER BY number DESC LIMIT 1")
            }
            try queue.close()
            return name
        }
        guard let name else { throw .corrupt(path: directory.successor, detail: "it does not say why it is") }
        try directory.moveDatabase(to: name)
        try directory.move(directory.successor, to: directory.database)
    }
}

extension StateDirectory {
    /// A name that nothing has, for the database and what is beside it.
    fileprivate func nameForDamaged(at now: Instant) throws(StoreError) -> String {
        // Without colons and dashes: `scp` and `rsync` take what stands before a colon for a host.
        let time = now.description.filter { $0 != ":" && $0 != "-" }
        for number in 1...999 {
            let name = "\(database).damaged-\(time)" + (number == 1 ? "" : ".\(number)")
            if ([""] + Self.companions).allSatisfy({ size(of: name + $0) == nil }) { return name }
        }
        throw problem("too many damaged databases of \(time)")
    }

    /// Nobody else is in the directory, so a name that is free stays so.
    fileprivate func moveDatabase(to name: String) throws(StoreError) {
        for suffix in Self.companions + [""] where size(of: database + suffix) != nil {
            guard size(of: name + suffix) == nil else { throw problem("there is a \(name + suffix) already") }
            try move(database + suffix, to: name + suffix)
        }
    }
}
