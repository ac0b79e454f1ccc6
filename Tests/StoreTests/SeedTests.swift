import Evidence
import Foundation
import GRDB
import Sessions
import Store
import Testing

@Suite struct SeedTests {
    /// Not a key that any test file has by chance.
    private let secret: [UInt8] = (0..<20).map { 0xc3 &+ $0 &* 37 }

    private func seed(_ algorithm: TOTPSeed.Algorithm = .sha256) throws -> TOTPSeed {
        try #require(TOTPSeed(key: secret, algorithm: algorithm, digits: 8, period: 120))
    }

    /// All that makes two seeds the same.
    private func marks(_ seed: TOTPSeed) -> [String] {
        let key = seed.withKey { $0.map(String.init).joined(separator: " ") }
        return [key, seed.algorithm.rawValue, "\(seed.digits)", "\(seed.period)"]
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func refusesKeysOfOtherLengths(_ count: Int) {
        #expect(SealingKey(bytes: Array(repeating: 1, count: count)) == nil)
    }

    @Test func doesNotShowItsKey() throws {
        var dumped = ""
        let key = try sealingKey(0xab)
        dump(key, to: &dumped)
        for text in [dumped, "\(key)", String(reflecting: key)] { #expect(!text.contains("171")) }
    }

    @Test(arguments: TOTPSeed.Algorithm.allCases)
    func keepsSeeds(_ algorithm: TOTPSeed.Algorithm) throws {
        try withFreshPath { path in
            let key = try sealingKey(1)
            let seed = try seed(algorithm)
            let store = try Store(directory: path)
            try store.perform([
                .seed(try key.seal(seed, for: CodeOwner("ren\u{e9}"), by: "root", at: .seconds(5))),
                .seed(try key.seal(seed, for: CodeOwner("nora"), by: "root", at: .seconds(6))),
            ])
            store.close()
            let reopened = try Store(directory: path)
            let seeds = try reopened.seeds(with: key)
            #expect(seeds.keys.map(\.user).sorted() == ["nora", "ren\u{e9}"])
            #expect(seeds.values.allSatisfy { marks($0) == marks(seed) })
            #expect(
                try reopened.seedEnrolments() == [
                    SeedEnrolment(owner: CodeOwner("nora"), since: .seconds(6), by: "root"),
                    SeedEnrolment(owner: CodeOwner("ren\u{e9}"), since: .seconds(5), by: "root"),
                ])
            try reopened.perform([.forgetSeed(CodeOwner("rene\u{301}")), .forgetSeed(CodeOwner("nobody"))])
            #expect(try reopened.seeds(with: key).keys.sorted() == [CodeOwner("nora")])
        }
    }

    @Test func replacesASeed() throws {
        try withFreshPath { path in
            let key = try sealingKey(1)
            let store = try Store(directory: path)
            let other = try #require(TOTPSeed(key: Array(repeating: 9, count: 20)))
            for (number, seed) in [try seed(), other].enumerated() {
                try store.perform([
                    .seed(try key.seal(seed, for: CodeOwner("emp"), by: "root", at: .seconds(Int64(number))))
                ])
            }
            #expect(try store.seeds(with: key).mapValues(marks) == ["emp": marks(other)].byOwner)
            #expect(try store.seedEnrolments().map(\.since) == [.seconds(1)])
        }
    }

    @Test func keepsThoseOfEachTenantApart() throws {
        try withFreshPath { path in
            let key = try sealingKey(1)
            let store = try Store(directory: path)
            let owners = [
                CodeOwner("emp"), CodeOwner("emp", tenant: "b"), CodeOwner("emp", tenant: "boston"),
            ]
            let seeds = try (UInt8(1)...3).map {
                try #require(TOTPSeed(key: Array(repeating: $0, count: 20)))
            }
            for (owner, seed) in zip(owners, seeds) {
                try store.perform([.seed(try key.seal(seed, for: owner, by: "root", at: .seconds(1)))])
            }
            #expect(
                try store.seeds(with: key).mapValues(marks)
                    == Dictionary(uniqueKeysWithValues: zip(owners, seeds.map(marks))))
            #expect(try store.seedEnrolments().map(\.owner) == owners)
            #expect(try store.reseal(from: key, to: sealingKey(2)) == 3)
            try store.perform([.forgetSeed(owners[1])])
            #expect(try Set(store.seeds(with: sealingKey(2)).keys) == [owners[0], owners[2]])
        }
    }

    /// A user's own seed, put where one of a tenant's was, or the other way round, opens neither.
    @Test func refusesRowsThatWereMovedToATenant() throws {
        try withFreshPath { path in
            let key = try sealingKey(1)
            let boston = CodeOwner("emp", tenant: "boston")
            let moves = [
                (CodeOwner("emp"), "tenant = 'boston'", boston), (boston, "tenant = ''", CodeOwner("emp")),
                (boston, "tenant = 'b'", CodeOwner("emp", tenant: "b")),
                (CodeOwner("boston\nemp"), "user = 'emp', tenant = 'boston'", boston),
            ]
            for (owner, change, moved) in moves {
                do {
                    let store = try Store(directory: path)
                    try store.perform([.seed(try key.seal(seed(), for: owner, by: "root", at: .seconds(1)))])
                }
                try changeBehindTheBack(path, "UPDATE seed SET \(change)")
                let store = try Store(directory: path)
                #expect(throws: StoreError.sealed(moved)) { try store.seeds(with: key) }
                try store.perform([.forgetSeed(moved)])
            }
            #expect("\(StoreError.sealed(boston))".contains("'emp' for tenant 'boston' does not open"))
        }
    }

