import Figures
import Harness

/// One of those that are measured against each other.
struct Contestant {
    let name: String
    /// What is to be done between rounds, unmeasured.
    var prepare: () -> Void = {}
    /// Does the round's work over a part of the data that no other contestant has in this round.
    let run: (_ part: Int) -> Void

    init(name: String, prepare: @escaping () -> Void = {}, run: @escaping (_ part: Int) -> Void) {
        self.name = name
        self.prepare = prepare
        self.run = run
    }
}

/// Nanoseconds of processor time an operation, a sample a round.
struct Samples {
    let name: String
    var nanoseconds: [Double] = []

    var best: Double { nanoseconds.min() ?? .nan }
    var median: Double { Statistics.median(nanoseconds) }

    /// How many times as fast as the other: the median over the rounds, in each of which both ran within
    /// milliseconds of each other.
    func speed(against other: Samples) -> Double {
        Statistics.median(zip(nanoseconds, other.nanoseconds).map { $1 / $0 })
    }
}

enum Statistics {
    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// Runs all contestants in every round, another one first each time. Before its measured run each has one that is
/// not: its own data is then in the caches as far as it fits, and what the one before left there is gone.
func race(_ contestants: [Contestant], rounds: Int, operations: Int) -> [Samples] {
    var results = contestants.map { Samples(name: $0.name) }
    var part = 0
    for round in 0..<rounds {
        for turn in contestants.indices {
            let index = (turn + round) % contestants.count
            contestants[index].prepare()
            contestants[index].run(part)
            let start = bench_thread_nanoseconds()
            contestants[index].run(part + 1)
            let elapsed = bench_thread_nanoseconds() - start
            results[index].nanoseconds.append(Double(elapsed) / Double(operations))
            part += 2
        }
    }
    return results
}

extension Report {
    /// A row for each contestant; the ratios are to `baseline`, when it was among them.
    func add(
        _ samples: [Samples], part: String, family: String, sessions: Int, readers: Int = 1, baseline: String
    ) {
        let base = samples.first { $0.name == baseline }
        for sample in samples {
            let ratio = sample.name == baseline ? nil : base.map { sample.speed(against: $0) }
            add(
                Row(
                    part: part, name: sample.name, family: family, sessions: sessions, readers: readers,
                    best: sample.best, median: sample.median, ratio: ratio,
                    against: ratio == nil ? nil : baseline)
            )
        }
    }
}
