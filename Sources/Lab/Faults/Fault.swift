/// Something that goes wrong on a gateway while people work.
package enum Fault: String, Sendable, CaseIterable {
    case tableDeleted = "table-deleted"
    case rulesetFlushed = "ruleset-flushed"
    case acceptAhead = "accept-ahead"
    case elementDeleted = "element-deleted"
    case elementAdded = "element-added"
    case drifts
    case watchOverflows = "watch-overflows"
    case othersCommit = "others-commit"
    case kernelErrors = "kernel-errors"
    case daemonKilled = "daemon-killed"
    case killedInReload = "killed-in-reload"
    case killedAtSteps = "killed-at-steps"
    case daemonHangs = "daemon-hangs"
    case reloads
    case descriptorsGone = "descriptors-gone"
    case memoryGone = "memory-gone"
    case diskFull = "disk-full"
    case diskErrors = "disk-errors"
    case diskReadOnly = "disk-read-only"
    case databaseHeld = "database-held"
    case databaseDamaged = "database-damaged"
    case tunnelDown = "tunnel-down"
    case insideDown = "inside-down"
    case insideReplaced = "inside-replaced"
    case managementCloses = "management-closes"
    case managementHangs = "management-hangs"
    case managementFloods = "management-floods"
    case crowd
    case serverHangs = "server-hangs"
    case serverRestarts = "server-restarts"
    case serverKilled = "server-killed"

    package var title: String {
        switch self {
        case .tableDeleted: "somebody deletes the table"
        case .rulesetFlushed: "somebody flushes the ruleset"
        case .acceptAhead: "somebody puts an accept first"
        case .elementDeleted: "somebody deletes a session"
        case .elementAdded: "somebody adds a session"
        case .drifts: "two hundred such changes"
        case .watchOverflows: "changes too many to hear"
        case .othersCommit: "others commit without a rest"
        case .kernelErrors: "kernel answers errors"
        case .daemonKilled: "daemon killed, 2 s gone"
        case .killedInReload: "daemon killed in a reload"
        case .killedAtSteps: "daemon killed at each step"
        case .daemonHangs: "daemon stopped for 5 s"
        case .reloads: "100 loads of rules a second"
        case .descriptorsGone: "no file descriptors left"
        case .memoryGone: "no memory left"
        case .diskFull: "disk full"
        case .diskErrors: "disk answers errors"
        case .diskReadOnly: "disk read-only at a start"
        case .databaseHeld: "database held at a start"
        case .databaseDamaged: "database overwritten"
        case .tunnelDown: "tunnel down for 1 s"
        case .insideDown: "inside down for 1 s"
        case .insideReplaced: "inside interface replaced"
        case .managementCloses: "management socket closed"
        case .managementHangs: "management socket hangs"
        case .managementFloods: "management socket floods"
        case .crowd: "10000 come and go at once"
        case .serverHangs: "VPN server stopped for 2 s"
        case .serverRestarts: "VPN server restarted"
        case .serverKilled: "VPN server killed"
        }
    }

    /// Whether what permits is gone until the daemon has put it back, and permitted packets meanwhile with it.
    package var takesTheRules: Bool {
        switch self {
        case .tableDeleted, .rulesetFlushed, .acceptAhead, .elementDeleted, .drifts, .watchOverflows: true
        default: false
        }
    }

    /// Whether the way of permitted packets itself is gone for a while, or everybody is to be refused.
    package var takesTheWay: Bool {
        switch self {
        case .serverHangs, .serverRestarts, .serverKilled, .tunnelDown, .insideDown, .insideReplaced,
            .databaseDamaged:
            true
        default: false
        }
    }
}
