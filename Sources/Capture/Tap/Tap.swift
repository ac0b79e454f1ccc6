// The clock's structure comes with whichever of CPcap and Glibc is loaded first.
import CPcap
import Foundation
import Glibc
package import PacketPath
import Synchronization

/// A thread that takes the frames of one live source through a worker of the packet path, for as long as it is let.
///
/// An interface that is not there yet, or goes away, is waited for: a VPN server makes its tunnel anew when it
/// starts. What the tap sees is in ``counters``, and comes out of ``drainEvents(_:)``.
package final class Tap: Sendable {
    /// Where a tap stands, and what it looks for there.
    package struct Place: Sendable, Hashable {
        /// The interface that is watched.
        package var interface: String
        package var direction: LiveSource.Direction
        package var place: PathWorker.Place
        /// The tunnels whose sessions are looked for: on a tunnel, itself alone.
        package var tunnels: [String]
        /// One packet in so many is looked at, picked by the kernel.
        package var sampling: UInt32

        package init(
            interface: String, direction: LiveSource.Direction, place: PathWorker.Place, tunnels: [String],
            sampling: UInt32 = 1
        ) {
            self.interface = interface
            self.direction = direction
            self.place = place
            self.tunnels = tunnels
            self.sampling = sampling
        }
    }

    /// What a tap is doing.
    package enum State: Sendable, Hashable {
        case starting
        case watching
        /// It sees nothing, for this reason, and tries again.
        case waiting(String)
        case stopped
    }

    package let place: Place
    package let counters: WorkerCounters
    private let events: Mutex<EventReader>
    private let shared: Mutex<Shared>
    private let ring: EventRing
    private let countsFlows = Atomic<Bool>(false)
    /// Nil until flows are asked for.
    private let flows = Mutex<FlowTable?>(nil)

    /// How far a tap has looked, and in which of its captures: between two looks of one capture nothing was missed
    /// but what ``statistics`` counts as dropped.
    package struct Progress: Sendable, Hashable {
        /// Counts the captures from 1; 0 while there is none.
        package var capture = 0
        /// Nanoseconds since 1970: every frame from before this has been through the worker.
        package var through: UInt64 = 0
        package var dropped: UInt64 = 0
    }

    private struct Shared {
        var state = State.starting
        var captures = 0
        var through: UInt64 = 0
        var statistics = LiveStatistics()
        var isStopped = false
        var stopper: CaptureStopper?
        /// Frames that the kernel dropped in captures before this one.
        var earlier = LiveStatistics()
    }

    /// Nil when the image has no room for another reader, or there is no memory for the counters.
    ///
    /// - Parameters:
    ///   - slotCount: The image's.
    ///   - scans: Seen refusals are counted in it; a place that is not the tunnel's inner side needs none.
    package init?(_ place: Place, readers: PathReaders, slotCount: Int, scans: consuming ScanDetector) {
        guard let reader = readers.makeReader(),
            let writer = WorkerCounters.make(slotCount: place.place == .inside ? 0 : slotCount)
        else { return nil }
        let ends = EventRing.make(capacity: 1024)
        self.place = place
        counters = writer.counters
        self.ring = ends.writer.ring
        events = Mutex(ends.reader)
        shared = Mutex(Shared())
        let worker = PathWorker(
            place: place.place, link: .raw, reader: reader, counters: writer, events: ends.writer,
            scans: scans)
        start(worker)
    }

    package var state: State { shared.withLock { $0.state } }

    /// Frames seen and frames that the kernel dropped, of all captures so far; some seconds old.
    package var statistics: LiveStatistics {
        shared.withLock {
            LiveStatistics(
                received: $0.earlier.received &+ $0.statistics.received,
                dropped: $0.earlier.dropped &+ $0.statistics.dropped)
        }
    }

    package var progress: Progress {
        shared.withLock {
            Progress(
                capture: $0.state == .watching ? $0.captures : 0, through: $0.through,
                dropped: $0.earlier.dropped &+ $0.statistics.dropped)
        }
    }

    /// Events for which there was no room, so far.
    package var lostEvents: UInt64 { ring.lost }

    /// Hands over the events since the last time. One caller at a time.
    package func drainEvents(_ body: (PathEvent) -> Void) {
        events.withLock { reader in
            while let event = reader.next() { body(event) }
        }
    }

    /// Whether flows are counted from now on. What was counted before stays until it is taken.
    package func countFlows(_ isOn: Bool) {
        if isOn {
            flows.withLock { table in
                table = table ?? FlowTable(capacity: Self.flowCapacity, key: .random(in: .min ... .max))
            }
        }
        countsFlows.store(isOn, ordering: .relaxed)
    }

    /// Hands over what was counted since the last time. `lost` are packets for which there was no room, ever.
    package func takeFlows() -> (flows: [FlowCount], lost: UInt64) {
        flows.withLock { ($0?.take() ?? [], $0?.lost ?? 0) }
    }

    private static let flowCapacity = 1 << 15

    /// Ends the thread, soon.
    package func stop() {
        let stopper = shared.withLock { shared in
            shared.isStopped = true
            return shared.stopper
        }
        stopper?.stop()
    }

    // MARK: The thread

    private func start(_ worker: consuming PathWorker) {
        // The worker is handed to the thread, which is its only owner from then on.
        let box = Mutex<PathWorker?>(worker)
        Thread.detachNewThread { [self] in
            guard var mine = box.withLock({ $0.take() }) else { return }
            while !shared.withLock({ $0.isStopped }) {
                let reason = capture(with: &mine)
                mine.rest()
                report(.waiting(reason))
                pause()
            }
            report(.stopped)
        }
    }

    private func report(_ state: State) { shared.withLock { $0.state = state } }

    /// Until the next try. Whoever stops the tap waits for nothing here.
    private func pause() { usleep(200_000) }

    /// Watches until the interface is lost or the tap is stopped; returns why it ended.
    private func capture(with worker: inout PathWorker) -> String {
        do throws(LiveCaptureError) {
            let source = LiveSource.interface(
                place.interface, direction: place.direction, sampling: place.sampling)
            var capture = try LiveCapture(source)
            let isStopped = shared.withLock { shared in
                shared.stopper = capture.stopper
                shared.state = .watching
                shared.captures += 1
                shared.through = Self.now
                return shared.isStopped
            }
            if isStopped { return "stopped" }
            do throws(LiveCaptureError) {
                try watch(&capture, with: &worker)
            } catch {
                endStatistics(&capture)
                throw error
            }
            endStatistics(&capture)
            return "stopped"
        } catch {
            // Whoever shows this has named the interface.
            let reason = "\(error)"
            let name = "\(place.interface): "
            return reason.hasPrefix(name) ? String(reason.dropFirst(name.count)) : reason
        }
    }

    private func watch(
        _ capture: inout LiveCapture, with worker: inout PathWorker
    ) throws(LiveCaptureError) {
        worker.link = capture.link
        let way: PathFrame.Way = place.direction == .inbound || place.place == .inside ? .outward : .toward
        let frames = UnsafeMutableBufferPointer<PathFrame>.allocate(capacity: LiveSlots.capacity)
        defer { unsafe frames.deallocate() }
        var asked = ContinuousClock.now
        var interface = lookUpTunnels(&worker)
        while let batch = try unsafe capture.next(timeout: 500) {
            if ContinuousClock.now - asked >= .seconds(1) {
                asked = .now
                // A tunnel that was made anew has another index; a worker that rests must not hold memory back.
                interface = lookUpTunnels(&worker)
                worker.rest()
                let seen = try capture.statistics()
                shared.withLock { $0.statistics = seen }
            }
            guard !batch.isEmpty else {
                caughtUp()
                continue
            }
            // No batch is larger than the slots that it lies in, nor than `frames`.
            for index in 0..<batch.count {
                let frame = unsafe batch[index]
                unsafe frames.initializeElement(
                    at: index,
                    to: PathFrame(
                        frame.bytes, wireLength: frame.wireLength, interface: interface, way: way))
            }
            // The oldest frame's time is the batch's: who compares it with a change errs toward "before".
            let tick = unsafe batch[0].timestamp / 1_000_000
            unsafe process(UnsafeBufferPointer(rebasing: frames[..<batch.count]), tick: tick, with: &worker)
            if batch.count < LiveSlots.capacity { caughtUp() }
        }
    }

    /// Where flows are counted, in parts: a worker says what became of the last few frames alone.
    private func process(
        _ frames: UnsafeBufferPointer<PathFrame>, tick: UInt64, with worker: inout PathWorker
    ) {
        guard countsFlows.load(ordering: .relaxed) else {
            return unsafe worker.process(frames, tick: tick)
        }
        for first in stride(from: 0, to: frames.count, by: PathWorker.batch) {
            let end = min(first + PathWorker.batch, frames.count)
            unsafe worker.process(UnsafeBufferPointer(rebasing: frames[first..<end]), tick: tick)
            flows.withLock { table in
                for index in 0..<(end - first) { table?.note(worker.result(index), tick: tick) }
            }
        }
    }

    /// Nothing more is at hand: every frame has been seen but those that the kernel still holds back.
    private func caughtUp() {
        let through = Self.now &- Self.heldBack
        shared.withLock { $0.through = max($0.through, through) }
    }

    /// Nanoseconds for which the kernel may hold frames back, twice over.
    private static let heldBack: UInt64 = 2 * 100_000_000

    /// The clock that frames are stamped with.
    private static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// What a capture saw is kept when it ends; of an interface that is gone the kernel may say no more.
    private func endStatistics(_ capture: inout LiveCapture) {
        let last = try? capture.statistics()
        shared.withLock { shared in
            shared.stopper = nil
            shared.statistics = last ?? shared.statistics
            shared.earlier.received &+= shared.statistics.received
            shared.earlier.dropped &+= shared.statistics.dropped
            shared.statistics = LiveStatistics()
        }
    }

    /// The index of the only tunnel, or 0: then the worker tries all of them.
    private func lookUpTunnels(_ worker: inout PathWorker) -> UInt32 {
        let indices = place.tunnels.map { unsafe if_nametoindex($0) }.filter { $0 != 0 }
        worker.setTunnels(indices)
        return indices.count == 1 ? indices[0] : 0
    }
}
