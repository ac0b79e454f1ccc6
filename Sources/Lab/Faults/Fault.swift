import Foundation

/// Something that goes wrong on a gateway while people work.
package enum Fault: String, Sendable, CaseIterable {
    case tableDeleted = "table-deleted"
    case rulesetFlushed = "ruleset-flushed"
    case acceptAhead = "accept-ahead"
    case elementDeleted = "element-deleted"
    case elementAdded = "element-added"
    case daemonKilled = "daemon-killed"
    case killedInReload = "killed-in-reload"
    case daemonHangs = "daemon-hangs"
    case reloads
    case descriptorsGone = "descriptors-gone"
    case memoryGone = "memory-gone"
    case diskFull = "disk-full"
    case serverHangs = "server-hangs"
    case serverRestarts = "server-restarts"
    case serverKilled = "server-killed"

    package var title: String {
        switch self {
        case .tableDeleted: "somebody deletes the table"
        case .rulesetFlushed: "somebody flushes the ruleset"
        case .acceptAhead: "somebody puts an accept first"
        case .elementDeleted: "somebody deletes a session"
        case .elementAdded: "somebody adds a session"
        case .daemonKilled: "daemon killed, 2 s gone"
        case .killedInReload: "daemon killed in a reload"
        case .daemonHangs: "daemon stopped for 5 s"
        case .reloads: "rules loaded again and again"
        case .descriptorsGone: "no file descriptors left"
        case .memoryGone: "no memory left"
        case .diskFull: "disk full"
        case .serverHangs: "VPN server stopped for 2 s"
        case .serverRestarts: "VPN server restarted"
        case .serverKilled: "VPN server killed"
        }
    }

    /// Whether what permits is gone until the daemon has put it back, and permitted packets meanwhile with it.
    package var takesTheRules: Bool {
        switch self {
        case .tableDeleted, .rulesetFlushed, .acceptAhead, .elementDeleted: true
        default: false
        }
    }

    /// Whether the VPN server itself is gone for a while, and permitted packets with it.
    package var takesTheTunnel: Bool {
        switch self {
        case .serverHangs, .serverRestarts, .serverKilled: true
        default: false
        }
    }
}

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
    /// The longest time without an answer on a permitted stream, in milliseconds.
    package var longestPause: Double
    /// Until the kernel did what was decided and every permitted stream was answered, in milliseconds from when the
    /// fault was over; nil when that was not within the time given.
    package var wholeAfter: Double?
    /// What the daemon said of it, or what else is worth knowing.
    package var note: String
    /// Whether the VPN server was gone meanwhile.
    package var tunnelGone: Bool
    /// Whether the rules were.
    package var rulesGone: Bool

    package init(
        fault: Fault, wronglyPassed: [String: Int] = [:], refusedSent: Int = 1, allowedSent: Int = 1,
        allowedLost: Int = 0, longestPause: Double = 0, wholeAfter: Double?, note: String = ""
    ) {
        self.fault = fault.rawValue
        self.wronglyPassed = wronglyPassed
        self.refusedSent = refusedSent
        self.allowedSent = allowedSent
        self.allowedLost = allowedLost
        self.longestPause = longestPause
        self.wholeAfter = wholeAfter
        self.note = note
        tunnelGone = fault.takesTheTunnel
        rulesGone = fault.takesTheRules
    }

    /// Nothing passed that must not, all came right, and nobody who works was held up for long by what is not the VPN
    /// server's. Where the rules were not touched, one packet in a hundred may be lost for other reasons: the machine has
    /// others to serve too.
    package var isAsExpected: Bool {
        let isLossless = rulesGone || allowedLost * 100 <= allowedSent
        let isUndisturbed = tunnelGone || (longestPause < 1000 && isLossless)
        return wronglyPassed.values.allSatisfy { $0 == 0 } && refusedSent > 0 && allowedSent > 0
            && wholeAfter != nil && isUndisturbed
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
        /// Of one process, from its first look to its last: nil where none lived long enough.
        package var descriptorsAtFirst, descriptorsAtLast: Int?
        /// Resident, in KiB, by the least squares line through all looks at the process that lived longest.
        package var residentGrowthPerHour: Double?
        package var residentAtLast: Int?
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
        ]) + (outcome.note.isEmpty ? "" : "  \(outcome.note)")
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
        if let resources {
            let growth =
                resources.residentGrowthPerHour.map {
                    $0.formatted(.number.precision(.fractionLength(0)).grouping(.never)) + " KiB an hour"
                } ?? "not known"
            let descriptors =
                resources.descriptorsAtFirst.map { "\($0) to \(resources.descriptorsAtLast ?? 0)" }
                ?? "not known"
            lines.append(
                "\(resources.hours.formatted(.number.precision(.fractionLength(2)))) hours, "
                    + "\(resources.restarts) starts of the daemon, descriptors \(descriptors), memory grows \(growth)"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// `{"outcomes": [...], "resources": {...}}`, times in milliseconds.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
