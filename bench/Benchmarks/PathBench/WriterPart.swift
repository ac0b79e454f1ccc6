import Figures
import Harness
import PacketPath
import Workload

/// What a writer that changes sessions costs the workers, by their processor time a packet.
///
/// A change is a session put, removed, or put again with what it has. Sessions that come and go are none of those
/// that send: the packets' way through the path stays the same, and only the writing is measured.
enum WriterPart {
    private static let rates = [0, 10_000, 100_000, 200_000]
    private static let perRound = 1 << 18

    static func run(_ options: Options, _ report: Report) throws {
        let scopes = Scopes()
        for count in options.sizes.dropFirst() {
            for family in [Family.ipv4, .ipv6] {
                let traffic = Traffic(
                    scopes, family: family, sessions: count, sizes: .small, count: PipelinePart.frames)
                for readers in [1, 2] {
                    try measure(readers, traffic, options, report, scopes, family, count)
                }
            }
        }
    }

    private static func measure(
        _ readers: Int, _ traffic: Traffic, _ options: Options, _ report: Report, _ scopes: Scopes,
        _ family: Family, _ count: Int
    ) throws {
        let box = try ImageBox(scopes, family: family, sessions: count, spare: 1)
        let engines = (0..<readers).map { _ in PathEngine(box, traffic) }
        let churn = Churn(box, family)
        let lists = (0..<readers).map { _ in rates.map { Samples(name: "\($0) changes/s") } }
        let results = UnsafeMutableBufferPointer<[Samples]>.allocate(capacity: readers)
        _ = results.initialize(from: lists)
        defer { results.deallocate() }
        let barrier = Barrier(readers)
        onThreads(readers + 1) { thread in
            guard thread < readers else { return churn.run() }
            let engine = engines[thread]
            for round in 0..<options.rounds {
                for turn in rates.indices {
                    let index = (turn + round) % rates.count
                    barrier.wait()
                    if thread == 0 { churn.rate.value = rates[index] }
                    engine.drain()
                    engine.process(part: turn, count: perRound)
                    let timing = Timing.of { engine.process(part: turn + 1, count: perRound) }
                    results[thread][index].nanoseconds.append(Double(timing.processor) / Double(perRound))
                }
            }
            engine.rest()
            barrier.wait()
            if thread == 0 { churn.rate.value = -1 }
        }
        tell(Array(results), churn, readers, report, family, count)
    }

    private static func tell(
        _ results: [[Samples]], _ churn: Churn, _ readers: Int, _ report: Report, _ family: Family,
        _ count: Int
    ) {
        for (index, rate) in rates.enumerated() {
            // Of two readers the mean, round by round.
            let samples = Samples(
                name: "\(rate) changes/s", nanoseconds: mean(results.map { $0[index].nanoseconds }))
            let quiet = Samples(name: "quiet", nanoseconds: mean(results.map { $0[0].nanoseconds }))
            let speed = samples.speed(against: quiet)
            report.add(
                Row(
                    part: "writer", name: rate == 0 ? "quiet writer" : samples.name, family: family.rawValue,
                    sessions: count, readers: readers, best: samples.best, median: samples.median,
                    ratio: rate == 0 ? nil : speed, against: rate == 0 ? nil : "quiet writer",
                    note: rate == 0 ? "\(churn.made) changes made in all" : nil))
            if rate == 100_000, readers == 1 {
                report.bound(
                    "writer-100k-costs-percent.\(family.rawValue).\(count)", (1 / speed - 1) * 100, .atMost, 3
                )
            }
        }
    }

    private static func mean(_ lists: [[Double]]) -> [Double] {
        lists[0].indices.map { index in lists.reduce(0) { $0 + $1[index] } / Double(lists.count) }
    }
}

/// The writer. Its work comes in bursts, a millisecond apart.
private final class Churn {
    /// Changes a second; below 0 it ends.
    let rate = SharedNumber()
    private(set) var made = 0
    private let box: ImageBox
    private let family: Family
    private let spareSlot: SessionSlot
    /// Sessions beyond those that send which are there at once.
    private static let guests = 256
    private static let burst: Int64 = 1_000_000

    init(_ box: ImageBox, _ family: Family) {
        self.box = box
        self.family = family
        spareSlot = box.image.takeSlot()
    }

    func run() {
        var next = bench_wall_nanoseconds()
        while rate.value >= 0 {
            for _ in 0..<rate.value / 1000 { change() }
            next += Self.burst
            let now = bench_wall_nanoseconds()
            if next < now - 10 * Self.burst { next = now }
            if next > now { bench_sleep(next - now) }
        }
    }

    private func change() {
        let turn = made / 4
        switch made % 4 {
        case 0: put(box.sessions + turn % 65_536, SessionValue(scope: 1, slot: spareSlot))
        case 2: remove(box.sessions + (turn + 65_536 - Self.guests) % 65_536)
        default: renew((turn &* 7919 &+ made) % box.sessions)
        }
        made += 1
    }

    private func put(_ session: Int, _ value: SessionValue) {
        do {
            try box.put(session, isIPv6: family.isIPv6(session), value)
        } catch {
            fail("\(error)")
        }
    }

    private func remove(_ session: Int) {
        if family.isIPv6(session) {
            box.image.remove(Sessions.ipv6Key(session))
        } else {
            box.image.remove(Sessions.ipv4Key(session))
        }
    }

    private func renew(_ session: Int) {
        let value =
            family.isIPv6(session)
            ? box.image.find(Sessions.ipv6Key(session)) : box.image.find(Sessions.ipv4Key(session))
        guard let value else { fail("session \(session) is gone") }
        put(session, value)
    }
}
