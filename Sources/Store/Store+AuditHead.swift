import Foundation
import GRDB

/// How far the audit record goes, kept apart from its files: a file that is cut short, or replaced as a whole, is noticed.
package struct KeptAuditHead: Sendable, Hashable {
    /// Of the last record.
    package let number: UInt64
    /// 32 bytes.
    package let hash: [UInt8]

    package init(number: UInt64, hash: [UInt8]) {
        self.number = number
        self.hash = hash
    }
}

extension Store {
    package func put(auditHead head: KeptAuditHead) throws(StoreError) {
        try write("note how far the audit record goes") { database in
            try database.run(
                "INSERT OR REPLACE INTO audit_head (one, number, hash) VALUES (1, ?, ?)",
                [Int64(clamping: head.number), Data(head.hash)])
        }
    }

    /// Nil before anything was recorded.
    package func auditHead() throws(StoreError) -> KeptAuditHead? {
        try read("read how far the audit record goes", Self.auditHead)
    }

    /// The same of a directory whose daemon does not run, without changing anything in it. Nil where there is no database,
    /// or one that is older than the record. Throws `inUse` where the daemon runs: ask it.
    package static func auditHead(inDirectory path: String) throws(StoreError) -> KeptAuditHead? {
        let directory = StateDirectory(path: path)
        guard directory.size(of: directory.database) != nil else { return nil }
        let lock = try directory.lock()
        defer { withExtendedLifetime(lock) {} }
        return try translating(directory.database, "read how far the audit record goes") {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: directory.database, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { database in
                try database.tableExists("audit_head") ? try auditHead(database) : nil
            }
        }
    }

    private static func auditHead(_ database: Database) throws -> KeptAuditHead? {
        guard let row = try Row.fetchOne(database, sql: "SELECT number, hash FROM audit_head"),
            let number = row["number"] as Int64?, number >= 0, let hash = row["hash"] as Data?
        else { return nil }
        return KeptAuditHead(number: UInt64(number), hash: Array(hash))
    }
}
