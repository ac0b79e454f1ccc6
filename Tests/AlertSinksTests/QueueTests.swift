import AlertSinks
import Alerts
import Foundation
import Sessions
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct SpoolTests {
    @Test func whatWaitsSurvivesTheProcess() async throws {
        try await withFolder { folder in
            let put = (0..<5).map { alert("gh-t-\($0)") }
            Spool(folder + "/q").put(put)
            // Half a file of a crash, and a file of nobody's.
            try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/q/00000000000000000009-4.json.new"))
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/q/notes"))
            #expect(whatIsLeft(in: folder + "/q") == put)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/q") == ["notes"])
        }
    }

    @Test func aDamagedFileIsCountedAndBlocksNobody() async throws {
        try await withFolder { folder in
            Spool(folder + "/q").put((0..<3).map { alert("gh-t-\($0)") })
            try Data("{\"id\":".utf8).write(
                to: URL(fileURLWithPath: folder + "/q/00000000000000000001-4.json"))
            let spool = Spool(folder + "/q")
            #expect(spool.first()?.alert.id == "gh-t-1")
            #expect(spool.takeDropped() == 1 && spool.takeDropped() == 0)
        }
    }

    @Test func aFullQueueDropsTheLeastAndSaysSo() async throws {
        try await withFolder { folder in
            let losses = Mutex<[SinkLoss]>([])
            let sink = ScriptedSink()
            sink.failure.withLock { $0 = DeliveryFailure("down") }
            let worker = worker(
                sink, folder, bounds: .init(count: 10),
                onLoss: { loss in losses.withLock { $0.append(loss) } })
            worker.start()
            for number in 0..<30 { worker.put([alert("gh-t-\(number)", number % 3 == 0 ? .alert : .notice)]) }
            #expect(await eventually { worker.look.lost == 20 })
            sink.failure.withLock { $0 = nil }
            #expect(await eventually { worker.look.queued == 0 })
            worker.stop(waitingAtMost: .seconds(60))
            #expect(sink.ids == (0..<30).filter { $0 % 3 == 0 }.map { "gh-t-\($0)" })
            #expect(losses.withLock { $0.map(\.count).reduce(0, +) } == 20)
        }
    }

    @Test(.needsRoot) func aFullDiskLosesNothingThatFitsInMemory() async throws {
        try await withFolder { folder in
            let disk = folder + "/disk"
            try shell("mkdir '\(disk)'; mount -t tmpfs -o size=64k,nr_inodes=500,mode=700 tmpfs '\(disk)'")
            defer { _ = try? shell("umount '\(disk)'") }
            let filler = URL(fileURLWithPath: disk + "/filler")
            try shell("dd if=/dev/zero of='\(filler.path)' bs=4k count=64 2>/dev/null || true")
            let sink = ScriptedSink()
            sink.failure.withLock { $0 = DeliveryFailure("down") }
            let worker = worker(sink, disk, bounds: .init(count: 50))
            worker.start()
            worker.put((0..<5).map { alert("gh-t-\($0)") })
            #expect(worker.look.unsaved > 0)
            #expect(worker.look.diskFault?.contains("No space left") == true)
            try FileManager.default.removeItem(at: filler)
            // As soon as there is room, they are where a kill does not reach.
            #expect(await eventually { worker.look.unsaved == 0 && worker.look.diskFault == nil })
            worker.stop(waitingAtMost: .seconds(60))
            #expect(whatIsLeft(in: disk + "/sink").map(\.id).sorted() == (0..<5).map { "gh-t-\($0)" })
        }
    }

    @Test func oneThatIsRefusedAgainAndAgainMakesRoomForOthers() async throws {
        final class Picky: AlertSink {
            let taken = Mutex<[String]>([])
            func deliver(_ alert: Alert) throws(DeliveryFailure) {
                if alert.id == "gh-t-0" { throw DeliveryFailure("413", isOfThisAlert: true) }
                taken.withLock { $0.append(alert.id) }
            }
            var ids: [String] { taken.withLock { $0 } }
        }
        try await withFolder { folder in
            let sink = Picky()
            let worker = worker(sink, folder)
            worker.start()
            worker.put([alert("gh-t-0"), alert("gh-t-1")])
            let hasOther = await eventually { sink.ids == ["gh-t-1"] }
            #expect(hasOther)
            #expect(worker.look.lost == 1)
            worker.stop(waitingAtMost: .seconds(60))
        }
    }

    @Test func whatIsTooOldIsGivenUp() async throws {
        try await withFolder { folder in
            let sink = ScriptedSink()
            sink.failure.withLock { $0 = DeliveryFailure("down") }
            let worker = worker(sink, folder, now: { .test + .seconds(8 * 86_400) })
            worker.start()
            worker.put([alert("gh-t-0")])
            #expect(await eventually { worker.look.lost == 1 && worker.look.queued == 0 })
            worker.stop(waitingAtMost: .seconds(60))
        }
    }

    /// A sink that hangs holds up neither another sink nor whoever hands in.
    @Test func oneThatHangsHoldsUpNobody() async throws {
        try await withFolder { folder in
            let (dead, alive) = (ScriptedSink(), ScriptedSink())
            let workers = [worker(dead, folder, name: "dead"), worker(alive, folder, name: "alive")]
            let center = AlertCenter(
                desk: AlertDesk(window: .seconds(60), run: "t"), workers: workers, now: { .test })
            let release = DispatchSemaphore(value: 0)
            let held = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                dead.gate.withLock { _ in
                    held.signal()
                    release.wait()
                }
            }
            #expect(held.wait(timeout: .now() + .seconds(60)) == .success)
            center.start()
            for number in 0..<20 {
                center.report([Sighting(.scan, .warning, about: "\(number)", says: "scan")])
            }
            #expect(await eventually { alive.ids.count == 20 })
            #expect(dead.ids.isEmpty && workers[0].look.queued == 20)
            release.signal()
            #expect(await eventually { dead.ids.count == 20 })
            center.stop()
        }
    }

    @Test func repeatsThatWereHeldBackAreToldAtTheEnd() async throws {
        try await withFolder { folder in
            let sink = ScriptedSink()
            let worker = worker(sink, folder)
            let center = AlertCenter(
                desk: AlertDesk(window: .seconds(60), run: "t"), workers: [worker], now: { .test })
            center.start()
            let scan = Sighting(.scan, .warning, about: "a", says: "scan")
            center.report([scan, scan, scan])
            center.stop()
            #expect(center.recent.map(\.count) == [1, 2])
            // Stopping begins no new delivery: what had no turn is still in the queue, and one that is under way is in both.
            let left = whatIsLeft(in: folder + "/sink").map(\.id)
            let delivered = sink.ids
            #expect(delivered + left.filter { !delivered.contains($0) } == ["gh-t-1", "gh-t-2"])
        }
    }
}
