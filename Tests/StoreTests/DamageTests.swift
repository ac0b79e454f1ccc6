import Evidence
import Foundation
import Sessions
import Store
import TestSupport
import Testing

/// Databases that are damaged in every way that can be thought of, and what comes up in their place.
@Suite struct DamageTests {
    private let now = Instant.seconds(1_795_212_000)
    private let name = "gatehouse.sqlite.damaged-20261120T220000Z"

    /// A state directory with rows in every table, as a clean end leaves it.
    private func fill(_ path: String) throws {
        try Store(directory: path).perform((Int64(0)..<60).flatMap { try changes($0) })
    }

    private func contents(_ path: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, try Data(contentsOf: URL(fileURLWithPath: path + "/" + $0)))
            })
    }

    /// Reads everything there is; what it finds does not matter here.
    private func readAll(_ store: Store) throws {
        _ = (try store.facts(), try store.factHistory(), try store.postures(), try store.holds())
        _ = (try store.holdHistory(), try store.seedEnrolments(), try store.totpStates())
        _ = (try store.sessions(), try store.damages())
        _ = try store.seeds(with: sealingKey(1))
    }

    /// Opens, and checks that whatever was set aside lies there unchanged and that the new store says so.
    private func openExpectingDamage(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        let before = try contents(path)
        let opening = try Store.openOrSetAside(directory: path, at: now)
        let record = try #require(opening.setAside, sourceLocation: sourceLocation)
        #expect(record.keptAs == path + "/" + name && record.since == now && !record.reason.isEmpty)
        #expect(try opening.store.standingDamage() == record)
        #expect(try opening.store.holds().isEmpty && opening.store.facts().isEmpty)
        opening.store.close()
        let after = try contents(path)
        #expect(after[name] == before["gatehouse.sqlite"], sourceLocation: sourceLocation)
        #expect(Set(after.keys).isSubset(of: ["gatehouse.sqlite", name, name + "-wal"]))
    }

    @Test func opensSoundDatabasesAsTheyAre() throws {
        try withFreshPath(onDisk: false) { path in
            #expect(try Store.openOrSetAside(directory: path, at: now).setAside == nil)
            let hold = Hold(subject: .user("emp"), since: .seconds(1), by: "root")
            try Store(directory: path).add(hold: hold)
            let opening = try Store.openOrSetAside(directory: path, at: now)
            #expect(opening.setAside == nil)
            #expect(try opening.store.holds() == [hold])
            #expect(try opening.store.standingDamage() == nil)
            #expect(try !opening.store.acknowledgeDamage(by: "root", at: now))
        }
    }

    /// The mark outlives restarts of either kind, until somebody puts a name to it.
    @Test func staysMarkedUntilAcknowledged() throws {
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            try Data("no database".utf8).write(to: Store.file(in: path))
            let record = try #require(try Store.openOrSetAside(directory: path, at: now).setAside)
            for _ in 0..<2 {
                #expect(try Store(directory: path).standingDamage() == record)
                let again = try Store.openOrSetAside(directory: path, at: now + .seconds(60))
                #expect(again.setAside == nil)
                #expect(try again.store.standingDamage() == record)
            }
            let store = try Store(directory: path)
            #expect(try store.acknowledgeDamage(by: "root", at: .seconds(9)))
            #expect(try !store.acknowledgeDamage(by: "root", at: .seconds(10)))
            store.close()
            let reopened = try Store(directory: path)
            #expect(try reopened.standingDamage() == nil)
            #expect(try reopened.damages().map(\.acknowledged) == [SignOff(at: .seconds(9), by: "root")])
        }
    }

    /// Twice in one second: neither takes the other's place.
    @Test func keepsEveryDamagedDatabase() throws {
        try withFreshPath(onDisk: false) { path in
            try Store(directory: path).close()
            for (number, suffix) in ["", ".2", ".3"].enumerated() {
                let text = Data("damaged \(number)".utf8)
                try text.write(to: Store.file(in: path))
                let record = try #require(try Store.openOrSetAside(directory: path, at: now).setAside)
                #expect(record.keptAs == path + "/" + name + suffix)
                #expect(try contents(path)[name + suffix] == text)
            }
            // What lies beside a database counts too: with its name, the next one would get its log.
            try FileManager.default.removeItem(atPath: path + "/" + name)
            try Data("a log".utf8).write(to: URL(fileURLWithPath: path + "/" + name + "-wal"))
            try Data("damaged".utf8).write(to: Store.file(in: path))
            let record = try #require(try Store.openOrSetAside(directory: path, at: now).setAside)
            #expect(record.keptAs == path + "/" + name + ".4")
        }
    }

    @Test(arguments: [
        0, 1, 15, 16, 17, 99, 100, 101, 511, 512, 1023, 4095, 4096, 4097, 8191, 8192, -8193, -8192, -4097,
        -4096,
        -4095, -1,
    ])
    func setsCutDatabasesAside(_ length: Int) throws {
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            let whole = try Data(contentsOf: Store.file(in: path))
            try whole.prefix(length < 0 ? whole.count + length : length).write(to: Store.file(in: path))
            #expect(throws: StoreError.self) { try Store(directory: path) }
            try openExpectingDamage(path)
        }
    }

    @Test func setsCutDatabasesAsideAtAnyPlace() throws {
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            let whole = try Data(contentsOf: Store.file(in: path))
            var random = Seeded(11)
            for _ in 0..<40 {
                let length = Int.random(in: 0..<whole.count, using: &random)
                try withStateDirectory { path in
                    try whole.prefix(length).write(to: Store.file(in: path))
                    try openExpectingDamage(path)
                }
            }
        }
    }

    /// Any byte changed in any page: the store refuses, or sets the file aside, or reads what there is. A text that was
    /// changed in one letter cannot be told from another text.
    @Test(arguments: UInt64(1)...4)
    func survivesFlippedBytes(randomSeed: UInt64) throws {
        var random = Seeded(randomSeed)
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            let whole = try Data(contentsOf: Store.file(in: path))
            for round in 0..<60 {
                var changed = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    // A third of them where they hurt most.
                    let limit = round.isMultiple(of: 3) ? 100 : whole.count
                    changed[Int.random(in: 0..<limit, using: &random)] ^=
                        1 << UInt8.random(in: 0..<8, using: &random)
                }
                try withStateDirectory { path in
                    try changed.write(to: Store.file(in: path))
                    do {
                        let opening = try Store.openOrSetAside(directory: path, at: now)
                        let standing = try opening.store.standingDamage()
                        #expect(standing == opening.setAside, "random seed \(randomSeed)")
                        try readAll(opening.store)
                    } catch let error as StoreError {
                        #expect(!error.description.isEmpty)
                    }
                }
            }
        }
    }

    /// An index that does not agree with its table, either way round: the hold would not be found.
    @Test(arguments: [0, 1])
    func setsDatabasesWithWrongIndexesAside(_ occurrence: Int) throws {
        try withFreshPath(onDisk: false) { path in
            do {
                let store = try Store(directory: path)
                try store.add(hold: Hold(subject: .user("emp-held"), since: .seconds(1), by: "root"))
            }
            var whole = try Data(contentsOf: Store.file(in: path))
            var places: [Range<Data.Index>] = []
            while let place = whole.range(
                of: Data("emp-held".utf8), in: (places.last?.upperBound ?? 0)..<whole.count)
            {
                places.append(place)
            }
            #expect(places.count == 2)
            whole[places[occurrence].lowerBound] ^= 1
            try whole.write(to: Store.file(in: path))
            try openExpectingDamage(path)
        }
    }

    /// The words of a table, or the number of the schema, changed: what is there is not what the steps made.
    @Test(arguments: [("lifted_by TEXT", "lifted_bz TEXT"), ("'user', 'certif", "'uses', 'certif")])
    func setsDatabasesWithOtherTablesAside(words: String, changed: String) throws {
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            var whole = try Data(contentsOf: Store.file(in: path))
            let place = try #require(whole.range(of: Data(words.utf8)))
            whole.replaceSubrange(place, with: Data(changed.utf8))
            try whole.write(to: Store.file(in: path))
            try openExpectingDamage(path)
        }
    }

    /// `PRAGMA user_version` lies at offset 60 of the header.
    @Test(arguments: [UInt8(0), 1])
    func setsDatabasesWithAnOlderNumberAside(_ version: UInt8) throws {
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            var whole = try Data(contentsOf: Store.file(in: path))
            #expect(whole[60..<64] == Data([0, 0, 0, UInt8(Schema.current.version)]))
            whole[63] = version
            try whole.write(to: Store.file(in: path))
            try openExpectingDamage(path)
        }
    }

    /// The log would be taken for the new database's.
    @Test func setsALogWithoutItsDatabaseAside() throws {
        try withFreshPath(onDisk: false) { path in
            try withRunning { running in
                try FileManager.default.copyItem(atPath: running, toPath: path)
                try FileManager.default.removeItem(at: Store.file(in: path))
                let log = try Data(contentsOf: URL(fileURLWithPath: path + "/gatehouse.sqlite-wal"))
                try openExpectingDamage(path)
                #expect(try contents(path)[name + "-wal"] == log)
            }
        }
    }

    // MARK: - What stays an error

    private func refusesAndTouchesNothing(_ path: String, _ isExpected: (StoreError) -> Bool) throws {
        let before = try contents(path)
        let error = try #require(
            #expect(throws: StoreError.self) { try Store.openOrSetAside(directory: path, at: now) })
        #expect(isExpected(error), "\(error)")
        #expect(try contents(path) == before)
    }

    @Test func leavesNewerDatabasesAlone() throws {
        try withFreshPath(onDisk: false) { path in
            let newer = Schema(migrations: Schema.current.migrations + ["CREATE TABLE more (x)"])
            try Store(directory: path, schema: newer).close()
            try refusesAndTouchesNothing(path) { if case .newerSchema = $0 { true } else { false } }
        }
    }

    @Test func leavesDatabasesOfOthersAlone() throws {
        try withFreshPath(onDisk: false) { path in
            try fill(path)
            try changeBehindTheBack(path, "PRAGMA application_id = 7")
            try refusesAndTouchesNothing(path) { if case .foreign = $0 { true } else { false } }
        }
    }

    /// Even when the file of the owner is damaged under it.
    @Test func leavesDatabasesInUseAlone() throws {
        try withFreshPath(onDisk: false) { path in
            let store = try Store(directory: path)
            try store.add(hold: Hold(subject: .user("emp"), since: .seconds(1), by: "root"))
            try refusesAndTouchesNothing(path) { if case .inUse = $0 { true } else { false } }
            let handle = try FileHandle(forWritingTo: Store.file(in: path))
            try handle.truncate(atOffset: 0)
            try refusesAndTouchesNothing(path) { if case .inUse = $0 { true } else { false } }
        }
    }

    @Test func refusesADirectoryOrALinkInPlaceOfTheFile() throws {
        try withFreshPath(onDisk: false) { path in
            try Store(directory: path).close()
            let file = Store.file(in: path)
            try FileManager.default.removeItem(at: file)
            try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
            let error = try #require(
                #expect(throws: StoreError.self) { try Store.openOrSetAside(directory: path, at: now) })
            #expect(error.description.contains("gatehouse.sqlite is not a file"))
            try FileManager.default.removeItem(at: file)
            try FileManager.default.createSymbolicLink(
                atPath: file.path, withDestinationPath: "/etc/hostname")
            #expect(throws: StoreError.self) { try Store.openOrSetAside(directory: path, at: now) }
        }
    }

    // MARK: - Death on the way

    /// The process dies after any of the renames: whichever way it is started again, the mark is there, and so is all
    /// that was set aside.
    @Test(arguments: 0...4)
    func finishesWhatWasBegun(_ step: Int) throws {
        for isStrict in [true, false] {
            try withFreshPath(onDisk: false) { path in
                try fill(path)
                let file = Store.file(in: path).path
                try Data("no database".utf8).write(to: URL(fileURLWithPath: file))
                try Store.openOrSetAside(directory: path, at: now).store.close()
                // Back to where everything was prepared and nothing renamed.
                try FileManager.default.moveItem(atPath: file, toPath: file + ".next")
                try FileManager.default.moveItem(atPath: path + "/" + name, toPath: file)
                // A journal of another database is nothing to SQLite, which removes it when it looks at the database.
                for companion in ["-wal", "-journal"] where step != 4 {
                    try Data(companion.utf8).write(to: URL(fileURLWithPath: file + companion))
                }
                if step == 4 {
                    // Dead before the successor had its name: nothing was begun.
                    try FileManager.default.moveItem(atPath: file + ".next", toPath: file + ".new")
                }
                for moved in ["-wal", "-journal", ""].prefix(step == 4 ? 0 : step) {
                    try FileManager.default.moveItem(
                        atPath: file + moved, toPath: path + "/" + name + moved)
                }
                let store: Store
                if isStrict, step != 4 {
                    store = try Store(directory: path)
                } else {
                    store = try Store.openOrSetAside(directory: path, at: now).store
                }
                #expect(try store.standingDamage()?.keptAs == path + "/" + name)
                store.close()
                let found = try contents(path)
                #expect(found[name] == Data("no database".utf8))
                let companions = step == 4 ? [] : [name + "-journal", name + "-wal"]
                #expect(found.keys.sorted() == ["gatehouse.sqlite", name] + companions)
                if step != 4 { #expect(found[name + "-wal"] == Data("-wal".utf8)) }
            }
        }
    }
}

