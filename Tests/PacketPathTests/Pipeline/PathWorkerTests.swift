import PacketSamples
import TestSupport
import Testing

@testable import PacketPath

@Suite struct PathWorkerTests {
    static let web = [false, true].map { ScopeBox.far(isIPv6: $0, 20...20, 6, 443...443) }

    /// Session 2 of both families reaches TCP 443 of host 20.
    static func bench(_ place: PathWorker.Place, tunnels: [UInt32] = []) throws -> PathBench {
        var bench = try PathBench(place: place, tunnels: tunnels)
        bench.image.setScope(3, ScopeImage(web))
        bench.slot = bench.image.takeSlot()
        for isIPv6 in [false, true] {
            try bench.image.put(isIPv6: isIPv6, near: 2, SessionValue(scope: 3, slot: bench.slot))
        }
        return bench
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var place: PathWorker.Place
        var way = PathFrame.Way.outward
        var near: UInt32 = 2
        var far: UInt32 = 20
        var isOutward = true
        var flags: UInt8 = 0x10
        var verdict: Verdict
        var event: PathEvent.Kind?
        /// Packets that its session is counted to have sent, received, and been refused.
        var counted: [UInt64]
        var isUse = true
    }

    static let cases = [
        Case(
            testDescription: "permitted", place: .tunnel, verdict: .permitted, event: nil,
            counted: [1, 0, 0]),
        Case(
            testDescription: "refused at the tunnel", place: .tunnel, far: 21,
            verdict: .denied(.destination), event: .refused, counted: [1, 0, 1]),
        Case(
            testDescription: "a source that no session has", place: .tunnel, near: 9,
            verdict: .denied(.noScope), event: .spoofed, counted: [0, 0, 0]),
        Case(
            testDescription: "an answer", place: .tunnel, way: .toward, isOutward: false,
            verdict: .permitted, event: nil, counted: [0, 1, 0]),
        Case(
            testDescription: "what the kernel let through to a session is not refused", place: .tunnel,
            way: .toward, far: 21, isOutward: false, verdict: .permitted, event: nil, counted: [0, 1, 0],
            isUse: false),
        Case(
            testDescription: "the gateway's reset for a refused connection", place: .tunnel, way: .toward,
            far: 99, isOutward: false, flags: 0x14, verdict: .permitted, event: nil, counted: [0, 1, 0],
            isUse: false),
        Case(
            testDescription: "the kernel let pass what it should not", place: .inside, far: 21,
            verdict: .denied(.destination), event: .disagreement, counted: [0, 0, 0]),
        Case(
            testDescription: "the kernel let pass what it should", place: .inside, verdict: .permitted,
            event: nil, counted: [0, 0, 0]),
        Case(
            testDescription: "inside, other people's traffic is none of ours", place: .inside, near: 9,
            verdict: .permitted, event: nil, counted: [0, 0, 0]),
        Case(
            testDescription: "an answer in a recording", place: .recording, way: .either,
            isOutward: false, verdict: .permitted, event: nil, counted: [0, 1, 0]),
        Case(
            testDescription: "a connection opened toward a session", place: .recording, way: .either,
            isOutward: false, flags: 0x02, verdict: .denied(.opening), event: .refused, counted: [0, 1, 1]),
        Case(
            testDescription: "nobody's, in a recording", place: .recording, way: .either, near: 9,
            verdict: .denied(.noScope), event: .spoofed, counted: [0, 0, 0]),
    ]

