import Foundation

/// Sessions that are revoked by pushed tokens in the middle of downloads, again and again.
package struct SignalTrials: Sendable {
    /// One token. Nanoseconds, those of instants since 1970.
    package struct Trial: Sendable, Hashable {
        /// When curl was started.
        package let began: Int64
        /// From the token's sending to the first byte of its answer.
        package let toAnswer: Int64
        /// The kernel's acknowledgement.
        package let committed: Int64
        /// The last payload that the gateway sent into the tunnel, of both families' downloads.
        package let lastByte: Int64
        /// Payload bytes behind the commit.
        package let bytesAfter: Int

        package init(began: Int64, toAnswer: Int64, committed: Int64, lastByte: Int64, bytesAfter: Int) {
            (self.began, self.toAnswer, self.committed) = (began, toAnswer, committed)
            (self.lastByte, self.bytesAfter) = (lastByte, bytesAfter)
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

    package var toAnswer: CutTrials.Spread { .init(nanoseconds: trials.map(\.toAnswer)) }
    package var toCommit: CutTrials.Spread { .init(nanoseconds: trials.map { $0.committed - $0.began }) }
    package var toLastByte: CutTrials.Spread { .init(nanoseconds: trials.map { $0.lastByte - $0.began }) }

    /// For people.
    package var text: String {
        let rows = [
            ("token sent to its answer, in force by then", toAnswer),
            ("curl started to the kernel's commit", toCommit), ("to the last byte forwarded", toLastByte),
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
        let sum = "\(trials.count) sessions revoked, \(bytesAfter) bytes behind a commit"
        return ([header] + lines + [sum]).joined(separator: "\n")
            + (unmeasured.isEmpty ? "" : "\n\(unmeasured.count) not measured: \(unmeasured[0])")
    }

    /// `{"tries", "unmeasured", "bytesAfterCommit", "toAnswer": {"p50", "p99", "max"}, "toCommit", "toLastByte"}`,
    /// milliseconds; `toAnswer` from the token's sending, the others from the start of curl.
    package var json: String {
        struct Document: Encodable {
            let tries: Int
            let unmeasured: [String]
            let bytesAfterCommit: Int
            let toAnswer, toCommit, toLastByte: CutTrials.Spread
        }
        let document = Document(
            tries: count, unmeasured: unmeasured, bytesAfterCommit: bytesAfter, toAnswer: toAnswer,
            toCommit: toCommit, toLastByte: toLastByte)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
