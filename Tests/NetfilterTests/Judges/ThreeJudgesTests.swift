import Foundation
import NetworkTypes
import TestSupport
import Testing

/// Random policies, sessions and packets get one verdict from the rules' meaning, from the real kernel through the
/// compiled ruleset, and from the packet path.
///
/// `GATEHOUSE_JUDGES_SEED` gives another seed. `.ci/judges` runs it for as long as it is told.
@Suite(.needsRoot, .serialized) struct ThreeJudgesTests {
    private static let seed = number("GATEHOUSE_JUDGES_SEED") ?? 1
    private static let seconds = number("GATEHOUSE_JUDGES_SECONDS")

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test(.timeLimit(.minutes(30))) func aMillionPackets() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let run = try await JudgeRun(seed: Self.seed)
        while run.packets < 1_000_000 { try await run.advance() }
        print(run.report(seconds: (clock.now - start) / .seconds(1)))
        #expect(run.disagreements == 0)
        #expect(run.unseen.isEmpty, "every kind of packet passes, and is refused, where it can be")
    }

    /// By `.ci/judges SECONDS [SEED]`; a moment where nobody says for how long.
    @Test func forAsLongAsIsTold() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(Int64(Self.seconds ?? 1))
        let run = try await JudgeRun(seed: Self.seed)
        var told = start
        while clock.now < end, run.disagreements == 0 {
            try await run.advance()
            if clock.now - told > .seconds(60) {
                told = clock.now
                print(run.report(seconds: (told - start) / .seconds(1)))
                fflush(nil)
            }
        }
        print(run.report(seconds: (clock.now - start) / .seconds(1)))
        print(run.kindReport)
        #expect(run.disagreements == 0)
    }

    /// The harness sees a judge that is a little wrong.
    @Test(.timeLimit(.minutes(30)), arguments: JudgeRun.Fault.allCases)
    func aWrongJudgeIsFound(fault: JudgeRun.Fault) async throws {
        let run = try await JudgeRun(seed: Self.seed, fault: fault)
        while run.disagreements == 0, run.packets < 100_000 { try await run.advance() }
        print("\(fault): found after \(run.packets) packets: \(run.words.first ?? "")")
        #expect(run.disagreements > 0)
    }
}