/// A write-ahead log with something wrong in it.
@Suite struct LogDamageTests {
    private let count = 12

    /// What there is after so many changes; nil when it is what no number of changes makes.
    private func progress(_ store: Store) throws -> Int? {
        let found = try store.holds().count
        #expect(try store.factHistory().count == found && store.sessions().count == found)
        return found <= count ? found : nil
    }

    private func withDamagedLog(
        of running: String, _ change: (inout Data) -> Void, _ body: (String) throws -> Void
    ) throws {
        try withFreshPath(onDisk: false) { path in
            try FileManager.default.copyItem(atPath: running, toPath: path)
            let log = URL(fileURLWithPath: path + "/gatehouse.sqlite-wal")
            var contents = try Data(contentsOf: log)
            change(&contents)
            try contents.write(to: log)
            try body(path)
        }
    }

    private func withDamagedLog(_ change: (inout Data) -> Void, _ body: (String) throws -> Void) throws {
        try withRunning { try withDamagedLog(of: $0, change, body) }
    }

    @Test func readsAWholeLog() throws {
        try withDamagedLog({ _ in }) { path in
            let opening = try Store.openOrSetAside(directory: path, at: .seconds(1))
            #expect(opening.setAside == nil)
            #expect(try progress(opening.store) == count)
        }
    }

