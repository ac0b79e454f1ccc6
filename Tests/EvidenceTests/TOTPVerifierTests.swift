import Evidence
import Sessions
import Testing

@Suite struct TOTPVerifierTests {
    let seed: TOTPSeed
    /// The first second of a step.
    let start = Instant.seconds(1_795_212_000)

    init() throws { seed = try .appendixB(.sha1, digits: 6) }

    private func verifier(states: [String: TOTPState] = [:]) -> TOTPVerifier {
        TOTPVerifier(seeds: ["emp": seed].byOwner, states: states.byOwner)
    }

    private func code(_ offset: Int64 = 0, from instant: Instant? = nil) -> Secret {
        seed.code(step: seed.step(at: instant ?? start) + offset)
    }

    @Test(
        arguments: [
            (-2, false), (-1, true), (0, true), (1, true), (2, false),  // slow clocks and fingers
        ] as [(Int64, Bool)])
    func acceptsTheWindow(offset: Int64, isAccepted: Bool) {
        var verifier = verifier()
        let step = seed.step(at: start) + offset
        let outcome = verifier.verify(code: code(offset), of: CodeOwner("emp"), at: start)
        #expect(outcome == (isAccepted ? .accepted(step: step) : .wrong))
    }

    @Test func refusesAStepTwiceAndEveryEarlierOne() {
        var verifier = verifier()
        let step = seed.step(at: start)
        #expect(verifier.verify(code: code(0), of: CodeOwner("emp"), at: start) == .accepted(step: step))
        #expect(verifier.verify(code: code(0), of: CodeOwner("emp"), at: start) == .alreadyUsed)
        #expect(verifier.verify(code: code(-1), of: CodeOwner("emp"), at: start) == .alreadyUsed)
        #expect(verifier.verify(code: code(1), of: CodeOwner("emp"), at: start) == .accepted(step: step + 1))
        #expect(verifier.verify(code: code(0), of: CodeOwner("emp"), at: start) == .alreadyUsed)
    }

    /// A client that reconnects all night with what was typed in the evening must not block its user.
    @Test func doesNotCountRepeatsOfTheLastCode() {
        var verifier = verifier()
        _ = verifier.verify(code: code(0), of: CodeOwner("emp"), at: start)
        for minute in 0..<600 {
            let now = start + .seconds(60 * minute)
            #expect(verifier.verify(code: code(0), of: CodeOwner("emp"), at: now) == .alreadyUsed)
        }
        #expect(verifier.state(of: CodeOwner("emp"))?.failures == 0)
    }

    @Test func remembersAcrossARestart() {
        var first = verifier()
        _ = first.verify(code: code(0), of: CodeOwner("emp"), at: start)
        var second = verifier(states: ["emp": first.state(of: CodeOwner("emp")) ?? TOTPState()])
        #expect(second.verify(code: code(0), of: CodeOwner("emp"), at: start) == .alreadyUsed)
    }

