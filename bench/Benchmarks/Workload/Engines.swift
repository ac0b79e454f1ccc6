package import PacketPath
package import Reference

/// One worker of a packet path.
package protocol Engine: AnyObject {
    /// Frames of the traffic, `part` counting in steps of `count`.
    func process(part: Int, count: Int)
    /// Empties the event ring.
    func drain()
    var totals: Totals { get }
}

/// What an engine counted. Two that looked at the same frames have to agree.
package struct Totals: Equatable {
    package var packets: UInt64
    package var octets: UInt64
    package var denied: UInt64
    package var events: UInt64
}

package enum Engines {
    /// Frames handed over in one call.
    package static let atOnce = 1024
    package static let eventCapacity = 1 << 15
    package static let scanThreshold = 32
    package static let scanWindow: UInt64 = 60
    package static let scanKey: (UInt64, UInt64) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)
}

/// Sessions and scopes as the packet path knows them. One thread at a time changes it.
package final class ImageBox {
    package var image: PathImage
    package let sessions: Int

    package init(_ scopes: Scopes, family: Family, sessions: Int, spare: Int = 0) throws {
        self.sessions = sessions
        image = try PathImage(key: Sessions.key, slotCount: sessions + spare)
        for (number, grants) in scopes.grants.enumerated() {
            image.setScope(UInt32(number + 1), ScopeImage(grants.map(\.box)))
        }
        for session in 0..<sessions {
            let value = SessionValue(scope: Self.scope(session), slot: image.takeSlot())
            try put(session, isIPv6: family.isIPv6(session), value)
        }
        image.reclaim()
    }

    package static func scope(_ session: Int) -> UInt32 { UInt32(session % Scopes.count + 1) }

    package func put(_ session: Int, isIPv6: Bool, _ value: SessionValue) throws {
        if isIPv6 {
            try image.put(Sessions.ipv6Key(session), value)
        } else {
            try image.put(Sessions.ipv4Key(session), value)
        }
    }
}

/// The packet path of gatehouse.
package final class PathEngine: Engine {
    private let traffic: Traffic
    private var worker: PathWorker
    private var events: EventReader
    private let counters: WorkerCounters
    private var tick: UInt64 = 1
    private var taken: UInt64 = 0

    package init(_ box: ImageBox, _ traffic: Traffic) {
        self.traffic = traffic
        guard let reader = box.image.readers.makeReader() else { fail("no reader left") }
        guard let writer = WorkerCounters.make(slotCount: box.image.slotCount) else { fail("no memory") }
        counters = writer.counters
        let ends = EventRing.make(capacity: Engines.eventCapacity)
        events = ends.reader
        worker = PathWorker(
            place: .tunnel, link: .ethernet, reader: reader, counters: writer, events: ends.writer,
            scans: ScanDetector(
                slotCount: box.image.slotCount, threshold: Engines.scanThreshold,
                windowTicks: Engines.scanWindow,
                key: Engines.scanKey))
    }

    package func process(part: Int, count: Int) {
        let first = part % (traffic.count / count) * count
        for offset in stride(from: first, to: first + count, by: Engines.atOnce) {
            worker.process(
                UnsafeBufferPointer(start: bench(traffic.frames + offset), count: Engines.atOnce), tick: tick)
        }
        tick += 1
    }

    package func drain() {
        while events.next() != nil { taken += 1 }
    }

    package func rest() { worker.rest() }

    package var totals: Totals {
        let use = counters.total()
        drain()
        return Totals(
            packets: use.outward.packets, octets: use.outward.octets, denied: use.denied,
            events: taken + events.ring.lost)
    }
}

/// The same in C. Sessions have the generations and slots that a new `PathImage` gives.
package final class ReferenceEngine: Engine {
    private let functions: reference_functions
    private let worker: OpaquePointer
    private let traffic: Traffic
    private let image: ReferenceImage
    private var tick: UInt64 = 1

    package init(_ image: ReferenceImage, _ traffic: Traffic) {
        guard let worker = image.functions.worker_new(image.image, image.sessions, Engines.eventCapacity)
        else {
            fail("no memory for the reference's worker")
        }
        (functions, self.image, self.worker, self.traffic) = (image.functions, image, worker, traffic)
    }

    deinit { functions.worker_free(worker) }

    package func process(part: Int, count: Int) {
        let first = part % (traffic.count / count) * count
        for offset in stride(from: first, to: first + count, by: Engines.atOnce) {
            functions.process(worker, traffic.reference + offset, Engines.atOnce, tick)
        }
        tick += 1
    }

    package func drain() { _ = functions.drain(worker) }

    package var totals: Totals {
        let found = functions.totals(worker)
        return Totals(
            packets: found.outward_packets, octets: found.outward_octets, denied: found.denied,
            events: found.events + found.lost)
    }
}

package final class ReferenceImage {
    package let functions: reference_functions
    package let image: OpaquePointer
    package let sessions: Int

    package init(_ functions: reference_functions, _ scopes: Scopes, family: Family, sessions: Int) {
        let ofIPv6 = (0..<sessions).reduce(0) { $0 + (family.isIPv6($1) ? 1 : 0) }
        guard
            let image = functions.image_new(Sessions.key.0, Sessions.key.1, sessions - ofIPv6, ofIPv6)
        else { fail("no memory for the reference's table") }
        (self.functions, self.image, self.sessions) = (functions, image, sessions)
        for (number, grants) in scopes.grants.enumerated() {
            functions.set_scope(image, UInt32(number + 1), grants.map(\.reference), grants.count)
        }
        for session in 0..<sessions {
            let value = UInt64(ImageBox.scope(session)) << 40 | 1 << 24 | UInt64(session)
            let isThere =
                family.isIPv6(session)
                ? functions.put6(image, Sessions.reference(Sessions.ipv6Key(session)), value)
                : functions.put4(image, Sessions.word(Sessions.ipv4Key(session)), value)
            if !isThere { fail("the reference's table has no room for session \(session)") }
        }
    }

    deinit { functions.image_free(image) }
}
