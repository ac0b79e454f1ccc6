import BenchFigures
import Foundation

extension [Double] {
    /// Of what is sorted: 0.5 is the median. NaN for none.
    func quantile(_ part: Double) -> Double {
        guard !isEmpty else { return .nan }
        return sorted()[Swift.min(count - 1, Int(part * Double(count)))]
    }
}

/// What one of those that are held against each other needed in each round.
struct Series {
    let name: String
    let sessions: Int
    var rounds: [Double] = []

    /// How much faster than another: the median over the rounds of each round's own ratio, since a round's neighbours
    /// met the same machine.
    func speed(against other: Series) -> Double {
        zip(rounds, other.rounds).map { $1 / $0 }.quantile(0.5)
    }
}

extension Report {
    /// A row for each; ratios are to the first.
    func add(_ series: [Series], part: String, family: String, unit: String = "ns") {
        for entry in series {
            let base = series.first.flatMap { $0.name == entry.name ? nil : $0 }
            add(
                Row(
                    part: part, name: entry.name, family: family, sessions: entry.sessions,
                    best: entry.rounds.min() ?? .nan, median: entry.rounds.quantile(0.5), unit: unit,
                    ratio: base.map(entry.speed), against: base?.name))
        }
    }
}

enum Time {
    /// Seconds by the wall clock.
    static func of(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
