import Classification
import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

@testable import Enforcement
@testable import PacketPath

/// What an administrator reads of what the packet path saw.
@Suite struct PathReportTests {
    /// A worker at a place of the gateway, as the daemon runs it.
    struct Tap: ~Copyable {
        var worker: PathWorker
        var events: EventReader
        let counters: WorkerCounters

        init(_ world: World, _ place: PathWorker.Place) throws {
            let readers = try #require(world.enforcer.pathReaders)
            let made = readers.makeReader()
            let ring = EventRing.make(capacity: 1024)
            guard let reader = made, let counters = WorkerCounters.make(slotCount: 16) else {
                throw NoTap()
            }
            self.counters = counters.counters
            worker = PathWorker(
                place: place, link: .raw, reader: reader, counters: counters, events: ring.writer,
                scans: ScanDetector(slotCount: 16, threshold: 8, windowTicks: 60_000, key: (1, 2)))
            events = ring.reader
        }

        struct NoTap: Error {}

        /// A TCP segment from one IPv4 address to a port of another.
        mutating func see(_ source: String, _ destination: String, port: UInt16, at now: Instant) throws {
            let ends = try [source, destination].flatMap { try #require(IPAddress($0)).bytes }
            let ports: [UInt8] = [0x9c, 0x40, UInt8(port >> 8), UInt8(port & 255)]
            let frame: [UInt8] =
                [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0] + ends + ports
                + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0]
            unsafe frame.withUnsafeBytes { bytes in
                let list = [unsafe PathFrame(bytes, wireLength: frame.count, interface: 7, way: .outward)]
                let tick = UInt64(now.nanosecondsSince1970 / 1_000_000)
                unsafe list.withUnsafeBufferPointer { unsafe worker.process($0, tick: tick) }
            }
        }

        mutating func report(to world: World) async {
            var all: [PathEvent] = []
            while let event = events.next() { all.append(event) }
            await world.enforcer.report(all, lost: 0)
        }
    }

    static func world(_ policy: Policy? = nil) async throws -> World {
        let world = try await World(policy: try policy ?? Cast.policy(), pathSlots: 16)
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.log.forget()
        return world
    }

