import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import PacketPath

/// A writer flat out against readers on other threads. Run it under the thread sanitizer, many times:
/// `swift test --sanitize=thread --filter SessionIndexTorture`.
@Suite(.serialized) struct SessionIndexTortureTests {
    /// What the threads share beside the index.
    final class Run: Sendable {
        let stop = Atomic<Bool>(false)
        let wrong = Atomic<Int>(0)
        let batches = Atomic<Int>(0)
        let started = Atomic<Int>(0)
        let ended = DispatchSemaphore(value: 0)
    }

    /// Keys whose halves belong together: one half of `n` with the other of `m` was never inserted.
    static func v6(_ n: UInt64, other m: UInt64) -> IPv6SessionKey {
        IPv6SessionKey(interface: 2, high: n &* 0x9e37_79b9_7f4a_7c15, low: m &* 0xd1b5_4a32_d192_ed03)
    }

    static func v4(_ n: UInt64) -> IPv4SessionKey { IPv4SessionKey(interface: 2, address: UInt32(n)) }

    /// Low half: which key this is the value of. High half: any version but 0.
    static func value(_ n: UInt64, _ version: UInt64) -> UInt64 { (version << 32 | 1 << 32) | (n &+ 1) }

    static func isWrong(_ value: UInt64, for n: UInt64) -> Bool {
        value != 0 && value & 0xffff_ffff != n + 1
    }

    /// Keys under this number are inserted first, replaced often and never removed.
    static let permanent: UInt64 = 32
    static let keys: UInt64 = 1500

    static func readBatch(_ reader: borrowing SessionReader, _ random: inout Seeded) -> Int {
        var wrong = 0
        var batch4: [IPv4SessionKey] = []
        var batch6: [IPv6SessionKey] = []
        let wanted = (0..<32).map { _ in random.next() % keys }
        for n in wanted {
            let m = random.next() % permanent
            if isWrong(reader.find(v4(n)), for: n) { wrong += 1 }
            if isWrong(reader.find(v6(n, other: n)), for: n) { wrong += 1 }
            // Torn: halves of two keys that are both there.
            if n != m, reader.find(v6(n, other: m)) != 0 { wrong += 1 }
            if n != m, reader.find(v6(m, other: n)) != 0 { wrong += 1 }
            // Missed: never removed, and replaced in place.
            if reader.find(v4(m)) & 0xffff_ffff != m + 1 { wrong += 1 }
            if reader.find(v6(m, other: m)) & 0xffff_ffff != m + 1 { wrong += 1 }
            batch4.append(v4(n))
            batch6.append(v6(n, other: n))
        }
        var values = [UInt64](repeating: 0, count: 32)
        var span = values.mutableSpan
        reader.findBatch(batch4.span, into: &span)
        wrong += zip(values, wanted).count { isWrong($0, for: $1) }
        var again = values.mutableSpan
        reader.findBatch(batch6.span, into: &again)
        return wrong + zip(values, wanted).count { isWrong($0, for: $1) }
    }

    /// Reads until told to stop, as a reader that is registered anew every so many batches.
    static func read(_ readers: SessionReaders, _ run: Run, seed: UInt64, batchesAReader: Int) {
        var random = Seeded(seed)
        run.started.add(1, ordering: .relaxed)
        while !run.stop.load(ordering: .relaxed) {
            guard var reader = readers.makeReader() else {
                run.wrong.add(1, ordering: .relaxed)
                break
            }
            for _ in 0..<batchesAReader {
                if run.stop.load(ordering: .relaxed) { break }
                run.wrong.add(readBatch(reader, &random), ordering: .relaxed)
                run.batches.add(1, ordering: .relaxed)
                reader.quiescent()
            }
        }
        run.ended.signal()
    }

    /// Grows, shrinks, churns and replaces; returns how often the tables changed size.
    static func write(_ index: inout SessionIndex, _ operations: Int, seed: UInt64) throws -> Int {
        var random = Seeded(seed)
        var sizes = 0
        var last = index.slotCount
        for operation in 0..<operations {
            let n = random.next() % keys
            let version = random.next() & 0xffff
            // Waves: nine in ten insert, then nine in ten remove.
            let inserts = random.next() % 10 < (operation / 4000 % 2 == 0 ? 9 : 1)
            if inserts || n < permanent {
                try index.insert(v4(n), value(n, version))
                try index.insert(v6(n, other: n), value(n, version))
            } else {
                index.remove(v4(n))
                index.remove(v6(n, other: n))
            }
            if index.slotCount != last { sizes += 1 }
            last = index.slotCount
        }
        return sizes
    }

    @Test(arguments: [1, 2, 3]) func readersSeeWholeAndOwnValuesOnly(readers count: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        var index = try SessionIndex(key: (random.next(), random.next()), readers: count)
        for n in 0..<Self.permanent {
            try index.insert(Self.v4(n), Self.value(n, 0))
            try index.insert(Self.v6(n, other: n), Self.value(n, 0))
        }
        let run = Run()
        let readers = index.readers
        for number in 0..<count {
            let readerSeed = random.next()
            // The first stays, the others come and go.
            let batches = number == 0 ? Int.max : 20
            Thread.detachNewThread { Self.read(readers, run, seed: readerSeed, batchesAReader: batches) }
        }
        while run.started.load(ordering: .relaxed) < count {}
        var sizes = 0
        // On a busy machine the threads overlap late: until they have, write on, but not for ever.
        for round in 0..<20 {
            sizes += try Self.write(&index, 16_000, seed: seed &+ UInt64(round))
            if run.batches.load(ordering: .relaxed) > 200 * count { break }
        }
        run.stop.store(true, ordering: .relaxed)
        for _ in 0..<count { run.ended.wait() }
        #expect(run.wrong.load(ordering: .relaxed) == 0, "seed \(seed)")
        #expect(run.batches.load(ordering: .relaxed) > 0)
        #expect(sizes >= 8)
        index.reclaim()
        #expect(index.retiredBytes == 0)
    }
}
