import PolicyLanguage
import Sessions
import Store

/// A pack that is kept, and what it means.
struct LoadedPack: Sendable {
    let kept: KeptPack
    let policy: Policy
}

/// A change that is in force and that nobody has confirmed yet.
struct WaitingChange: Sendable {
    let number: Int64
    let reference: String
    let deadline: Instant
    /// What comes back. It is kept here, so that a disk that fails keeps nobody from going back.
    let former: LoadedPack
    /// From when this process knows of it.
    private let span: Duration
    /// What has passed since by a clock that nobody sets.
    var slept: Duration = .zero
    /// Set once it is being taken back.
    var end: RuleChangeEnd?

    /// Nil for a change that waits for nothing.
    init?(_ change: RuleChange, former: LoadedPack, at now: Instant) {
        guard change.end == nil, let deadline = change.confirmBy else { return nil }
        number = change.number
        reference = change.reference ?? ""
        self.deadline = deadline
        self.former = former
        // A clock that was set back between two processes adds nothing to the wait either.
        span = min(deadline - now, deadline - change.at)
    }

    /// By either clock: a wall clock that was set back must not keep it in force.
    func isDue(at now: Instant) -> Bool { deadline <= now || span <= slept }

    /// For whoever says what became of it.
    func record(pack: KeptPack, before: KeptPack) -> RuleChange {
        RuleChange(
            number: number, kind: .apply, reference: reference, author: .daemon, at: deadline,
            pack: pack.digest, before: before.digest)
    }

    /// Until the next look. Short, so that a step of the wall clock is noticed.
    func pause(at now: Instant) -> Duration {
        guard end == nil else { return .seconds(5) }
        return max(.milliseconds(200), min(deadline - now, span - slept, .seconds(5)))
    }
}
