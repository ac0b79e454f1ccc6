import BenchFigures
import Foundation
import Netfilter
import NetworkTypes
import RulesetCompiler

/// A hundred thousand sessions put in force, and given other scopes, beside `nft -f` of the same.
enum LoadPart {
    static func run(_ options: Options, _ report: Report) throws {
        let (family, sessions) = (AddressFamily.ipv4, 100_000)
        let (ours, theirs) = (try Gateway(), try Gateway())
        let ruleset = try Sample.ruleset(ours, family, .out, sessions: sessions)
        let text = ruleset.text(at: Sample.now)
        let moved = ruleset.sessions.map { RulesetChange.put($0.key, $0.value) }
        let gone = ruleset.sessions.keys.map(RulesetChange.remove)
        var series = ["nft -f", "loaded", "moved", "removed", "added"].map {
            Series(name: $0, sessions: sessions)
        }
        let contestants: [() throws -> Void] =
            [
                {
                    theirs.enter()
                    try shell("nft -f -", input: text)
                },
                { try ours.backend.commit(Transaction(replacing: ruleset, at: Sample.now)) },
            ]
            + [moved, gone, moved].map { changes in
                { try ours.backend.commit(Transaction(changes, in: ruleset.layout, at: Sample.now)) }
            }
        for round in 0..<(options.isQuick ? 3 : 9) {
            // Loaded before they are moved, whoever begins.
            for index in round.isMultiple(of: 2) ? [0, 1, 2, 3, 4] : [1, 2, 3, 4, 0] {
                series[index].rounds.append(try Time.of(contestants[index]) * 1e3)
            }
        }
        report.add(series, part: "load", family: "\(family)", unit: "ms")
        for entry in series[1...2] {
            report.bound("load.\(entry.name)-over-nft-f", 1 / entry.speed(against: series[0]), .atMost, 0.35)
        }
    }
}
