import Foundation

/// Sessions that end in the middle of downloads, again and again: how long it takes, and what still passes.
package struct CutTrials: Sendable {
    /// What ends them.
    package enum Cause: Sendable, Hashable {
        /// A command reports the laptop lost.
        case report
        /// A pushed token revokes the session.
        case signal
    }

    /// One cut. Instants are nanoseconds since 1970.
    package struct Cut: Sendable, Hashable {
        /// The session's, one of each family.
        package let addresses: [String]
        /// When the command was started: this gateway's, or the curl that carries a token.
        package let began: Int64
        /// The kernel's acknowledgement.
        package let committed: Int64
        /// Nanoseconds to the answer: from the start of the command to its end, or from a token's sending.
        package let toAnswer: Int64

        package init(addresses: [String], began: Int64, committed: Int64, toAnswer: Int64) {
            (self.addresses, self.began) = (addresses, began)
            (self.committed, self.toAnswer) = (committed, toAnswer)
        }
    }

    /// One cut, and what the tunnel saw of its downloads.
    package struct Trial: Sendable, Hashable {
        package let cut: Cut
        /// The last payload that the gateway sent into the tunnel, of both families' downloads.
        package let lastByte: Int64
        /// Payload bytes behind the commit.
        package let bytesAfter: Int
    }

    /// Of many durations; all zero for none.
    package struct Spread: Sendable, Hashable, Encodable {
        /// In milliseconds.
        package let p50, p99, max: Double

        /// Nearest rank: the least value that so many of a hundred do not exceed.
        package init(nanoseconds values: [Int64]) {
            let sorted = values.sorted()
            func rank(_ percent: Int) -> Double {
                if sorted.isEmpty { return 0 }
                let index = (sorted.count * percent + 99) / 100 - 1
                return Double(sorted[Swift.max(0, index)]) / 1e6
            }
            (p50, p99, max) = (rank(50), rank(99), rank(100))
        }
    }

    package let cause: Cause
    package private(set) var trials: [Trial] = []
    /// Why trials could not be measured.
    package private(set) var unmeasured: [String] = []

    package init(_ cause: Cause) { self.cause = cause }

    /// Adds a cut with what was seen, or why nothing can be said of it: a download that did not run proves nothing.
    package mutating func add(_ cut: Cut, seen traffic: TunnelTraffic) {
        if traffic.dropped > 0 { return add(unmeasured: "the capture lost \(traffic.dropped) packets") }
        for address in cut.addresses {
            let before = traffic.payload(to: address, after: cut.began - 500_000_000, through: cut.began)
            guard before > 10_000 else { return add(unmeasured: "no download to \(address)") }
        }
        guard let last = cut.addresses.compactMap({ traffic.lastPayload(to: $0) }).max() else {
            return add(unmeasured: "no address")
        }
        let after = cut.addresses.reduce(0) { $0 + traffic.payload(to: $1, after: cut.committed) }
        trials.append(Trial(cut: cut, lastByte: last, bytesAfter: after))
    }

    package mutating func add(unmeasured why: String) { unmeasured.append(why) }

    package var count: Int { trials.count + unmeasured.count }
    package var bytesAfter: Int { trials.reduce(0) { $0 + $1.bytesAfter } }
    /// Whether no byte passed behind a commit, and everything was measured.
    package var isClean: Bool { bytesAfter == 0 && unmeasured.isEmpty && !trials.isEmpty }

    package var toAnswer: Spread { Spread(nanoseconds: trials.map(\.cut.toAnswer)) }
    package var toCommit: Spread { Spread(nanoseconds: trials.map { $0.cut.committed - $0.cut.began }) }
    package var toLastByte: Spread { Spread(nanoseconds: trials.map { $0.lastByte - $0.cut.began }) }

    /// For people.
    package var text: String {
        let (command, answer, ended) =
            switch cause {
            case .report: ("command", "to the command's end", "laptops reported lost")
            case .signal: ("curl", "token sent to its answer, in force by then", "sessions revoked")
            }
        let rows = [
            ("\(command) started to last byte forwarded", toLastByte), ("to the kernel's commit", toCommit),
            (answer, toAnswer),
        ]
        let number = { (value: Double) in
            let text = value.formatted(.number.precision(.fractionLength(1)).grouping(.never))
            return String(repeating: " ", count: max(0, 9 - text.count)) + text
        }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { name, spread in
            name + String(repeating: " ", count: width - name.count) + number(spread.p50) + number(spread.p99)
                + number(spread.max)
        }
        let header = String(repeating: " ", count: width) + "   p50 ms   p99 ms   max ms"
        let sum = "\(trials.count) \(ended), \(bytesAfter) bytes behind a commit"
        return ([header] + lines + [sum]).joined(separator: "\n")
            + (unmeasured.isEmpty ? "" : "\n\(unmeasured.count) not measured: \(unmeasured[0])")
    }

    /// `{"tries", "unmeasured", "bytesAfterCommit", "toLastByte": {"p50", "p99", "max"}, "toCommit", "toAnswer"}`,
    /// milliseconds from the start of the command; a token's `toAnswer` from its sending.
    package var json: String {
        struct Document: Encodable {
            let tries: Int
            let unmeasured: [String]
            let bytesAfterCommit: Int
            let toLastByte, toCommit, toAnswer: Spread
        }
        let document = Document(
            tries: count, unmeasured: unmeasured, bytesAfterCommit: bytesAfter, toLastByte: toLastByte,
            toCommit: toCommit, toAnswer: toAnswer)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
