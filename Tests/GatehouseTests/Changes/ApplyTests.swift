import Audit
import Classification
import Control
import ControlAPI
import Enforcement
import Evidence
import FakeKernel
import Foundation
import PolicyDifference
import Sessions
import Store
import Testing

@testable import gatehouse

/// `gatehouse apply`, `confirm`, `revert`, `changes` and `reload` against a daemon with a real socket and a real database.
@Suite struct ApplyTests {
    /// Alice's class, and that of loans, get the portal only.
    static func narrower(_ settings: String = "") -> [String: String] {
        var pack = Gateway.pack(settings)
        for (condition, access) in [
            ("managed: true } }\n    ", "[crm, portal, tax]"), ("loan: this-user } }, ", "[crm, portal]"),
        ] {
            pack["policy.yaml"] = pack["policy.yaml"]?.replacing(
                condition + "access: " + access, with: condition + "access: [portal]")
        }
        return pack
    }

    static func withNew(
        _ new: [String: String] = narrower(), clock: any WallClock = SystemClock(), rules: String = "",
        _ body: (Gateway, String) async throws -> Void
    ) async throws {
        try await Gateway.inFolder { folder in
            try Gateway.write(Gateway.pack(rules), to: folder + "/rules")
            try Gateway.write(new, to: folder + "/new")
            let gateway = try await Gateway(folder: folder, clock: clock)
            do {
                try await gateway.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
                try await body(gateway, folder + "/new")
            } catch {
                await gateway.stop()
                throw error
            }
            await gateway.stop()
        }
    }

    @Test func aPackIsRecordedAndInForce() async throws {
        try await Self.withNew { gateway, new in
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
            #expect(await gateway.run("apply", new, "--change", "RFC-1") == 0)
            #expect(await gateway.scope(of: 1) == ["portal"])
            let change = try #require(try gateway.store.ruleChanges().last)
            #expect(change.kind == .apply && change.reference == "RFC-1")
            #expect(change.author.uid == getuid() && !change.author.name.isEmpty)
            #expect(change.end?.outcome == .confirmed && change.confirmBy == nil)
            let difference = try #require(change.difference)
            #expect(difference.contains("\"crm\"") && difference.contains("10.10.0.20"))
            #expect(try gateway.store.pack(digest: change.pack)?.files.count == 5)
            #expect(try gateway.store.pack(digest: change.before ?? "") != nil)
            // The record says what it closed, and which difference in the database is meant.
            let entry = try #require(gateway.record.entries.last)
            #expect(entry[.reference] == "RFC-1" && entry[.outcome] == "in force")
            #expect(entry[list: .changes].contains { $0.contains("- crm") && $0.contains("10.10.0.20") })
            #expect(entry[.difference] == AuditHash(of: Array(difference.utf8)[...]).description)
            let shown = try await gateway.changes.changes("RFC-1").changes
            #expect(shown.map(\.difference) == [entry[.difference]])
        }
    }

    @Test func theAnswerHasTheDifferenceAndWhoMoved() async throws {
        try await Self.withNew { gateway, new in
            let applied = try await gateway.apply(new, "RFC-1", within: "5m")
            #expect(applied.plan.classes.map(\.name) == ["managed", "lent"])
            #expect(applied.done.moved?.map(\.session) == ["office/1"])
            let text = ChangeText.render(applied)
            #expect(text.contains("- crm") && text.contains("RFC-1 is in force; 1 session moved"))
            #expect(text.contains("unless you type: gatehouse confirm RFC-1"))
        }
    }

    @Test func aDryRunChangesNothing() async throws {
        try await Self.withNew { gateway, new in
            let before = try gateway.store.ruleChanges()
            #expect(await gateway.run("apply", new, "--dry-run") == 0)
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--dry-run", "--json") == 0)
            #expect(try gateway.store.ruleChanges() == before)
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
        }
    }

