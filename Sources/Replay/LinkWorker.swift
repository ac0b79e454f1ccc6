import PacketPath

/// A worker of the packet path for the frames of one link type: a capture file may have several.
///
/// It counts nothing by session and its events are not read: a replay counts by destination.
final class LinkWorker {
    private var worker: PathWorker

    /// Nil when there is no memory for counters of no session: one page.
    init?(_ link: LinkType, reader: consuming PathReader) {
        guard let counters = WorkerCounters.make(slotCount: 0) else { return nil }
        let scans = ScanDetector(slotCount: 0, threshold: 1, windowTicks: 1, key: (0, 0))
        let ring = EventRing.make(capacity: 1)
        worker = PathWorker(
            place: .recording, link: link, reader: reader, counters: counters,
            events: ring.writer, scans: scans)
    }

    /// Processes a batch at most, and hands each frame's result on.
    func process(_ frames: [PathFrame], tick: UInt64, _ each: (Int, PathResult) -> Void) {
        // The buffer holds the array's elements, and their bytes are there as `Replayer.add` asks.
        unsafe frames.withUnsafeBufferPointer { unsafe worker.process($0, tick: tick) }
        for index in frames.indices { each(index, worker.result(index)) }
    }

    /// Lets the image give back what it replaced.
    func rest() { worker.rest() }
}
