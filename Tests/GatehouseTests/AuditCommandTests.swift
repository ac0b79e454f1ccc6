import ArgumentParser
import Audit
import AuditLog
import Coverage
import Foundation
import Sessions
import Store
import Testing

@testable import gatehouse

/// `gatehouse audit`, on a folder as a daemon leaves it.
@Suite struct AuditCommandTests {
    private static func withState(_ body: (String, AuditLog) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let store = try Store(directory: path)
        let log = AuditLog(.inState(path))
        for number in 1...20 {
            var entry = AuditEntry(.admitted, at: Instant(secondsSince1970: 1_795_212_000 + Int64(number)))
            entry[.session] = "office/\(number)"
            entry[.user] = "u\(number)"
            entry[list: .clauses] = ["clause-\(number % 2)"]
            try log.record([entry])
        }
        let head = try #require(log.head)
        try store.put(auditHead: KeptAuditHead(number: head.number, hash: head.hash.bytes))
        store.close()
        try await body(path, log)
    }

    private static func code(_ arguments: [String]) async -> Int32 {
        do {
            var command = try AuditCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return AuditCommand.exitCode(for: error).rawValue
        }
    }

    @Test func verifyEndsWithWhatIsSo() async throws {
        try await Self.withState { state, log in
            let verify = ["verify", "--state", state]
            #expect(await Self.code(verify) == 0)
            let folder = AuditFolder.inState(state)
            let file = folder.path + "/" + (try #require(try folder.segments().first?.name))
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            var edited = whole
            edited[700] ^= 1
            try edited.write(to: URL(fileURLWithPath: file))
            #expect(await Self.code(verify) == 1)
            // Its last line gone: only the database knows.
            let lines = whole.split(separator: 0x0A)
            try Data(lines.dropLast().joined(separator: [0x0A]) + [0x0A]).write(
                to: URL(fileURLWithPath: file))
            #expect(await Self.code(verify) == 1)
            let copy = ["verify", "--state", folder.path]
            #expect(await Self.code(copy) == 0, "a copy without the database cannot know")
            let head = try #require(log.head)
            #expect(await Self.code(copy + ["--head", head.description]) == 1)
            #expect(await Self.code(["verify", "--state", state + "/nowhere"]) == 2)
            #expect(await Self.code(verify + ["--head", "x"]) == 64)
        }
    }

    /// The database is looked at, and nothing about it is changed.
    @Test func verifyChangesNothing() async throws {
        try await Self.withState { state, _ in
            let before = try Data(contentsOf: URL(fileURLWithPath: state + "/gatehouse.sqlite"))
            #expect(await Self.code(["verify", "--state", state]) == 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: state + "/gatehouse.sqlite")) == before)
            let left = try FileManager.default.contentsOfDirectory(atPath: state)
            #expect(left.allSatisfy { $0 == "audit" || $0.hasPrefix("gatehouse.sqlite") })
            let store = try Store(directory: state)
            let head = try store.auditHead()
            #expect(head?.number == 20)
            #expect(throws: StoreError.self) { _ = try Store.auditHead(inDirectory: state) }
        }
    }

    @Test func theOthersReadWhatIsThere() async throws {
        try await Self.withState { state, _ in
            for arguments in [
                ["export", "--state", state, "--user", "u3"], ["export", "--state", state, "--csv"],
                ["export", "--state", state, "--from", "2026-11-20", "--to", "2026-11-20", "--pseudonymous"],
                ["sample", "--state", state, "--seed", "s", "--count", "2"],
                ["sample", "--state", state, "--seed", "s", "--count", "2", "--csv"],
                ["show", "--state", state], ["show", "--state", state, "7"],
            ] {
                #expect(await Self.code(arguments) == 0, "\(arguments)")
            }
            #expect(await Self.code(["show", "--state", state, "21"]) == 1)
            #expect(await Self.code(["export", "--state", state, "--from", "soon"]) == 64)
            #expect(await Self.code(["export", "--state", state, "--kind", "nothing"]) == 64)
            #expect(await Self.code(["export", "--state", state, "--key-file", "/x"]) == 64)
        }
    }

    @Test func aSumSaysHowManyAndWhen() throws {
        var entry = AuditEntry(.refusedAgain, at: Instant(secondsSince1970: 1_795_212_600))
        entry[.session] = "office/21"
        entry[.user] = "alice"
        entry[number: .count] = 12
        entry[.since] = "2026-11-21T10:00:00.000000007Z"
        entry[.latest] = "2026-11-21T10:09:30.500000000Z"
        entry[.why] = "wrong code"
        var chain = AuditChain()
        var line: [UInt8] = []
        chain.append(entry, to: &line)
        let record = try #require(AuditRecord(line: line.dropLast()))
        let table = AuditText.table([record])
        #expect(table.contains("login refused again"))
        #expect(table.contains("12 times from 2026-11-21T10:00:00Z to 2026-11-21T10:09:30Z, wrong code"))
    }

    @Test func clausesHaveTheirEvidence() async throws {
        try await Self.withState { state, _ in
            let clauses = try RecordedClauses.read(state)
            let mention = try #require(clauses.lastMention(of: "clause-1"))
            #expect(mention.count == 10 && mention.at == Instant(secondsSince1970: 1_795_212_019))
            #expect(clauses.lastMention(of: "clause-2") == nil)
        }
    }
}
