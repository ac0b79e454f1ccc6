import Evidence
import Foundation
import GRDB
import Sessions
import Store
import Testing

@Suite struct OpeningTests {
    private let hold = Hold(subject: .user("emp"), since: .seconds(1), by: "root")

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// What opening a store says when it refuses.
    private func refusal(_ path: String) throws -> String {
        try #require(#expect(throws: StoreError.self) { try Store(directory: path) }).description
    }

    @Test func makesEverythingPrivate() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            try store.add(hold: hold)
            #expect(try mode(path) == 0o700)
            for file in try FileManager.default.contentsOfDirectory(atPath: path) {
                #expect(try mode(path + "/" + file) == 0o600, "\(file)")
            }
        }
    }

    @Test func tightensTheFile() throws {
        try withFreshPath { path in
            try Store(directory: path).close()
            try setMode(0o644, Store.file(in: path).path)
            _ = try Store(directory: path)
            #expect(try mode(Store.file(in: path).path) == 0o600)
        }
    }

    @Test(arguments: [0o755, 0o770, 0o701])
    func refusesOpenDirectories(_ open: Int) throws {
        try withFreshPath { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try setMode(open, path)
            let message = try refusal(path)
            #expect(message.contains("mode \(String(open, radix: 8))") && message.contains("expected 700"))
        }
    }

    @Test func refusesADirectoryThatIsNone() throws {
        try withFreshPath { path in
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            let message = try refusal(path)
            #expect(message.contains("not a directory"))
            let messageOfNone = try refusal(path + "-none/state")
            #expect(messageOfNone.contains("No such file"))
        }
    }

    @Test func refusesASecondOwner() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            #expect(throws: StoreError.inUse(path: Store.file(in: path).path)) { try Store(directory: path) }
            try store.add(hold: hold)
            store.close()
            #expect(try Store(directory: path).holds() == [hold])
        }
    }

    /// A child between fork and exec has a copy of every descriptor, also of those that exec will close.
    @Test func aCopyOfTheDescriptorKeepsNobodyOut() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let copies = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                .filter {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0))
                        == path
                }
                .compactMap(Int32.init).map { dup($0) }
            defer { for copy in copies { close(copy) } }
            #expect(copies.count == 1)
            store.close()
            try Store(directory: path).close()
        }
    }

    @Test func failsOnceClosed() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            store.close()
            #expect(throws: StoreError.self) { try store.add(hold: hold) }
            #expect(throws: StoreError.self) { try store.holds() }
        }
    }

    @Test(arguments: [
        Data(), Data([0]), Data("no database, but longer than nothing".utf8),
        Data(repeating: 0x5a, count: 8192),
        Data("SQLite format 3\0".utf8), Data("SQLite format 3\0".utf8) + Data(repeating: 0, count: 4096),
    ])
    func leavesForeignFilesAlone(_ contents: Data) throws {
        try withFreshPath { path in
            try Store(directory: path).close()
            let file = Store.file(in: path)
            try contents.write(to: file)
            #expect(throws: StoreError.self) { try Store(directory: path) }
            #expect(try Data(contentsOf: file) == contents)
        }
    }

    /// Damage in the middle of the file is found when it is opened, not when a row is wanted.
    @Test func leavesDamagedDatabasesAlone() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            try store.perform((0..<400).map { .putSession(try storedSession(client: $0)) })
            store.close()
            let file = Store.file(in: path)
            var contents = try Data(contentsOf: file)
            let middle = contents.count / 2 / 4096 * 4096
            contents.replaceSubrange(middle..<(middle + 4096), with: Data(repeating: 0xee, count: 4096))
            try contents.write(to: file)
            let message = try refusal(path)
            #expect(message.contains("damaged"))
            #expect(try Data(contentsOf: file) == contents)
        }
    }

    /// `PRAGMA application_id` lies at offset 68 of the header (sqlite.org/fileformat2.html, section 1.3).
    @Test func refusesDatabasesOfOthers() throws {
        try withFreshPath { path in
            try Store(directory: path).close()
            let file = Store.file(in: path)
            var contents = try Data(contentsOf: file)
            #expect(contents[68..<72] == Data("gate".utf8))
            contents[71] += 1
            try contents.write(to: file)
            #expect(throws: StoreError.foreign(path: file.path)) { try Store(directory: path) }
            #expect(try Data(contentsOf: file) == contents)
        }
    }

    @Test func startsAfreshOverAnUnfinishedDraft() throws {
        try withFreshPath { path in
            try Store(directory: path).close()
            let file = Store.file(in: path)
            try FileManager.default.moveItem(at: file, to: file.appendingPathExtension("new"))
            let store = try Store(directory: path)
            #expect(try store.holds().isEmpty)
            #expect(!FileManager.default.fileExists(atPath: file.path + ".new"))
        }
    }
}

