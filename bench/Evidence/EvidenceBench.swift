import CLinux
import Foundation

/// What evidence costs: one decision, a hundred thousand of them after a change of rules, a report for every device, and
/// the memory of it all. Real netlink into a network namespace of its own, and a real disk.
@main
struct EvidenceBench {
    static func main() async throws {
        // First of all, so that every thread is in it.
        guard gh_unshare_network() == 0 else {
            print("evidence: needs root, for a network namespace of its own")
            exit(2)
        }
        // As the daemon does.
        _ = gh_use_one_arena()
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.contains("--quick") ? 10_000 : 100_000
        let bounds = try await Parts(count: count).run()
        print("\n" + Bound.table(bounds))
        if bounds.contains(where: { !$0.holds }) { exit(1) }
    }
}

/// A figure and what was asked of it.
struct Bound {
    var what: String
    var figure: Double
    var unit: String
    var limit: Double
    /// Whether the figure is to be at most the limit, or at least.
    var isCeiling: Bool

    var holds: Bool { isCeiling ? figure <= limit : figure >= limit }

    static func table(_ bounds: [Bound]) -> String {
        bounds.map { bound in
            let figure = String(format: "%12.2f", bound.figure)
            let limit = String(format: "%@ %.0f", bound.isCeiling ? "at most" : "at least", bound.limit)
            let name = bound.what.padding(toLength: 66, withPad: " ", startingAt: 0)
            return "\(bound.holds ? "ok  " : "MISS") \(name) \(figure) \(bound.unit), \(limit)"
        }.joined(separator: "\n")
    }
}
