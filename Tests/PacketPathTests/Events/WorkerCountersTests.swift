import Synchronization
import TestSupport
import Testing

@testable import PacketPath

@Suite struct WorkerCountersTests {
    static func make(slotCount: Int) -> CounterWriter {
        guard let writer = WorkerCounters.make(slotCount: slotCount) else {
            preconditionFailure("no memory for \(slotCount) slots")
        }
        return writer
    }

    /// An administrator may ask for more than there is: that is an answer, and no crash.
    @Test func moreThanThereIsIsNil() {
        let isMade = WorkerCounters.make(slotCount: 1 << 42) != nil
        #expect(!isMade)
    }

    /// Two workers, sessions that come and go, against plain dictionaries.
    @Test(arguments: UInt64(1)...10)
    func agreesWithDictionaries(seed: UInt64) {
        var random = Seeded(seed)
        var first = Self.make(slotCount: 8)
        var second = Self.make(slotCount: 8)
        let workers = [first.counters, second.counters]
        var generations = [UInt64](repeating: 1, count: 8)
        var model = [SessionUse](repeating: SessionUse(), count: 8)
        var total = SessionUse()
        for tick in UInt64(1)...2_000 {
            let slot = Int.random(in: 0..<8, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 {
                generations[slot] += 1
                model[slot] = SessionUse()
            }
            let denied = Bool.random(using: &random) ? DenyReason.allCases.randomElement(using: &random) : nil
            let way: JudgedPacket.Way = Bool.random(using: &random) ? .outward : .toward
            let octets = Int.random(in: 40...1_500, using: &random)
            if Bool.random(using: &random) {
                first.count(
                    slot: slot, generation: generations[slot], way: way, octets: octets, tick: tick,
                    denied: denied)
            } else {
                second.count(
                    slot: slot, generation: generations[slot], way: way, octets: octets, tick: tick,
                    denied: denied)
            }
            add(way, octets, tick, denied, to: &model[slot])
            add(way, octets, tick, denied, to: &total)
        }
        for slot in 0..<8 {
            let use = workers.use(ofSlot: slot, generation: generations[slot])
            #expect(use == model[slot], "seed \(seed), slot \(slot)")
            #expect(workers.use(ofSlot: slot, generation: generations[slot] + 1) == SessionUse(), "not yet")
        }
        #expect(workers.total() == total, "seed \(seed)")
    }

    private func add(
        _ way: JudgedPacket.Way, _ octets: Int, _ tick: UInt64, _ denied: DenyReason?,
        to use: inout SessionUse
    ) {
        let traffic = SessionUse.Traffic(packets: 1, octets: UInt64(octets))
        if way == .outward { use.outward += traffic } else { use.toward += traffic }
        use.lastSeen = tick
        if let denied {
            use.denied += 1
            use.reasons[Int(denied.rawValue)] += 1
        } else {
            use.lastUsed = tick
        }
    }

    /// Blocks of one page, of a huge page but for a byte, of one exactly, and beyond: 128 bytes a slot, and 384.
    @Test(arguments: [0, 1, 16_380, 16_381, 16_382, 40_000])
    func blocksOfEverySizeAreZeroAlignedAndGivenBack(slotCount: Int) {
        for _ in 0..<3 {
            var writer = Self.make(slotCount: slotCount)
            let counters = writer.counters
            #expect(unsafe UInt(bitPattern: counters.totals) % 128 == 0, "lines of its own")
            #expect(unsafe UInt(bitPattern: counters.words) % 128 == 0)
            #expect(counters.total() == SessionUse())
            for slot in Set([0, slotCount / 2, slotCount - 1]) where slot >= 0 && slot < slotCount {
                #expect(counters.use(ofSlot: slot, generation: 1) == SessionUse())
                writer.count(
                    slot: slot, generation: 1, way: .outward, octets: 60, tick: 1,
                    denied: DenyReason.allCases.last)
                #expect(counters.use(ofSlot: slot, generation: 1).outward.packets == 1)
            }
            #expect(counters.total().denied == UInt64(min(3, slotCount)))
        }
    }

    @Test func countsWhatHasNoSessionInAll() {
        var writer = Self.make(slotCount: 2)
        for (slot, generation) in [(0, 0), (2, 1), (-1, 1), (Int.max, 1)] as [(Int, UInt64)] {
            writer.count(
                slot: slot, generation: generation, way: .outward, octets: 60, tick: 3, denied: .noScope)
        }
        let counters = writer.counters
        let total = counters.total()
        #expect(total.outward.packets == 4 && total.outward.octets == 240 && total.toward.packets == 0)
        #expect(total[.noScope] == 4 && total.denied == 4 && total[.destination] == 0)
        #expect(counters.use(ofSlot: 0, generation: 0) == SessionUse())
        #expect(counters.use(ofSlot: 2, generation: 1) == SessionUse())
    }

    @Test func everyReasonHasAPlace() {
        #expect(DenyReason.allCases.allSatisfy { $0.rawValue < 16 })
    }

    /// The slot changes hands all the time; each session's octets are its generation times its packets. A
    /// reader never gets one session's fields as another's: octets are at most a packet apart from that.
    @Test func readersSeeNoOtherSessionsCounts() async {
        let writing = Mutex<CounterWriter?>(Self.make(slotCount: 1))
        let counters = writing.withLock { $0?.counters }
        let current = Cell()
        let writer = writing.withLock { Once($0.take()) }
        async let done: Void = Task.detached {
            guard var end = writer.take() else { return }
            for generation in UInt64(1)...30_000 {
                current.value.store(generation, ordering: .relaxed)
                for _ in 0..<5 {
                    end.count(
                        slot: 0, generation: generation, way: .outward, octets: Int(generation),
                        tick: generation,
                        denied: nil)
                }
            }
            current.value.store(0, ordering: .releasing)
        }.value
        var wrong = 0
        for _ in 0..<50_000 {
            let generation = current.value.load(ordering: .relaxed)
            guard let use = counters?.use(ofSlot: 0, generation: generation), use != SessionUse() else {
                continue
            }
            let isOwn =
                use.outward.octets % generation == 0 && use.outward.packets <= 5
                && use.outward.octets <= 5 * generation && (use.lastSeen == generation || use.lastSeen == 0)
            if !isOwn { wrong += 1 }
        }
        await done
        #expect(wrong == 0)
        #expect(counters?.use(ofSlot: 0, generation: 30_000).outward.packets == 5)
    }

    private final class Cell: Sendable {
        let value = Atomic<UInt64>(1)
    }

    private final class Once: Sendable {
        private let end: Mutex<CounterWriter?>

        init(_ end: consuming sending CounterWriter?) { self.end = Mutex(end) }

        func take() -> CounterWriter? { end.withLock { $0.take() } }
    }
}
