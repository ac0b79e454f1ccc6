import Synchronization
import TestSupport
import Testing

@testable import PacketPath

@Suite struct EventRingTests {
    static func event(_ number: UInt64) -> PathEvent {
        var event = PathEvent(
            kind: .refused, reason: 7, session: SessionValue(word: number % 1_000), tick: number)
        event.sourceLow = ~number
        event.detail = number &* 3
        return event
    }

    static func isWhole(_ event: PathEvent) -> Bool {
        event.sourceLow == ~event.tick && event.detail == event.tick &* 3
            && event.session.word == event.tick % 1_000
    }

    @Test func anEventIsACacheLine() {
        #expect(MemoryLayout<PathEvent>.size == 64)
        #expect(MemoryLayout<PathEvent>.stride == 64)
        #expect(PathEvent.Kind.allCases.map(\.rawValue) == Array(1...4))
    }

    @Test func anEventSaysWhatThePacketWas() {
        var packet = DecodedPacket()
        packet.family = 6
        packet.ipProtocol = 17
        (packet.sourceHigh, packet.sourceLow) = (0xfd08 << 48, 2)
        (packet.destinationHigh, packet.destinationLow) = (0xfd10 << 48, 3)
        packet.sourcePort = 40_000
        packet.destinationPort = 53
        let session = SessionValue(scope: 6, slot: SessionSlot(number: 5, generation: 9))
        let event = PathEvent(
            kind: .refused, reason: .destination, packet: packet, session: session, tick: 7)
        #expect(event.sourceHigh == 0xfd08 << 48 && event.sourceLow == 2)
        #expect(event.destinationHigh == 0xfd10 << 48 && event.destinationLow == 3)
        #expect(
            event.sourcePort == 40_000 && event.destinationPort == 53 && event.ipProtocol == 17
                && event.isIPv6)
        #expect(event.session == session && event.tick == 7)
        #expect(event.reason == DenyReason.destination.rawValue)
    }

    @Test(arguments: [(0, 2), (1, 2), (2, 2), (3, 4), (64, 64), (65, 128)])
    func roundsTheCapacityUp(asked: Int, got: Int) {
        let ends = EventRing.make(capacity: asked)
        let capacity = ends.writer.ring.capacity
        #expect(capacity == got)
    }

    /// Against an array that is cut off at the capacity.
    @Test(arguments: UInt64(1)...20)
    func agreesWithAQueue(seed: UInt64) {
        var random = Seeded(seed)
        let capacity = 1 << Int.random(in: 1...5, using: &random)
        var ends = EventRing.make(capacity: capacity)
        var model: [UInt64] = []
        var lost: UInt64 = 0
        for number in UInt64(0)..<4_000 {
            if Bool.random(using: &random) {
                let fits = ends.writer.append(Self.event(number))
                #expect(fits == (model.count < capacity), "seed \(seed)")
                if fits { model.append(number) } else { lost += 1 }
            } else {
                let event = ends.reader.next()
                #expect(event?.tick == model.first, "seed \(seed)")
                if !model.isEmpty { model.removeFirst() }
            }
            let counted = ends.writer.ring.lost
            #expect(counted == lost, "seed \(seed)")
        }
    }

    @Test func countersMayWrap() {
        var ends = EventRing.make(capacity: 4)
        let start = UInt64.max - 1
        ends.writer.ring.written.value.store(start, ordering: .relaxed)
        ends.writer.ring.read.value.store(start, ordering: .relaxed)
        (ends.writer.next, ends.writer.lastRead) = (start, start)
        (ends.reader.position, ends.reader.lastWritten) = (start, start)
        var fitted: [Bool] = []
        for number in UInt64(0)..<5 { fitted.append(ends.writer.append(Self.event(number))) }
        #expect(fitted == [true, true, true, true, false], "full across the end of the numbers")
        var taken: [UInt64] = []
        while let event = ends.reader.next() { taken.append(event.tick) }
        #expect(taken == [0, 1, 2, 3])
    }

    /// A writer flat out and a reader that takes what it gets: in order, whole, and none missing but those
    /// counted.
    @Test(arguments: [2, 16, 1_024])
    func losesNothingUncounted(capacity: Int) async {
        let total: UInt64 = 200_000
        let ends = EventRing.make(capacity: capacity)
        let ring = ends.writer.ring
        let (writer, reader) = Self.apart(ends)
        let isDone = Flag()
        async let writing: UInt64 = Task.detached {
            var kept: UInt64 = 0
            if var end = writer.take() {
                for number in 0..<total where end.append(Self.event(number)) { kept += 1 }
            }
            isDone.value.store(true, ordering: .releasing)
            return kept
        }.value
        let reading = Task.detached {
            guard var end = reader.take() else { return Tally() }
            var tally = Tally()
            while true {
                // Asked before the look: what was appended before the end is then seen.
                let isLast = isDone.value.load(ordering: .acquiring)
                while let event = end.next() { tally.add(event) }
                if isLast { return tally }
                await Task.yield()
            }
        }
        let kept = await writing
        let tally = await reading.value
        #expect(tally.taken == kept && kept + ring.lost == total)
        #expect(tally.torn == 0 && tally.outOfOrder == 0)
    }

    private struct Tally: Sendable {
        var taken: UInt64 = 0
        var torn = 0
        var outOfOrder = 0
        var last: UInt64?

        mutating func add(_ event: PathEvent) {
            taken += 1
            if !EventRingTests.isWhole(event) { torn += 1 }
            if let last, event.tick <= last { outOfOrder += 1 }
            last = event.tick
        }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// Hands an end to another task, once.
    private final class Handed<End: ~Copyable & Sendable>: Sendable {
        private let end: Mutex<End?>

        init(_ end: consuming sending End) { self.end = Mutex(end) }

        func take() -> End? { end.withLock { $0.take() } }
    }

    private static func apart(_ ends: consuming EventEnds) -> (Handed<EventWriter>, Handed<EventReader>) {
        (Handed(ends.writer), Handed(ends.reader))
    }
}
