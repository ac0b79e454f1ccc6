import Foundation

/// Laptops that are reported lost in the middle of downloads, again and again: how long it takes, and what still passes.
package struct CutTrials: Sendable {
    /// One report, and what the tunnel saw of the laptop's downloads. Nanoseconds since 1970.
    package struct Trial: Sendable, Hashable {
        /// When the command was started.
        package let began: Int64
        /// The kernel's acknowledgement.
        package let committed: Int64
        /// When the command had ended.
        package let ended: Int64
        /// The last payload that the gateway sent into the tunnel, of both families' downloads.
        package let lastByte: Int64
        /// Payload bytes behind the commit.
        package let bytesAfter: Int

        package init(began: Int64, committed: Int64, ended: Int64, lastByte: Int64, bytesAfter: Int) {
            (self.began, self.committed, self.ended) = (began, committed, ended)
            (self.lastByte, self.bytesAfter) = (lastByte, bytesAfter)
        }
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

    package private(set) var trials: [Trial] = []
    /// Why trials could not be measured.
    package private(set) var unmeasured: [String] = []

    package init() {}

    package mutating func add(_ trial: Trial) { trials.append(trial) }
    package mutating func add(unmeasured why: String) { unmeasured.append(why) }

    package var count: Int { trials.count + unmeasured.count }
    package var bytesAfter: Int { trials.reduce(0) { $0 + $1.bytesAfter } }
    /// Whether no byte passed behind a commit, and everything was measured.
    package var isClean: Bool { bytesAfter == 0 && unmeasured.isEmpty && !trials.isEmpty }

    package var toCommit: Spread { Spread(nanoseconds: trials.map { $0.committed - $0.began }) }
    package var toLastByte: Spread { Spread(nanoseconds: trials.map { $0.lastByte - $0.began }) }
    package var toEnd: Spread { Spread(nanoseconds: trials.map { $0.ended - $0.began }) }

    /// For people.
    package var text: String {
        let rows = [
            ("command started to last byte forwarded", toLastByte), ("to the kernel's commit", toCommit),
            ("to the command's end", toEnd),
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
        return
            ([header] + lines + ["\(trials.count) laptops reported lost, \(bytesAfter) bytes behind a commit"])
            .joined(separator: "\n") + (unmeasured.isEmpty ? "" : "\n\(unmeasured.count) not measured")
    }

    /// `{"tries", "unmeasured", "bytesAfterCommit", "toLastByte": {"p50", "p99", "max"}, "toCommit", "toEnd"}`,
    /// milliseconds from the start of the command.
    package var json: String {
        struct Document: Encodable {
            let tries: Int
            let unmeasured: [String]
            let bytesAfterCommit: Int
            let toLastByte, toCommit, toEnd: Spread
        }
        let document = Document(
            tries: count, unmeasured: unmeasured, bytesAfterCommit: bytesAfter, toLastByte: toLastByte,
            toCommit: toCommit, toEnd: toEnd)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
