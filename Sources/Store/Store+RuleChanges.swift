package import Evidence
import GRDB

extension Store {
    /// Records that a pack is about to be put in force, and keeps it, together with the one of before: whenever the process
    /// dies, the next start finds both. Returns the number of the change.
    ///
    /// Packs that none of the last ``packHistory`` changes names are let go of.
    package func begin(
        _ change: RuleChange, keeping packs: [KeptPack]
    ) throws(StoreError) -> Int64 {
        try write("record a change of rules") { database in
            for pack in packs { try Self.keep(pack, in: database) }
            let number = try RuleChangeRow.insert(change, into: database)
            if let end = change.end { try RuleChangeRow.end(number, end, in: database) }
            try Self.forgetPacks(before: number - Self.packHistory, in: database)
            return number
        }
    }

    /// Of how many changes the packs are kept.
    package static let packHistory: Int64 = 50

    /// Most files of a pack are as they were in the pack before, so each text is kept once.
    private static func keep(_ pack: KeptPack, in database: Database) throws {
        for file in pack.files {
            // SQLite would cut it short, and the pack would not be found again.
            guard !(file.path + file.text).utf8.contains(0) else {
                throw StoreError.failed(operation: "keep a pack", detail: "\(file.path) has a zero byte")
            }
            try database.run(
                "INSERT OR IGNORE INTO rule_file (digest, text) VALUES (?, ?)", [file.digest, file.text])
            try database.run(
                "INSERT OR IGNORE INTO rule_pack (digest, path, file) VALUES (?, ?, ?)",
                [pack.digest, file.path, file.digest])
        }
    }

    private static func forgetPacks(before number: Int64, in database: Database) throws {
        try database.run(
            """
            DELETE FROM rule_pack WHERE digest NOT IN (
                SELECT pack FROM rule_change WHERE number > ? UNION
                SELECT before FROM rule_change WHERE number > ? AND before IS NOT NULL
            )
            """, [number, number])
        try database.run("DELETE FROM rule_file WHERE digest NOT IN (SELECT file FROM rule_pack)", [])
    }

    /// Every change there ever was, the oldest first.
    package func ruleChanges() throws(StoreError) -> [RuleChange] {
        try rows("rule_change", "ORDER BY number", [], RuleChangeRow.change)
    }

    /// The last change that came into force, or is about to; nil when there was none.
    package func lastRuleChange() throws(StoreError) -> RuleChange? {
        try rows(
            "rule_change", "WHERE outcome IS NOT 'refused' ORDER BY number DESC LIMIT 1", [],
            RuleChangeRow.change
        ).first
    }

    /// Nil when it is not kept; throws when it is not what was kept.
    package func pack(digest: String) throws(StoreError) -> KeptPack? {
        let files = try rows(
            "rule_pack JOIN rule_file ON rule_file.digest = rule_pack.file",
            "WHERE rule_pack.digest = ? ORDER BY path", [digest]
        ) { row in
            KeptPack.File(path: try row.value("path"), text: try row.value("text"))
        }
        if files.isEmpty { return nil }
        let pack = KeptPack(files)
        guard pack.digest == digest else {
            throw .failed(operation: "read rule_pack", detail: "pack \(digest) is not what was kept")
        }
        return pack
    }

    /// The facts of the registers that the files of a change have overtaken, in the order they were stated.
    package func facts(overtakenBy change: Int64) throws(StoreError) -> [RegisterFact] {
        try factRecords(
            "WHERE number IN (SELECT fact FROM rule_change_overtaken WHERE change = ?)", [change]
        ).map(\.fact)
    }
}
