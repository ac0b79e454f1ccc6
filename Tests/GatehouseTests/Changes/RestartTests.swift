import Enforcement
import Evidence
import Foundation
import PolicyLanguage
import Sessions
import Store
import Testing

@testable import gatehouse

/// What a daemon begins with after the one before it was killed: copies of its folder are taken while it runs, so that
/// nothing is there but what was on the disk.
@Suite struct RestartTests {
    /// The rules that a start after a kill begins with.
    private struct Begun {
        var isNarrow: Bool
        var warnings: [String]
        var last: RuleChange?
        var waits: Bool
    }

    /// Kills the daemon, in effect, and starts another one on what it left.
    ///
    /// - Parameters:
    ///   - later: How much time has passed.
    ///   - prepare: What somebody does to the folder meanwhile.
    private static func restart(
        _ gateway: Gateway, later: Duration = .zero, fromFolder: Bool = false,
        _ prepare: (String) throws -> Void = { _ in }
    ) async throws -> Begun {
        var begun: Begun?
        try await Gateway.inFolder { folder in
            begun = try await restart(gateway, in: folder, later, fromFolder, prepare)
        }
        return try #require(begun)
    }

    private static func restart(
        _ gateway: Gateway, in folder: String, _ later: Duration, _ fromFolder: Bool,
        _ prepare: (String) throws -> Void
    ) async throws -> Begun {
        for name in ["state", "rules"] {
            try FileManager.default.copyItem(atPath: "\(gateway.folder)/\(name)", toPath: "\(folder)/\(name)")
        }
        try prepare(folder + "/rules")
        let next = try await Gateway(
            folder: folder, clock: SteppedClock(gateway.clock.now() + later), fromFolder: fromFolder)
        let managed = await next.enforcer.policy.classes.first { $0.name == "managed" }
        let begun = Begun(
            isNarrow: managed?.access == .systems(["portal"]), warnings: next.warnings,
            last: try next.store.ruleChanges().last, waits: await next.changes.waiting != nil)
        await next.stop()
        return begun
    }

    private static func edit(_ folder: String) throws { try Gateway.write(ApplyTests.narrower(), to: folder) }

