import Classification
import Foundation
import PolicyDifference
import PolicyLanguage
import Sessions

/// What it costs to check a large pack, and to say what another one opens and closes against it: a thousand systems, fifty
/// classes, and more vendors each time.
@main
struct PlanBench {
    static func main() throws {
        var bounds: [Bound] = []
        var rows: [Row] = []
        for vendors in CommandLine.arguments.contains("--quick")
            ? [100, 500, 1000] : [100, 500, 1000, 10_000]
        {
            let row = try Row(vendors: vendors)
            rows.append(row)
            print(row)
            guard vendors == 500 else { continue }
            bounds += [
                Bound(what: "check, 500 vendors", figure: row.check, unit: "s", limit: 2),
                Bound(what: "plan, 500 vendors, few changes", figure: row.plan(row.few), unit: "s", limit: 3),
                Bound(what: "plan, 500 vendors, all change", figure: row.plan(row.all), unit: "s", limit: 3),
            ]
        }
        // Between the two largest, as often as the vendors: n log n would be a third more.
        if let last = rows.last, let before = rows.dropLast().last, rows.count == 4 {
            let times = Double(last.vendors) / Double(before.vendors)
            let logarithm = log2(Double(last.vendors)) / log2(Double(before.vendors))
            let growth = { (what: String, figure: (Row) -> Double) in
                Bound(
                    what: "growth of \(what) from \(before.vendors) to \(last.vendors) vendors",
                    figure: figure(last) / figure(before), unit: "times", limit: times * logarithm)
            }
            bounds += [
                growth("check") { $0.check }, growth("plan, few changes") { $0.plan($0.few) },
                growth("plan, all change") { $0.plan($0.all) },
            ]
        }
        print("")
        for bound in bounds { print(bound) }
        if bounds.contains(where: { !$0.holds }) { exit(1) }
    }
}

/// A figure and the most that it may be.
struct Bound: CustomStringConvertible {
    var what: String
    var figure: Double
    var unit: String
    var limit: Double

    var holds: Bool { figure <= limit }

    var description: String {
        let name = what.padding(toLength: 52, withPad: " ", startingAt: 0)
        return "\(holds ? "ok  " : "MISS") \(name) "
            + String(format: "%8.3f %@, at most %.1f", figure, unit, limit)
    }
}

/// Seconds of processor time, the best of some rounds.
struct Row: CustomStringConvertible {
    let vendors: Int
    /// Reading, checking, and the pack's own tests: what `check` does, but for the disk.
    let check: Double
    let compile: Double
    /// The difference, and its document and text.
    let few: Double
    let all: Double

    init(vendors: Int) throws {
        self.vendors = vendors
        let rounds = vendors > 1000 ? 2 : 4
        let pack = Pack(vendors: vendors)
        let files = pack.files
        compile = Time.best(rounds) { PolicyCompiler.compile(files, now: Pack.now) }
        let old = try Pack.policy(files)
        let tests = Time.best(rounds) { PolicyTestRunner.run(old) }
        check = compile + tests
        few = try Self.time(from: old, to: Pack.policy(pack.withFewChanges.files), rounds)
        all = try Self.time(from: old, to: Pack.policy(pack.allChanged.files), rounds)
    }

    private static func time(from old: Policy, to new: Policy, _ rounds: Int) -> Double {
        Time.best(rounds) {
            let difference = PolicyDifference(from: old, to: new)
            var judge = MovementJudge(from: old, to: new, difference)
            let plan = PlanDocument(difference, tests: judge.movementsOfTests(), old: "old", new: "new")
            precondition(!plan.isEmpty, "the packs are the same")
            return PlanText.text(plan).count
        }
    }

    /// With both packs checked before.
    func plan(_ difference: Double) -> Double { 2 * check + difference }

    var description: String {
        String(
            format:
                "%6d vendors: check %.3f s (compiling %.3f), difference %.3f s of few changes, %.3f s of all",
            vendors, check, compile, few, all)
    }
}

enum Time {
    /// Of this thread's processor: on a machine that others use too, the clock on the wall tells of them.
    static func best<Result>(_ rounds: Int, _ body: () -> Result) -> Double {
        (0..<rounds).map { _ in
            let start = seconds
            blackHole(body())
            return seconds - start
        }.min() ?? 0
    }

    private static var seconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

@inline(never) func blackHole<Value>(_ value: Value) {}
