package import Sessions

/// Checks one-time codes: pure, so whoever holds it decides what the time is and where its memory is kept.
///
/// - Persist ``state(of:)`` durably BEFORE acting on an acceptance, or a crash lets the code be used twice. The state
///   after a refusal can be written once the refusal is on its way: a write that only known users cause tells who
///   is known.
/// - Tell the person the same words for every refusal.
/// - A stranger's name takes the same path as a user's, with a dummy seed (SHA1; a user's SHA512 seed costs a
///   microsecond more), and is counted and blocked alike, but in memory of a fixed size.
/// - Whoever knows a name can keep it blocked, at most 15 minutes after each guess. Sessions that are in stay in.
package struct TOTPVerifier: Sendable {
    package enum Outcome: Sendable, Hashable {
        /// The right code, never used before. The only outcome that proves anything.
        case accepted(step: Int64)
        case wrong
        /// The right code of a step that was accepted already, or of one before it. Not counted as a failure: clients
        /// repeat by themselves what was typed when they reconnect.
        case alreadyUsed
        /// Nothing is looked at until then, neither wrong codes nor right ones.
        case tooManyAttempts(until: Instant)
        /// No seed for this name; counted like a wrong code. For the log alone.
        case noSeed
        /// Not six or eight digits: no guess, and not counted.
        case malformed
    }

    /// How many names without a seed are remembered; the oldest gives way.
    package static let strangerCapacity = 1024

    /// Steps before and after the current one whose codes are taken (RFC 6238 section 5.2 and 6).
    private static let window: ClosedRange<Int64> = -1...1

    package private(set) var seeds: [CodeOwner: TOTPSeed]
    private var states: [CodeOwner: TOTPState]
    private var strangers = StrangerStates(capacity: strangerCapacity)

    /// States of names without a seed are kept: the seed may come back, and its used codes stay used.
    package init(seeds: [CodeOwner: TOTPSeed], states: [CodeOwner: TOTPState] = [:]) {
        self.seeds = seeds
        self.states = states
    }

    /// Puts newly read seeds in place of the old. What was used or blocked stays so.
    package mutating func replaceSeeds(_ seeds: [CodeOwner: TOTPSeed]) { self.seeds = seeds }

    /// Whether a user can prove a second factor at all. Never show it to who is not logged in.
    package func hasSeed(_ owner: CodeOwner) -> Bool { seeds[owner] != nil }

    /// What to persist; nil for a stranger and for one who has never tried.
    package func state(of owner: CodeOwner) -> TOTPState? { states[owner] }

    /// Lets a user start afresh, by an administrator's order: after a clock that ran ahead, or to end a block. Codes
    /// of the current window work again.
    package mutating func forget(_ owner: CodeOwner) {
        states[owner] = nil
        strangers[owner] = nil
    }

    /// Judges a code and remembers the judgement.
    package mutating func verify(code: Secret, of owner: CodeOwner, at now: Instant) -> Outcome {
        let seed = seeds[owner]
        var state = (seed == nil ? strangers[owner] : states[owner]) ?? TOTPState()
        let outcome = Self.judge(code, seed: seed, state: &state, at: now)
        guard state != TOTPState() else { return outcome }
        if seed == nil {
            strangers[owner] = state
        } else {
            states[owner] = state
        }
        return outcome
    }

    private static func judge(
        _ code: Secret, seed: TOTPSeed?, state: inout TOTPState, at now: Instant
    ) -> Outcome {
        if let until = state.block(at: now) { return .tooManyAttempts(until: until) }
        guard code.withBytes(TOTPSeed.hasShapeOfCode) else { return .malformed }
        let match = match(code, seed: seed ?? .dummy, state: state, at: now)
        guard seed != nil else {
            state.fail(at: now)
            return .noSeed
        }
        switch match {
        case .fresh(let step, let end):
            state.accept(through: end)
            return .accepted(step: step)
        case .used: return .alreadyUsed
        case .none:
            state.fail(at: now)
            return .wrong
        }
    }

    private enum Match {
        case fresh(step: Int64, end: Instant)
        case used
        case none
    }

    /// Compares with the code of every step of the window and of the last accepted step, always all of them: an early
    /// exit would tell by time how near a guess was to the server's clock.
    ///
    /// When two steps share a code the later one is taken, so that the code cannot be used again in it.
    private static func match(_ code: Secret, seed: TOTPSeed, state: TOTPState, at now: Instant) -> Match {
        let current = seed.step(at: now)
        let used = state.acceptedThrough ?? Instant(nanosecondsSince1970: .min)
        var result =
            code.matches(seed.code(step: seed.step(at: used) - 1)) && state.acceptedThrough != nil
            ? Match.used : .none
        for step in window.map({ current + $0 }) {
            let isRight = code.matches(seed.code(step: step))
            let end = seed.end(of: step)
            if isRight && end > used {
                result = .fresh(step: step, end: end)
            } else if isRight {
                result = .used
            }
        }
        return result
    }
}

/// The states of names without a seed: a fixed number, the oldest name gives way, since attackers invent names.
private struct StrangerStates: Sendable {
    private var states: [CodeOwner: TOTPState] = [:]
    private var names: [CodeOwner] = []
    private var next = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    subscript(name: CodeOwner) -> TOTPState? {
        get { states[name] }
        set {
            if newValue != nil, states[name] == nil { makeRoom(for: name) }
            // A forgotten name keeps its place in the ring until its turn comes; the ring may then drop a state early.
            states[name] = newValue
        }
    }

    private mutating func makeRoom(for name: CodeOwner) {
        guard names.count == capacity else { return names.append(name) }
        states[names[next]] = nil
        names[next] = name
        next = (next + 1) % capacity
    }
}
