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

    private static let cut = CutTrials.Cut(
        addresses: ["10.8.0.2", "fd08::2"], began: 1_000_000_000, committed: 1_040_000_000,
        toAnswer: 50_000_000)

    /// Downloads in both families that end at 1.039 s, and what is given beside them.
    private static func traffic(_ others: [(at: Double, payload: Int)] = [], both: Bool = true)
        -> TunnelTraffic
    {
        let line = { (at: Double, address: String, payload: Int) in
            let family = address.contains(":") ? "IP6" : "IP"
            let instant = at.formatted(.number.precision(.fractionLength(9)).grouping(.never))
            return "\(instant) \(family) 10.10.0.20.80 > \(address).40000: tcp \(payload)"
        }
        var lines: [String] = []
        for address in both ? cut.addresses : Array(cut.addresses.prefix(1)) {
            lines += [line(0.9, address, 20_000), line(1.039, address, 1000)]
        }
        lines += others.map { line($0.at, cut.addresses[0], $0.payload) }
        return TunnelTraffic(captured: lines.joined(separator: "\n"))
    }

    @Test func oneByteBehindACommitSpoilsTheRun() {
        var trials = CutTrials(.report)
        #expect(!trials.isClean)  // nothing was measured
        trials.add(Self.cut, seen: Self.traffic())
        #expect(trials.isClean)
        trials.add(Self.cut, seen: Self.traffic([(1.041, 1)]))
        #expect(!trials.isClean && trials.bytesAfter == 1)
    }

    /// A download that did not run proves nothing.
    @Test func whatWasNotMeasuredSpoilsTheRun() {
        var trials = CutTrials(.report)
        trials.add(Self.cut, seen: Self.traffic())
        trials.add(Self.cut, seen: Self.traffic(both: false))
        trials.add(Self.cut, seen: TunnelTraffic(captured: "3 packets dropped by kernel"))
        #expect(trials.unmeasured == ["no download to fd08::2", "the capture lost 3 packets"])
        #expect(!trials.isClean && trials.count == 3)
    }

    @Test(arguments: [
        (CutTrials.Cause.report, "1 laptops reported lost, 0 bytes behind a commit"),
        (.signal, "1 sessions revoked, 0 bytes behind a commit"),
    ])
    func timesCountFromTheStartOfTheCommand(cause: CutTrials.Cause, sum: String) throws {
        var trials = CutTrials(cause)
        trials.add(Self.cut, seen: Self.traffic())
        #expect(trials.toLastByte.p50 == 39 && trials.toCommit.p99 == 40 && trials.toAnswer.max == 50)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(trials.json.utf8)) as? [String: Any])
        #expect((json["toLastByte"] as? [String: Double])?["p99"] == 39)
        #expect(trials.text.contains(sum))
    }
}