    @Test(arguments: [
        "policy.yaml": "inside: [10.10.0.0/16]\nclasses: [{ name: a, access: [nowhere] }]",
        "systems.yaml": "systems: { crm: { addresses: 0.0.0.0/0, services: tcp/443 } }",
        // Its own test fails.
        "tests/a.yaml": "tests: [{ name: a, at: 2026-01-01T00:00:00Z, session: {}, class: guarded }]",
        // The proof of every pack fails: the loan's end opens the portal.
        "policy.yaml ": "lent",
    ])
    func aBadPackChangesNothing(path: String, text: String) async throws {
        var new = Self.narrower()
        if text == "lent" {
            new["policy.yaml"] = new["policy.yaml"]?.replacing(
                "loan: this-user } }, access: [portal]", with: "loan: this-user } }, access: [crm]")
        } else {
            new[path] = text
        }
        let files = new.filter { !$0.key.contains("/") }
        try await Self.withNew(files) { gateway, folder in
            if path.contains("/") {
                try FileManager.default.createDirectory(
                    atPath: folder + "/tests", withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(path)"))
            }
            let before = try gateway.store.ruleChanges()
            #expect(await gateway.run("apply", folder, "--change", "RFC-1") == 1)
            #expect(await gateway.run("apply", folder, "--dry-run") == 1)
            #expect(try gateway.store.ruleChanges() == before)
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
        }
    }

    @Test func whatTheKernelRefusesIsRecordedAsRefused() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            // The attempt, and the second one with everything anew.
            for attempt in 1...2 { gateway.kernel.failCommit(attempt, errno: ENOSPC) }
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 1)
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
            let outcome = try gateway.outcome()
            #expect(outcome == .refused)
            #expect(await gateway.run("confirm", "RFC-1") == 1)
            // The kernel is left alone for a while.
            clock.move(by: .seconds(30))
            #expect(await gateway.run("apply", new, "--change", "RFC-1") == 0)
        }
    }

    @Test func theRulesMayAskForAReferenceAndAConfirmation() async throws {
        let rules = "changes: { reference: required, confirm-within: 10m }"
        let clock = SteppedClock()
        try await Self.withNew(clock: clock, rules: rules) { gateway, new in
            let failure = await #expect(throws: ControlClientError.self) { try await gateway.reload() }
            #expect("\(failure as Any)".contains("gatehouse apply DIRECTORY --change REFERENCE"))
            // A signal is an order like any other.
            await #expect(throws: ControlFailure.self) { try await gateway.changes.reload(by: .hangUp) }
            #expect(await gateway.run("apply", new) == 64)
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "11m") == 1)
            let applied = try await gateway.apply(new, "RFC-1")
            #expect(applied.confirmBy == (clock.now() + .seconds(600)).description)
            #expect(await gateway.run("confirm", "RFC-1") == 0)
            // The new rules ask for nothing.
            _ = try await gateway.reload()
        }
    }

    // MARK: Confirm and revert

    @Test func aConfirmedChangeStays() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 0)
            #expect(await gateway.run("confirm", "RFC-2") == 1)
            // One change at a time.
            #expect(await gateway.run("apply", new, "--change", "RFC-3") == 1)
            await #expect(throws: ControlClientError.self) { try await gateway.reload() }
            clock.move(by: .seconds(299))
            await gateway.changes.tick()
            #expect(await gateway.scope(of: 1) == ["portal"])
            #expect(await gateway.run("confirm", "RFC-1") == 0)
            clock.move(by: .seconds(600))
            await gateway.changes.tick()
            #expect(await gateway.scope(of: 1) == ["portal"])
            let outcome = try gateway.outcome()
            #expect(outcome == .confirmed)
            #expect(await gateway.run("revert", "RFC-1") == 1)
            #expect(await gateway.run("revert") == 1)
        }
    }

    @Test func aChangeThatNobodyConfirmsGoes() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 0)
            clock.move(by: .seconds(300))
            await gateway.changes.tick()
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
            let end = try #require(try gateway.store.ruleChanges().last?.end)
            #expect(end.outcome == .reverted && end.by == .daemon)
            #expect(end.because?.hasPrefix("nobody confirmed it by") == true)
            #expect(await gateway.run("confirm", "RFC-1") == 1)
            #expect(await gateway.run("apply", new, "--change", "RFC-1") == 0)
        }
    }

    /// Nobody calls: the daemon's own watch does it.
    @Test func theWatchTakesItBack() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "10s") == 0)
            // It looks after five seconds at most, and so twice.
            for _ in 1...2 {
                await clock.sleeper(of: .seconds(5))
                clock.move(by: .seconds(5))
            }
            while try gateway.outcome() == nil { await Task.yield() }
            // Whoever comes now comes after it.
            await gateway.changes.tick()
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
        }
    }

    @Test func aClockThatIsSetBackKeepsNothingInForce() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 0)
            clock.set(clock.now() + .seconds(-86_400))
            await gateway.changes.tick(after: .seconds(299))
            #expect(await gateway.scope(of: 1) == ["portal"])
            await gateway.changes.tick(after: .seconds(1))
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
        }
    }

    @Test(arguments: [["revert"], ["revert", "RFC-1"], ["revert", "--json"]])
    func somebodyTakesItBack(words: [String]) async throws {
        try await Self.withNew { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "1h") == 0)
            #expect(await gateway.run("revert", "RFC-2") == 1)
            #expect(await gateway.run(words) == 0)
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
            let end = try #require(try gateway.store.ruleChanges().last?.end)
            #expect(end.outcome == .reverted && end.by.uid == getuid() && end.because == nil)
        }
    }

    @Test func goingBackIsTriedUntilTheKernelTakesIt() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 0)
            for attempt in 1...2 { gateway.kernel.failCommit(attempt, errno: ENOSPC) }
            #expect(await gateway.run("revert") == 1)
            // What was said is recorded: it is not confirmed any more.
            #expect(await gateway.run("confirm", "RFC-1") == 1)
            let outcome = try gateway.outcome()
            #expect(outcome == .reverted)
            // The kernel is left alone for a while.
            clock.move(by: .seconds(30))
            await gateway.changes.tick()
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
        }
    }

    /// What the new files overtake of the registers comes back with the old ones.
    @Test func whatWasStatedOfTheRegistersComesBack() async throws {
        var new = Self.narrower()
        new["devices.csv"] = new["devices.csv"]?.replacing(
            "alice,laptop,in-use", with: "alice,laptop,returned")
        try await Self.withNew(new) { gateway, folder in
            _ = await gateway.run("device", "set", "laptop-1", "status=lost", "--reason", "left on a train")
            #expect(await gateway.run("apply", folder, "--change", "RFC-1", "--confirm-within", "1h") == 0)
            #expect(try await gateway.fields("device", "laptop-1")?["status"] == ["returned"])
            #expect(await gateway.run("revert") == 0)
            #expect(try await gateway.fields("device", "laptop-1")?["status"] == ["lost"])
            let facts = try gateway.store.facts()
            #expect(facts.map(\.reason) == ["left on a train"])
        }
    }

    // MARK: A disk that fails

    @Test func whatCannotBeRecordedIsNotPutInForce() async throws {
        try await Self.withNew { gateway, new in
            gateway.store.close()
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 1)
            await #expect(throws: ControlFailure.self) { try await gateway.changes.reload(by: .hangUp) }
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
            #expect(await gateway.changes.waiting == nil)
        }
    }

    /// Nothing can be written, and the former rules come back all the same.
    @Test func aDiskThatFailsKeepsNobodyFromGoingBack() async throws {
        let clock = SteppedClock()
        try await Self.withNew(clock: clock) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 0)
            gateway.store.close()
            #expect(await gateway.run("confirm", "RFC-1") == 1)
            clock.move(by: .seconds(300))
            await gateway.changes.tick()
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
            #expect(await gateway.changes.waiting == nil)
            // Its end is still to be written.
            #expect(await gateway.changes.unrecorded.count == 1)
        }
    }

    // MARK: One after another

    /// Two that change the rules at the same time, with more of them behind: each is carried out whole, none is lost.
    @Test func changesWaitForEachOther() async throws {
        try await Self.withNew { gateway, new in
            try Gateway.write(Self.narrower(), to: gateway.rules)
            let count = 8
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    group.addTask {
                        if number.isMultiple(of: 2) {
                            _ = try await gateway.changes.reload(by: .hangUp)
                        } else {
                            _ = try await gateway.apply(new, "RFC-\(number)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let changes = try gateway.store.ruleChanges().suffix(count)
            #expect(changes.count == count && changes.allSatisfy { $0.end?.outcome == .confirmed })
            // Each was made against what the one before had put in force.
            #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.pack == $1.before })
            #expect(await gateway.scope(of: 1) == ["portal"])
        }
    }

    // MARK: Looking

    @Test func theListIsForPeopleAndPrograms() async throws {
        try await Self.withNew { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "1h") == 0)
            let waiting = try await gateway.list()
            #expect(waiting.changes.map(\.kind) == ["start", "apply"])
            #expect(waiting.changes.map(\.outcome) == ["confirmed", "waiting"])
            #expect(ChangeText.table(waiting).contains("waits for its confirmation until"))
            #expect(await gateway.run("confirm", "RFC-1") == 0)
            let one = try await gateway.list("RFC-1")
            #expect(
                one.changes.count == 1 && one.changes[0].plan?.classes.map(\.name) == ["managed", "lent"])
            #expect(ChangeText.full(one).contains("- crm"))
            #expect(await gateway.run("changes") == 0)
            #expect(await gateway.run("changes", "RFC-1", "--json") == 0)
            #expect(await gateway.run("changes", "RFC-2") == 1)
        }
    }

    @Test func formerRulesCanBeHadBack() async throws {
        try await Self.withNew { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1") == 0)
            let (former, inForce) = (gateway.folder + "/former", gateway.folder + "/in-force")
            #expect(await gateway.run("changes", "RFC-1", "--former", former) == 0)
            #expect(await gateway.run("changes", "--in-force", inForce) == 0)
            #expect(await gateway.run("changes", "--in-force", inForce) == 2)
            let text = { try String(contentsOfFile: $0 + "/policy.yaml", encoding: .utf8) }
            let (had, has) = (try text(former), try text(inForce))
            #expect(try text(gateway.rules) == had)
            #expect(try text(new) == has)
        }
    }
}

extension Gateway {
    func scope(of client: UInt64) async -> [String] {
        await enforcer.sessions.first { $0.session.id.client == client && $0.cut == nil }?.decision.scope
            .systems
            ?? []
    }

    /// Of the last change.
    func outcome() throws -> RuleChangeEnd.Outcome? { try store.ruleChanges().last?.end?.outcome }

    func apply(
        _ folder: String, _ reference: String, within: String? = nil
    ) async throws -> ControlMessages.Applied {
        let requests = try SentPack.requests(folder)
        return try await client.call(
            ControlOperations.apply,
            ControlMessages.ApplyArguments(
                name: "new", pieces: requests.pieces, batch: requests.batch, reference: reference,
                confirmWithin: within))
    }

    @discardableResult func reload() async throws -> ControlMessages.OrderDone {
        try await client.call(ControlOperations.reload, ControlMessages.Nothing())
    }

    func list(_ reference: String? = nil) async throws -> ControlMessages.ChangeList {
        try await client.call(
            ControlOperations.changes, ControlMessages.ChangesArguments(reference: reference))
    }
}
