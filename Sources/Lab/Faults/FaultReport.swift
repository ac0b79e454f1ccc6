import Foundation

/// What was seen of one fault.
package struct FaultOutcome: Sendable, Hashable, Encodable {
    package var fault: String
    /// Packets that arrived where none must, by stream.
    package var wronglyPassed: [String: Int]
    /// Packets of streams that none of must arrive.
    package var refusedSent: Int
    /// Permitted packets, and those of them that were not answered.
    package var allowedSent: Int
    package var allowedLost: Int
    /// Packets of whatever kind that found a queue full outside the rules, since the machine was too busy.
    package var overflowed: Int
    /// The longest time without an answer on a permitted stream, in milliseconds.
    package var longestPause: Double
    /// Until the kernel did what was decided and every permitted stream was answered, in milliseconds from when the
    /// fault was over; nil when that was not within the time given.
    package var wholeAfter: Double?
    /// What the daemon said of it, or what else is worth knowing.
    package var note: String
    /// What else is not as it must be; nil when all is.
    package var complaint: String?
    /// Whether the way of permitted packets was gone meanwhile.
    package var wayGone: Bool
    /// Whether the rules were.
    package var rulesGone: Bool

    package init(
        fault: Fault, wronglyPassed: [String: Int] = [:], refusedSent: Int = 1, allowedSent: Int = 1,
        allowedLost: Int = 0, overflowed: Int = 0, longestPause: Double = 0, wholeAfter: Double?,
        note: String = "",
        complaint: String? = nil
    ) {
        self.fault = fault.rawValue
        self.wronglyPassed = wronglyPassed
        self.refusedSent = refusedSent
        self.allowedSent = allowedSent
        self.allowedLost = allowedLost
        self.overflowed = overflowed
        self.longestPause = longestPause
        self.wholeAfter = wholeAfter
        self.note = note
        self.complaint = complaint
        wayGone = fault.takesTheWay
        rulesGone = fault.takesTheRules
    }

    /// Nothing passed that must not, all came right, and nobody who works was held up for long by what is not the VPN
    /// server's. Where the rules were not touched, one packet in a hundred may be lost for other reasons, beside those that
    /// full queues dropped: the machine has others to serve too.
    package var isAsExpected: Bool {
        let isLossless = rulesGone || (allowedLost - overflowed) * 100 <= allowedSent
        let isUndisturbed = wayGone || (longestPause < 1000 && isLossless)
        return wronglyPassed.values.allSatisfy { $0 == 0 } && refusedSent > 0 && allowedSent > 0
            && wholeAfter != nil && complaint == nil && isUndisturbed
    }

    /// What to say of it in one line.
    var remark: String {
        let words = complaint.map { "!! \($0)" } ?? note
        guard overflowed > 0 else { return words }
        return words + (words.isEmpty ? "" : "; ") + "\(overflowed) packets found a queue full"
    }

    package var passed: Int { wronglyPassed.values.reduce(0, +) }
}

/// What was seen of all of them, and of the daemon meanwhile.
package struct FaultReport: Sendable, Encodable {
    package private(set) var outcomes: [FaultOutcome] = []
    package var resources: Resources?

    /// What the daemon used, over a long run.
    package struct Resources: Sendable, Hashable, Encodable {
        package var hours: Double
        package var restarts: Int
        /// Of the process that lived longest, from its first look to its last; nil where none lived long enough.
        package var processHours: Double?
        package var descriptorsAtFirst, descriptorsAtLast: Int?
        /// Resident, in KiB, by the least squares line through all its looks.
        package var residentGrowthPerHour: Double?
        package var residentAtFirst, residentAtLast: Int?

        /// For people.
        var text: String {
            let number = { (value: Double?, digits: Int) in
                value?.formatted(.number.precision(.fractionLength(digits)).grouping(.never)) ?? "not known"
            }
            let descriptors = descriptorsAtFirst.map { "\($0) to \(descriptorsAtLast ?? 0)" } ?? "not known"
            let resident = residentAtFirst.map { "\($0) to \(residentAtLast ?? 0) KiB" } ?? "not known"
            return """
                \(number(hours, 2)) hours, \(restarts) starts of the daemon; the one that ran longest lived \
                \(number(processHours, 2)) hours: descriptors \(descriptors), memory \(resident), \
                \(number(residentGrowthPerHour, 0)) KiB an hour
                """
        }
    }

    package init() {}

    package mutating func add(_ outcome: FaultOutcome) { outcomes.append(outcome) }

    package var allAsExpected: Bool { !outcomes.isEmpty && outcomes.allSatisfy(\.isAsExpected) }

    static let header = line([
        "fault", "wrongly passed", "of", "permitted lost", "of", "longest pause", "whole after",
    ])

    static func line(_ outcome: FaultOutcome) -> String {
        line([
            Fault(rawValue: outcome.fault)?.title ?? outcome.fault, "\(outcome.passed)",
            "\(outcome.refusedSent)", "\(outcome.allowedLost)", "\(outcome.allowedSent)",
            milliseconds(outcome.longestPause), outcome.wholeAfter.map(milliseconds) ?? "never",
        ]) + (outcome.remark.isEmpty ? "" : "  \(outcome.remark)")
    }

    private static func milliseconds(_ value: Double) -> String {
        value.formatted(.number.precision(.fractionLength(0)).grouping(.never)) + " ms"
    }

    private static let widths = [29, 14, 8, 14, 8, 13, 11]

    private static func line(_ cells: [String]) -> String {
        zip(cells, widths).enumerated().map { index, cell in
            let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + space : space + cell.0
        }.joined(separator: "  ")
    }

    /// The last lines, for people.
    package var summary: String {
        let passed = outcomes.reduce(0) { $0 + $1.passed }
        let sent = outcomes.reduce(0) { $0 + $1.refusedSent }
        let differing = outcomes.count { !$0.isAsExpected }
        var lines = [
            "\(outcomes.count) faults, \(passed) of \(sent) refused packets passed, "
                + (differing == 0 ? "all as expected" : "\(differing) not as expected")
        ]
        if let resources { lines.append(resources.text) }
        return lines.joined(separator: "\n")
    }

    /// `{"outcomes": [...], "resources": {...}}`, times in milliseconds.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