    @Test func refusesAnotherKey() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            try store.perform([
                .seed(try sealingKey(1).seal(seed(), for: CodeOwner("emp\n"), by: "root", at: .seconds(1)))
            ])
            let error = try #require(
                #expect(throws: StoreError.sealed(CodeOwner("emp\n"))) {
                    try store.seeds(with: sealingKey(2))
                })
            #expect(error.description.contains("'emp\u{FFFD}' does not open"))
        }
    }

    /// One seed of three is moved to another user, or changed in one bit anywhere: the whole answer is refused, and it
    /// says whose seed it is.
    @Test func refusesRowsThatWereTamperedWith() throws {
        try withFreshPath { path in
            let key = try sealingKey(1)
            for user in ["emp", "mallory", "nora"] {
                let store = try Store(directory: path)
                try store.perform([
                    .seed(try key.seal(seed(), for: CodeOwner(user), by: "root", at: .seconds(1)))
                ])
            }
            try changeBehindTheBack(
                path,
                "UPDATE seed SET sealed = (SELECT sealed FROM seed WHERE user = 'emp') WHERE user = 'mallory'"
            )
            do {
                let store = try Store(directory: path)
                #expect(throws: StoreError.sealed(CodeOwner("mallory"))) { try store.seeds(with: key) }
                #expect(throws: StoreError.sealed(CodeOwner("mallory"))) {
                    try store.reseal(from: key, to: sealingKey(2))
                }
                try store.perform([.forgetSeed(CodeOwner("mallory"))])
                #expect(try store.seeds(with: key).count == 2)
            }
            let length = 12 + 3 + 20 + 16
            let bytes = try #require(try sealedBytes(path))
            #expect(bytes.count == length)
            for index in [0, 11, 12, 14, 15, length - 17, length - 16, length - 1] {
                var changed = bytes
                changed[index] ^= 0x40
                try changeBehindTheBack(path, "UPDATE seed SET sealed = ? WHERE user = 'emp'", [changed])
                let store = try Store(directory: path)
                #expect(throws: StoreError.sealed(CodeOwner("emp")), "byte \(index)") {
                    try store.seeds(with: key)
                }
            }
            for count in [0, 1, 12, 27, 28, length - 1] {
                try changeBehindTheBack(
                    path, "UPDATE seed SET sealed = ? WHERE user = 'emp'", [bytes.prefix(count)])
                let store = try Store(directory: path)
                #expect(throws: StoreError.sealed(CodeOwner("emp")), "\(count) bytes") {
                    try store.seeds(with: key)
                }
            }
        }
    }

    private func sealedBytes(_ path: String) throws -> Data? {
        let queue = try DatabaseQueue(path: Store.file(in: path).path)
        defer { try? queue.close() }
        return try queue.read { try Data.fetchOne($0, sql: "SELECT sealed FROM seed WHERE user = 'emp'") }
    }

    @Test func sealsAnew() throws {
        try withFreshPath { path in
            let old = try sealingKey(1)
            let new = try sealingKey(2)
            let store = try Store(directory: path)
            for user in ["emp", "nora"] {
                try store.perform([
                    .seed(try old.seal(seed(), for: CodeOwner(user), by: "root", at: .seconds(7)))
                ])
            }
            #expect(throws: StoreError.sealed(CodeOwner("emp"))) { try store.reseal(from: new, to: old) }
            #expect(try store.seeds(with: old).count == 2)
            #expect(try store.reseal(from: old, to: new) == 2)
            #expect(throws: StoreError.self) { try store.seeds(with: old) }
            let expected = marks(try seed())
            #expect(
                try store.seeds(with: new).mapValues(marks) == ["emp": expected, "nora": expected].byOwner)
            #expect(try store.seedEnrolments().allSatisfy { $0.since == .seconds(7) && $0.by == "root" })
        }
    }

    /// Neither the bytes of the key nor any text of them, in whatever file there is while the store is open and after.
    @Test func isNeverInClearOnTheDisk() throws {
        try withFreshPath { path in
            let key = try sealingKey(1)
            let seed = try seed()
            let store = try Store(directory: path)
            try store.perform([
                .seed(try key.seal(seed, for: CodeOwner("emp-in-clear"), by: "root", at: .seconds(1)))
            ])
            try store.reseal(from: key, to: sealingKey(2))
            func search() throws {
                let hex = secret.map { String($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                let base32 = seed.base32.withBytes { $0 }
                let texts = [
                    Data(secret), Data(hex.utf8), Data(hex.uppercased().utf8), Data(base32),
                    Data(String(decoding: base32, as: UTF8.self).lowercased().utf8),
                    Data(secret).base64EncodedData(), Data(repeating: 1, count: 32),
                ]
                var found = false
                for file in try FileManager.default.contentsOfDirectory(atPath: path) {
                    let contents = try Data(contentsOf: URL(fileURLWithPath: path + "/" + file))
                    found = found || contents.range(of: Data("emp-in-clear".utf8)) != nil
                    for text in texts { #expect(contents.range(of: text) == nil, "\(file)") }
                }
                #expect(found, "the search looks at the files that hold the row")
            }
            try search()
            store.close()
            try search()
        }
    }
}