@Suite struct MigrationTests {
    private let hold = Hold(subject: .user("emp"), since: .seconds(1), by: "root", reason: "why")
    private let longer = Schema(
        migrations: Schema.current.migrations + [
            "ALTER TABLE hold ADD COLUMN ticket TEXT NOT NULL DEFAULT ''"
        ])

    /// Every released version, from the first, comes up to the current with what it held.
    @Test(arguments: 1...Schema.current.version)
    func upgradesEveryVersion(_ version: Int) throws {
        try withFreshPath { path in
            let old = Schema(migrations: Array(Schema.current.migrations[..<version]))
            let before = try Store(directory: path, schema: old)
            try before.add(hold: hold)
            before.close()
            for schema in [Schema.current, longer, longer] {
                let after = try Store(directory: path, schema: schema)
                #expect(try after.holds() == [hold])
                #expect(try after.lift(hold.subject, by: "root", at: .seconds(2)))
                try after.add(hold: hold)
                after.close()
            }
        }
    }

    /// A database of version 1 with rows in every table, as it was written then.
    @Test func bringsVersion1Along() throws {
        try withFreshPath { path in
            var session = try storedSession()
            session.tenantVerifiedAt = [:]
            do {
                let old = try Store(
                    directory: path, schema: Schema(migrations: Array(Schema.current.migrations[..<1])))
                old.close()
                try changeBehindTheBack(path, "INSERT INTO totp_state VALUES ('emp', NULL, 3, NULL)")
                // What the columns hold is the same in every version; version 1 lacks the last.
                let current = path + ".current"
                let other = try Store(directory: current)
                try other.put(session: session)
                other.close()
                let columns = """
                    source, server_process, client, tunnel, interface, common_name, user_name, certificates,
                    outer_address, outer_port, addresses, started_at, claims, mfa_verified_at
                    """
                let row = try #require(try rowsBehindTheBack(current, "SELECT \(columns) FROM session").first)
                try changeBehindTheBack(
                    path, "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    StatementArguments(row))
                try FileManager.default.removeItem(atPath: current)
            }
            let certificate = try digest(7)
            try changeBehindTheBack(
                path,
                """
                INSERT INTO device_status VALUES
                    (3, 'LT-1', 'lost', 20000000000, 'root', 'train'), (4, 'LT-2', 'stolen', 15, 'desk', ''),
                    (9, 'LT-1', 'in-use', 10000000000, 'desk', '');
                INSERT INTO hold VALUES
                    (2, 'user', 'emp', 1000000000, 'root', 'why', 4000000000, 'boss'),
                    (5, 'certificate', '\(certificate)', 3000000000, 'root', '', NULL, NULL);
                """)
            let store = try Store(directory: path)
            let device = RegisterSubject(.device, "LT-1")
            let lost = RegisterFact(
                subject: device, field: "status", value: ["lost"], at: .seconds(20), by: "root",
                reason: "train", over: nil)
            let found = RegisterFact(
                subject: device, field: "status", value: ["in-use"], at: .seconds(10), by: "desk", over: nil)
            let stolen = RegisterFact(
                subject: RegisterSubject(.device, "LT-2"), field: "status", value: ["stolen"],
                at: Instant(nanosecondsSince1970: 15), by: "desk", over: nil)
            #expect(try store.facts() == [stolen, found])
            #expect(try store.factHistory() == [lost, stolen, found].map { FactRecord(fact: $0) })
            let held = Hold(subject: .certificate(certificate), since: .seconds(3), by: "root")
            let past = HoldRecord(hold: hold, lifted: SignOff(at: .seconds(4), by: "boss"))
            #expect(try store.holdHistory() == [past, HoldRecord(hold: held)])
            #expect(try store.sessions() == [session])
            #expect(try store.totpStates() == ["emp": TOTPState(failures: 3)].byOwner)
            let key = Hold(subject: .key(try keyDigest(1)), since: .seconds(5), by: "root")
            try store.perform([.addHold(key), .fact(fact("LT-3", "owner", ["emp"]))])
            #expect(try store.holds() == [held, key])
            store.close()
            // Numbers go on from where they were.
            let queue = try DatabaseQueue(path: Store.file(in: path).path)
            let numbers = try queue.read { database in
                try Int.fetchAll(
                    database,
                    sql: "SELECT max(number) FROM hold UNION ALL "
                        + "SELECT max(number) FROM register_fact")
            }
            #expect(numbers == [6, 10])
        }
    }

    /// A database of version 2 with what version 3 keeps otherwise. The seed was sealed by another program, as version 2
    /// sealed: ChaCha20-Poly1305 with the nonce 00 to 0b, under 32 bytes of 01.
    @Test func bringsVersion2Along() throws {
        try withFreshPath { path in
            try Store(
                directory: path, schema: Schema(migrations: Array(Schema.current.migrations[..<2]))
            ).close()
            try changeBehindTheBack(
                path,
                """
                INSERT INTO totp_state VALUES ('emp', 30000000000, 7, 90000000000), ('nora', NULL, 0, NULL);
                INSERT INTO seed VALUES ('emp',
                    x'000102030405060708090a0b9ebb1cab0348a5391158906a64c4fb56927a7e89e8c772a361a6e9326743edda740dcb4905dbcf',
                    5000000000, 'root');
                INSERT INTO session VALUES (
                    'office', 4711, 21, 'tun0', 7, 'emp', 'emp', NULL, NULL, NULL, '[]', 1000000000, '{}', 2000000000,
                    NULL);
                """)
            let store = try Store(directory: path)
            #expect(
                try store.totpStates()
                    == [
                        "emp": TOTPState(
                            acceptedThrough: .seconds(30), failures: 7, blockedUntil: .seconds(90)),
                        "nora": TOTPState(),
                    ].byOwner)
            #expect(
                try store.seedEnrolments() == [
                    SeedEnrolment(owner: CodeOwner("emp"), since: .seconds(5), by: "root")
                ])
            let seed = try #require(try store.seeds(with: sealingKey(1))[CodeOwner("emp")])
            #expect(seed.algorithm == .sha256 && seed.digits == 8 && seed.period == 120)
            #expect(seed.withKey { $0 } == (0..<20).map { 0xc3 &+ $0 &* 37 })
            let known = try #require(try store.sessions().first)
            #expect(known.mfaVerifiedAt == .seconds(2) && known.tenantVerifiedAt == [:])
            #expect(known.session.userName == "emp" && known.interfaceIndex == 7)
        }
    }

    @Test func refusesNewerVersions() throws {
        try withFreshPath { path in
            try Store(directory: path, schema: longer).close()
            let file = Store.file(in: path)
            let contents = try Data(contentsOf: file)
            let expected = StoreError.newerSchema(
                path: file.path, found: longer.version, known: Schema.current.version)
            #expect(throws: expected) { try Store(directory: path) }
            #expect(try Data(contentsOf: file) == contents)
        }
    }

    /// The second step fails: the first is undone too, and the old gatehouse can go on.
    @Test func upgradesWhollyOrNotAtAll() throws {
        try withFreshPath { path in
            try Store(directory: path).close()
            let bad = Schema(migrations: longer.migrations + ["ALTER TABLE nothing ADD COLUMN x"])
            #expect(throws: StoreError.self) { try Store(directory: path, schema: bad) }
            let store = try Store(directory: path)
            try store.add(hold: hold)
            #expect(try store.holds() == [hold])
        }
    }
}
