import Enforcement
import FakeKernel
import RulesetCompiler
import Sessions
import Testing

/// The wall clock is set, by an hour or a year. The kernel's leases go by another.
@Suite struct ClockTests {
    /// Leases are as long as ever from now on, and renewed as ever.
    @Test(arguments: [Duration.seconds(3600), .seconds(-3600), .seconds(-90)])
    func leasesGoOn(step: Duration) async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.3 fd08::3", code: try world.code)
        #expect(world.elements.count == 2)
        world.clock.move(by: step)
        for round in 0..<20 {
            await world.pass(.seconds(5))
            let now = world.clock.now()
            let ends = (world.kernel.sessions() ?? [:]).values.map(\.expires)
            #expect(ends.count == 2, "round \(round)")
            #expect(ends.allSatisfy { $0 > now && $0 <= now + World.lease }, "round \(round)")
        }
    }

    /// What has ended by the new time has ended; and what has ended does not come back with the clock.
    @Test func whatEndsByTheClockEnds() async throws {
        let world = try await World(policy: try Cast.policy(contractEnds: .seconds(900)))
        let vendor = try await world.open(try Cast.vendor(), at: "10.8.0.3")
        #expect(world.elements == ["10.8.0.3"])
        world.clock.move(by: .seconds(3600))
        await world.pass(.zero)
        #expect(world.elements.isEmpty)
        #expect(world.gate.words.last == "disconnect 2")
        let count = world.kernel.transactions.count
        world.clock.move(by: .seconds(-3600))
        await world.pass(.seconds(1))
        // Not by the fake kernel's elements: its leases go by the clock that was set.
        #expect(await world.enforcer.session(vendor.id)?.programmed == nil)
        #expect(world.kernel.transactions.count == count, "whoever comes back is asked anew")
    }

    /// A few tenths are what clocks do.
    @Test func aLittleIsNoStep() async throws {
        let world = try await World(policy: try Cast.policy(contractEnds: .seconds(900)))
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        let count = world.kernel.transactions.count
        world.clock.move(by: .milliseconds(-500))
        await world.pass(.zero)
        #expect(world.kernel.transactions.count == count)
        #expect(!world.log.all.contains { $0.contains("went back") })
    }
}