    /// SQLite takes a log to end at a wrong checksum. Nothing that was acknowledged may go that way, but for the last
    /// change: that one cannot be told from one that never was.
    @Test(arguments: UInt64(1)...6)
    func losesNothingToFlippedBits(randomSeed: UInt64) throws {
        var random = Seeded(randomSeed)
        try withRunning { running in
            for round in 0..<30 {
                var place = 0
                try withDamagedLog(of: running) { log in
                    place = Int.random(in: 0..<log.count, using: &random)
                    // Some in the log's header, many in those of its frames.
                    if round == 0 {
                        place %= 32
                    } else if round.isMultiple(of: 3), place >= 32 {
                        place = 32 + (place - 32) / 4120 * 4120 + place % 24
                    }
                    log[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                } _: { path in
                    let opening = try Store.openOrSetAside(directory: path, at: .seconds(1))
                    guard opening.setAside == nil else { return }
                    let found = try #require(try progress(opening.store))
                    #expect(found >= count - 1, "random seed \(randomSeed), byte \(place)")
                }
            }
        }
    }

    /// A log that ends early is what a kill leaves: everything before the cut is there, and nothing by halves.
    @Test(arguments: [0, 1, 31, 32, 33, 55, 56, 57, 4151, 4152, 4153, 20_000, -4120, -4119, -1])
    func readsCutLogs(_ length: Int) throws {
        try withDamagedLog { log in
            log = log.prefix(length < 0 ? log.count + length : length)
        } _: { path in
            let opening = try Store.openOrSetAside(directory: path, at: .seconds(1))
            if opening.setAside == nil { _ = try #require(try progress(opening.store)) }
        }
    }

    @Test(arguments: UInt64(1)...4)
    func survivesGarbage(randomSeed: UInt64) throws {
        var random = Seeded(randomSeed)
        try withDamagedLog { log in
            let start = Int.random(in: 0..<log.count, using: &random)
            for place in start..<min(log.count, start + 10_000) {
                log[place] = UInt8.random(in: .min ... .max, using: &random)
            }
        } _: { path in
            let opening = try Store.openOrSetAside(directory: path, at: .seconds(1))
            if opening.setAside == nil { #expect(try #require(try progress(opening.store)) >= count - 1) }
        }
    }

    /// SQLite has no means to tell whose a log is. The pages rarely fit; where they do, what is there can be read.
    @Test func survivesTheLogOfAnotherDatabase() throws {
        try withRunning { running in
            for rows in [Int64(0), 1, 50, 400] {
                try withFreshPath(onDisk: false) { path in
                    do {
                        let store = try Store(directory: path)
                        try store.perform((0..<rows).flatMap { try changes($0 + 1000) })
                    }
                    let log = path + "/gatehouse.sqlite-wal"
                    try? FileManager.default.removeItem(atPath: log)
                    try FileManager.default.copyItem(atPath: running + "/gatehouse.sqlite-wal", toPath: log)
                    do {
                        let store = try Store.openOrSetAside(directory: path, at: .seconds(1)).store
                        _ = (try store.holds(), try store.factHistory(), try store.sessions())
                    } catch let error as StoreError {
                        #expect(!error.description.isEmpty)
                    }
                }
            }
        }
    }
}

/// An empty directory that a store would take for its own.
private func withStateDirectory(_ body: (String) throws -> Void) throws {
    try withFreshPath(onDisk: false) { path in
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try body(path)
    }
}

/// The directory of a store that is open and has changes in its log, as a kill would leave it.
private func withRunning(_ body: (String) throws -> Void) throws {
    try withFreshPath(onDisk: false) { path in
        let store = try Store(directory: path)
        for number in Int64(0)..<12 { try store.perform(changes(number)) }
        try body(path)
        store.close()
    }
}

/// A change of each kind.
private func changes(_ number: Int64) throws -> [StoreChange] {
    let seed = try #require(TOTPSeed(key: Array(repeating: UInt8(truncatingIfNeeded: number), count: 20)))
    return [
        .addHold(Hold(subject: .user("user-\(number)"), since: .seconds(number), by: "root")),
        .fact(fact("LT-\(number)", "status", ["lost"], over: ["in-use"])),
        .posture(device: "LT-\(number)", posture(number), reporter: "mdm", at: .seconds(number)),
        .seed(
            try sealingKey(1).seal(seed, for: CodeOwner("user-\(number)"), by: "root", at: .seconds(number))),
        .totpState(TOTPState(failures: Int(number)), CodeOwner("user-\(number)")),
        .putSession(try storedSession(client: UInt64(number))),
    ]
}
