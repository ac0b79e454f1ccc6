import Figures
import Harness
import Reference
import Workload

/// Two workers of one image against one of them, each on a processor of its own.
///
/// Rates are by processor time. Where a thread loses its processor the two do not run beside each other: of all
/// rounds those count in which that was least so, and the rows say how much it was.
enum ReadersPart {
    private static let perRound = 1 << 18

    static func run(_ options: Options, _ report: Report) throws {
        guard bench_processors() > 1 else {
            return report.missing(
                part: "readers", name: "gatehouse", family: "v4", sessions: 0, why: "there is one processor")
        }
        let scopes = Scopes()
        for count in options.sizes.dropFirst() {
            for family in [Family.ipv4, .ipv6] {
                let traffic = Traffic(
                    scopes, family: family, sessions: count, sizes: .small, count: PipelinePart.frames)
                let box = try ImageBox(scopes, family: family, sessions: count)
                let speed = measure(
                    "gatehouse", (0..<2).map { _ in PathEngine(box, traffic) }, options, report, family, count
                )
                report.bound("two-readers-over-one.\(family.rawValue).\(count)", speed, .atLeast, 1.85)
                let image = ReferenceImage(reference_plain().pointee, scopes, family: family, sessions: count)
                _ = measure(
                    "C -O3", (0..<2).map { _ in ReferenceEngine(image, traffic) }, options, report, family,
                    count)
            }
        }
    }

    /// How many times as much two do as one.
    private static func measure(
        _ name: String, _ engines: [any Engine], _ options: Options, _ report: Report, _ family: Family,
        _ count: Int
    ) -> Double {
        let meeting = Meeting(engines, perRound: perRound)
        var (rounds, disturbance, attempts) = (
            [(alone: Meeting.Pair, both: Meeting.Pair)](), Double.infinity, 0
        )
        // A busy machine is given more chances.
        while disturbance > 1.05, attempts < 6 {
            onThreads(2) { meeting.run($0, rounds: options.rounds) }
            (rounds, disturbance) = meeting.leastDisturbed(options.rounds / 3)
            attempts += 1
        }
        let one = Samples(name: name, nanoseconds: rounds.map { ($0.alone.0 + $0.alone.1) / 2 })
        let two = Samples(name: name, nanoseconds: rounds.map { 1 / (1 / $0.both.0 + 1 / $0.both.1) })
        let speed = two.speed(against: one)
        for (readers, samples) in [(1, one), (2, two)] {
            report.add(
                Row(
                    part: "readers", name: name, family: family.rawValue, sessions: count, readers: readers,
                    best: samples.best, median: samples.median, ratio: readers == 2 ? speed : nil,
                    against: readers == 2 ? "one reader" : nil,
                    note:
                        "\(rounds.count) of \(options.rounds * attempts) rounds, wall time at most \(Report.text(disturbance)) of"
                        + " processor time"))
        }
        return speed
    }
}

/// Threads 0 and 1 work alone in turn, and then both at once, over and over.
private final class Meeting {
    typealias Pair = (Double, Double)

    private let engines: [any Engine]
    private let perRound: Int
    private let barrier = Barrier(2)
    /// By thread, then by round: alone and beside the other.
    private var timings: [UnsafeMutablePointer<[(alone: Timing, both: Timing)]>]

    init(_ engines: [any Engine], perRound: Int) {
        self.engines = engines
        self.perRound = perRound
        timings = (0..<2).map { _ in
            let list = UnsafeMutablePointer<[(alone: Timing, both: Timing)]>.allocate(capacity: 1)
            list.initialize(to: [])
            return list
        }
    }

    func run(_ thread: Int, rounds: Int) {
        let engine = engines[thread]
        // The other half of the frames for the other thread.
        var part = thread * 2
        func timed() -> Timing {
            engine.drain()
            part += 1
            return Timing.of { engine.process(part: part, count: perRound) }
        }
        for _ in 0..<rounds {
            var alone = Timing(processor: 0, wall: 0)
            for turn in 0..<2 {
                barrier.wait()
                if turn == thread { alone = timed() }
            }
            barrier.wait()
            timings[thread].pointee.append((alone, timed()))
        }
    }

    /// Nanoseconds a packet of the rounds that count, and how far at most wall time exceeded processor time in them.
    func leastDisturbed(_ count: Int) -> ([(alone: Pair, both: Pair)], Double) {
        let rounds = zip(timings[0].pointee, timings[1].pointee).map { first, second in
            (
                disturbance: [first.alone, first.both, second.alone, second.both].map(\.disturbance).max()
                    ?? 0,
                alone: (perPacket(first.alone), perPacket(second.alone)),
                both: (perPacket(first.both), perPacket(second.both))
            )
        }
        .sorted { $0.disturbance < $1.disturbance }
        let best = rounds.prefix(count)
        return (best.map { ($0.alone, $0.both) }, best.last?.disturbance ?? .nan)
    }

    private func perPacket(_ timing: Timing) -> Double { Double(timing.processor) / Double(perRound) }
}
