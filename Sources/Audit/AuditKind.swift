/// What a record is about. The words are those of the files: never change one that was ever written.
package enum AuditKind: String, Sendable, Hashable, CaseIterable {
    // The daemon.
    case started, stopped

    // Sessions.
    /// A login was let in.
    case admitted
    /// A login was refused.
    case refused
    /// Logins of one client that were refused for the same reason within a while, summed up.
    case refusedAgain = "refused-again"
    /// A session has its addresses, and is in force.
    case opened
    /// A live session came to another class, or reaches something else.
    case decided
    /// A live session lost everything.
    case cut
    /// A session is over.
    case closed

    // People.
    /// What an administrator asked for, carried out or not.
    case order
    /// Rules came into force, were confirmed, or were taken back.
    case rules

    // What was seen.
    /// Something that people are alerted of: a scan, packets with another's address.
    case incident
    /// Another program changed what is in force in the kernel, and it was undone.
    case drift
    /// Packets of a session, by destination. Never without an assessment that the rules name.
    case flow

    // The record itself.
    /// Records that could not be kept, and why.
    case gap
    /// The end of the file was half a line when it was opened, and was cut off.
    case torn
    /// The end of the record is not what it was known to be.
    case damage
    /// Old records were let go of, as the rules say.
    case retired

    /// For tables.
    package var words: String {
        switch self {
        case .started: "daemon started"
        case .stopped: "daemon stopped"
        case .admitted: "login admitted"
        case .refused: "login refused"
        case .refusedAgain: "login refused again"
        case .opened: "session opened"
        case .decided: "decided anew"
        case .cut: "session cut"
        case .closed: "session closed"
        case .order: "order"
        case .rules: "rules"
        case .incident: "incident"
        case .drift: "kernel changed"
        case .flow: "flow"
        case .gap: "gap"
        case .torn: "half a line cut"
        case .damage: "damage"
        case .retired: "retired"
        }
    }

    /// Whether it says what was decided of a session, so that the clauses in it were enforced by it.
    package var isDecision: Bool {
        switch self {
        case .admitted, .refused, .refusedAgain, .decided, .cut: true
        case .started, .stopped, .opened, .closed, .order, .rules, .incident, .drift, .flow, .gap, .torn,
            .damage, .retired:
            false
        }
    }
}
