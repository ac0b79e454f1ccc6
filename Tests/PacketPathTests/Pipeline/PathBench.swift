import PacketSamples
import TestSupport

@testable import PacketPath

/// An image, one worker on it, and the other ends of what the worker writes to.
struct PathBench: ~Copyable {
    var image: PathImage
    var worker: PathWorker
    var events: EventReader
    let counters: WorkerCounters
    /// Of the session that a test has put, if it has one.
    var slot = SessionSlot.none

    static let slots = 64

    init(place: PathWorker.Place, tunnels: [UInt32] = [], threshold: Int = 16) throws {
        let image = try PathImage(key: (1, 2), slotCount: Self.slots)
        let made = image.readers.makeReader()
        self.image = image
        let counters = WorkerCountersTests.make(slotCount: Self.slots)
        self.counters = counters.counters
        let ring = EventRing.make(capacity: 4096)
        guard let reader = made else { preconditionFailure("a new image has room for a reader") }
        worker = PathWorker(
            place: place, link: .raw, reader: reader, counters: counters, events: ring.writer,
            scans: ScanDetector(
                slotCount: Self.slots, threshold: threshold, windowTicks: 1000, key: (3, 4)),
            tunnels: tunnels)
        events = ring.reader
    }

    /// Processes frames, at most a batch of them, and returns what became of each.
    mutating func process(
        _ frames: [[UInt8]], interface: UInt32 = 7, way: PathFrame.Way = .outward, tick: UInt64 = 1
    ) -> [PathResult] {
        let whole = frames.flatMap { $0 }
        var results: [PathResult] = []
        unsafe whole.withUnsafeBytes { bytes in
            var offset = 0
            let list = frames.map { frame in
                defer { offset += frame.count }
                return unsafe PathFrame(
                    UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + frame.count)]),
                    wireLength: frame.count, interface: interface, way: way)
            }
            unsafe list.withUnsafeBufferPointer { unsafe worker.process($0, tick: tick) }
            results = frames.indices.map { worker.result($0) }
        }
        return results
    }

    mutating func process(
        _ frame: [UInt8], interface: UInt32 = 7, way: PathFrame.Way = .outward, tick: UInt64 = 1
    ) -> PathResult {
        process([frame], interface: interface, way: way, tick: tick)[0]
    }

    mutating func nextEvents() -> [PathEvent] {
        var all: [PathEvent] = []
        while let event = events.next() { all.append(event) }
        return all
    }
}

/// Packets between a session and a host inside, with the addresses given by their last bytes.
enum Flow {
    static let near4: UInt32 = 0x0a08_0000
    static let far4: UInt32 = 0x0a0a_0000
    static let near6: UInt64 = 0xfd08 << 48
    static let far6: UInt64 = 0xfd10 << 48

    static func bytes(_ word: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64((count - 1 - $0) * 8)) }
    }

    /// A packet of protocol `kind`; `isOutward` says which end comes first.
    static func packet(
        isIPv6: Bool, near: UInt32, far: UInt32, isOutward: Bool = true, kind: UInt8, fragment: Int = 0,
        options: [UInt8] = [], _ payload: [UInt8]
    ) -> [UInt8] {
        if isIPv6 {
            let ends = [bytes(near6, 8) + bytes(UInt64(near), 8), bytes(far6, 8) + bytes(UInt64(far), 8)]
            return [0x60, 0, 0, 0] + Bytes.short(payload.count) + [kind, 64]
                + (isOutward ? ends[0] + ends[1] : ends[1] + ends[0]) + payload
        }
        let header = 20 + options.count
        let ends = [bytes(UInt64(near4 | near), 4), bytes(UInt64(far4 | far), 4)]
        return [0x40 | UInt8(header / 4), 0] + Bytes.short(header + payload.count) + [0x12, 0x34]
            + Bytes.short(fragment) + [64, kind, 0, 0]
            + (isOutward ? ends[0] + ends[1] : ends[1] + ends[0]) + options + payload
    }

    static func tcp(
        isIPv6: Bool, near: UInt32 = 2, far: UInt32 = 20, port: Int = 443, isOutward: Bool = true,
        flags: UInt8 = 0x10
    ) -> [UInt8] {
        packet(
            isIPv6: isIPv6, near: near, far: far, isOutward: isOutward, kind: 6,
            isOutward ? Bytes.tcp(40000, port, flags: flags) : Bytes.tcp(port, 40000, flags: flags))
    }
}

extension PathImage {
    /// Puts a session at the address whose last bytes are `near`.
    mutating func put(isIPv6: Bool, near: UInt32, interface: UInt32 = 7, _ value: SessionValue) throws {
        if isIPv6 {
            try put(IPv6SessionKey(interface: interface, high: Flow.near6, low: UInt64(near)), value)
        } else {
            try put(IPv4SessionKey(interface: interface, address: Flow.near4 | near), value)
        }
    }

    mutating func remove(isIPv6: Bool, near: UInt32, interface: UInt32 = 7) {
        if isIPv6 {
            remove(IPv6SessionKey(interface: interface, high: Flow.near6, low: UInt64(near)))
        } else {
            remove(IPv4SessionKey(interface: interface, address: Flow.near4 | near))
        }
    }
}

extension ScopeBox {
    /// Hosts of the far side by their last bytes.
    static func far(
        isIPv6: Bool, _ hosts: ClosedRange<UInt32>, _ kind: UInt8, _ ports: ClosedRange<UInt16>
    ) -> ScopeBox {
        let base: UInt128 = isIPv6 ? UInt128(Flow.far6) << 64 : UInt128(Flow.far4)
        return ScopeBox(
            isIPv6: isIPv6,
            addresses: (base + UInt128(hosts.lowerBound))...(base + UInt128(hosts.upperBound)),
            protocols: kind...kind, ports: ports)
    }
}
