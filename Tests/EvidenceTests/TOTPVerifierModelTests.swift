import Evidence
import Sessions
import TestSupport
import Testing

/// The verifier against a slow one that keeps every attempt ever made and looks through them all.
@Suite struct TOTPVerifierModelTests {
    private struct Model {
        struct Attempt {
            let time: Int64
            let outcome: TOTPVerifier.Outcome
        }

        let seed: TOTPSeed?
        var attempts: [Attempt] = []
        var accepted: [Int64] = []

        mutating func judge(_ code: String, at time: Int64) -> TOTPVerifier.Outcome {
            let outcome = outcome(code, at: time)
            attempts.append(Attempt(time: time, outcome: outcome))
            if case .accepted(let step) = outcome { accepted.append(step) }
            return outcome
        }

        private func outcome(_ code: String, at time: Int64) -> TOTPVerifier.Outcome {
            if let until = blockedUntil, time < until { return .tooManyAttempts(until: .seconds(until)) }
            guard let seed else { return .noSeed }
            let step = time / seed.period
            let right = (step - 1...step + 1).filter { seed.code(step: $0).text == code }
            let last = accepted.max()
            if let fresh = right.filter({ $0 > last ?? .min }).max() { return .accepted(step: fresh) }
            if !right.isEmpty { return .alreadyUsed }
            if let last, seed.code(step: last).text == code { return .alreadyUsed }
            return .wrong
        }

        /// From the failures since the last acceptance.
        private var blockedUntil: Int64? {
            var failures: [Int64] = []
            for attempt in attempts {
                switch attempt.outcome {
                case .accepted: failures = []
                case .wrong, .noSeed: failures.append(attempt.time)
                case .alreadyUsed, .tooManyAttempts, .malformed: break
                }
            }
            guard failures.count >= 5, let last = failures.last else { return nil }
            let waits: [Int64] = [30, 60, 120, 240, 480, 900]
            return last + waits[min(failures.count - 5, 5)]
        }
    }

    @Test(arguments: UInt64(1)...40)
    func agreesWithTheModel(randomSeed: UInt64) throws {
        var random = Seeded(randomSeed)
        let seeds = try [
            "emp": TOTPSeed.appendixB(.sha1, digits: 6), "nora": TOTPSeed.appendixB(.sha512),
            "dave": #require(TOTPSeed(key: Array("abcdefghijklmnop".utf8), algorithm: .sha256, period: 60)),
        ]
        var verifier = TOTPVerifier(seeds: seeds.byOwner)
        var models = seeds.mapValues { Model(seed: $0) }
        models["nobody"] = Model(seed: nil)
        let names = models.keys.sorted()
        var now: Int64 = 1_795_212_000
        for _ in 0..<400 {
            now += Int64([0, 1, 10, 30, 45, 300, 1000].randomElement(using: &random) ?? 0)
            let name = try #require(names.randomElement(using: &random))
            let seed = seeds[name] ?? seeds["emp"]
            let step = try #require(seed).step(at: .seconds(now)) + Int64.random(in: -4...2, using: &random)
            let code = try #require(seed).code(step: step)
            let expected = models[name]?.judge(code.text, at: now)
            let outcome = verifier.verify(code: code, of: CodeOwner(name), at: .seconds(now))
            #expect(outcome == expected, "random seed \(randomSeed), \(name) at \(now)")
            // A restart at any moment changes nothing for those who have a seed.
            if Int.random(in: 0..<10, using: &random) == 0, name != "nobody" {
                verifier = restarted(
                    verifier, seeds: seeds, keeping: models["nobody"]?.attempts.map(\.time) ?? [])
            }
        }
        for model in models.values { #expect(Set(model.accepted).count == model.accepted.count) }
    }

    /// A verifier with the states that a store would give back; the stranger's attempts are made again.
    private func restarted(
        _ verifier: TOTPVerifier, seeds: [String: TOTPSeed], keeping attempts: [Int64]
    ) -> TOTPVerifier {
        var states: [String: TOTPState] = [:]
        for name in seeds.keys { states[name] = verifier.state(of: CodeOwner(name)) }
        var restarted = TOTPVerifier(seeds: seeds.byOwner, states: states.byOwner)
        for time in attempts {
            _ = restarted.verify(code: Secret("000000"), of: CodeOwner("nobody"), at: .seconds(time))
        }
        return restarted
    }
}
