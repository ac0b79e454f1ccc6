import Classification
import Evidence
import PacketPath
import PolicyLanguage
import Sessions

/// Instants of which the same holds: from the first up to, not including, the second.
struct Span {
    var start: Instant
    var end: Instant

    static let always = Span(
        start: Instant(nanosecondsSince1970: .min), end: Instant(nanosecondsSince1970: .max))

    @inline(__always)
    func contains(_ time: Instant) -> Bool { start <= time && time < end }

    func intersection(_ other: Span) -> Span {
        Span(start: max(start, other.start), end: min(end, other.end))
    }
}

/// One session of the recording, and what holds of it at the time of the frames.
struct Tenure {
    let session: RecordedSession
    let slot: SessionSlot
    private let evidence: SessionEvidence
    private let whole: Span
    /// When `decision` holds, and as far as it is known that the session is not there when it is nil. Empty before
    /// the first frame.
    private(set) var span: Span
    private(set) var decision: ExplainedDecision?

    /// - Parameter start: The time of the recording's first frame, where the session begins when nothing else is said.
    init(_ session: RecordedSession, slot: SessionSlot, startingAt start: Instant, under policy: Policy) {
        self.session = session
        self.slot = slot
        whole = Span(
            start: session.from ?? Span.always.start, end: session.until ?? Span.always.end)
        evidence = session.session.evidence(under: policy, at: session.from ?? start)
        span = Span(start: start, end: start)
    }

    /// Moves to an instant outside ``span``. Returns since when, as far as it was looked at, the decision holds.
    ///
    /// - Parameter back: When time goes back, decisions are made from so much earlier on, so that a recording that
    ///   runs backward does not ask for one each frame.
    mutating func turn(to now: Instant, reachingBack back: Duration, under policy: Policy) {
        guard whole.contains(now) else {
            decision = nil
            span =
                now < whole.start
                ? Span(start: Span.always.start, end: whole.start)
                : Span(start: whole.end, end: Span.always.end)
            return
        }
        var time = max(whole.start, beginning(for: now, reachingBack: back))
        while true {
            let decided = Classifier.classify(evidence, under: policy, at: time)
            // A decision is good for an instant at least: this ends whatever it says.
            let end = min(whole.end, max(decided.validUntil ?? Span.always.end, time + .nanoseconds(1)))
            if now < end {
                decision = decided
                span = Span(start: time, end: end)
                return
            }
            time = end
        }
    }

    /// Where to begin deciding for `now`: at the end of what is known when that is near, so that a change is dated by
    /// what brought it and not by the frame that came after; else at `now` itself.
    private func beginning(for now: Instant, reachingBack back: Duration) -> Instant {
        if now < span.start { return now - back }
        return now - span.end < Self.near ? span.end : now
    }

    /// Many times the interval at which decisions change; few enough steps for any pair of time stamps.
    private static let near: Duration = .seconds(7 * 86_400)
}
