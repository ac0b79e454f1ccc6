import Enforcement
import Evidence
import FakeKernel
import Sessions
import Testing

/// Which changes move the revision of the registers, and that a statement made for another one changes nothing.
@Suite struct RegisterRevisionTests {
    private static func revision(_ world: World) async -> RegisterRevision {
        await world.enforcer.registerView.revision
    }

    private static func owner(_ name: String, ifRevision revision: RegisterRevision? = nil) -> Order {
        .state(
            [Pack.statement(.device, "laptop-0042", ["owner": [name]])], ifRevision: revision, by: "root",
            reason: "test")
    }

    @Test func everyChangeOfTheRegistersMovesIt() async throws {
        let world = try await World(policy: try Pack.policy())
        var seen = [await Self.revision(world)]
        let orders: [Order] = [
            Self.owner("bob"),
            // What was said already is said again: who said it, and when, is new.
            Self.owner("bob"),
            .setStatus(.lost, device: "laptop-0042", by: "root", reason: ""),
            Pack.state(.user, "alice", ["groups": ["leads"]]),
            .load(try Pack.policy(), seeds: [:]),
        ]
        for order in orders {
            _ = try await world.enforcer.carryOut(order)
            seen.append(await Self.revision(world))
        }
        #expect(Set(seen).count == orders.count + 1)
    }

    @Test func nothingElseMovesIt() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        let before = await Self.revision(world)
        _ = try await world.enforcer.tryOut(Self.owner("bob"))
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(Pack.state(.device, "laptop-0042", ["status": ["gone"]]))
        }
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                Pack.state(.device, "laptop-0042", ["digest": [String(repeating: "02", count: 32)]]))
        }
        var posture = DevicePosture()
        posture.firewall = .init(true, observedAt: World.start)
        _ = await world.enforcer.take([
            PostureReport(subject: .device("laptop-0042"), reporter: "mdm", posture: posture)
        ])
        _ = try await world.enforcer.carryOut(.disconnect(.user("alice"), by: "root", reason: ""))
        await world.pass(.seconds(3600))
        #expect(await Self.revision(world) == before)
    }

    @Test func statementForAnotherRevisionChangesNothing() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        let read = await Self.revision(world)
        _ = try await world.enforcer.carryOut(
            .setStatus(.stolen, device: "laptop-0042", by: "root", reason: "left on a train"))
        let registers = await world.enforcer.registers
        let facts = world.ledger.recollection.facts
        let back = [Pack.statement(.device, "laptop-0042", ["status": ["in-use"]])]
        for _ in 0..<2 {
            await #expect(throws: OrderRefusal.registersMoved) {
                try await world.enforcer.carryOut(
                    .state(back, ifRevision: read, by: "root", reason: "import"))
            }
            await #expect(throws: OrderRefusal.registersMoved) {
                try await world.enforcer.tryOut(
                    .state(back, ifRevision: read, by: "root", reason: "import"))
            }
        }
        #expect(await world.enforcer.registers == registers)
        #expect(world.ledger.recollection.facts == facts)
        #expect(world.elements == [])
        let read2 = await Self.revision(world)
        _ = try await world.enforcer.tryOut(.state(back, ifRevision: read2, by: "root", reason: "import"))
        _ = try await world.enforcer.carryOut(
            .state(back, ifRevision: read2, by: "root", reason: "import"))
        #expect(await world.enforcer.registers.devices[id: "laptop-0042"]?.status == .inUse)
    }

    /// Of two who read the same and state at the same time one is told, also when both orders wait in one burst.
    @Test func ofTwoWithOneRevisionOneIsRefused() async throws {
        let world = try await World(policy: try Pack.policy())
        let read = await Self.revision(world)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for name in ["bob", "carol", "dave"] {
                group.addTask {
                    do {
                        _ = try await world.enforcer.carryOut(Self.owner(name, ifRevision: read))
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count(where: \.self) == 1)
        #expect(world.ledger.recollection.facts.count == 1)
    }

    /// Rules that the kernel refuses were in force for a moment: who read then has read what is not so any more.
    @Test func takingRulesBackMovesItToo() async throws {
        let world = try await World(policy: try Pack.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2")
        try await world.open(try Pack.bob(), at: "10.8.0.3")
        let before = await Self.revision(world)
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(
                .load(try Pack.policy(status: "returned", access: "[crm]"), seeds: [:]))
        }
        let after = await Self.revision(world)
        // Once for what was loaded, and once for what was taken back.
        let count = { (revision: RegisterRevision) in
            revision.description.split(separator: "/").last.flatMap { Int($0) } ?? 0
        }
        #expect(count(after) == count(before) + 2)
    }

    /// What the process before this one counted says nothing about what was changed since.
    @Test func revisionOfAnotherProcessIsNone() async throws {
        let first = try await World(policy: try Pack.policy())
        let read = await Self.revision(first)
        _ = try await first.enforcer.carryOut(Self.owner("bob"))
        first.clock.move(by: .seconds(1))
        let second = try await World(policy: try Pack.policy(), after: first)
        #expect(await Self.revision(second) != read)
        await #expect(throws: OrderRefusal.registersMoved) {
            try await second.enforcer.carryOut(Self.owner("carol", ifRevision: read))
        }
    }

    @Test func isReadAsItIsWritten() async throws {
        let world = try await World(policy: try Pack.policy())
        _ = try await world.enforcer.carryOut(Self.owner("bob"))
        let revision = await Self.revision(world)
        #expect(RegisterRevision(revision.description) == revision)
        for text in [
            "", "/", "1", "1/", "/1", "1/-1", "1/1/1", "x/1", "1/x", " 1/1", "99999999999999999999/1",
        ] {
            #expect(RegisterRevision(text) == nil, "\(text)")
        }
    }

    // MARK: One look

    @Test func viewHasFilesAndStatementsOfOneInstant() async throws {
        let world = try await World(policy: try Pack.policy())
        _ = try await world.enforcer.carryOut(
            .setStatus(.stolen, device: "laptop-0042", by: "root", reason: ""))
        // It leaves the files; that it is stolen is still known.
        _ = try await world.enforcer.carryOut(.load(try Pack.policy(device: "laptop-0044"), seeds: [:]))
        let view = await world.enforcer.registerView
        #expect(await view.registers == world.enforcer.registers)
        #expect(view.unwholeLines(of: .device) == ["laptop-0042": ["status": ["stolen"]]])
        #expect(view.unwholeLines(of: .user).isEmpty)
        #expect(view.facts[RegisterSubject(.device, "laptop-0042")].map(\.field) == ["status"])
    }
}