    @Test func aRefusalSaysWhoAndWhy() async throws {
        let world = try await Self.world()
        var tap = try Tap(world, .tunnel)
        try tap.see("10.8.0.2", "10.10.0.20", port: 443, at: world.clock.now())
        try tap.see("10.8.0.2", "10.10.0.21", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(
            world.log.all == [
                "notice [office/1]: refused: 10.8.0.2 to 10.10.0.21:443/tcp: the class does not reach system 'finance'"
            ])
        let use = await world.enforcer.use(of: try Cast.alice().id, in: [tap.counters])
        #expect(use?.outward.packets == 2 && use?.denied == 1)
    }

    @Test func aSpoofedSourceIsReportedAndACutClientIsNot() async throws {
        let world = try await Self.world()
        var tap = try Tap(world, .tunnel)
        try tap.see("10.66.0.5", "10.10.0.20", port: 443, at: world.clock.now())
        try tap.see("169.254.7.7", "10.10.0.20", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(
            world.log.all == [
                "warning: spoofed source on tun0: 10.66.0.5 to 10.10.0.20:443/tcp: no session has this address"
            ])
        await world.send(.ended(try Cast.alice().id, nil))
        world.log.forget()
        try tap.see("10.8.0.2", "10.10.0.20", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(world.log.all.isEmpty)
    }

    @Test func aDisagreementIsAnAlarmWithBothReasons() async throws {
        let world = try await Self.world()
        var tap = try Tap(world, .inside)
        // Judged by the kernel before the session was what it is.
        try tap.see("10.8.0.2", "10.10.0.21", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(world.log.all.isEmpty)
        world.clock.move(by: .seconds(2))
        try tap.see("10.8.0.2", "10.10.0.20", port: 443, at: world.clock.now())
        try tap.see("10.8.0.2", "10.10.0.21", port: 443, at: world.clock.now())
        await tap.report(to: world)
        let line = try #require(world.log.all.first)
        #expect(world.log.all.count == 1)
        #expect(
            line.hasPrefix("critical [office/1]: kernel and core disagree: 10.8.0.2 to 10.10.0.21:443/tcp"))
        #expect(line.contains("the kernel let it pass (it was told scope 1 until "))
        #expect(line.contains("the core refuses it (not in the session's scope)"))
        #expect(line.hasSuffix("the rules say: the class does not reach system 'finance'"))
    }

    @Test func oneSessionDoesNotFillTheLog() async throws {
        let world = try await Self.world()
        var tap = try Tap(world, .tunnel)
        for port in 1...UInt16(7) {
            try tap.see("10.8.0.2", "10.10.0.21", port: port, at: world.clock.now())
        }
        try tap.see("10.66.0.5", "10.10.0.20", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(world.log.all.count { $0.contains("refused:") } == 5)
        #expect(world.log.all.count { $0.contains("spoofed") } == 1, "others are heard all the same")
        world.log.forget()
        world.clock.move(by: .seconds(61))
        await tap.report(to: world)
        let line = world.log.all.first ?? ""
        #expect(line.contains("more events 'refused' of session office/1 in a minute"))
    }

    @Test func aScanMovesTheSessionToItsClass() async throws {
        let world = try await Self.world(try Cast.policy(scanners: .systems(["portal"])))
        var tap = try Tap(world, .tunnel)
        for port in 1...UInt16(30) {
            try tap.see("10.8.0.2", "10.10.0.21", port: port, at: world.clock.now())
        }
        await tap.report(to: world)
        await world.enforcer.settled()
        #expect(await world.enforcer.sessions.map(\.decision.className) == ["scanning"])
        // The core follows the class that it has brought about.
        world.log.forget()
        try tap.see("10.8.0.2", "10.10.0.90", port: 443, at: world.clock.now())
        try tap.see("10.8.0.2", "10.10.0.20", port: 443, at: world.clock.now())
        await tap.report(to: world)
        let use = await world.enforcer.use(of: try Cast.alice().id, in: [tap.counters])
        #expect(use?.outward.packets == 32 && use?.denied == 31)
    }

    /// Alice's idle time is 30 s. She reaches something after 20 s; from then on she is only refused.
    @Test func whoIsOnlyRefusedIsIdle() async throws {
        let world = try await Self.world(try Cast.policy(idle: ["employee": .seconds(30)]))
        var tap = try Tap(world, .tunnel)
        var elements: [Int] = []
        for second in 1...60 {
            let before = world.clock.now()
            world.clock.move(by: .seconds(1))
            let now = world.clock.now()
            try tap.see("10.8.0.2", "10.10.0.21", port: 443, at: now)
            if second == 20 { try tap.see("10.8.0.2", "10.10.0.20", port: 443, at: now) }
            await world.enforcer.reportUse(
                of: "tun0", since: before, watched: before...now, workers: [tap.counters])
            world.enforcer.tick()
            await world.enforcer.settled()
            elements.append(world.elements.count)
        }
        #expect(elements.firstIndex(of: 0) == 49, "the fiftieth second")
    }

    /// There is one slot: of the second session nobody knows whether it is used.
    @Test func whoHasNoSlotIsNotIdle() async throws {
        let policy = try Cast.policy(idle: ["employee": .seconds(30), "vendor": .seconds(30)])
        let world = try await World(policy: policy, pathSlots: 1)
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        try await world.open(try Cast.vendor(), at: "10.8.0.3")
        for _ in 0..<12 {
            let before = world.clock.now()
            world.clock.move(by: .seconds(5))
            await world.enforcer.reportUse(
                of: "tun0", since: before, watched: before...world.clock.now(), workers: [])
            await world.enforcer.settled()
        }
        #expect(world.elements == ["10.8.0.3"])
    }

    @Test func aReloadMovesTheScopesAlong() async throws {
        let world = try await Self.world()
        var tap = try Tap(world, .tunnel)
        let policy = try Cast.policy(employeesReach: ["finance"])
        _ = try await world.enforcer.carryOut(.load(policy, seeds: try World.seeds))
        world.log.forget()
        try tap.see("10.8.0.2", "10.10.0.21", port: 443, at: world.clock.now())
        try tap.see("10.8.0.2", "10.10.0.20", port: 443, at: world.clock.now())
        await tap.report(to: world)
        #expect(world.log.all.count == 1 && world.log.all[0].contains("10.10.0.20:443/tcp"))
    }
}
