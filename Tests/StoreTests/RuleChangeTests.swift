import Evidence
import Foundation
import GRDB
import Sessions
import Store
import Testing

/// Changes of rules, and the packs that go with them.
@Suite struct RuleChangeTests {
    private static func pack(_ number: Int) -> KeptPack {
        KeptPack([
            .init(path: "systems.yaml", text: "systems: {}"),
            .init(path: "policy.yaml", text: "about: \(number) é ☃"),
        ])
    }

    private static func change(_ number: Int, confirmBy: Int64? = nil) -> RuleChange {
        RuleChange(
            kind: .apply, reference: "RFC-\(number)", author: RuleChangeAuthor("alice", uid: .max),
            at: Instant(nanosecondsSince1970: 1_795_212_000_123_456_789), pack: pack(number).digest,
            before: pack(number - 1).digest, confirmBy: confirmBy.map { .seconds($0) },
            difference: #"{"classes":["é"]}"#)
    }

    @Test func changesComeBackAsTheyWere() throws {
        try withFreshPath(onDisk: false) { path in
            var expected: [RuleChange] = []
            do {
                let store = try Store(directory: path)
                #expect(try store.lastRuleChange() == nil)
                for number in 1...3 {
                    var change = Self.change(number, confirmBy: number == 3 ? 2_000 : nil)
                    change.number = try store.begin(
                        change, keeping: [Self.pack(number - 1), Self.pack(number)])
                    expected.append(change)
                }
                let end = RuleChangeEnd(
                    .reverted, at: .seconds(9), by: RuleChangeAuthor("bob", uid: 7), because: "nobody came")
                try store.perform([.ruleChangeEnd(number: expected[0].number, end)])
                expected[0].end = end
                // A change ends once.
                let late = RuleChangeEnd(.confirmed, at: .seconds(10), by: .daemon)
                try store.perform([.ruleChangeEnd(number: expected[0].number, late)])
            }
            let store = try Store(directory: path)
            #expect(try store.ruleChanges() == expected)
            #expect(try store.lastRuleChange() == expected[2])
            #expect(try store.pack(digest: Self.pack(2).digest) == Self.pack(2))
            #expect(try store.pack(digest: "none") == nil)
        }
    }

    @Test func aChangeThatWasRefusedIsNotTheLast() throws {
        try withFreshPath(onDisk: false) { path in
            let store = try Store(directory: path)
            let first = try store.begin(Self.change(1), keeping: [Self.pack(1)])
            var refused = Self.change(2)
            refused.end = RuleChangeEnd(.refused, at: .seconds(1), by: .daemon)
            _ = try store.begin(refused, keeping: [Self.pack(2)])
            #expect(try store.lastRuleChange()?.number == first)
            #expect(try store.ruleChanges().last?.end?.outcome == .refused)
        }
    }

    /// The same text is kept once, and goes with the last pack that has it.
    @Test func packsGoAfterFiftyChanges() throws {
        try withFreshPath(onDisk: false) { path in
            let store = try Store(directory: path)
            for number in 1...60 {
                _ = try store.begin(Self.change(number), keeping: [Self.pack(number - 1), Self.pack(number)])
            }
            #expect(try store.ruleChanges().count == 60)
            #expect(try store.pack(digest: Self.pack(9).digest) == nil)
            for number in 10...60 { #expect(try store.pack(digest: Self.pack(number).digest) != nil) }
            store.close()
            let counts = try rowsBehindTheBack(
                path, "SELECT (SELECT count(*) FROM rule_pack), (SELECT count(*) FROM rule_file)")
            #expect(counts == [[102.databaseValue, 52.databaseValue]])
        }
    }

    @Test func aPackThatIsNotWhatWasKeptIsRefused() throws {
        try withFreshPath(onDisk: false) { path in
            do {
                let store = try Store(directory: path)
                _ = try store.begin(Self.change(1), keeping: [Self.pack(1)])
            }
            try changeBehindTheBack(path, "UPDATE rule_file SET text = text || '#' WHERE text LIKE 'about%'")
            let store = try Store(directory: path)
            #expect(throws: StoreError.self) { try store.pack(digest: Self.pack(1).digest) }
        }
    }

    @Test func aZeroByteIsRefusedBeforeItIsLost() throws {
        try withFreshPath(onDisk: false) { path in
            let store = try Store(directory: path)
            let pack = KeptPack([.init(path: "policy.yaml", text: "a\0b")])
            #expect(throws: StoreError.self) { try store.begin(Self.change(1), keeping: [pack]) }
            #expect(try store.ruleChanges() == [])
        }
    }

    @Test func digestsTellPacksApart() {
        let packs = [
            KeptPack([]), KeptPack([.init(path: "a", text: "")]), KeptPack([.init(path: "", text: "a")]),
            KeptPack([.init(path: "a", text: "b"), .init(path: "c", text: "d")]),
            KeptPack([.init(path: "a", text: "b"), .init(path: "c", text: "e")]),
            KeptPack([.init(path: "a", text: "bc"), .init(path: "", text: "d")]),
        ]
        #expect(Set(packs.map(\.digest)).count == packs.count)
        let turned = KeptPack([.init(path: "c", text: "d"), .init(path: "a", text: "b")])
        #expect(turned == packs[3] && turned.digest == packs[3].digest)
    }

    @Test func whatAChangeOvertookIsRemembered() throws {
        try withFreshPath(onDisk: false) { path in
            let store = try Store(directory: path)
            let facts = ["lost", "stolen"].map { fact("d1", "status", [$0], over: ["in-use"]) }
            let other = fact("d2", "owner", ["bob"], over: [])
            try store.perform((facts + [other]).map { .fact($0) })
            let number = try store.begin(Self.change(1), keeping: [])
            try store.perform([
                .overtaken(facts[0].subject, field: "status", at: .seconds(2), change: number),
                // Nothing was stated of it.
                .overtaken(facts[0].subject, field: "kind", at: .seconds(2), change: number),
                .overtaken(other.subject, field: "owner", at: .seconds(2)),
            ])
            #expect(try store.facts() == [])
            #expect(try store.facts(overtakenBy: number) == [facts[1]])
            #expect(try store.facts(overtakenBy: number + 1) == [])
        }
    }

    /// A process that dies at any point of any write: whatever `begin` has returned is whole, with both packs, and what
    /// is there of the one after it is whole too or not there.
    @Test(arguments: [1, 5, 30])
    func aKillLeavesWholeChanges(notes: Int) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, notes = notes as Int] in
            let store = try Store(directory: path)
            let log = unsafe open(path + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
            for number in 1... {
                let begun = try store.begin(
                    Self.change(number), keeping: [Self.pack(number - 1), Self.pack(number)])
                if number.isMultiple(of: 2) {
                    let end = RuleChangeEnd(.confirmed, at: .seconds(1), by: .daemon)
                    try store.perform([.ruleChangeEnd(number: begun, end)])
                }
                let note = Array("\(number)\n".utf8)
                _ = unsafe note.withUnsafeBytes { unsafe write(log, $0.baseAddress, $0.count) }
                if number == notes {
                    Thread.detachNewThread {
                        usleep(UInt32(notes * 97))
                        kill(getpid(), SIGKILL)
                    }
                }
            }
        }
        let log = try String(contentsOfFile: path + "/acknowledged", encoding: .utf8)
        let acknowledged = try #require(log.split(separator: "\n").last.flatMap { Int($0) })
        #expect(acknowledged >= notes)
        let store = try Store(directory: path)
        let changes = try store.ruleChanges()
        #expect((acknowledged...acknowledged + 1).contains(changes.count))
        for change in changes.prefix(acknowledged) {
            #expect((change.end?.outcome == .confirmed) == change.number.isMultiple(of: 2))
        }
        for change in changes.suffix(40) {
            #expect(try store.pack(digest: change.pack)?.digest == change.pack)
            #expect(try store.pack(digest: change.before ?? "") != nil)
        }
    }
}
