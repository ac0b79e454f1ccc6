import CLinux
import Classification
import Enforcement
import Evidence
import Foundation
import PolicyLanguage
import Sessions

/// The measurements, in order: each uses what the one before it made.
struct Parts {
    let count: Int

    func run() async throws -> [Bound] {
        var bounds = try decisions()
        let policy = try Rules.compile(Rules.plain, devices: count)
        let before = Process.residentBytes
        let site = try await Site(count: count, policy)
        bounds.append(memory(before))
        bounds += try await reload(site)
        bounds += try await reports(site)
        return bounds
    }

    /// One session, every condition looked at.
    private func decisions() throws -> [Bound] {
        let policy = try Rules.compile(Rules.everything, devices: 1)
        let description = try Rules.session(under: policy)
        let evidence = description.evidence(under: policy, at: Rules.now)
        let decision = Classifier.decide(evidence, under: policy, at: Rules.now)
        precondition(
            decision.className == "employee", "the session is in \(decision.className ?? "no class")")
        let decide = Time.perCall(20_000) { Classifier.decide(evidence, under: policy, at: Rules.now) }
        let explain = Time.perCall(5_000) { Classifier.classify(evidence, under: policy, at: Rules.now) }
        return [
            Bound(
                what: "decide, every condition in use", figure: decide * 1e6, unit: "us", limit: 20,
                isCeiling: true),
            Bound(
                what: "decide and explain, every condition in use", figure: explain * 1e6, unit: "us",
                limit: 100, isCeiling: true),
        ]
    }

    /// Of everything that a session makes the process keep; the registers are the rules', with or without sessions.
    private func memory(_ before: Int) -> Bound {
        let bytes = Double(Process.residentBytes - before) / Double(count)
        return Bound(
            what: "memory a session, all in all", figure: bytes, unit: "bytes", limit: 1024,
            isCeiling: true)
    }

    /// Other rules for every session: from the order to the kernel's acknowledgement.
    private func reload(_ site: Site) async throws -> [Bound] {
        let plain = try Rules.compile(Rules.plain, devices: count)
        let ways: [(what: String, policy: Policy)] = [
            ("none changes", plain),
            ("every scope changes", try Rules.compile(Rules.wider, devices: count)),
            ("three in four change scope", try Rules.compile(Rules.split, devices: count)),
        ]
        var times = [[Double]](repeating: [], count: ways.count)
        for _ in 0..<3 {
            for (number, way) in ways.enumerated() {
                times[number].append(try await Time.of { try await site.load(way.policy) })
                try await site.load(plain)
            }
        }
        return zip(ways, times).map { way, times in
            Bound(
                what: "reload, \(count) sessions looked at, \(way.what)", figure: times.min() ?? 0, unit: "s",
                limit: 1, isCeiling: true)
        }
    }

    /// A report for every device; one in a hundred changes what its session may reach.
    private func reports(_ site: Site) async throws -> [Bound] {
        [
            Bound(
                what: "posture reports taken, in hundreds", figure: try await site.report(inGroupsOf: 100),
                unit: "/s", limit: 5_000, isCeiling: false)
        ]
    }
}

enum Time {
    static func of(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// The best of some rounds.
    static func perCall<Result>(_ count: Int, _ body: () -> Result) -> Double {
        var best = Double.infinity
        for _ in 0..<7 {
            let start = ContinuousClock.now
            for _ in 0..<count { blackHole(body()) }
            best = min(best, (ContinuousClock.now - start) / .seconds(1) / Double(count))
        }
        return best
    }
}

@inline(never) func blackHole<Value>(_ value: Value) {}

enum Process {
    /// Of this process, as the kernel counts it.
    static var residentBytes: Int {
        // What the allocator keeps for the next time is nobody's.
        gh_return_free_memory()
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