    @Test func whatWasAppliedComesBack() async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1") == 0)
            let begun = try await Self.restart(gateway)
            #expect(begun.isNarrow && begun.last?.reference == "RFC-1")
            // The folder still has the former rules: said, and not loaded.
            #expect(begun.warnings.contains { $0.contains("is not what is in force") })
            let same = try await Self.restart(gateway, Self.edit)
            #expect(same.isNarrow && !same.warnings.contains { $0.contains("is not what is in force") })
        }
    }

    /// How long after the change, whether it was confirmed before, what is in force then.
    @Test(
        arguments: [
            (0, false, true, true), (299, false, true, true), (300, false, false, false),
            (86_400, false, false, false), (86_400, true, true, false), (-86_400, false, true, true),
        ] as [(Int64, Bool, Bool, Bool)])
    func theDeadlineOutlivesTheProcess(
        seconds: Int64, isConfirmed: Bool, isNarrow: Bool, waits: Bool
    ) async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1", "--confirm-within", "5m") == 0)
            if isConfirmed { #expect(await gateway.run("confirm", "RFC-1") == 0) }
            let begun = try await Self.restart(gateway, later: .seconds(seconds))
            #expect(begun.isNarrow == isNarrow && begun.waits == waits)
            let outcome = begun.last?.end?.outcome
            #expect(outcome == (isConfirmed ? .confirmed : waits ? nil : .reverted))
        }
    }

    /// The one that was started in between takes it back, and the one after that knows.
    @Test func theNextProcessGoesOnCounting() async throws {
        let clock = SteppedClock()
        try await Gateway.inFolder { folder in
            try Gateway.write(ApplyTests.narrower(), to: folder + "/new")
            let first = try await Gateway(folder: folder, clock: clock)
            _ = try await first.apply(folder + "/new", "RFC-1", within: "5m")
            await first.stop()
            clock.move(by: .seconds(200))
            let second = try await Gateway(folder: folder, clock: clock)
            try await second.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            #expect(await second.scope(of: 1) == ["portal"])
            clock.move(by: .seconds(100))
            await second.changes.tick()
            #expect(await second.scope(of: 1) == ["crm", "portal"])
            await second.stop()
            let third = try await Gateway(folder: folder, clock: clock)
            try await third.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            #expect(await third.scope(of: 1) == ["crm", "portal"])
            #expect(try third.outcome() == .reverted)
            await third.stop()
        }
    }

    @Test func whatWasOvertakenComesBackWithTheRestart() async throws {
        var new = ApplyTests.narrower()
        new["devices.csv"] = new["devices.csv"]?.replacing(
            "alice,laptop,in-use", with: "alice,laptop,returned")
        try await ApplyTests.withNew(new, clock: SteppedClock()) { gateway, folder in
            _ = await gateway.run("device", "set", "laptop-1", "status=lost", "--reason", "left on a train")
            _ = try await gateway.apply(folder, "RFC-1", within: "5m")
            #expect(try gateway.store.facts() == [])
            let store = gateway.folder + "/copy"
            try FileManager.default.copyItem(atPath: gateway.folder + "/state", toPath: store)
            let copy = try Store(directory: store)
            let begun = try RulesInForce.atStart(
                folder: gateway.rules, store: copy, at: gateway.clock.now() + .seconds(301))
            #expect(begun.waiting == nil)
            #expect(try copy.facts().map(\.value) == [["lost"]])
        }
    }

    /// Killed between the record of the change and the rules themselves: the next process is the first in which the new
    /// files overtake anything, and the one that takes it back.
    @Test func whatTheNextProcessOvertakesComesBackToo() async throws {
        let clock = SteppedClock()
        var new = ApplyTests.narrower()
        new["devices.csv"] = new["devices.csv"]?.replacing(
            "alice,laptop,in-use", with: "alice,laptop,returned")
        try await Gateway.inFolder { folder in
            let first = try await Gateway(folder: folder, clock: clock)
            _ = await first.run("device", "set", "laptop-1", "status=lost", "--reason", "left on a train")
            try Gateway.write(new, to: folder + "/new")
            let pack = KeptPack(try RulePack.read(folder + "/new", at: clock.now()).files)
            let change = RuleChange(
                kind: .apply, reference: "RFC-1", author: .daemon, at: clock.now(), pack: pack.digest,
                before: try first.store.ruleChanges().last?.pack, confirmBy: clock.now() + .seconds(300))
            _ = try first.store.begin(change, keeping: [pack])
            await first.stop()
            let second = try await Gateway(folder: folder, clock: clock)
            let overtaken = try second.store.facts()
            #expect(overtaken == [])
            #expect(try await second.fields("device", "laptop-1")?["status"] == ["returned"])
            clock.move(by: .seconds(300))
            await second.changes.tick()
            #expect(try await second.fields("device", "laptop-1")?["status"] == ["lost"])
            #expect(try second.store.facts().map(\.value) == [["lost"]])
            await second.stop()
        }
    }

    // MARK: The folder

    @Test func anEditedFolderIsTakenWhereNothingWasAppliedAndRecorded() async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, _ in
            let begun = try await Self.restart(gateway, Self.edit)
            #expect(begun.isNarrow && begun.last?.kind == .start && begun.last?.before != nil)
            #expect(begun.last?.difference?.contains("10.10.0.20") == true)
            #expect(begun.warnings.contains { $0.contains("not those that were in force") })
            let untouched = try await Self.restart(gateway)
            #expect(!untouched.isNarrow && untouched.last?.before == nil)
        }
    }

    @Test func anEditedFolderDoesNotGetPastAReference() async throws {
        let rules = "changes: { reference: required }"
        try await ApplyTests.withNew(clock: SteppedClock(), rules: rules) { gateway, _ in
            let begun = try await Self.restart(gateway, Self.edit)
            #expect(!begun.isNarrow && begun.last?.before == nil)
            #expect(begun.warnings.contains { $0.contains("is not what is in force") })
            // Nor does one that is broken, or gone.
            let broken = try await Self.restart(gateway) { try Gateway.write(["policy.yaml": "?"], to: $0) }
            #expect(!broken.isNarrow)
            // Whoever may start the daemon so may do so, and it is on the record.
            let forced = try await Self.restart(gateway, fromFolder: true, Self.edit)
            #expect(forced.isNarrow && forced.last?.kind == .start)
            #expect(forced.last?.end?.because == "started with --from-folder")
        }
    }

    @Test func aReloadMakesTheFolderCountAgain() async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, new in
            #expect(await gateway.run("apply", new, "--change", "RFC-1") == 0)
            #expect(try await Self.restart(gateway).isNarrow)
            try await gateway.reload()
            let begun = try await Self.restart(gateway)
            #expect(!begun.isNarrow && begun.last?.kind == .reload)
        }
    }

    @Test func theFolderCountsAgainAfterAStartFromIt() async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, new in
            _ = try await gateway.apply(new, "RFC-1", within: "5m")
            let begun = try await Self.restart(gateway, fromFolder: true)
            #expect(!begun.isNarrow && begun.last?.kind == .start && !begun.waits)
            // The same files as were applied: on the record all the same.
            let same = try await Self.restart(gateway, fromFolder: true, Self.edit)
            #expect(same.isNarrow && same.last?.kind == .start)
        }
    }

    /// Died between the record and the kernel: nothing was answered, and what was checked is in force.
    @Test func anApplyThatWasUnderWayIsCarriedOut() async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, new in
            let pack = try RulePack.read(new, at: gateway.clock.now())
            let before = try #require(try gateway.store.ruleChanges().last?.pack)
            let kept = KeptPack(pack.files)
            let change = RuleChange(
                kind: .apply, reference: "RFC-1", author: RuleChangeAuthor("root", uid: 0),
                at: gateway.clock.now(), pack: kept.digest, before: before)
            _ = try gateway.store.begin(change, keeping: [kept])
            let begun = try await Self.restart(gateway)
            #expect(
                begun.isNarrow && begun.last?.end?.outcome == .confirmed && begun.last?.end?.by == .daemon)
        }
    }

    @Test func aPackThatDoesNotLoadAnyMoreIsSaid() async throws {
        try await ApplyTests.withNew(clock: SteppedClock()) { gateway, _ in
            let kept = KeptPack([KeptPack.File(path: "policy.yaml", text: "classes: [")])
            let change = RuleChange(
                kind: .apply, reference: "RFC-1", author: .daemon, at: gateway.clock.now(),
                pack: kept.digest, before: nil)
            _ = try gateway.store.begin(change, keeping: [kept])
            let problem = await #expect(throws: StartProblem.self) { _ = try await Self.restart(gateway) }
            #expect("\(problem as Any)".contains("gatehouse run --from-folder"))
            #expect(try await Self.restart(gateway, fromFolder: true).isNarrow == false)
        }
    }
}
