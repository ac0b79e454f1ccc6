import Classification
import Logging
import NetworkTypes
import PacketPath
import RulesetCompiler
import Sessions

/// Says in words what the packet path saw: a few lines for each session and kind, and then how many more there were.
struct PathReporter: Sendable {
    /// What lines are counted by: a kind of event of one session, or of nobody's.
    struct Subject: Hashable, Sendable {
        var kind: PathEvent.Kind
        var session: SessionID?
    }

    /// What is known of the session of an event.
    struct Context {
        var session: Session?
        /// What the control path says of such a packet now; nil when there is no session.
        var verdict: Classification.Verdict?
        /// What the kernel was told of the session.
        var programmed: EnforcedSession.Programmed?
        /// The name of the tunnel, where the event names one.
        var tunnel: String?
    }

    private var limiter = LineLimiter<Subject>(lines: 5, period: .seconds(60))

    /// Nil when enough was said of this kind and session lately.
    mutating func note(_ event: PathEvent, _ context: Context, at now: Instant) -> Effects.Note? {
        let subject = Subject(kind: event.kind, session: context.session?.id)
        guard limiter.admits(subject, at: now) else { return nil }
        let note = Effects.Note(
            level: Self.level(event.kind), message: Self.message(event, context), session: context.session)
        return note
    }

    /// What was left unsaid, once the time for it is over.
    mutating func summaries(at now: Instant) -> [Summary] {
        limiter.endPeriods(at: now).map { subject, held in
            let whose = subject.session.map { " of session \($0)" } ?? ""
            let note = Effects.Note(
                level: .notice,
                message: "\(held) more events '\(Self.name(subject.kind))'\(whose) in a minute")
            return Summary(subject: subject, count: held, note: note)
        }
    }

    /// What was left unsaid of one subject.
    struct Summary {
        var subject: Subject
        var count: Int
        var note: Effects.Note
    }

    private static func level(_ kind: PathEvent.Kind) -> Logger.Level {
        switch kind {
        case .refused: .notice
        case .spoofed, .scan: .warning
        case .disagreement: .critical
        }
    }

    private static func name(_ kind: PathEvent.Kind) -> String {
        switch kind {
        case .refused: "refused"
        case .spoofed: "spoofed source"
        case .scan: "scan"
        case .disagreement: "kernel and core disagree"
        }
    }

    private static func message(_ event: PathEvent, _ context: Context) -> String {
        let packet = "\(event.source) to \(event.destination)"
        let reason = DenyReason(rawValue: event.reason)?.description ?? "no reason"
        switch event.kind {
        case .refused:
            return "refused: \(packet): \(context.verdict.map(Self.words) ?? reason)"
        case .spoofed:
            let tunnel = context.tunnel.map { " on \($0)" } ?? ""
            return "spoofed source\(tunnel): \(packet): no session has this address"
        case .scan:
            return "scan: refused about \(event.detail) destinations in a short time, the last \(packet)"
        case .disagreement:
            return "kernel and core disagree: \(packet): the kernel let it pass "
                + "(\(kernelSide(context))), the core refuses it (\(reason)); "
                + "the rules say: \(context.verdict.map(Self.words) ?? "nothing, the session is gone")"
        }
    }

    private static func kernelSide(_ context: Context) -> String {
        guard let programmed = context.programmed else { return "it was told of no such session" }
        return "it was told scope \(programmed.scope.rawValue) until \(programmed.expires)"
    }

    private static func words(_ verdict: Classification.Verdict) -> String {
        switch verdict {
        case .permit(let system, _): "permitted, as system '\(system)'"
        case .deny(let reason): reason.description
        }
    }
}
