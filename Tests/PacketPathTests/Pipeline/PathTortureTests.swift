import Dispatch
import Foundation
import PacketSamples
import Synchronization
import TestSupport
import Testing

@testable import PacketPath

/// The writer of an image flat out against workers on other threads. `.ci/torture` runs it under the thread sanitizer.
@Suite(.serialized) struct PathTortureTests {
    final class Run: Sendable {
        let stop = Atomic<Bool>(false)
        let wrong = Atomic<Int>(0)
        let batches = Atomic<Int>(0)
        let found = Atomic<Int>(0)
        let started = Atomic<Int>(0)
        let ended = DispatchSemaphore(value: 0)
    }

    static let sessions: UInt32 = 200
    static let slots = 256

    /// Session n has this scope whenever it has one, and reaches this host alone.
    static func scope(_ near: UInt32) -> UInt32 { near % 8 + 1 }
    static func host(_ scope: UInt32) -> UInt32 { scope + 100 }

    static func image(_ scope: UInt32) -> ScopeImage {
        ScopeImage([false, true].map { .far(isIPv6: $0, host(scope)...host(scope), 6, 443...443) })
    }

    /// Whoever finds a session finds its own scope there, and what that permits: nothing else, nothing torn.
    static func isWrong(_ near: UInt32, _ far: UInt32, _ result: PathResult) -> Bool {
        guard let value = result.value else { return result.verdict != .denied(.noScope) }
        if value.scope != scope(near) { return true }
        return result.verdict != (far == host(value.scope) ? .permitted : .denied(.destination))
    }

    /// Processes frames until told to stop, with a worker that is made anew every so many batches.
    static func work(_ readers: PathReaders, _ run: Run, seed: UInt64, batchesAWorker: Int) {
        var random = Seeded(seed)
        run.started.add(1, ordering: .relaxed)
        while !run.stop.load(ordering: .relaxed) {
            guard let reader = readers.makeReader() else {
                run.wrong.add(1, ordering: .relaxed)
                break
            }
            let ends = EventRing.make(capacity: 64)
            var worker = PathWorker(
                place: .recording, link: .raw, reader: reader,
                counters: WorkerCountersTests.make(slotCount: slots), events: ends.writer,
                scans: ScanDetector(slotCount: slots, threshold: 8, windowTicks: 1000, key: (1, 2)))
            for _ in 0..<batchesAWorker {
                if run.stop.load(ordering: .relaxed) { break }
                batch(&worker, &random, run)
            }
        }
        run.ended.signal()
    }

    private static func batch(_ worker: inout PathWorker, _ random: inout Seeded, _ run: Run) {
        let tries = (0..<PathWorker.batch).map { _ in
            let near = UInt32(random.next() % UInt64(sessions))
            let far = random.next() % 4 == 0 ? host(scope(near) % 8 + 1) : host(scope(near))
            return (near, far, random.next() & 1 == 0)
        }
        let frames = tries.map { Flow.tcp(isIPv6: $0.2, near: $0.0, far: $0.1) }
        let whole = frames.flatMap { $0 }
        unsafe whole.withUnsafeBytes { bytes in
            var offset = 0
            let list = frames.map { frame in
                defer { offset += frame.count }
                return unsafe PathFrame(
                    UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + frame.count)]),
                    wireLength: frame.count, interface: 7, way: .outward)
            }
            unsafe list.withUnsafeBufferPointer { unsafe worker.process($0, tick: 1) }
        }
        for (index, one) in tries.enumerated() {
            let result = worker.result(index)
            if result.value != nil { run.found.add(1, ordering: .relaxed) }
            if isWrong(one.0, one.1, result) { run.wrong.add(1, ordering: .relaxed) }
        }
        run.batches.add(1, ordering: .relaxed)
    }

    /// Sessions come and go in waves; a scope goes with its last session and comes back with the next one.
    static func write(_ image: inout PathImage, _ known: inout [UInt32: SessionSlot], seed: UInt64) throws {
        var random = Seeded(seed)
        for operation in 0..<4_000 {
            let near = UInt32(random.next() % UInt64(sessions))
            let comes = random.next() % 10 < (operation / 1_000 % 2 == 0 ? 8 : 1)
            let number = scope(near)
            if comes, known[near] == nil {
                if !known.keys.contains(where: { scope($0) == number }) {
                    image.setScope(number, Self.image(number))
                }
                let slot = image.takeSlot()
                known[near] = slot
                for isIPv6 in [false, true] {
                    try image.put(isIPv6: isIPv6, near: near, SessionValue(scope: number, slot: slot))
                }
            } else if !comes, let slot = known.removeValue(forKey: near) {
                for isIPv6 in [false, true] { image.remove(isIPv6: isIPv6, near: near) }
                image.giveBack(slot)
                if !known.keys.contains(where: { scope($0) == number }) { image.removeScope(number) }
            } else if random.next() % 16 == 0, known.keys.contains(where: { scope($0) == number }) {
                // The same again in other memory: readers of the old one must be let finish.
                image.setScope(number, Self.image(number))
            }
        }
    }

    @Test(arguments: [1, 2]) func workersSeeSessionsWithTheirOwnScopesOnly(workers count: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        var image = try PathImage(
            key: (random.next(), random.next()), slotCount: Self.slots, readers: count)
        let run = Run()
        let readers = image.readers
        for number in 0..<count {
            let workerSeed = random.next()
            let batches = number == 0 ? Int.max : 20
            Thread.detachNewThread { Self.work(readers, run, seed: workerSeed, batchesAWorker: batches) }
        }
        while run.started.load(ordering: .relaxed) < count {}
        var known: [UInt32: SessionSlot] = [:]
        // On a busy machine the threads overlap late: until they have, write on, but not for ever.
        for round in 0..<20 {
            try Self.write(&image, &known, seed: seed &+ UInt64(round))
            if run.batches.load(ordering: .relaxed) > 100 * count { break }
        }
        run.stop.store(true, ordering: .relaxed)
        for _ in 0..<count { run.ended.wait() }
        #expect(run.wrong.load(ordering: .relaxed) == 0, "seed \(seed)")
        #expect(run.found.load(ordering: .relaxed) > 0, "seed \(seed)")
    }

    /// A race of the test's own, for `.ci/sanitize thread` to see that the sanitizer reports here what it should.
    @Test(.enabled(if: planted == "thread", "plants a race"))
    func aPlantedRaceIsReported() throws {
        let cell = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe cell.initialize(to: 0)
        let address = Int(bitPattern: cell)
        let ended = DispatchSemaphore(value: 0)
        for _ in 0..<2 {
            Thread.detachNewThread {
                guard let cell = unsafe UnsafeMutablePointer<Int>(bitPattern: address) else { return }
                for _ in 0..<1_000_000 { unsafe cell.pointee &+= 1 }
                ended.signal()
            }
        }
        for _ in 0..<2 { ended.wait() }
        unsafe cell.deallocate()
    }

    /// A byte of the test's own behind the end, for `.ci/sanitize address`.
    @Test(.enabled(if: planted == "address", "plants an overflow"))
    func aPlantedOverflowIsReported() {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 8)
        unsafe bytes.initialize(repeating: 1, count: 8)
        let index = Int.random(in: 8...9)
        #expect(unsafe bytes[index] <= .max)
        unsafe bytes.deallocate()
    }

    private static let planted = ProcessInfo.processInfo.environment["PLANT_A_MISTAKE"]
}
