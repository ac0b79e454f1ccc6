package import Evidence
import Foundation
import GRDB
import Sessions

extension Store {
    /// Every seed, by owner. Throws when one of them does not open: with some of the seeds, some people would be locked
    /// out without a word.
    package func seeds(with key: SealingKey) throws(StoreError) -> [CodeOwner: TOTPSeed] {
        var seeds: [CodeOwner: TOTPSeed] = [:]
        for sealed in try sealedSeeds() { seeds[sealed.owner] = try key.open(sealed) }
        return seeds
    }

    /// Who has a seed; needs no key.
    package func seedEnrolments() throws(StoreError) -> [SeedEnrolment] {
        try sealedSeeds().map { SeedEnrolment(owner: $0.owner, since: $0.since, by: $0.by) }
    }

    /// Seals every seed anew, all or none, and says how many. Nothing changes when one of them does not open.
    @discardableResult
    package func reseal(from old: SealingKey, to new: SealingKey) throws(StoreError) -> Int {
        try write("seal the seeds anew") { database in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM seed ORDER BY user, tenant")
            for row in rows {
                let sealed = try Self.sealedSeed(StoredRow(row: row, table: "seed"))
                let renewed = try new.seal(
                    old.open(sealed), for: sealed.owner, by: sealed.by, at: sealed.since)
                try database.run(
                    "UPDATE seed SET sealed = ? WHERE user = ? AND tenant = ?",
                    [renewed.data, sealed.owner.userText, sealed.owner.tenantText])
            }
            return rows.count
        }
    }

    private func sealedSeeds() throws(StoreError) -> [SealedSeed] {
        try rows("seed", "ORDER BY user, tenant", [], Self.sealedSeed)
    }

    private static func sealedSeed(_ row: StoredRow) throws -> SealedSeed {
        SealedSeed(
            owner: try row.codeOwner(), data: try row.value("sealed"),
            since: try row.requiredInstant("since"), by: try row.value("by"))
    }
}
