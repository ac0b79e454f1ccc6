import Enforcement
import FakeKernel
import PolicyLanguage
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

    /// Hours by the clocks of London, on days and in nights on which those change. Whoever comes within them comes in, and
    /// not a second before; the kernel forgets the session when they end, and not an hour off.
    @Test(arguments: [
        // Forward on 28 March 2027 at 01:00 UTC: the night has seven hours, and the next day is in summer time.
        (8, 18, "2027-03-27T08:00:00Z", "2027-03-27T18:00:00Z"),
        (22, 6, "2027-03-27T22:00:00Z", "2027-03-28T05:00:00Z"),
        (8, 18, "2027-03-28T07:00:00Z", "2027-03-28T17:00:00Z"),
        // Back on 31 October 2027 at 01:00 UTC: the night has nine.
        (8, 18, "2027-10-30T07:00:00Z", "2027-10-30T17:00:00Z"),
        (22, 6, "2027-10-30T21:00:00Z", "2027-10-31T06:00:00Z"),
        (8, 18, "2027-10-31T08:00:00Z", "2027-10-31T18:00:00Z"),
    ])
    func hoursAcrossAChangeOfClocks(from: Int, to: Int, opens: String, ends: String) async throws {
        let london = try #require(ZoneClock(named: "Europe/London"))
        let hours = WeeklyHours(days: Set(Weekday.allCases), from: from * 60, to: to * 60, clock: london)
        let (opens, ends) = (try #require(TimeText.timestamp(opens)), try #require(TimeText.timestamp(ends)))
        let policy = try Cast.policy(contractEnds: .seconds(400 * 86_400), vendorHours: hours)
        let world = try await World(policy: policy)
        world.clock.move(by: opens - .seconds(1) - world.clock.now())
        try await world.open(try Cast.vendor(2), at: "10.8.0.3")
        #expect(world.gate.words.contains { $0.hasPrefix("refuse 2") })
        world.clock.move(by: .seconds(1))
        try await world.open(try Cast.vendor(3, named: "vendor-bob-2"), at: "10.8.0.3")
        while world.clock.now() < ends {
            let expires = try #require(world.kernel.sessions()?.values.first?.expires)
            #expect(expires > world.clock.now() && expires <= ends)
            await world.pass(min(.seconds(20), ends - world.clock.now()))
        }
        #expect(world.elements.isEmpty)
        #expect(world.gate.words.last == "disconnect 3")
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
