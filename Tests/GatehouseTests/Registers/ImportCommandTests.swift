import Control
import ControlAPI
import Evidence
import Foundation
import RegisterImport
import Sessions
import Store
import Testing

@testable import gatehouse

/// `gatehouse import` against a daemon whose registers somebody else changes at the same time.
@Suite struct ImportCommandTests {
    private static func file(_ gateway: Gateway, _ text: String) throws -> String {
        let path = gateway.folder + "/export.csv"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private static func run(_ gateway: Gateway, _ file: String, _ more: String...) async -> Int32 {
        await gateway.run(["import", file, "--missing", "ignore"] + more)
    }

    private static func reasons(_ gateway: Gateway) throws -> [String] {
        try gateway.store.facts().map(\.reason).sorted()
    }

    @Test func nothingInBetweenIsPlannedOnce() async throws {
        try await Gateway.with { gateway in
            let file = try Self.file(gateway, "id,owner\nlaptop-1,carol\n")
            #expect(await Self.run(gateway, file, "--register", "device") == 0)
            #expect(try await gateway.fields("device", "laptop-1")?["owner"] == ["carol"])
            #expect(await gateway.meanwhile.counts["register.state"] == 1)
        }
    }

    /// An MDM calls a laptop in use that was found and put away. While the plan is made it is reported stolen: the plan
    /// that was made for the old state would have taken that back, the one made anew holds it.
    @Test func laptopReportedStolenMeanwhileStaysStolen() async throws {
        try await Gateway.with { gateway in
            await gateway.state(.device, "laptop-1", ["status": ["retired"]])
            let file = try Self.file(gateway, "id,owner,status\nlaptop-1,carol,in-use\n")
            await gateway.meanwhile.set { command, count in
                guard command == "register.list", count == 1 else { return }
                await gateway.state(.device, "laptop-1", ["status": ["stolen"]])
            }
            #expect(await Self.run(gateway, file, "--register", "device") == 0)
            await gateway.meanwhile.set { _, _ in }
            let fields = try await gateway.fields("device", "laptop-1")
            #expect(fields?["status"] == ["stolen"])
            #expect(fields?["owner"] == ["carol"])
            #expect(await gateway.meanwhile.counts["register.state"] == 2)
        }
    }

    @Test(arguments: [(1, 0), (3, 0), (4, 1), (9, 1)])
    func isPlannedAnewThreeTimesAtMost(changes: Int, code: Int32) async throws {
        try await Gateway.with { gateway in
            let file = try Self.file(gateway, "id,owner\nlaptop-1,carol\n")
            await gateway.meanwhile.set { command, count in
                guard command == "register.list", count <= changes else { return }
                await gateway.state(.user, "bob", ["groups": ["team-\(count)"]])
            }
            #expect(await Self.run(gateway, file, "--register", "device", "--reason", "weekly") == code)
            await gateway.meanwhile.set { _, _ in }
            #expect(await gateway.meanwhile.counts["register.state"] == min(changes, 3) + 1)
            #expect(try Self.reasons(gateway).contains("weekly") == (code == 0))
            let owner = try await gateway.fields("device", "laptop-1")?["owner"]
            #expect(owner == [code == 0 ? "carol" : "alice"])
        }
    }

    /// What has to go in parts is sent anew whole.
    @Test func partsAreStatedTogetherOrNotAtAll() async throws {
        try await Gateway.with { gateway in
            let organisation = String(repeating: "x", count: 250)
            let groups = (0..<10).map { "\(organisation)\($0)" }.joined(separator: ";")
            let rows = (0..<500).map { "user-\($0),\(organisation),\(groups)\n" }
            let file = try Self.file(gateway, "name,organisation,groups\n" + rows.joined())
            await gateway.meanwhile.set { command, count in
                guard command == "register.state-part", count == 1 else { return }
                await gateway.state(.user, "user-7", ["organisation": ["Council"]])
            }
            #expect(await Self.run(gateway, file, "--register", "user", "--yes") == 0)
            await gateway.meanwhile.set { _, _ in }
            let counts = await gateway.meanwhile.counts
            #expect(counts["register.state"] == 2)
            #expect(try #require(counts["register.state-part"]) >= 2)
            let lines = try await gateway.lines("user")
            #expect(lines.count == 502)
            #expect(lines.first { $0.key == "user-7" }?.fields["organisation"] == [organisation])
        }
    }

    /// A dry run says what would be of the registers as they are, too.
    @Test func dryRunIsPlannedAnewAndChangesNothing() async throws {
        try await Gateway.with { gateway in
            let file = try Self.file(gateway, "id,owner\nlaptop-1,carol\n")
            await gateway.meanwhile.set { command, count in
                guard command == "register.list", count == 1 else { return }
                await gateway.state(.user, "bob", ["groups": ["team"]])
            }
            #expect(await Self.run(gateway, file, "--register", "device", "--dry-run", "--json") == 0)
            await gateway.meanwhile.set { _, _ in }
            #expect(await gateway.meanwhile.counts["register.state"] == 2)
            #expect(try await gateway.fields("device", "laptop-1")?["owner"] == ["alice"])
            #expect(try Self.reasons(gateway) == ["meanwhile"])
        }
    }

    /// Another plan may be one that needs a yes.
    @Test func planMadeAnewIsWeighedAnew() async throws {
        try await Gateway.with { gateway in
            for number in 1...4 { await gateway.state(.user, "user-\(number)", ["groups": ["staff"]]) }
            let rows = (1...4).map { "user-\($0),Council\n" }.joined() + "user-5,Parks\n"
            let file = try Self.file(gateway, "name,organisation\n" + rows)
            await gateway.meanwhile.set { command, count in
                guard command == "register.list", count == 1 else { return }
                for number in 1...4 {
                    await gateway.state(.user, "user-\(number)", ["organisation": ["Works"]])
                }
            }
            let mapping = gateway.folder + "/mapping.yaml"
            try Data(
                """
                register: user
                key: name
                columns: { organisation: { column: organisation, values: { Council: erase, Parks: Parks } } }
                """.utf8
            ).write(to: URL(filePath: mapping))
            // Nothing to erase at first; then four lines that would lose what was stated.
            #expect(await Self.run(gateway, file, "--mapping", mapping) == 1)
            #expect(await gateway.meanwhile.counts["register.state"] == 1)
            #expect(await gateway.meanwhile.counts["register.list"] == 2)
            #expect(try await gateway.fields("user", "user-1")?["organisation"] == ["Works"])
            #expect(try await gateway.fields("user", "user-5") == nil)
        }
    }

    // MARK: The protocol

    private static func state(
        _ gateway: Gateway, _ status: String, ifRevision: String?, dryRun: Bool = false
    ) async -> String? {
        let statement = RegisterStatement(
            subject: RegisterSubject(.device, "laptop-1"), fields: ["owner": [status]])
        let arguments = ControlMessages.RegisterStateArguments(
            statements: [.init(statement)], reason: "test", dryRun: dryRun, ifRevision: ifRevision)
        do throws(ControlClientError) {
            _ = try await gateway.client.call(
                ControlOperations.state, arguments)
            return nil
        } catch {
            guard case .refused(let failure) = error else { return "\(error)" }
            return failure.id
        }
    }

    @Test func registerListSaysTheRevisionThatStatementsName() async throws {
        try await Gateway.with { gateway in
            let list = { (kind: String) in
                try await gateway.client.call(
                    ControlOperations.registerList, ControlMessages.RegisterListArguments(kind: kind))
            }
            let read = try #require(try await list("device").revision)
            // One for all registers: a loan is about a device and a user.
            #expect(try await list("user").revision == read)
            #expect(await Self.state(gateway, "bob", ifRevision: read, dryRun: true) == nil)
            #expect(await Self.state(gateway, "bob", ifRevision: read) == nil)
            #expect(await Self.state(gateway, "carol", ifRevision: read) == "registers-moved")
            #expect(await Self.state(gateway, "carol", ifRevision: read, dryRun: true) == "registers-moved")
            #expect(await Self.state(gateway, "carol", ifRevision: "17") == "bad-request")
            #expect(await Self.state(gateway, "carol", ifRevision: "") == "bad-request")
            #expect(try await gateway.fields("device", "laptop-1")?["owner"] == ["bob"])
            #expect(await Self.state(gateway, "carol", ifRevision: nil) == nil)
            #expect(try await list("device").revision != read)
        }
    }

    // MARK: Words

    @Test(arguments: [
        (0, "nothing to state"),
        (1, "worked out anew once, since the registers had changed meanwhile\nnothing to state"),
        (3, "worked out anew 3 times, since the registers had changed meanwhile\nnothing to state"),
    ])
    func saysThatItWasWorkedOutAnew(replans: Int, words: String) throws {
        let report = try ImportReport.read(
            Array("id,owner\nlaptop-1,carol\n".utf8), file: "f.csv",
            mapping: ImportMapping(ownNamesOf: .device))
        let plan = ImportPlan(
            report,
            against: RegisterLines(.device, ["laptop-1": ["owner": ["carol"]]]))
        #expect(ImportText.outcome(plan, nil, isDryRun: false, replans: replans) == words)
    }
}