    @Test(arguments: cases, [false, true])
    func judgesByPlace(_ test: Case, isIPv6: Bool) throws {
        var bench = try Self.bench(test.place)
        let frame = Flow.tcp(
            isIPv6: isIPv6, near: test.near, far: test.far, isOutward: test.isOutward, flags: test.flags)
        let result = bench.process(frame, way: test.way, tick: 77)
        #expect(result.verdict == test.verdict)
        let events = bench.nextEvents()
        #expect(events.map(\.kind) == (test.event.map { [$0] } ?? []))
        let use = bench.counters.use(
            ofSlot: Int(bench.slot.number), generation: UInt64(bench.slot.generation))
        #expect([use.outward.packets, use.toward.packets, use.denied] == test.counted)
        #expect(
            use.outward.octets + use.toward.octets == UInt64(test.counted[0] + test.counted[1])
                * UInt64(frame.count))
        let isUsed = test.isUse && test.counted[0] + test.counted[1] > test.counted[2]
        #expect(use.lastUsed == (isUsed ? 77 : 0), "refused packets are no use, nor their refusals")
        #expect(use.lastSeen == (test.counted[0] + test.counted[1] > 0 ? 77 : 0))
        if let event = events.first, event.kind != .spoofed {
            #expect(event.session == SessionValue(scope: 3, slot: bench.slot))
        }
    }

    /// Packets that hold just what the kernel reads of them, or a byte less; as the three judges of NetfilterTests found
    /// them.
    @Test func shortPacketsAreJudgedByWhatTheKernelReads() throws {
        let cases: [(isIPv6: Bool, isOutward: Bool, kind: UInt8, [UInt8], Verdict, String)] = [
            (false, true, 47, [0, 0, 8, 0], .permitted, "outward the second port is read"),
            (false, true, 47, [0, 0, 8], .denied(.truncated), "and has to be there"),
            (false, false, 47, [0, 0], .permitted, "toward a session the first"),
            (false, false, 47, [0], .denied(.truncated), "and has to be there"),
            (true, false, 47, [0, 0], .permitted, "in both families"),
            (true, false, 47, [0], .denied(.truncated), "in both families"),
            (false, true, 1, Self.error(false, 22), .permitted, "outward a quoted source port"),
            (false, true, 1, Self.error(false, 21), .denied(.quoteTruncated), "has to be there"),
            (true, true, 58, Self.error(true, 42), .permitted, "in both families"),
            (true, true, 58, Self.error(true, 41), .denied(.quoteTruncated), "in both families"),
            (
                true, true, 51, Bytes.authentication(next: 6) + Bytes.tcp(40_000, 443), .denied(.destination),
                "behind an authentication header nothing is read"
            ),
        ]
        for (isIPv6, isOutward, kind, payload, expected, why) in cases {
            var bench = try Self.bench(.recording)
            bench.image.setScope(
                3,
                ScopeImage(
                    Self.web + [false, true].map { ScopeBox.far(isIPv6: $0, 20...20, 47, 0 ... .max) }))
            let frame = Flow.packet(
                isIPv6: isIPv6, near: 2, far: 20, isOutward: isOutward, kind: kind, payload)
            let result = bench.process(frame, way: isOutward ? .outward : .toward)
            #expect(result.verdict == expected, "\(why): \(payload.count) bytes of protocol \(kind)")
        }
    }

    /// An ICMP error with so many bytes of an answer from TCP 443 of host 20.
    private static func error(_ isIPv6: Bool, _ count: Int) -> [UInt8] {
        let quoted = Flow.tcp(isIPv6: isIPv6, isOutward: false)
        return Bytes.icmp(isIPv6 ? 1 : 3, 0, Array(quoted.prefix(count)))
    }

    @Test func findsTheTunnelByItself() throws {
        var bench = try Self.bench(.inside, tunnels: [5, 7])
        for isIPv6 in [false, true] {
            let result = bench.process(Flow.tcp(isIPv6: isIPv6, far: 21), interface: 0)
            #expect(result.value?.slot == bench.slot.number)
            #expect(result.verdict == .denied(.destination))
        }
        let other = bench.process(Flow.tcp(isIPv6: false), interface: 5)
        #expect(other.value == nil, "a session of another tunnel")
    }

    @Test func dropsAreCountedByReason() throws {
        var bench = try Self.bench(.tunnel)
        let results = bench.process([[], [0x45], [0x10, 0, 0, 0], Flow.tcp(isIPv6: false)])
        #expect(results.map(\.packet.drop) == [.tooShort, .tooShort, .badVersion, nil])
        #expect(results.map { $0.verdict != nil } == [false, false, false, true])
        #expect(bench.counters.dropped(.tooShort) == 2)
        #expect(bench.counters.dropped(.badVersion) == 1)
        #expect(bench.counters.total().outward.packets == 1)
    }

    @Test func aSessionBeyondTheSlotsIsJudgedAndCountedInAll() throws {
        var bench = try PathBench(place: .tunnel)
        bench.image.setScope(3, ScopeImage(Self.web))
        for near in 1...UInt32(PathBench.slots + 1) {
            let slot = bench.image.takeSlot()
            #expect((slot.number == SessionValue.noSlot) == (near > PathBench.slots))
            try bench.image.put(isIPv6: false, near: near, SessionValue(scope: 3, slot: slot))
        }
        let last = UInt32(PathBench.slots + 1)
        #expect(bench.process(Flow.tcp(isIPv6: false, near: last)).verdict == .permitted)
        #expect(
            bench.process(Flow.tcp(isIPv6: false, near: last, far: 21)).verdict == .denied(.destination))
        #expect(bench.counters.total().outward.packets == 2)
    }

    @Test func refusalsOfOneDestinationAreToldOnceAndManyAreAScan() throws {
        var bench = try Self.bench(.tunnel)
        for _ in 0..<5 { _ = bench.process(Flow.tcp(isIPv6: false, far: 21)) }
        #expect(bench.nextEvents().map(\.kind) == [.refused])
        for far in 30..<UInt32(80) { _ = bench.process(Flow.tcp(isIPv6: true, far: far)) }
        let events = bench.nextEvents()
        let number = bench.slot.number
        let scans = events.filter { $0.kind == .scan }
        #expect(scans.count == 1)
        #expect(scans.allSatisfy { $0.detail >= 16 && $0.session.slot == number })
        let use = bench.counters.use(
            ofSlot: Int(number), generation: UInt64(bench.slot.generation))
        #expect(use.denied == 55 && use[.destination] == 55)
    }

    /// Programs that knock at the internet are common, and no scan; each destination is told once all the same.
    @Test func refusalsOutsideTheOrganisationAreNoScan() throws {
        var bench = try Self.bench(.tunnel)
        let inside = [false, true].map { ScopeBox.far(isIPv6: $0, 0...99, 6, 0 ... .max) }
        bench.image.setScope(SessionValue.inside, ScopeImage(inside))
        for far in 100..<UInt32(150) {
            for _ in 0..<2 { _ = bench.process(Flow.tcp(isIPv6: false, far: far)) }
        }
        let outside = bench.nextEvents()
        #expect(outside.allSatisfy { $0.kind == .refused } && (35...50).contains(outside.count))
        for far in 30..<UInt32(60) { _ = bench.process(Flow.tcp(isIPv6: false, far: far)) }
        #expect(bench.nextEvents().count { $0.kind == .scan } == 1)
    }

    /// A scan is told once in two windows: when there was no room to tell it, the next destination tells.
    @Test func aScanThatDidNotFitIsToldLater() throws {
        var bench = try Self.bench(.tunnel)
        for near in 100..<UInt32(4300) { _ = bench.process(Flow.tcp(isIPv6: false, near: near)) }
        for far in 30..<UInt32(60) { _ = bench.process(Flow.tcp(isIPv6: false, far: far)) }
        #expect(bench.nextEvents().allSatisfy { $0.kind == .spoofed }, "the ring was full of others")
        #expect(bench.events.ring.lost > 0)
        _ = bench.process((60..<UInt32(70)).map { Flow.tcp(isIPv6: false, far: $0) })
        #expect(bench.nextEvents().count { $0.kind == .scan } == 1)
    }

    /// A slot that is given back is another session's only after every reader has been quiescent.
    @Test func slotsAndScopesRestForAGracePeriod() throws {
        var image = try PathImage(key: (1, 2), slotCount: 1)
        guard var reader = image.readers.makeReader() else { return }
        image.setScope(3, ScopeImage(Self.web))
        let slot = image.takeSlot()
        try image.put(isIPv6: false, near: 2, SessionValue(scope: 3, slot: slot))
        image.remove(isIPv6: false, near: 2)
        image.giveBack(slot)
        image.removeScope(3)
        image.reclaim()
        #expect(image.takeSlot() == .none, "the reader may still count into it")
        #expect(unsafe reader.root.slots.reader(3) != nil, "the reader may have found the session")
        reader.sessions.quiescent()
        let next = image.takeSlot()
        #expect(next.number == slot.number && next.generation == slot.generation + 1)
        #expect(unsafe reader.root.slots.reader(3) == nil)
    }

    @Test func aSlotGoesThroughAllGenerationsBeforeOneComesBack() {
        var pool = SlotPool(slotCount: 2)
        var seen: Set<SessionSlot> = []
        for round in 0..<(2 * 65_535) {
            let slot = pool.take()
            #expect(slot.generation != 0)
            if !seen.insert(slot).inserted { Issue.record("\(slot) came back in round \(round)") }
            pool.giveBack(slot, period: 0)
            pool.reclaim { _ in true }
        }
        let first = pool.take()
        #expect(first == SessionSlot(number: 0, generation: 1), "and then it does")
    }
}
