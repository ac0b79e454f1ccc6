import Foundation
import Lab
import Testing

struct CutTrialsTests {
    /// Nearest rank.
    @Test(
        arguments: [
            ([], [0, 0, 0]), ([5], [5, 5, 5]), ([3, 1, 2], [2, 3, 3]), (Array(1...200), [100, 198, 200]),
            (Array(1...100), [50, 99, 100]),
        ] as [([Int64], [Double])])
    func spreads(_ milliseconds: [Int64], _ expected: [Double]) {
        let spread = CutTrials.Spread(nanoseconds: milliseconds.map { $0 * 1_000_000 })
        #expect([spread.p50, spread.p99, spread.max] == expected)
    }

    private func trial(after: Int = 0) -> CutTrials.Trial {
        CutTrials.Trial(
            began: 1_000_000_000, committed: 1_040_000_000, ended: 1_050_000_000, lastByte: 1_039_000_000,
            bytesAfter: after)
    }

    @Test func oneByteBehindACommitSpoilsTheRun() {
        var trials = CutTrials()
        #expect(!trials.isClean)  // nothing was measured
        trials.add(trial())
        #expect(trials.isClean)
        trials.add(trial(after: 1))
        #expect(!trials.isClean && trials.bytesAfter == 1)
    }

    @Test func whatWasNotMeasuredSpoilsTheRun() {
        var trials = CutTrials()
        trials.add(trial())
        trials.add(unmeasured: "no download")
        #expect(!trials.isClean && trials.count == 2)
    }

    @Test func timesCountFromTheStartOfTheCommand() throws {
        var trials = CutTrials()
        trials.add(trial())
        #expect(trials.toLastByte.p50 == 39 && trials.toCommit.p99 == 40 && trials.toEnd.max == 50)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(trials.json.utf8)) as? [String: Any])
        #expect((json["toLastByte"] as? [String: Double])?["p99"] == 39)
        #expect(trials.text.contains("1 laptops reported lost, 0 bytes behind a commit"))
    }
}