    /// A new enrolment with another period counts other steps; the time of the last code still holds.
    @Test func remembersAcrossAChangeOfPeriod() throws {
        var verifier = verifier()
        _ = verifier.verify(code: code(0), of: CodeOwner("emp"), at: start)
        let slow = try #require(TOTPSeed(key: Array("12345678901234567890".utf8), period: 60))
        verifier.replaceSeeds(["emp": slow].byOwner)
        let later = start + .seconds(60)
        let step = slow.step(at: later)
        #expect(
            verifier.verify(code: slow.code(step: step - 2), of: CodeOwner("emp"), at: start) == .alreadyUsed)
        #expect(
            verifier.verify(code: slow.code(step: step), of: CodeOwner("emp"), at: later)
                == .accepted(step: step))
    }

    @Test func keepsStatesOfNamesWhoseSeedIsGone() {
        var verifier = verifier()
        _ = verifier.verify(code: code(0), of: CodeOwner("emp"), at: start)
        verifier.replaceSeeds([:].byOwner)
        #expect(verifier.verify(code: code(1), of: CodeOwner("emp"), at: start) == .noSeed)
        verifier.replaceSeeds(["emp": seed].byOwner)
        #expect(verifier.verify(code: code(0), of: CodeOwner("emp"), at: start) == .alreadyUsed)
    }

    /// Both names meet the same waits: outcomes differ for the log alone.
    @Test(arguments: [("emp", TOTPVerifier.Outcome.wrong), ("nobody", .noSeed)])
    func makesGuessersWait(user: String, refusal: TOTPVerifier.Outcome) {
        var verifier = verifier()
        var now = start
        for _ in 0..<4 { #expect(verifier.verify(code: code(7), of: CodeOwner(user), at: now) == refusal) }
        for wait in [30, 60, 120, 240, 480, 900, 900, 900] {
            #expect(verifier.verify(code: code(7, from: now), of: CodeOwner(user), at: now) == refusal)
            let until = now + .seconds(wait)
            let almost = until - .nanoseconds(1)
            let blocked = TOTPVerifier.Outcome.tooManyAttempts(until: until)
            #expect(verifier.verify(code: code(7, from: almost), of: CodeOwner(user), at: almost) == blocked)
            #expect(verifier.verify(code: code(0, from: almost), of: CodeOwner(user), at: almost) == blocked)
            #expect(verifier.verify(code: Secret("x"), of: CodeOwner(user), at: almost) == blocked)
            now = until
        }
    }

    @Test func forgivesAfterARightCode() {
        var verifier = verifier()
        for _ in 0..<4 { _ = verifier.verify(code: code(7), of: CodeOwner("emp"), at: start) }
        _ = verifier.verify(code: code(0), of: CodeOwner("emp"), at: start)
        for _ in 0..<4 { #expect(verifier.verify(code: code(7), of: CodeOwner("emp"), at: start) == .wrong) }
    }

    @Test(arguments: ["", "12345", "1234567", "123456789", "12345a", "١٢٣", "-12345", " 123456"])
    func doesNotCountWhatIsNoCode(_ text: String) {
        var verifier = verifier()
        for user in ["emp", "nobody"] {
            for _ in 0..<10 {
                #expect(verifier.verify(code: Secret(text), of: CodeOwner(user), at: start) == .malformed)
            }
        }
        #expect(verifier.state(of: CodeOwner("emp")) == nil)
    }

    /// The wrong number of digits is counted, or the length of a known user's codes would show.
    @Test func countsCodesOfAnotherLength() {
        var verifier = verifier()
        for _ in 0..<5 {
            #expect(verifier.verify(code: Secret("12345678"), of: CodeOwner("emp"), at: start) == .wrong)
        }
        #expect(
            verifier.verify(code: code(0), of: CodeOwner("emp"), at: start)
                == .tooManyAttempts(until: start + .seconds(30)))
    }

    @Test func cutsABlockThatAWrongClockSet() {
        let years = start + .seconds(1_000_000_000)
        var verifier = verifier(states: ["emp": TOTPState(failures: 9, blockedUntil: years)])
        let cut = start + TOTPState.longestWait
        #expect(
            verifier.verify(code: code(0), of: CodeOwner("emp"), at: start) == .tooManyAttempts(until: cut))
        #expect(
            verifier.verify(code: code(0, from: cut), of: CodeOwner("emp"), at: cut)
                == .accepted(step: seed.step(at: cut)))
    }

    @Test func forgetsByOrder() {
        var verifier = verifier()
        for _ in 0..<5 { _ = verifier.verify(code: code(7), of: CodeOwner("emp"), at: start) }
        verifier.forget(CodeOwner("emp"))
        #expect(verifier.state(of: CodeOwner("emp")) == nil)
        #expect(
            verifier.verify(code: code(0), of: CodeOwner("emp"), at: start)
                == .accepted(step: seed.step(at: start)))
    }

    /// Invented names push out older invented names, and never a user.
    @Test func boundsTheMemoryForStrangers() {
        var verifier = verifier()
        for _ in 0..<5 { _ = verifier.verify(code: code(7), of: CodeOwner("emp"), at: start) }
        for _ in 0..<5 { _ = verifier.verify(code: code(7), of: CodeOwner("first"), at: start) }
        let blocked = TOTPVerifier.Outcome.tooManyAttempts(until: start + .seconds(30))
        for number in 1..<TOTPVerifier.strangerCapacity {
            _ = verifier.verify(code: code(7), of: CodeOwner("guess \(number)"), at: start)
        }
        #expect(verifier.verify(code: code(7), of: CodeOwner("first"), at: start) == blocked)
        for number in 0..<3 { _ = verifier.verify(code: code(7), of: CodeOwner("more \(number)"), at: start) }
        #expect(verifier.verify(code: code(7), of: CodeOwner("first"), at: start) == .noSeed)
        #expect(verifier.verify(code: code(7), of: CodeOwner("emp"), at: start) == blocked)
        #expect(verifier.state(of: CodeOwner("first")) == nil)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max])
    func survivesAnyClock(nanoseconds: Int64) {
        var verifier = verifier()
        let now = Instant(nanosecondsSince1970: nanoseconds)
        let code = seed.code(step: seed.step(at: now))
        let outcome = verifier.verify(code: code, of: CodeOwner("emp"), at: now)
        #expect(outcome == .accepted(step: seed.step(at: now)) || nanoseconds == .min)
        #expect(
            verifier.verify(code: code, of: CodeOwner("emp"), at: now) != .accepted(step: seed.step(at: now)))
    }
}
