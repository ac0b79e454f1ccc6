import Evidence
import Logging
import RulesetCompiler
import Sessions

/// What the outside must do for what was decided, collected over one burst of inputs.
///
/// The order is fixed and is the point: what must not be forgotten is on disk first, then one transaction puts the
/// whole burst in force, and only then is the VPN server told. A client that is let in can never be ahead of the
/// kernel, and a client that is thrown out is cut before it is told.
struct Effects {
    var ledger: [LedgerChange] = []
    /// Recorded once the answers are out. Wrong codes of known users: writing them before would let the time that a
    /// refusal takes tell which names are known.
    var ledgerAfterwards: [LedgerChange] = []
    var ruleset: [RulesetChange] = []
    var path: [PathChange] = []
    var answers: [(login: Login, answer: LoginAnswer)] = []
    var disconnections: [(session: SessionID, mode: DisconnectMode)] = []
    /// Sessions in which something was proved, with what was proved in them before.
    var proofs: [(session: SessionID, before: SessionProofs)] = []
    /// Tokens that were heard, with what was known before of what they changed.
    var signals: [(token: ReceivedSignal.Token, changes: [(key: SignalFact.Key, before: SignalFact?)])] = []
    var notes: [Note] = []
    /// For the record of what happened; empty where none is kept.
    var audit: [AuditEvent] = []
    /// Sessions that lost everything in this burst.
    var cut: [SessionID] = []
    /// Sessions that were put into another class or scope, or lost everything, in the order of what was done.
    var moves: [SessionMove] = []

    /// Sessions whose chain was judged anew by other authorities, with what was found before.
    var judged: [Judged] = []

    struct Judged {
        var session: SessionID
        var before: CertificateReport?
    }

    /// A line for the log. Never holds a secret.
    struct Note {
        var level: Logger.Level
        var message: String
        /// Whom it is about.
        var session: Session?

        /// Made when it is written: a reload can have a hundred thousand lines, and few logs want them all.
        var metadata: Logger.Metadata {
            guard let session else { return [:] }
            return [
                "session": "\(session.id)", "user": "\(session.userName)",
                "common-name": "\(session.commonName)",
            ]
        }
    }

    mutating func note(_ level: Logger.Level, _ message: String, _ session: Session? = nil) {
        notes.append(Note(level: level, message: message, session: session))
    }
}
