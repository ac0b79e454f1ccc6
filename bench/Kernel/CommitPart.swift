import BenchFigures
import CTraffic
import Foundation
import Netfilter
import NetworkTypes
import RulesetCompiler

/// One session gets another scope: from the call to the kernel's acknowledgement, on the netlink thread, beside the same
/// bytes sent and acknowledged by a loop in C, and beside what an `nft` process takes for it.
enum CommitPart {
    static func run(_ options: Options, _ report: Report) throws {
        _ = traffic_pin(0)
        let family = AddressFamily.ipv4
        var medians: [Int: Double] = [:]
        var quiet: Double?
        for sessions in [0] + options.sizes {
            let gateway = try Gateway()
            try Contestant.gatehouse(sessions).load(gateway, family, .out)
            let times = try race(gateway, family, rounds: options.isQuick ? 7 : 21)
            report.add(times.ours, times.bare, sessions, family)
            medians[sessions] = times.ours.quantile(0.5)
            guard sessions == 100_000 else { continue }
            quiet = times.ratio
            let process = try nftProcess(gateway, family)
            report.add(
                Row(
                    part: "commit", name: "an nft process", family: "\(family)", sessions: sessions,
                    best: (process.min() ?? .nan) * 1e6, median: process.quantile(0.5) * 1e6, unit: "us"))
            report.bound(
                "commit.over-an-nft-process", process.quantile(0.5) / times.ours.quantile(0.5), .atLeast, 100)
            try verdicts(gateway, family, sessions, report)
        }
        if let quiet { report.bound("commit.over-bare-netlink", quiet, .atMost, 2) }
        if let none = medians[0], let million = medians[1_000_000] {
            report.bound("commit.at-1000000-over-none", million / none, .atMost, 1.25)
        }
    }

    /// Seconds of each change, ours and those of the loop in C, in turns.
    private static func race(
        _ gateway: Gateway, _ family: AddressFamily, rounds: Int
    ) throws -> (ours: [Double], bare: [Double], ratio: Double) {
        let interface = gateway.tunnel
        let bare = try BareSocket(gateway)
        return try gateway.backend.perform { backend in
            var (ours, theirs, ratios): ([Double], [Double], [Double]) = ([], [], [])
            for round in 0..<rounds {
                var turns: [[Double]] = [[], []]
                for contestant in [round % 2, 1 - round % 2] {
                    for number in 0..<300 {
                        guard let change = Transaction.moving(number * 331 % 100_000, family, interface)
                        else { continue }
                        turns[contestant].append(
                            try contestant == 0
                                ? Time.of { _ = try backend.commit(change) } : bare.send(change))
                    }
                }
                ratios.append(turns[0].quantile(0.5) / turns[1].quantile(0.5))
                ours += turns[0]
                theirs += turns[1]
            }
            return (ours, theirs, ratios.quantile(0.5))
        }
    }

    /// Seconds of an `nft` that adds one session, fifty times.
    private static func nftProcess(_ gateway: Gateway, _ family: AddressFamily) throws -> [Double] {
        gateway.enter()
        return try (0..<50).map { number in
            let element = "tun0 . \(Sample.text(200_000 + number, family)) timeout 1d : 0x67000001"
            return try Time.of { try shell("nft 'add element inet gatehouse scope_of_4 { \(element) }'") }
        }
    }

    /// Where the map of sessions holds verdicts, as one would write it by hand, the kernel walks all of it at each commit.
    private static func verdicts(
        _ gateway: Gateway, _ family: AddressFamily, _ sessions: Int, _ report: Report
    ) throws {
        gateway.enter()
        let elements = (0..<sessions).map { "\(Sample.text($0, family)) : jump permitted" }.joined(
            separator: ", ")
        try shell(
            "nft -f -",
            input: """
                table inet peer {
                chain permitted { accept; }
                map sessions { type ipv4_addr : verdict; elements = { \(elements) } }
                chain forward { type filter hook forward priority 0; ip saddr vmap @sessions
                }
                }

                """)
        let times = try gateway.backend.perform { backend in
            try (0..<100).map { number in
                var element = SetElement(Frame.session(number, family).map { [.address($0)] } ?? [])
                let old = element
                element.data = .jump("permitted")
                let change = Transaction(
                    table: "peer",
                    [.deleteElements(set: "sessions", [old]), .addElements(set: "sessions", [element])])
                return try Time.of { _ = try backend.commit(change) }
            }
        }
        report.add(
            Row(
                part: "commit", name: "a map of verdicts, by hand", family: "\(family)", sessions: sessions,
                best: (times.min() ?? .nan) * 1e6, median: times.quantile(0.5) * 1e6, unit: "us",
                note: String(format: "p99 %.1f us", times.quantile(0.99) * 1e6)))
    }
}

/// A netlink socket without anything around it.
final class BareSocket: Sendable {
    private let descriptor: Int32

    init(_ gateway: Gateway) throws {
        gateway.enter()
        descriptor = traffic_open_netlink()
        guard descriptor >= 0 else { throw Mistake("netlink: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Seconds from handing it to the kernel to the acknowledgement.
    func send(_ change: Transaction) throws -> Double {
        let bytes = NetlinkConnection.batch(change.table, change.operations, from: 1, generation: nil)
        return try Time.of {
            guard unsafe traffic_ask(descriptor, bytes, bytes.count) == 0 else {
                throw Mistake("netlink: \(errno)")
            }
        }
    }
}

extension Report {
    fileprivate func add(_ ours: [Double], _ bare: [Double], _ sessions: Int, _ family: AddressFamily) {
        for (name, times) in [("gatehouse", ours), ("the same bytes from C", bare)] {
            add(
                Row(
                    part: "commit", name: name, family: "\(family)", sessions: sessions,
                    best: (times.min() ?? .nan) * 1e6, median: times.quantile(0.5) * 1e6, unit: "us",
                    note: String(format: "p99 %.1f us", times.quantile(0.99) * 1e6)))
        }
    }
}
